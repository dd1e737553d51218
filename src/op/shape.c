/* shape.c - ops that move elements: transpose, slice and pad (adjoint pair), concat, gather and scatter_add (adjoint
 * pair), one_hot, cast. */
#include <string.h>

#include "op/op.h"
#include "op/ops.h"

/* transpose: axis k of y is axis perm[k] of x; dx = transpose by the inverse. */
static ds_val transpose_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)i;
    const ds_node *n = ds_node_of(g, y);
    int inverse[DS_MAX_RANK] = { 0 };
    for (int k = 0; k < n->shape.rank; k++) inverse[n->attr.i[k]] = k;
    return ds_transpose(g, dy, inverse);
}
static ds_val transpose_sample(ds_graph *g, const ds_val *in) { return ds_transpose(g, in[0], (const int[]){ 1, 0 }); }
static ds_val transpose_sample3(ds_graph *g, const ds_val *in)
{
    return ds_transpose(g, in[0], (const int[]){ 0, 3, 1, 2 });
}
const ds_op ds_op_transpose = {
    .head = { .name = "transpose", .summary = "axes in another order", .formula = "y[j,i] = x[i,j]" },
    .vjp = transpose_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -1, 1, transpose_sample },
                                       { 1, { { 4, { 2, 3, 4, 5 } } }, "r", -1, 1, transpose_sample3 },
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

/* slice: x[from..to) along attr.i[0]; pad: zeros before and after. Each is the other's adjoint. */
static ds_val slice_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    const ds_node *n = ds_node_of(g, y);
    int axis = (int)n->attr.i[0];
    int64_t extent = ds_val_shape(g, ds_in(g, y, i)).dim[axis];
    return ds_pad(g, dy, axis, n->attr.i[1], extent - n->attr.i[2]);
}
static ds_val pad_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    const ds_node *n = ds_node_of(g, y);
    int axis = (int)n->attr.i[0];
    return ds_slice(g, dy, axis, n->attr.i[1], n->attr.i[1] + ds_val_shape(g, ds_in(g, y, i)).dim[axis]);
}
static ds_val slice_sample(ds_graph *g, const ds_val *in) { return ds_slice(g, in[0], 1, 1, 4); }
static ds_val pad_sample(ds_graph *g, const ds_val *in) { return ds_pad(g, in[0], 1, 2, 1); }
const ds_op ds_op_slice = {
    .head = { .name = "slice", .summary = "a range along one axis", .formula = "y[i] = x[i + from]" },
    .vjp = slice_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 2, 5, 3 } } }, "r", -1, 1, slice_sample }, { 0 } }
};
const ds_op ds_op_pad = { .head = { .name = "pad", .summary = "zeros before and after along one axis" },
                          .vjp = pad_vjp,
                          .samples =
                              (const ds_op_sample[]){ { 1, { { 3, { 2, 5, 3 } } }, "r", -1, 1, pad_sample }, { 0 } } };

ds_val ds_slice(ds_graph *g, ds_val x, int axis, int64_t from, int64_t to)
{
    axis = ds_axis(g, "slice", x, axis);
    if (axis < 0) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    if (from < 0 || to < from || to > s.dim[axis])
        return ds_graph_fail(g, DS_ESHAPE, "slice: %lld..%lld of an axis with %lld elements", (long long)from,
                             (long long)to, (long long)s.dim[axis]);
    if (from == 0 && to == s.dim[axis]) return x;
    s.dim[axis] = to - from;
    return ds_node_make(g, &ds_op_slice, 1, &x, &(ds_attr){ .i = { axis, from, to } }, ds_val_dtype(g, x), s);
}
ds_val ds_pad(ds_graph *g, ds_val x, int axis, int64_t before, int64_t after)
{
    axis = ds_axis(g, "pad", x, axis);
    if (axis < 0) return DS_NONE;
    if (before < 0 || after < 0)
        return ds_graph_fail(g, DS_ESHAPE, "pad: %lld before and %lld after; wanted none or more", (long long)before,
                             (long long)after);
    if (before == 0 && after == 0) return x;
    ds_shape s = ds_val_shape(g, x);
    s.dim[axis] += before + after;
    return ds_node_make(g, &ds_op_pad, 1, &x, &(ds_attr){ .i = { axis, before, after } }, ds_val_dtype(g, x), s);
}

