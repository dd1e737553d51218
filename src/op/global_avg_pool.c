/* global_avg_pool.c - the mean over the plane, [N,H,W,C] -> [N,C]. Source: Lin et al. 2014 (Network in network). */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_global_avg_pool(g, in[0]); }

const ds_op ds_op_global_avg_pool = {
    .head = { .name = "global_avg_pool",
              .summary = "mean over the plane",
              .formula = "y[n,c] = mean_{h,w} x[n,h,w,c]",
              .cite = "Lin et al. 2014 (Network in network)" },
    .samples = (const ds_op_sample[]){ { 1, { { 4, { 2, 5, 4, 3 } } }, "r", -1, 1, sample }, { 0 } },
};

ds_val ds_global_avg_pool(ds_graph *g, ds_val x)
{
    if (!ds_vals_ok(g, "global_avg_pool", 1, &x)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    if (s.rank != 4) return ds_graph_fail(g, DS_ESHAPE, "global_avg_pool: wants [N,H,W,C]");
    return ds_reshape(g, ds_mean(g, x, 6), DS_SHAPE(s.dim[0], s.dim[3]));
}
