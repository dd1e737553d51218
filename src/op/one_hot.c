/* one_hot.c - an i32 index [N] to rows [N, classes] of 0 with a 1 in the column that the index names. No derivative.
 * Source: Bishop 2006 section 4.1 (1-of-K coding). */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_one_hot(g, in[0], DS_F32, 5); }

const ds_op ds_op_one_hot = {
    .head = { .name = "one_hot",
              .summary = "index to indicator row",
              .formula = "y[i,c] = [index[i] = c]",
              .cite = "Bishop 2006 section 4.1 (1-of-K coding)" },
    .flags = DS_OP_NONDIFF,
    .vjp = ds_no_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 1, { 7 } } }, "i", 0, 5, sample }, { 0 } },
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
