/* concat.c - values one after another along one axis (attr.i[0]). dx_k = the slice of dy that came from x_k. More than
 * a node can take are put together in groups. Source: Harris et al. 2020 (NumPy). */
#include "op/op.h"

DS_VJP(concat)
{
    const ds_node n = *ds_node_of(g, y);
    int axis = (int)n.attr.i[0];
    int64_t from = 0;
    for (int k = 0; k < i; k++) from += ds_val_shape(g, n.in[k]).dim[axis];
    return ds_slice(g, dy, axis, from, from + ds_val_shape(g, n.in[i]).dim[axis]);
}
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_concat(g, 3, in, 1); }

const ds_op ds_op_concat = {
    .head = { .name = "concat",
              .summary = "values one after another along an axis",
              .formula = "y = (x_1, x_2, ...)",
              .cite = "Harris et al. 2020 (NumPy)" },
    .vjp = concat_vjp,
    .samples =
        (const ds_op_sample[]){
            { 3, { { 3, { 2, 5, 3 } }, { 3, { 2, 1, 3 } }, { 3, { 2, 2, 3 } } }, "rrr", -1, 1, sample }, { 0 } },
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