/* concat: one after another along attr.i[0]; dx_i = the slice of dy that came from it. */
static ds_val concat_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    const ds_node n = *ds_node_of(g, y);
    int axis = (int)n.attr.i[0];
    int64_t from = 0;
    for (int k = 0; k < i; k++) from += ds_val_shape(g, n.in[k]).dim[axis];
    return ds_slice(g, dy, axis, from, from + ds_val_shape(g, n.in[i]).dim[axis]);
}
static ds_val concat_sample(ds_graph *g, const ds_val *in) { return ds_concat(g, 3, in, 1); }
const ds_op ds_op_concat = {
    .head = { .name = "concat", .summary = "values one after another along an axis" },
    .vjp = concat_vjp,
    .samples =
        (const ds_op_sample[]){
            { 3, { { 3, { 2, 5, 3 } }, { 3, { 2, 1, 3 } }, { 3, { 2, 2, 3 } } }, "rrr", -1, 1, concat_sample }, { 0 } }
};
ds_val ds_concat(ds_graph *g, int n, const ds_val *x, int axis)
{
    if (n < 1) return ds_graph_fail(g, DS_EUSAGE, "concat: wants at least one value");
    if (!ds_vals_ok(g, "concat", n, x) || (axis = ds_axis(g, "concat", x[0], axis)) < 0) return DS_NONE;
    if (n > DS_MAX_IN) {
        ds_val rest[2] = { ds_concat(g, DS_MAX_IN, x, axis), ds_concat(g, n - DS_MAX_IN, x + DS_MAX_IN, axis) };
        return ds_concat(g, 2, rest, axis);
    }
    ds_shape s = ds_val_shape(g, x[0]);
    for (int k = 1; k < n; k++) {
        ds_shape other = ds_val_shape(g, x[k]);
        int64_t extent = s.dim[axis];
        bool fits = other.rank == s.rank && ds_val_dtype(g, x[k]) == ds_val_dtype(g, x[0]);
        for (int a = 0; a < s.rank && fits; a++) fits = a == axis || other.dim[a] == s.dim[a];
        if (!fits) {
            char a[64], b[64];
            return ds_graph_fail(g, DS_ESHAPE, "concat: %s and %s differ beside axis %d", ds_shape_text(s, a, sizeof a),
                                 ds_shape_text(other, b, sizeof b), axis);
        }
        s.dim[axis] = extent + other.dim[axis];
    }
    return n == 1 ? x[0] : ds_node_make(g, &ds_op_concat, n, x, &(ds_attr){ .i = { axis } }, ds_val_dtype(g, x[0]), s);
}

/* gather: rows by index; scatter_add: rows added where the index says, in order of i. Adjoint to each other. */
static ds_val gather_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    return i == 0 ? ds_scatter_add(g, dy, ds_in(g, y, 1), ds_val_shape(g, ds_in(g, y, 0)).dim[0]) : DS_NONE;
}
static ds_val scatter_add_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    return i == 0 ? ds_gather(g, dy, ds_in(g, y, 1)) : DS_NONE;
}
static ds_val gather_sample(ds_graph *g, const ds_val *in) { return ds_gather(g, in[0], in[1]); }
static ds_val scatter_sample(ds_graph *g, const ds_val *in) { return ds_scatter_add(g, in[0], in[1], 5); }
const ds_op ds_op_gather = { .head = { .name = "gather", .summary = "rows by index", .formula = "y[i] = x[index[i]]" },
                             .vjp = gather_vjp,
                             .samples = (const ds_op_sample[]){
                                 { 2, { { 2, { 5, 3 } }, { 1, { 7 } } }, "ri", -1, 5, gather_sample }, { 0 } } };
