/* stretch.h - one rule at work on one contiguous stretch of the vectors. Pointers given to it are those of the stretch,
 * and settings->n, settings->space are its own; groups of the settings do not count. */
#ifndef DS_OPTIM_STRETCH_H
#define DS_OPTIM_STRETCH_H

#include "optim/rule.h"

typedef struct ds_stretch ds_stretch;

ds_status ds_stretch_create(ds_stretch **out, ds_ctx *ctx, const ds_optim_settings *settings);
void ds_stretch_free(ds_stretch *o);
double ds_stretch_lr(const ds_stretch *o);
/* Where the gradient is to be taken: theta itself, or memory of o. */
ds_status ds_stretch_point(ds_stretch *o, const void *theta, const void **point);
/* What step t, counted from 1, needs beside the gradient; t = 0: any step. */
unsigned ds_stretch_needs(const ds_stretch *o, int64_t t);
/* What it is given of that; vectors by the place of their bit, NULL: none. */
typedef struct ds_given {
    const void *vector[DS_NEED_KINDS];
    double loss, rows;
} ds_given;
ds_status ds_stretch_step(ds_stretch *o, int64_t t, void *theta, const void *gradient, const ds_given *given,
                          double lr);

int ds_stretch_states(const ds_stretch *o);
const char *ds_stretch_state_name(const ds_stretch *o, int i);
int64_t ds_stretch_state_count(const ds_stretch *o, int i);
void *ds_stretch_state(ds_stretch *o, int i);
/* Elements of the states that belong to the tensor of n elements from `from` on. */
int64_t ds_stretch_beside(const ds_stretch *o, int64_t from, int64_t n);
double *ds_stretch_numbers(ds_stretch *o);                      /* DS_OPTIM_NUMBERS */
const char *ds_stretch_number_name(const ds_stretch *o, int i); /* NULL: unused */
size_t ds_stretch_bytes(const ds_stretch *o);                   /* held */
size_t ds_stretch_traffic(const ds_stretch *o);                 /* read and written in a step */

#endif
