/* transpose.c - axis k of y is axis perm[k] of x (attr.i). dx = dy transposed by the inverse order. Source: Goodfellow
 * et al. equation 2.3; Harris et al. 2020 (NumPy). */
#include "op/op.h"

DS_VJP(transpose)
{
    const ds_node *n = ds_node_of(g, y);
    int inverse[DS_MAX_RANK] = { 0 };
    for (int k = 0; k < n->shape.rank; k++) inverse[n->attr.i[k]] = k;
    return ds_transpose(g, dy, inverse);
}
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_transpose(g, in[0], (const int[]){ 1, 0 }); }
static ds_val sample4(ds_graph *g, const ds_val *in) { return ds_transpose(g, in[0], (const int[]){ 0, 3, 1, 2 }); }

const ds_op ds_op_transpose = {
    .head = { .name = "transpose",
              .summary = "axes in another order",
              .formula = "y[j,i] = x[i,j]",
              .cite = "Goodfellow et al. equation 2.3; Harris et al. 2020 (NumPy)" },
    .vjp = transpose_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -1, 1, sample },
                                       { 1, { { 4, { 2, 3, 4, 5 } } }, "r", -1, 1, sample4 },
                                       { 0 } },
};

ds_val ds_transpose(ds_graph *g, ds_val x, const int *perm)
{
    if (!ds_vals_ok(g, "transpose", 1, &x)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x), to = s;
    ds_attr attr = { .i = { 0 } };
    unsigned seen = 0;
    int last = -1;
    bool plain = true; /* extents of 1 aside, the order stays: a reshape */
    for (int k = 0; k < s.rank; k++) {
        if (perm[k] < 0 || perm[k] >= s.rank || (seen >> perm[k] & 1))
            return ds_graph_fail(g, DS_ESHAPE, "transpose: the order given is no permutation of %d axes", s.rank);
        seen |= 1u << perm[k];
        to.dim[k] = s.dim[perm[k]];
        attr.i[k] = perm[k];
        if (to.dim[k] == 1) continue;
        plain &= perm[k] > last;
        last = perm[k];
    }
    return plain ? ds_reshape(g, x, to) : ds_node_make(g, &ds_op_transpose, 1, &x, &attr, ds_val_dtype(g, x), to);
}
