/* lookahead.c - slow weights: the rule explores for k steps, then weights go back a part of the way.
 *
 *   every k steps:  slow <- slow + alpha (theta - slow),  theta <- slow;  slow starts as theta
 *
 * in f64, rounded once. The rule keeps its state, so momentum goes on. Between two such steps the weights are the rule's;
 * what is scored and saved are those.
 * Source: Zhang, Lucas, Hinton, Ba 2019, algorithm 1. */
#include "optim/lookahead.h"

#include <string.h>

#include "descent/graph.h"
#include "space/vector.h"

ds_status ds_slow_open(ds_slow *s, ds_ctx *ctx, const ds_optim_settings *settings)
{
    const ds_lookahead *l = &settings->lookahead;
    *s = (ds_slow){ .set = *l, .dtype = settings->dtype, .n = settings->n };
    if (l->k == 0) return DS_OK;
    if (l->k < 0 || !(l->alpha > 0 && l->alpha < 1))
        return ds_fail(ctx, DS_ERANGE,
                       "look-ahead: found k %lld and alpha %g, wanted k above 0 and alpha between 0 and 1",
                       (long long)l->k, l->alpha);
    size_t bytes = (size_t)s->n * ds_dtype_bytes(s->dtype);
    s->weights = ds_buffer_alloc(bytes);
    return s->weights ? DS_OK : ds_fail_memory(ctx, bytes, "slow weights");
}

void ds_slow_close(ds_slow *s) { ds_buffer_free(s->weights); }

void ds_slow_before(ds_slow *s, int64_t t, const void *theta)
{
    if (s->weights && t == 1) memcpy(s->weights, theta, (size_t)s->n * ds_dtype_bytes(s->dtype));
}

void ds_slow_after(ds_slow *s, int64_t t, void *theta, int64_t from, int64_t n)
{
    if (!s->weights || t % s->set.k) return;
    size_t element = ds_dtype_bytes(s->dtype), at = (size_t)from * element;
    char *slow = (char *)s->weights + at, *fast = (char *)theta + at;
    ds_vector_approach(s->dtype, slow, fast, s->set.alpha, n);
    memcpy(fast, slow, (size_t)n * element);
}
