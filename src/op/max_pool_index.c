/* max_pool_index.c - the place in the plane of each window's first maximum, or first NaN (i32; attr.i in window.c).
 * The places are kept for the derivatives of max_pool. No derivative. Source: Goodfellow et al. section 9.3. */
#include "op/op.h"

static const ds_pool_shape two = { { 2, 2 }, { 2, 2 }, { 0, 0 } };
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_max_pool_index(g, in[0], two); }

const ds_op ds_op_max_pool_index = {
    .head = { .name = "max_pool_index",
              .summary = "place of each window's first maximum",
              .formula = "y = argmax over the window",
              .cite = "Goodfellow et al. section 9.3" },
    .flags = DS_OP_NONDIFF,
    .vjp = ds_no_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 4, { 2, 5, 4, 3 } } }, "p", -1, 1, sample }, { 0 } },
};

ds_val ds_max_pool_index(ds_graph *g, ds_val x, ds_pool_shape p)
{
    ds_shape y;
    ds_attr attr = ds_pool_attr(p);
    if (!ds_pooled_shape(g, "max_pool", x, &p, &y)) return DS_NONE;
    return ds_node_make(g, &ds_op_max_pool_index, 1, &x, &attr, DS_I32, y);
}
