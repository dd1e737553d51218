/* softmax.c - rows of scores over the last axis, shifted by their maximum so that nothing overflows. Goodfellow
 * section 6.2.2.3. logsumexp      y = ln sum_c e^x_c                 dx = dy softmax(x) softmax        y_c = e^(x_c -
 * lse)                dx = y (dy - sum_c dy_c y_c) cross_entropy  y = (1-s) (lse - x_label) + s mean_c (lse - x_c), s =
 * attr.f[0];  dx = dy (softmax - (1-s) onehot - s/C) */
#include "op/op.h"
#include "op/ops.h"

static bool has_last(ds_graph *g, const char *op, ds_val x)
{
    if (!ds_vals_ok(g, op, 1, &x)) return false;
    if (ds_val_shape(g, x).rank > 0 && ds_val_dtype(g, x) != DS_I32) return true;
    ds_graph_fail(g, DS_ESHAPE, "%s: wants rows of real scores", op);
    return false;
}
static unsigned last_axis(ds_graph *g, ds_val x) { return 1u << (ds_val_shape(g, x).rank - 1); }

static ds_val logsumexp_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    return ds_mul(g, dy, ds_softmax(g, ds_in(g, y, i)));
}
static ds_val logsumexp_sample(ds_graph *g, const ds_val *in) { return ds_logsumexp(g, in[0]); }
const ds_op ds_op_logsumexp = {
    .head = { .name = "logsumexp", .summary = "smooth maximum over the last axis", .formula = "y = ln sum_c e^x_c" },
    .vjp = logsumexp_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, logsumexp_sample },
                                       { 1, { { 2, { 2, 37 } } }, "r", -2, 2, logsumexp_sample },
                                       { 0 } },
};
ds_val ds_logsumexp(ds_graph *g, ds_val x)
{
    if (!has_last(g, "logsumexp", x)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    s.dim[s.rank - 1] = 1;
    return ds_node_make(g, &ds_op_logsumexp, 1, &x, NULL, ds_val_dtype(g, x), s);
}

static ds_val softmax_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)i;
    return ds_mul(g, y, ds_sub(g, dy, ds_sum(g, ds_mul(g, dy, y), last_axis(g, y))));
}
static ds_val softmax_sample(ds_graph *g, const ds_val *in) { return ds_softmax(g, in[0]); }
const ds_op ds_op_softmax = {
    .head = { .name = "softmax",
              .summary = "scores to probabilities over the last axis",
              .formula = "y_c = e^x_c / sum_k e^x_k" },
    .vjp = softmax_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, softmax_sample },
                                       { 1, { { 2, { 2, 37 } } }, "r", -2, 2, softmax_sample },
                                       { 0 } },
};
ds_val ds_softmax(ds_graph *g, ds_val x)
{
    if (!has_last(g, "softmax", x)) return DS_NONE;
    return ds_node_make(g, &ds_op_softmax, 1, &x, NULL, ds_val_dtype(g, x), ds_val_shape(g, x));
}

ds_val ds_log_softmax(ds_graph *g, ds_val x) { return ds_sub(g, x, ds_logsumexp(g, x)); }
static ds_val log_softmax_sample(ds_graph *g, const ds_val *in) { return ds_log_softmax(g, in[0]); }
const ds_op ds_op_log_softmax = {
    .head = { .name = "log_softmax", .summary = "logarithm of softmax", .formula = "y_c = x_c - ln sum_k e^x_k" },
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, log_softmax_sample }, { 0 } }
};

static ds_val cross_entropy_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    if (i != 0) return DS_NONE;
    ds_val x = ds_in(g, y, 0), label = ds_in(g, y, 1);
    double s = ds_node_of(g, y)->attr.f[0];
    int64_t classes = ds_val_shape(g, x).dim[1];
    ds_val off = ds_sub(g, ds_softmax(g, x), ds_scale(g, ds_one_hot(g, label, ds_val_dtype(g, x), classes), 1 - s));
    if (s > 0) off = ds_shift(g, off, -s / (double)classes);
    return ds_mul(g, ds_reshape(g, dy, DS_SHAPE(-1, 1)), off);
}
static ds_val cross_entropy_sample(ds_graph *g, const ds_val *in) { return ds_cross_entropy(g, in[0], in[1], 0); }
static ds_val smooth_sample(ds_graph *g, const ds_val *in) { return ds_cross_entropy(g, in[0], in[1], 0.2); }
const ds_op ds_op_cross_entropy = {
    .head = { .name = "cross_entropy",
              .summary = "negative log-probability of the label, per row",
              .formula = "y = ln sum_c e^x_c - x_label" },
    .vjp = cross_entropy_vjp,
    .samples = (const ds_op_sample[]){ { 2, { { 2, { 4, 5 } }, { 1, { 4 } } }, "ri", -2, 5, cross_entropy_sample },
                                       { 2, { { 2, { 4, 5 } }, { 1, { 4 } } }, "ri", -2, 5, smooth_sample },
                                       { 0 } },
};
ds_val ds_cross_entropy(ds_graph *g, ds_val logits, ds_val labels, double smoothing)
{
    ds_val in[2] = { logits, labels };
    if (!ds_vals_ok(g, "cross_entropy", 2, in)) return DS_NONE;
    ds_shape x = ds_val_shape(g, logits), l = ds_val_shape(g, labels);
    if (x.rank != 2 || l.rank != 1 || x.dim[0] != l.dim[0] || ds_val_dtype(g, labels) != DS_I32 ||
        ds_val_dtype(g, logits) == DS_I32) {
        char a[64], b[64];
        return ds_graph_fail(g, DS_ESHAPE,
                             "cross_entropy: scores are %s and labels %s; wanted [rows, classes] and i32 [rows]",
                             ds_shape_text(x, a, sizeof a), ds_shape_text(l, b, sizeof b));
    }
    if (!(smoothing >= 0 && smoothing <= 1))
        return ds_graph_fail(g, DS_ERANGE, "cross_entropy: smoothing is %g, wanted 0 to 1", smoothing);
    return ds_node_make(g, &ds_op_cross_entropy, 2, in, &(ds_attr){ .f = { smoothing } }, ds_val_dtype(g, logits),
                        DS_SHAPE(x.dim[0]));
}
