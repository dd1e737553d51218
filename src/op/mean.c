/* mean.c - the mean over a set of axes; their extents become 1: the sum, times 1/n rounded once. A mean of nothing is
 * NaN. Source: Goodfellow et al. section 5.4.2. */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_mean(g, in[0], 3); }

const ds_op ds_op_mean = {
    .head = { .name = "mean",
              .summary = "mean over axes",
              .formula = "y = 1/n sum_i x_i",
              .cite = "Goodfellow et al. section 5.4.2" },
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 5, 3, 4 } } }, "r", -1, 1, sample }, { 0 } },
};

ds_val ds_mean(ds_graph *g, ds_val x, unsigned axes)
{
    ds_val y = ds_sum(g, x, axes);
    ds_shape s = ds_val_shape(g, x);
    double n = 1;
    for (int a = 0; a < s.rank; a++)
        if (axes >> a & 1) n *= (double)s.dim[a];
    return ds_scale(g, y, 1 / n);
}

ds_val ds_mean_all(ds_graph *g, ds_val x)
{
    return ds_reshape(g, ds_mean(g, x, (1u << ds_val_shape(g, x).rank) - 1), (ds_shape){ 0 });
}
