/* avg_pool.c - the mean of each window of [N,H,W,C] over its real elements: padding counts neither in the sum nor in
 * n. Linear; its adjoint is avg_pool_adjoint. Source: Goodfellow et al. section 9.3; LeCun et al. 1998. */
#include "op/op.h"

DS_VJP(avg_pool)
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape x = ds_val_shape(g, n.in[i]);
    return ds_avg_pool_adjoint(g, dy, ds_pool_shape_of(&n), x.dim[1], x.dim[2]);
}
static const ds_pool_shape two = { { 2, 2 }, { 2, 2 }, { 0, 0 } }, three = { { 3, 2 }, { 2, 1 }, { 1, 1 } };
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_avg_pool(g, in[0], two); }
static ds_val sample3(ds_graph *g, const ds_val *in) { return ds_avg_pool(g, in[0], three); }

const ds_op ds_op_avg_pool = {
    .head = { .name = "avg_pool",
              .summary = "mean of each window's real elements",
              .formula = "y = 1/n sum over the window",
              .cite = "Goodfellow et al. section 9.3; LeCun et al. 1998" },
    .vjp = avg_pool_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 4, { 2, 5, 4, 3 } } }, "r", -1, 1, sample },
                                       { 1, { { 4, { 2, 5, 4, 3 } } }, "r", -1, 1, sample3 },
                                       { 0 } },
};

ds_val ds_avg_pool(ds_graph *g, ds_val x, ds_pool_shape p)
{
    ds_shape y;
    ds_attr attr = ds_pool_attr(p);
    if (!ds_pooled_shape(g, "avg_pool", x, &p, &y)) return DS_NONE;
    return ds_node_make(g, &ds_op_avg_pool, 1, &x, &attr, ds_val_dtype(g, x), y);
}
