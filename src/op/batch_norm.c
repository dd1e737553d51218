/* batch_norm.c - normalization per channel over all other axes, [.., C]; made of primitives.
 *
 *   m = mean x    v = mean (x - m)^2 (biased)    y = (x - m) s + beta, s = gamma / sqrt(v + eps)
 *
 * Two passes for the statistics (no cancellation), one for y; the planner fuses (x - m)^2 into the sum and y into one
 * chain. Backward: the sums of dy and of dy (x - m), and one pass for dx = s dy + (x - m) k + c, k and c per channel.
 * m and v go out too, for running statistics.
 * Source: Ioffe and Szegedy 2015, algorithm 1; Goodfellow et al. section 8.7.1. */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_batch_norm(g, in[0], in[1], in[2], 1e-3).y; }

const ds_op ds_op_batch_norm = {
    .head = { .name = "batch_norm",
              .summary = "zero mean, unit variance per channel of the batch, then scale and shift",
              .formula = "y = gamma (x - mean) / sqrt(var + eps) + beta",
              .cite = "Ioffe and Szegedy 2015; Goodfellow et al. section 8.7.1" },
    .samples =
        (const ds_op_sample[]){ { 3, { { 4, { 2, 3, 2, 3 } }, { 1, { 3 } }, { 1, { 3 } } }, "rrr", -1, 1, sample },
                                { 3, { { 2, { 6, 3 } }, { 1, { 3 } }, { 1, { 3 } } }, "rrr", -1, 1, sample },
                                { 0 } },
};

ds_norm_out ds_batch_norm(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, double eps)
{
    ds_norm_out out = { DS_NONE, DS_NONE, DS_NONE };
    if (!ds_channels_ok(g, "batch_norm", x, 2, (ds_val[]){ gamma, beta })) return out;
    ds_shape s = ds_val_shape(g, x), c = ds_val_shape(g, gamma);
    unsigned axes = (1u << (s.rank - 1)) - 1;
    out.mean = ds_reshape(g, ds_mean(g, x, axes), c);
    out.var = ds_reshape(g, ds_mean(g, ds_square_about(g, x, out.mean), axes), c);
    out.y = ds_batch_norm_eval(g, x, gamma, beta, out.mean, out.var, eps);
    return out;
}
