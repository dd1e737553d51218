/* noise.c - add independent normal noise to each element as it is delivered (after scale, standardize, whiten).
 *   x_i = x_i + deviation z_i,   z_i of mean 0 and variance 1
 * For a linear model with squared error, in expectation, the same as weight decay by deviation^2.
 * Goodfellow sec. 7.5; Bishop 1995. */
#include "data/source.h"
#include "kernel/normal.h"

static const ds_option options[] = {
    { .name = "noise",
      .aliases = "deviation,std",
      .type = DS_OPT_REAL,
      .lo = 0,
      .hi = 1e30,
      .def = "0.1",
      .help = "standard deviation, in the units of what is delivered",
      .why = "a tenth of the deviation of standardized inputs: felt, and harmless",
      .cite = "Goodfellow et al. 7.5",
      .elsewhere = "torchvision GaussianNoise(sigma=), Keras GaussianNoise(stddev)" },
    { .type = DS_OPT_END },
};

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    (void)ctx;
    t->real[0] = values[0].real;
    return DS_OK;
}

static void change(const ds_transform *t, const ds_chance *c, ds_delivered *row)
{
    double z[2];
    for (int64_t i = 0; i < row->elements; i++) {
        if (i % 2 == 0) ds_normal_pair(ds_chance_block(c, (uint32_t)(i / 2)), z);
        if (row->dtype == DS_F64)
            ((double *)row->x)[i] += t->real[0] * z[i % 2];
        else
            ((float *)row->x)[i] += (float)(t->real[0] * z[i % 2]);
    }
}

const ds_transform_def ds_transform_noise = {
    .head = { .name = "noise",
              .summary = "add normal noise to every input",
              .formula = "x_i = x_i + deviation z_i",
              .cite = "Goodfellow sec. 7.5; Bishop 1995",
              .options = options,
              .elsewhere = "torchvision GaussianNoise, Keras GaussianNoise" },
    .tables = true,
    .prepare = prepare,
    .change = change,
};
