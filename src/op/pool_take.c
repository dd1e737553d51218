/* pool_take.c - the elements of a plane at given places (of max_pool_index). Linear in x; its adjoint is pool_put.
 * Source: Goodfellow et al. section 9.3. */
#include "op/op.h"

DS_VJP(pool_take)
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape x = ds_val_shape(g, n.in[0]);
    return i == 0 ? ds_pool_put(g, dy, n.in[1], ds_pool_shape_of(&n), x.dim[1], x.dim[2]) : DS_NONE;
}
static const ds_pool_shape two = { { 2, 2 }, { 2, 2 }, { 0, 0 } };
static ds_val sample(ds_graph *g, const ds_val *in)
{
    return ds_pool_take(g, in[0], ds_max_pool_index(g, in[0], two), two);
}

const ds_op ds_op_pool_take = {
    .head = { .name = "pool_take",
              .summary = "elements at given places of a plane",
              .formula = "y = x[index]",
              .cite = "Goodfellow et al. section 9.3" },
    .vjp = pool_take_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 4, { 2, 5, 4, 3 } } }, "p", -1, 1, sample }, { 0 } },
};

ds_val ds_pool_take(ds_graph *g, ds_val x, ds_val index, ds_pool_shape p)
{
    ds_attr attr = ds_pool_attr(p);
    return ds_node_make(g, &ds_op_pool_take, 2, (ds_val[]){ x, index }, &attr, ds_val_dtype(g, x),
                        ds_val_shape(g, index));
}