const ds_op ds_op_scatter_add = {
    .head = { .name = "scatter_add", .summary = "rows added where an index says", .formula = "y[index[i]] += x[i]" },
    .vjp = scatter_add_vjp,
    .samples = (const ds_op_sample[]){ { 2, { { 2, { 7, 3 } }, { 1, { 7 } } }, "ri", -1, 5, scatter_sample }, { 0 } }
};
static bool rows_and_index(ds_graph *g, const char *op, ds_val x, ds_val index, bool same)
{
    ds_val in[2] = { x, index };
    if (!ds_vals_ok(g, op, 2, in)) return false;
    ds_shape s = ds_val_shape(g, x), k = ds_val_shape(g, index);
    if (s.rank >= 1 && k.rank == 1 && ds_val_dtype(g, index) == DS_I32 && (!same || k.dim[0] == s.dim[0])) return true;
    char a[64], b[64];
    ds_graph_fail(g, DS_ESHAPE, "%s: rows are %s and the index %s; wanted an i32 index%s", op,
                  ds_shape_text(s, a, sizeof a), ds_shape_text(k, b, sizeof b), same ? ", one for each row" : "");
    return false;
}
ds_val ds_gather(ds_graph *g, ds_val x, ds_val index)
{
    if (!rows_and_index(g, "gather", x, index, false)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    s.dim[0] = ds_val_shape(g, index).dim[0];
    return ds_node_make(g, &ds_op_gather, 2, (ds_val[]){ x, index }, NULL, ds_val_dtype(g, x), s);
}
ds_val ds_scatter_add(ds_graph *g, ds_val dy, ds_val index, int64_t rows)
{
    if (!rows_and_index(g, "scatter_add", dy, index, true)) return DS_NONE;
    if (rows < 0) return ds_graph_fail(g, DS_ESHAPE, "scatter_add: %lld rows; wanted none or more", (long long)rows);
    ds_shape s = ds_val_shape(g, dy);
    s.dim[0] = rows;
    return ds_node_make(g, &ds_op_scatter_add, 2, (ds_val[]){ dy, index }, NULL, ds_val_dtype(g, dy), s);
}

/* one_hot: 1 in the column that the index names. */
static ds_val none_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)g, (void)y, (void)i, (void)dy;
    return DS_NONE;
}
static ds_val one_hot_sample(ds_graph *g, const ds_val *in) { return ds_one_hot(g, in[0], DS_F32, 5); }
const ds_op ds_op_one_hot = {
    .head = { .name = "one_hot", .summary = "index to indicator row", .formula = "y[i,c] = [index[i] = c]" },
    .flags = DS_OP_NONDIFF,
    .vjp = none_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 1, { 7 } } }, "i", 0, 5, one_hot_sample }, { 0 } }
};
ds_val ds_one_hot(ds_graph *g, ds_val index, ds_dtype t, int64_t classes)
{
    if (!ds_vals_ok(g, "one_hot", 1, &index)) return DS_NONE;
    if (ds_val_shape(g, index).rank != 1 || ds_val_dtype(g, index) != DS_I32)
        return ds_graph_fail(g, DS_ESHAPE, "one_hot: wants an i32 index of one axis");
    if (classes < 0 || t == DS_I32)
        return ds_graph_fail(g, DS_ESHAPE, "one_hot: %lld classes of %s; wanted f32 or f64", (long long)classes,
                             ds_dtype_name(t));
    return ds_node_make(g, &ds_op_one_hot, 1, &index, NULL, t, DS_SHAPE(ds_val_shape(g, index).dim[0], classes));
}

/* cast: rounds to the other type; its derivative casts back. */
static ds_val cast_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    ds_dtype from = ds_val_dtype(g, ds_in(g, y, i));
    return from == DS_I32 ? DS_NONE : ds_cast(g, dy, from);
}
static ds_val cast_sample(ds_graph *g, const ds_val *in)
{
    return ds_cast(g, ds_cast(g, in[0], DS_F64), ds_val_dtype(g, in[0]));
}
static ds_val cast_index(ds_graph *g, const ds_val *in) { return ds_cast(g, in[0], DS_F32); }
const ds_op ds_op_cast = { .head = { .name = "cast", .summary = "another element type" },
                           .vjp = cast_vjp,
                           .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -1, 1, cast_sample },
                                                              { 1, { { 1, { 7 } } }, "i", 0, 9, cast_index },
                                                              { 0 } } };
ds_val ds_cast(ds_graph *g, ds_val x, ds_dtype t)
{
    if (!ds_vals_ok(g, "cast", 1, &x)) return DS_NONE;
    if (ds_val_dtype(g, x) == t) return x;
    if (t == DS_I32) return ds_graph_fail(g, DS_ESHAPE, "cast: to i32 is not supported");
    return ds_node_make(g, &ds_op_cast, 1, &x, NULL, t, ds_val_shape(g, x));
}
