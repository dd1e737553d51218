/* pad.c - zeros before and after x along one axis (attr.i = axis, before, after). Its adjoint is slice: dx = the
 * middle of dy. Source: Harris et al. 2020 (NumPy). */
#include "op/op.h"

DS_VJP(pad)
{
    const ds_node *n = ds_node_of(g, y);
    int axis = (int)n->attr.i[0];
    return ds_slice(g, dy, axis, n->attr.i[1], n->attr.i[1] + ds_val_shape(g, ds_in(g, y, i)).dim[axis]);
}
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_pad(g, in[0], 1, 2, 1); }

const ds_op ds_op_pad = {
    .head = { .name = "pad",
              .summary = "zeros before and after along one axis",
              .formula = "y[i + before] = x[i], else 0",
              .cite = "Harris et al. 2020 (NumPy)" },
    .vjp = pad_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 2, 5, 3 } } }, "r", -1, 1, sample }, { 0 } },
};

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
