/* pool_put.c - elements added to zeros at given places of a plane (of max_pool_index), in the order of the windows.
 * Linear; its adjoint is pool_take. Source: Goodfellow et al. section 9.3. */
#include "op/op.h"

DS_VJP(pool_put)
{
    const ds_node n = *ds_node_of(g, y);
    return i == 0 ? ds_pool_take(g, dy, n.in[1], ds_pool_shape_of(&n)) : DS_NONE;
}
static const ds_pool_shape two = { { 2, 2 }, { 2, 2 }, { 0, 0 } };
static ds_val sample(ds_graph *g, const ds_val *in)
{
    return ds_pool_put(g, in[1], ds_max_pool_index(g, in[0], two), two, 5, 4);
}

const ds_op ds_op_pool_put = {
    .head = { .name = "pool_put",
              .summary = "elements added at given places of a plane",
              .formula = "x[index] += y",
              .cite = "Goodfellow et al. section 9.3" },
    .vjp = pool_put_vjp,
    .samples =
        (const ds_op_sample[]){ { 2, { { 4, { 2, 5, 4, 3 } }, { 4, { 2, 2, 2, 3 } } }, "pr", -1, 1, sample }, { 0 } },
};

ds_val ds_pool_put(ds_graph *g, ds_val dy, ds_val index, ds_pool_shape p, int64_t h, int64_t w)
{
    ds_attr attr = ds_pool_attr(p);
    ds_shape s = ds_val_shape(g, dy);
    s.dim[1] = h;
    s.dim[2] = w;
    return ds_node_make(g, &ds_op_pool_put, 2, (ds_val[]){ dy, index }, &attr, ds_val_dtype(g, dy), s);
}
