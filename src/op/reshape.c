/* reshape.c - the same elements in the same order under another shape; one extent may be -1. No element moves: the
 * node is a view. Source: Harris et al. 2020 (NumPy). */
#include "op/op.h"

DS_VJP(reshape) { return ds_reshape(g, dy, ds_val_shape(g, ds_in(g, y, i))); }
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_reshape(g, in[0], DS_SHAPE(2, -1)); }

const ds_op ds_op_reshape = {
    .head = { .name = "reshape",
              .summary = "same elements, other extents",
              .formula = "y[i W + j] = x[i,j]",
              .cite = "Harris et al. 2020 (NumPy)" },
    .flags = DS_OP_VIEW,
    .vjp = reshape_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 4, 3 } } }, "r", -1, 1, sample }, { 0 } },
};

ds_val ds_reshape(ds_graph *g, ds_val x, ds_shape s)
{
    if (!ds_vals_ok(g, "reshape", 1, &x)) return DS_NONE;
    ds_shape from = ds_val_shape(g, x);
    int64_t count = ds_shape_count(from), known = 1;
    int open = -1;
    for (int a = 0; a < s.rank; a++)
        if (s.dim[a] < 0)
            open = a;
        else
            known *= s.dim[a];
    if (open >= 0) s.dim[open] = known ? count / known : 0;
    if (ds_shape_count(s) != count) {
        char a[64], b[64];
        return ds_graph_fail(g, DS_ESHAPE, "reshape: %s has %lld elements, %s does not",
                             ds_shape_text(from, a, sizeof a), (long long)count, ds_shape_text(s, b, sizeof b));
    }
    if (ds_shape_equal(from, s)) return x;
    const ds_node *n = ds_node_of(g, x);
    if (n->op == &ds_op_fill) return ds_fill(g, n->dtype, s, n->attr.f[0]);
    if (n->op == &ds_op_reshape) return ds_reshape(g, n->in[0], s);
    return ds_node_make(g, &ds_op_reshape, 1, &x, NULL, n->dtype, s);
}
