/* mixup.c - a weighted mean of the row and another training row j, drawn for it.
 *   x = s x_i + (1 - s) x_j
 * Real targets are mixed alike, s of Beta(alpha, alpha). For classes the paper's loss is s L(y_i) + (1 - s) L(y_j) with
 * that s. Any loss that is linear in the target's distribution has the same expectation with y_i alone when s is of
 * Beta(alpha + 1, alpha), since by symmetry only the share of s that goes to y_i counts; so that is drawn, the target
 * stays y_i, and every loss for classes can be used as it is.   Zhang et al. 2018; Huszar 2017 */
#include "data/source.h"
#include "kernel/normal.h"

static const ds_option options[] = {
    { .name = "mixup",
      .aliases = "alpha",
      .type = DS_OPT_REAL,
      .lo = 1e-3,
      .hi = 4,
      .def = "0.2",
      .help = "alpha of the Beta distribution; small: mostly one of the two rows, 1: any mixture alike",
      .why = "the paper's for large sets of images, 0.1 to 0.4",
      .cite = "Zhang et al. 2018, 3.1",
      .elsewhere = "torchvision MixUp(alpha=)" },
    { .type = DS_OPT_END },
};

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    (void)ctx;
    t->real[0] = values[0].real;
    return DS_OK;
}

static void mix(ds_dtype dtype, int64_t n, double s, void *a, const void *b)
{
    for (int64_t i = 0; i < n; i++)
        if (dtype == DS_F64)
            ((double *)a)[i] = s * ((double *)a)[i] + (1 - s) * ((const double *)b)[i];
        else
            ((float *)a)[i] = (float)(s * (double)((float *)a)[i] + (1 - s) * (double)((const float *)b)[i]);
}

static void change(const ds_transform *t, const ds_chance *c, ds_delivered *row)
{
    /* Block 0 has drawn the partner; the number of draws is open, so they get a stream of their own. */
    ds_draw4 d = ds_chance_block(c, 1);
    ds_rng r = ds_rng_at((uint64_t)d.u[0] << 32 | d.u[1], DS_FOR_AUGMENT, d.u[2], d.u[3]);
    double s = ds_rng_beta(&r, t->real[0] + (t->classes ? 1 : 0), t->real[0]);
    mix(row->dtype, row->elements, s, row->x, row->other_x);
    if (row->y) mix(row->dtype, row->targets, s, row->y, row->other_y);
}

const ds_transform_def ds_transform_mixup = {
    .head = { .name = "mixup",
              .summary = "mix each row with another one",
              .formula = "x = s x_i + (1 - s) x_j",
              .cite = "Zhang et al. 2018; Huszar 2017",
              .options = options,
              .elsewhere = "torchvision MixUp, timm Mixup" },
    .tables = true,
    .partner = true,
    .prepare = prepare,
    .change = change,
};
