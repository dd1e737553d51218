/* matmul.c - the matrix product C = op(A) op(B) over the last two axes; attr.i[0], attr.i[1] say which is transposed;
 * leading axes are equal.
 *
 *   dA = dC B'  or  (B dC')'
 *   dB = A' dC  or  (dC' A)'
 *
 * by flags alone: no transpose is ever made. Source: Goodfellow et al. equation 2.5 and section 6.5.6. */
#include "op/op.h"

DS_VJP(matmul)
{
    const ds_node n = *ds_node_of(g, y);
    bool ta = n.attr.i[0], tb = n.attr.i[1];
    ds_val a = n.in[0], b = n.in[1];
    if (i == 0) return ta ? ds_matmul(g, b, dy, tb, true) : ds_matmul(g, dy, b, false, !tb);
    return tb ? ds_matmul(g, dy, a, true, ta) : ds_matmul(g, a, dy, !ta, false);
}
#define SAMPLE(ta, tb)                                                                                                 \
    static ds_val sample##ta##tb(ds_graph *g, const ds_val *in) { return ds_matmul(g, in[0], in[1], ta, tb); }
SAMPLE(0, 0)
SAMPLE(0, 1)
SAMPLE(1, 0)
SAMPLE(1, 1)
const ds_op ds_op_matmul = {
    .head = { .name = "matmul",
              .summary = "matrix product",
              .formula = "C[i,j] = sum_k A[i,k] B[k,j]",
              .cite = "Goodfellow et al. equation 2.5" },
    .vjp = matmul_vjp,
    .samples = (const ds_op_sample[]){ { 2, { { 2, { 3, 4 } }, { 2, { 4, 5 } } }, "rr", -1, 1, sample00 },
                                       { 2, { { 2, { 3, 4 } }, { 2, { 5, 4 } } }, "rr", -1, 1, sample01 },
                                       { 2, { { 3, { 2, 4, 3 } }, { 3, { 2, 4, 5 } } }, "rr", -1, 1, sample10 },
                                       { 2, { { 2, { 4, 3 } }, { 2, { 5, 4 } } }, "rr", -1, 1, sample11 },
                                       { 0 } },
};

/* A transpose of the last two axes is taken over by the flag. */
static ds_val untransposed(ds_graph *g, ds_val x, bool *flag)
{
    const ds_node *n = ds_node_of(g, x);
    int r = n->shape.rank;
    if (n->op != &ds_op_transpose) return x;
    for (int k = 0; k < r - 2; k++)
        if (n->attr.i[k] != k) return x;
    if (n->attr.i[r - 2] != r - 1) return x;
    *flag = !*flag;
    return n->in[0];
}

ds_val ds_matmul(ds_graph *g, ds_val a, ds_val b, bool ta, bool tb)
{
    if (!ds_vals_ok(g, "matmul", 2, (ds_val[]){ a, b })) return DS_NONE;
    if (ds_val_shape(g, a).rank >= 2) a = untransposed(g, a, &ta);
    if (ds_val_shape(g, b).rank >= 2) b = untransposed(g, b, &tb);
    ds_shape s = ds_val_shape(g, a), t = ds_val_shape(g, b);
    int r = s.rank;
    bool fits = r >= 2 && t.rank == r && ds_val_dtype(g, a) == ds_val_dtype(g, b) && ds_val_dtype(g, a) != DS_I32;
    for (int k = 0; k < r - 2 && fits; k++) fits = s.dim[k] == t.dim[k];
    if (!fits || s.dim[ta ? r - 2 : r - 1] != t.dim[tb ? r - 1 : r - 2]) {
        char p[64], q[64];
        return ds_graph_fail(g, DS_ESHAPE,
                             "matmul: a is %s%s, b is %s%s; the inner extents and the leading ones must be equal",
                             ds_shape_text(s, p, sizeof p), ta ? " transposed" : "", ds_shape_text(t, q, sizeof q),
                             tb ? " transposed" : "");
    }
    ds_shape out = s;
    out.dim[r - 2] = s.dim[ta ? r - 1 : r - 2];
    out.dim[r - 1] = t.dim[tb ? r - 2 : r - 1];
    return ds_node_make(g, &ds_op_matmul, 2, (ds_val[]){ a, b }, &(ds_attr){ .i = { ta, tb } }, ds_val_dtype(g, a),
                        out);
}
