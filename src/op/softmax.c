/* softmax.c - scores to probabilities over the last axis. dx = y (dy - sum_c dy_c y_c). Shifted by the maximum of the
 * row: nothing overflows. For a loss take cross_entropy, which keeps digits that the logarithm of this loses. Source:
 * Goodfellow et al. equation 6.29; Blanchard et al. 2021. */
#include "op/op.h"

DS_VJP(softmax) { return ds_mul(g, y, ds_sub(g, dy, ds_sum(g, ds_mul(g, dy, y), ds_last_axis(g, y)))); }
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_softmax(g, in[0]); }

const ds_op ds_op_softmax = {
    .head = { .name = "softmax",
              .summary = "scores to probabilities over the last axis",
              .formula = "y_c = e^x_c / sum_k e^x_k",
              .cite = "Goodfellow et al. equation 6.29; Blanchard et al. 2021" },
    .vjp = softmax_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, sample },
                                       { 1, { { 2, { 2, 37 } } }, "r", -2, 2, sample },
                                       { 0 } },
};

ds_val ds_softmax(ds_graph *g, ds_val x)
{
    if (!ds_rows_ok(g, "softmax", x)) return DS_NONE;
    return ds_node_make(g, &ds_op_softmax, 1, &x, NULL, ds_val_dtype(g, x), ds_val_shape(g, x));
}
