/* broadcast.c - x repeated along its axes of extent 1 (and new leading ones) to a given shape, by NumPy's rule. dx =
 * the sum of dy over the repeated axes. Source: Harris et al. 2020 (NumPy). */
#include "op/op.h"

DS_VJP(broadcast)
{
    ds_shape from = ds_val_shape(g, ds_in(g, y, i)), to = ds_val_shape(g, y);
    unsigned axes = 0;
    int shift = to.rank - from.rank;
    for (int a = 0; a < to.rank; a++)
        if (a < shift || from.dim[a - shift] != to.dim[a]) axes |= 1u << a;
    return ds_reshape(g, ds_sum(g, dy, axes), from);
}
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_broadcast(g, in[0], DS_SHAPE(4, 3, 5)); }

const ds_op ds_op_broadcast = {
    .head = { .name = "broadcast",
              .summary = "repeat along axes of extent 1",
              .formula = "y[i,j] = x[0,j]",
              .cite = "Harris et al. 2020 (NumPy)" },
    .vjp = broadcast_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 1 } } }, "r", -1, 1, sample },
                                       { 1, { { 1, { 5 } } }, "r", -1, 1, sample },
                                       { 0 } },
};

ds_val ds_broadcast(ds_graph *g, ds_val x, ds_shape s)
{
    if (!ds_vals_ok(g, "broadcast", 1, &x)) return DS_NONE;
    ds_shape from = ds_val_shape(g, x);
    if (ds_shape_equal(from, s)) return x;
    int shift = s.rank - from.rank;
    bool fits = shift >= 0;
    for (int a = 0; fits && a < from.rank; a++) fits = from.dim[a] == 1 || from.dim[a] == s.dim[a + shift];
    if (!fits) {
        char a[64], b[64];
        return ds_graph_fail(g, DS_ESHAPE, "broadcast: %s cannot be repeated to %s; extents must be equal or 1",
                             ds_shape_text(from, a, sizeof a), ds_shape_text(s, b, sizeof b));
    }
    const ds_node *n = ds_node_of(g, x);
    if (n->op == &ds_op_fill) return ds_fill(g, n->dtype, s, n->attr.f[0]);
    return ds_node_make(g, &ds_op_broadcast, 1, &x, NULL, n->dtype, s);
}
