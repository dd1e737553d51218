/* batch_norm_eval.c - batch norm with given statistics, the running ones in evaluation: y = (x - mean) (gamma /
 * sqrt(var + eps)) + beta per channel. Source: Ioffe and Szegedy 2015; Goodfellow et al. section 8.7.1. */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in)
{
    return ds_batch_norm_eval(g, in[0], in[1], in[2], in[3], ds_square(g, in[4]), 1e-3);
}

const ds_op ds_op_batch_norm_eval = {
    .head = { .name = "batch_norm_eval",
              .summary = "batch norm with given statistics",
              .formula = "y = gamma (x - mean) / sqrt(var + eps) + beta",
              .cite = "Ioffe and Szegedy 2015; Goodfellow et al. section 8.7.1" },
    .samples =
        (const ds_op_sample[]){
            { 5, { { 2, { 6, 3 } }, { 1, { 3 } }, { 1, { 3 } }, { 1, { 3 } }, { 1, { 3 } } }, "rrrrr", 0.2, 1, sample },
            { 0 } },
};

ds_val ds_batch_norm_eval(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, ds_val mean, ds_val var, double eps)
{
    if (!ds_channels_ok(g, "batch_norm_eval", x, 4, (ds_val[]){ gamma, beta, mean, var })) return DS_NONE;
    return ds_add(g, ds_mul(g, ds_sub(g, x, mean), ds_mul(g, gamma, ds_inverse_deviation(g, var, eps))), beta);
}
