/* layer_norm.c - normalization per row over the last axis: m = mean x, v = mean (x - m)^2 (biased), y = ((x - m) /
 * sqrt(v + eps)) gamma + beta. Two passes for the statistics: no cancellation. Made of primitives. Source: Ba et al.
 * 2016. */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_layer_norm(g, in[0], in[1], in[2], 1e-3); }

const ds_op ds_op_layer_norm = {
    .head = { .name = "layer_norm",
              .summary = "zero mean, unit variance per row, then scale and shift",
              .formula = "y = gamma (x - mean) / sqrt(var + eps) + beta",
              .cite = "Ba et al. 2016" },
    .samples =
        (const ds_op_sample[]){ { 3, { { 2, { 4, 5 } }, { 1, { 5 } }, { 1, { 5 } } }, "rrr", -1, 1, sample }, { 0 } },
};

ds_val ds_layer_norm(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, double eps)
{
    if (!ds_channels_ok(g, "layer_norm", x, 2, (ds_val[]){ gamma, beta })) return DS_NONE;
    ds_val mean = ds_mean(g, x, ds_last_axis(g, x)), var = ds_mean(g, ds_square_about(g, x, mean), ds_last_axis(g, x));
    return ds_add(g, ds_mul(g, ds_mul(g, ds_sub(g, x, mean), ds_inverse_deviation(g, var, eps)), gamma), beta);
}
