/* logsumexp.c - y = ln sum_c e^x_c over the last axis, whose extent becomes 1. dx = dy softmax(x). Shifted by the
 * maximum of the row: nothing overflows. Source: Goodfellow et al. section 6.2.2.3; Blanchard et al. 2021. */
#include "op/op.h"

DS_VJP(logsumexp) { return ds_mul(g, dy, ds_softmax(g, ds_in(g, y, i))); }
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_logsumexp(g, in[0]); }

const ds_op ds_op_logsumexp = {
    .head = { .name = "logsumexp",
              .summary = "smooth maximum over the last axis",
              .formula = "y = ln sum_c e^x_c",
              .cite = "Goodfellow et al. section 6.2.2.3; Blanchard et al. 2021" },
    .vjp = logsumexp_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, sample },
                                       { 1, { { 2, { 2, 37 } } }, "r", -2, 2, sample },
                                       { 0 } },
};

ds_val ds_logsumexp(ds_graph *g, ds_val x)
{
    if (!ds_rows_ok(g, "logsumexp", x)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    s.dim[s.rank - 1] = 1;
    return ds_node_make(g, &ds_op_logsumexp, 1, &x, NULL, ds_val_dtype(g, x), s);
}
