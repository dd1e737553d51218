/* sum.c - the sum over a set of axes (bit mask attr.i[0]); their extents become 1, the rank stays. dx = dy repeated.
 * Long sums are trees of short chains (docs/arithmetic.md): the error grows with log n, not n. Source: Higham 2002
 * chapter 4 (pairwise summation). */
#include "op/op.h"

DS_VJP(sum) { return ds_broadcast(g, dy, ds_val_shape(g, ds_in(g, y, i))); }
static ds_val sum_first(ds_graph *g, const ds_val *in) { return ds_sum(g, in[0], 1); }
static ds_val sum_last(ds_graph *g, const ds_val *in) { return ds_sum(g, in[0], 4); }
static ds_val sum_middle(ds_graph *g, const ds_val *in) { return ds_sum(g, ds_square(g, in[0]), 2); }
static ds_val sum_ends(ds_graph *g, const ds_val *in) { return ds_sum(g, in[0], 5); }

const ds_op ds_op_sum = {
    .head = { .name = "sum",
              .summary = "sum over axes; their extents become 1",
              .formula = "y = sum_i x_i",
              .cite = "Higham 2002 chapter 4 (pairwise summation)" },
    .vjp = sum_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 5, 3, 4 } } }, "r", -1, 1, sum_first },
                                       { 1, { { 3, { 2, 3, 70 } } }, "r", -1, 1, sum_last },
                                       { 1, { { 3, { 2, 3, 4 } } }, "r", -1, 1, sum_middle },
                                       { 1, { { 3, { 2, 3, 4 } } }, "r", -1, 1, sum_ends },
                                       { 0 } },
};

/* x = f u where f does not vary along the axes: sum f u = f sum u, with one rounding where there were many, and sums of
 * u that others want too (dy with and without a factor, in every normalization's pullback) become one. */
static ds_val with_factor_outside(ds_graph *g, ds_val x, unsigned axes)
{
    const ds_node n = *ds_node_of(g, x);
    if (n.op == &ds_op_neg) return ds_neg(g, ds_sum(g, n.in[0], axes));
    for (int i = 0; i < 2 && n.op == &ds_op_mul; i++) {
        if (ds_node_of(g, n.in[i])->op != &ds_op_broadcast) continue;
        ds_val f = ds_in(g, n.in[i], 0);
        ds_shape s = ds_val_shape(g, f);
        bool same = true;
        for (int a = n.shape.rank - s.rank; a < n.shape.rank; a++)
            same &= !(axes >> a & 1) || s.dim[a - (n.shape.rank - s.rank)] == 1;
        if (same) return ds_mul(g, ds_sum(g, n.in[1 - i], axes), f);
    }
    return DS_NONE;
}

/* A sum over no axis, or over extents of 1 alone, is x itself. */
ds_val ds_sum(ds_graph *g, ds_val x, unsigned axes)
{
    if (!ds_vals_ok(g, "sum", 1, &x)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    bool nothing = true;
    for (int a = 0; a < s.rank; a++) nothing &= !(axes >> a & 1) || s.dim[a] == 1;
    if (nothing && !(axes >> s.rank)) return x;
    ds_val y = axes >> s.rank ? DS_NONE : with_factor_outside(g, x, axes);
    return ds_val_ok(y) ? y : ds_reduce(g, &ds_op_sum, x, axes);
}

ds_val ds_sum_all(ds_graph *g, ds_val x)
{
    return ds_reshape(g, ds_sum(g, x, (1u << ds_val_shape(g, x).rank) - 1), (ds_shape){ 0 });
}
