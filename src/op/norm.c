/* norm.c - normalization from primitives. Ioffe and Szegedy 2015; Ba et al. 2016; Goodfellow section 8.7.1.
 *   batch   per channel over all other axes: m = mean x, v = mean (x - m)^2 (biased), y = (x - m) s + beta, s = gamma /
 * sqrt(v + eps) layer   the same over the last axis, per row Two passes for the statistics (no cancellation), one for
 * y; the planner fuses (x - m)^2 into the sum and y into one chain. Backward: the sums of dy and of dy (x - m), and one
 * pass for dx = s dy + (x - m) k + c with k and c per channel. */
#include "op/op.h"
#include "op/ops.h"

static bool channels_fit(ds_graph *g, const char *op, ds_val x, int n, const ds_val *c)
{
    if (!ds_vals_ok(g, op, 1, &x) || !ds_vals_ok(g, op, n, c)) return false;
    ds_shape s = ds_val_shape(g, x);
    for (int k = 0; k < n; k++) {
        ds_shape p = ds_val_shape(g, c[k]);
        if (s.rank >= 2 && p.rank == 1 && p.dim[0] == s.dim[s.rank - 1]) continue;
        char a[64], b[64];
        ds_graph_fail(g, DS_ESHAPE, "%s: values are %s and a parameter %s; wanted one for each channel (last axis)", op,
                      ds_shape_text(s, a, sizeof a), ds_shape_text(p, b, sizeof b));
        return false;
    }
    return true;
}

/* square_about: (x - m)^2 where m is the mean of x along the axes that its only user sums over. Then v does not vary
 * with m (dv/dm = -2 mean (x - m) = 0), so the pullback leaves m out and spares a pass; it holds m itself, so that
 * derivatives of it are whole. */
static ds_val square_about(ds_graph *g, ds_val x, ds_val m) { return ds_map2(g, &ds_op_square_about, x, m); }
static ds_val square_about_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    if (i == 1) return DS_NONE;
    return ds_mul(g, dy, ds_scale(g, ds_sub(g, ds_in(g, y, 0), ds_in(g, y, 1)), 2));
}
static ds_val variance_sample(ds_graph *g, const ds_val *in)
{
    return ds_mean(g, square_about(g, in[0], ds_mean(g, in[0], 1)), 1);
}
const ds_op ds_op_square_about = {
    .head = { .name = "square_about", .summary = "squared distance from the mean", .formula = "y = (x - m)^2" },
    .flags = DS_OP_ELEMENTWISE,
    .code = DS_EW_square_about,
    .vjp = square_about_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 7, 3 } } }, "r", -1, 1, variance_sample }, { 0 } },
};

static ds_val inverse_deviation(ds_graph *g, ds_val var, double eps)
{
    return ds_div(g, ds_like(g, var, 1), ds_sqrt(g, ds_shift(g, var, eps)));
}

ds_norm_out ds_batch_norm(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, double eps)
{
    ds_norm_out out = { DS_NONE, DS_NONE, DS_NONE };
    if (!channels_fit(g, "batch_norm", x, 2, (ds_val[]){ gamma, beta })) return out;
    ds_shape s = ds_val_shape(g, x), c = ds_val_shape(g, gamma);
    unsigned axes = (1u << (s.rank - 1)) - 1;
    out.mean = ds_reshape(g, ds_mean(g, x, axes), c);
    out.var = ds_reshape(g, ds_mean(g, square_about(g, x, out.mean), axes), c);
    out.y = ds_add(g, ds_mul(g, ds_sub(g, x, out.mean), ds_mul(g, gamma, inverse_deviation(g, out.var, eps))), beta);
    return out;
}

ds_val ds_batch_norm_eval(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, ds_val mean, ds_val var, double eps)
{
    if (!channels_fit(g, "batch_norm_eval", x, 4, (ds_val[]){ gamma, beta, mean, var })) return DS_NONE;
    return ds_add(g, ds_mul(g, ds_sub(g, x, mean), ds_mul(g, gamma, inverse_deviation(g, var, eps))), beta);
}

ds_val ds_layer_norm(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, double eps)
{
    if (!channels_fit(g, "layer_norm", x, 2, (ds_val[]){ gamma, beta })) return DS_NONE;
    unsigned last = 1u << (ds_val_shape(g, x).rank - 1);
    ds_val mean = ds_mean(g, x, last), var = ds_mean(g, square_about(g, x, mean), last);
    return ds_add(g, ds_mul(g, ds_mul(g, ds_sub(g, x, mean), inverse_deviation(g, var, eps)), gamma), beta);
}

static ds_val batch_sample(ds_graph *g, const ds_val *in) { return ds_batch_norm(g, in[0], in[1], in[2], 1e-3).y; }
static ds_val eval_sample(ds_graph *g, const ds_val *in)
{
    return ds_batch_norm_eval(g, in[0], in[1], in[2], in[3], ds_square(g, in[4]), 1e-3);
}
static ds_val layer_sample(ds_graph *g, const ds_val *in) { return ds_layer_norm(g, in[0], in[1], in[2], 1e-3); }
const ds_op ds_op_batch_norm = {
    .head = { .name = "batch_norm",
              .summary = "zero mean, unit variance per channel of the batch, then scale and shift",
              .formula = "y = gamma (x - mean) / sqrt(var + eps) + beta" },
    .samples =
        (const ds_op_sample[]){
            { 3, { { 4, { 2, 3, 2, 3 } }, { 1, { 3 } }, { 1, { 3 } } }, "rrr", -1, 1, batch_sample },
            { 3, { { 2, { 6, 3 } }, { 1, { 3 } }, { 1, { 3 } } }, "rrr", -1, 1, batch_sample },
            { 0 } }
};
const ds_op ds_op_batch_norm_eval = {
    .head = { .name = "batch_norm_eval", .summary = "batch norm with given statistics" },
    .samples = (const ds_op_sample[]){ { 5,
                                         { { 2, { 6, 3 } }, { 1, { 3 } }, { 1, { 3 } }, { 1, { 3 } }, { 1, { 3 } } },
                                         "rrrrr",
                                         0.2,
                                         1,
                                         eval_sample },
                                       { 0 } }
};
const ds_op ds_op_layer_norm = { .head = { .name = "layer_norm",
                                           .summary = "zero mean, unit variance per row, then scale and shift" },
                                 .samples = (const ds_op_sample[]){
                                     { 3, { { 2, { 4, 5 } }, { 1, { 5 } }, { 1, { 5 } } }, "rrr", -1, 1, layer_sample },
                                     { 0 } } };
