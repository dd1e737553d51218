/* lookahead.h - slow weights that the weights of the rule go back to. */
#ifndef DS_OPTIM_LOOKAHEAD_H
#define DS_OPTIM_LOOKAHEAD_H

#include "base/ctx.h"
#include "descent/optim.h"

/* {0}: there are none. */
typedef struct ds_slow {
    ds_lookahead set;
    ds_dtype dtype;
    int64_t n;
    void *weights; /* [n]; meaningful from the first step on */
} ds_slow;

ds_status ds_slow_open(ds_slow *s, ds_ctx *ctx, const ds_optim_settings *settings);
void ds_slow_close(ds_slow *s);
/* Before step t, counted from 1, and after it for the elements [from, from + n) that the step moved. */
void ds_slow_before(ds_slow *s, int64_t t, const void *theta);
void ds_slow_after(ds_slow *s, int64_t t, void *theta, int64_t from, int64_t n);

#endif
