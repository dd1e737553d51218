/* cast.c - another element type: f32 to f64 and back, i32 to either; rounds to nearest. dx = dy cast back. Source:
 * IEEE 754-2019 sections 5.4.1 and 5.4.2. */
#include "op/op.h"

DS_VJP(cast)
{
    ds_dtype from = ds_val_dtype(g, ds_in(g, y, i));
    return from == DS_I32 ? DS_NONE : ds_cast(g, dy, from);
}
static ds_val sample(ds_graph *g, const ds_val *in)
{
    return ds_cast(g, ds_cast(g, in[0], DS_F64), ds_val_dtype(g, in[0]));
}
static ds_val index_sample(ds_graph *g, const ds_val *in) { return ds_cast(g, in[0], DS_F32); }

const ds_op ds_op_cast = {
    .head = { .name = "cast",
              .summary = "another element type",
              .formula = "y = x, rounded to the type",
              .cite = "IEEE 754-2019 sections 5.4.1 and 5.4.2" },
    .vjp = cast_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -1, 1, sample },
                                       { 1, { { 1, { 7 } } }, "i", 0, 9, index_sample },
                                       { 0 } },
};

ds_val ds_cast(ds_graph *g, ds_val x, ds_dtype t)
{
    if (!ds_vals_ok(g, "cast", 1, &x)) return DS_NONE;
    if (ds_val_dtype(g, x) == t) return x;
    if (t == DS_I32) return ds_graph_fail(g, DS_ESHAPE, "cast: to i32 is not supported");
    return ds_node_make(g, &ds_op_cast, 1, &x, NULL, t, ds_val_shape(g, x));
}
