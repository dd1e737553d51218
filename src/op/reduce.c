/* reduce.c - sums, means and maxima over a set of axes (bit mask attr.i[0]); reduced extents become 1, the rank stays.
 *   sum       y = sum x                 dx = dy repeated
 *   max_over  y = max x                 dx = dy at the first maximum
 *   first_max 1 at the first maximum over the axes, else 0 (no derivative) */
#include <string.h>

#include "op/op.h"
#include "op/ops.h"

static ds_val reduce(ds_graph *g, const ds_op *op, ds_val x, unsigned axes)
{
    if (!ds_vals_ok(g, op->head.name, 1, &x)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    if (axes >> s.rank)
        return ds_graph_fail(g, DS_ESHAPE, "%s: axes mask %#x for a value with %d axes", op->head.name, axes, s.rank);
    if (ds_val_dtype(g, x) == DS_I32)
        return ds_graph_fail(g, DS_ESHAPE, "%s: i32 values have no sums; use ds_cast", op->head.name);
    unsigned last =
        0; /* the last stretch of adjacent axes: kernels reduce one stretch, a set with gaps goes from last to first */
    for (int a = s.rank - 1; a >= 0 && (!last || axes >> a & 1); a--) last |= axes & 1u << a;
    if (last != axes) return reduce(g, op, reduce(g, op, x, last), axes & ~last);
    for (int a = 0; a < s.rank; a++)
        if (axes >> a & 1) s.dim[a] = 1;
    return ds_node_make(g, op, 1, &x, &(ds_attr){ .i = { axes } }, ds_val_dtype(g, x), s);
}

static ds_val sum_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    return ds_broadcast(g, dy, ds_val_shape(g, ds_in(g, y, i)));
}
static ds_val sum_sample(ds_graph *g, const ds_val *in) { return ds_sum(g, in[0], 1); }
static ds_val sum_last(ds_graph *g, const ds_val *in) { return ds_sum(g, in[0], 4); }
static ds_val sum_middle(ds_graph *g, const ds_val *in) { return ds_sum(g, ds_square(g, in[0]), 2); }
static ds_val sum_ends(ds_graph *g, const ds_val *in) { return ds_sum(g, in[0], 5); }
const ds_op ds_op_sum = {
    .head = { .name = "sum", .summary = "sum over axes; their extents become 1", .formula = "y = sum_i x_i" },
    .vjp = sum_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 5, 3, 4 } } }, "r", -1, 1, sum_sample },
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
    return ds_val_ok(y) ? y : reduce(g, &ds_op_sum, x, axes);
}

ds_val ds_mean(ds_graph *g, ds_val x, unsigned axes)
{
    ds_val y = ds_sum(g, x, axes);
    ds_shape s = ds_val_shape(g, x);
    double n = 1;
    for (int a = 0; a < s.rank; a++)
        if (axes >> a & 1) n *= (double)s.dim[a];
    return ds_scale(g, y, 1 / n);
}
static ds_val mean_sample(ds_graph *g, const ds_val *in) { return ds_mean(g, in[0], 3); }
const ds_op ds_op_mean = { .head = { .name = "mean", .summary = "mean over axes", .formula = "y = 1/n sum_i x_i" },
                           .samples = (const ds_op_sample[]){ { 1, { { 3, { 5, 3, 4 } } }, "r", -1, 1, mean_sample },
                                                              { 0 } } };

static unsigned all_axes(ds_graph *g, ds_val x) { return (1u << ds_val_shape(g, x).rank) - 1; }
ds_val ds_sum_all(ds_graph *g, ds_val x) { return ds_reshape(g, ds_sum(g, x, all_axes(g, x)), (ds_shape){ 0 }); }
ds_val ds_mean_all(ds_graph *g, ds_val x) { return ds_reshape(g, ds_mean(g, x, all_axes(g, x)), (ds_shape){ 0 }); }

/* ---- maxima ------------------------------------------------------------------------------------------------------ */

static ds_val none_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)g, (void)y, (void)i, (void)dy;
    return DS_NONE;
}
static ds_val first_max(ds_graph *g, ds_val x, unsigned axes)
{
    return ds_node_make(g, &ds_op_first_max, 1, &x, &(ds_attr){ .i = { axes } }, ds_val_dtype(g, x),
                        ds_val_shape(g, x));
}
static ds_val first_max_sample(ds_graph *g, const ds_val *in) { return first_max(g, in[0], 2); }
const ds_op ds_op_first_max = {
    .head = { .name = "first_max", .summary = "1 at the first maximum over the axes, else 0" },
    .flags = DS_OP_NONDIFF,
    .vjp = none_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 2, 5, 3 } } }, "p", -1, 1, first_max_sample }, { 0 } },
};

static ds_val max_over_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    ds_val x = ds_in(g, y, i);
    return ds_mul(g, dy, first_max(g, x, (unsigned)ds_node_of(g, y)->attr.i[0]));
}
static ds_val max_sample(ds_graph *g, const ds_val *in) { return ds_max_over(g, ds_square(g, in[0]), 2); }
static ds_val max_last(ds_graph *g, const ds_val *in) { return ds_max_over(g, in[0], 4); }
static ds_val max_lead(ds_graph *g, const ds_val *in) { return ds_max_over(g, in[0], 3); }
const ds_op ds_op_max_over = {
    .head = { .name = "max_over",
              .summary = "maximum over axes; derivative to the first one",
              .formula = "y = max_i x_i" },
    .vjp = max_over_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 2, 5, 3 } } }, "p", 0.1, 1, max_sample },
                                       { 1, { { 3, { 2, 3, 21 } } }, "p", -1, 1, max_last },
                                       { 1, { { 3, { 2, 5, 3 } } }, "p", -1, 1, max_lead },
                                       { 0 } },
};
ds_val ds_max_over(ds_graph *g, ds_val x, unsigned axes) { return reduce(g, &ds_op_max_over, x, axes); }
