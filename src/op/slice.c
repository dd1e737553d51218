/* slice.c - x[from..to) along one axis (attr.i = axis, from, to). Its adjoint is pad: dx = dy between zeros. Source:
 * Harris et al. 2020 (NumPy). */
#include "op/op.h"

DS_VJP(slice)
{
    const ds_node *n = ds_node_of(g, y);
    int axis = (int)n->attr.i[0];
    int64_t extent = ds_val_shape(g, ds_in(g, y, i)).dim[axis];
    return ds_pad(g, dy, axis, n->attr.i[1], extent - n->attr.i[2]);
}
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_slice(g, in[0], 1, 1, 4); }

const ds_op ds_op_slice = {
    .head = { .name = "slice",
              .summary = "a range along one axis",
              .formula = "y[i] = x[i + from]",
              .cite = "Harris et al. 2020 (NumPy)" },
    .vjp = slice_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 2, 5, 3 } } }, "r", -1, 1, sample }, { 0 } },
};

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
