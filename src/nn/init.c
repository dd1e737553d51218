/* init.c - draws of the initializers: pure functions of (seed, parameter, element in file order), so initial weights do
 * not depend on dtype, layout or order of calls. */
#include <math.h>

#include "base/random.h"
#include "nn/nn.h"

static ds_rng cursor(const ds_init_ask *a, int64_t element)
{
    ds_rng r = ds_rng_at(a->seed, DS_FOR_INIT, 0, a->id);
    r.block = (uint64_t)element;
    return r;
}

double ds_init_uniform(const ds_init_ask *a, int64_t element)
{
    ds_rng r = cursor(a, element);
    return ds_rng_uniform(&r);
}

double ds_init_normal(const ds_init_ask *a, int64_t element)
{
    ds_rng r = cursor(a, element);
    return ds_rng_normal(&r);
}

void ds_init_fill_uniform(const ds_init_ask *a, double lo, double hi, double *w)
{
    for (int64_t i = 0; i < a->segment->count; i++) w[i] = fma(hi - lo, ds_init_uniform(a, i), lo);
}

void ds_init_fill_normal(const ds_init_ask *a, double mean, double std, double *w)
{
    for (int64_t i = 0; i < a->segment->count; i++) w[i] = fma(std, ds_init_normal(a, i), mean);
}

/* Same standard deviation either way; a uniform of half width h has h / sqrt 3. */
void ds_init_fill_scaled(const ds_init_ask *a, bool normal, double std, double *w)
{
    double h = sqrt(3) * std;
    if (normal)
        ds_init_fill_normal(a, 0, std, w);
    else
        ds_init_fill_uniform(a, -h, h, w);
}
