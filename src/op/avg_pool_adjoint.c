/* avg_pool_adjoint.c - the adjoint of avg_pool: each window's dy / n added to its real elements, in the order of the
 * windows. h, w are given: a ragged edge leads to the same windows. Source: Goodfellow et al. section 9.3. */
#include "op/op.h"

DS_VJP(avg_pool_adjoint) { return ds_avg_pool(g, dy, ds_pool_shape_of(ds_node_of(g, y))); }
static const ds_pool_shape three = { { 3, 2 }, { 2, 1 }, { 1, 1 } };
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_avg_pool_adjoint(g, in[0], three, 5, 4); }

const ds_op ds_op_avg_pool_adjoint = {
    .head = { .name = "avg_pool_adjoint",
              .summary = "adjoint of avg_pool",
              .formula = "x += y / n over the window",
              .cite = "Goodfellow et al. section 9.3" },
    .vjp = avg_pool_adjoint_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 4, { 2, 3, 5, 3 } } }, "r", -1, 1, sample }, { 0 } },
};

ds_val ds_avg_pool_adjoint(ds_graph *g, ds_val dy, ds_pool_shape p, int64_t h, int64_t w)
{
    ds_attr attr = ds_pool_attr(p);
    ds_shape s = ds_val_shape(g, dy);
    s.dim[1] = h;
    s.dim[2] = w;
    return ds_node_make(g, &ds_op_avg_pool_adjoint, 1, &dy, &attr, ds_val_dtype(g, dy), s);
}
