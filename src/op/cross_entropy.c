/* cross_entropy.c - the negative log-probability of the label by softmax, per row: scores [N, C], labels i32 [N].
 *
 *   y  = (1 - s) (lse - x_label) + s mean_c (lse - x_c), s the smoothing (attr.f[0])
 *   dx = dy (softmax - (1 - s) onehot - s / C)
 *
 * lse is shifted by the maximum of the row: nothing overflows, and the gradient is a difference of probabilities.
 * Source: Goodfellow et al. section 6.2.2.3; smoothing: Szegedy et al. 2016, Goodfellow et al. section 7.5.1. */
#include "op/op.h"

DS_VJP(cross_entropy)
{
    if (i != 0) return DS_NONE;
    ds_val x = ds_in(g, y, 0), label = ds_in(g, y, 1);
    double s = ds_node_of(g, y)->attr.f[0];
    int64_t classes = ds_val_shape(g, x).dim[1];
    ds_val off = ds_sub(g, ds_softmax(g, x), ds_scale(g, ds_one_hot(g, label, ds_val_dtype(g, x), classes), 1 - s));
    if (s > 0) off = ds_shift(g, off, -s / (double)classes);
    return ds_mul(g, ds_reshape(g, dy, DS_SHAPE(-1, 1)), off);
}
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_cross_entropy(g, in[0], in[1], 0); }
static ds_val smooth_sample(ds_graph *g, const ds_val *in) { return ds_cross_entropy(g, in[0], in[1], 0.2); }

const ds_op ds_op_cross_entropy = {
    .head = { .name = "cross_entropy",
              .summary = "negative log-probability of the label, per row",
              .formula = "y = ln sum_c e^x_c - x_label",
              .cite = "Goodfellow et al. section 6.2.2.3; Szegedy et al. 2016" },
    .vjp = cross_entropy_vjp,
    .samples = (const ds_op_sample[]){ { 2, { { 2, { 4, 5 } }, { 1, { 4 } } }, "ri", -2, 5, sample },
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
