/* first_max.c - 1 at the first maximum (or first NaN) of x over a set of axes (bit mask attr.i[0]), else 0: where the
 * gradient of max_over goes. Piecewise constant: no derivative. Source: Goodfellow et al. section 6.3. */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_first_max(g, in[0], 2); }

const ds_op ds_op_first_max = {
    .head = { .name = "first_max",
              .summary = "1 at the first maximum over the axes, else 0",
              .formula = "y_i = [i = first argmax x]",
              .cite = "Goodfellow et al. section 6.3" },
    .flags = DS_OP_NONDIFF,
    .vjp = ds_no_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 2, 5, 3 } } }, "p", -1, 1, sample }, { 0 } },
};

ds_val ds_first_max(ds_graph *g, ds_val x, unsigned axes)
{
    return ds_node_make(g, &ds_op_first_max, 1, &x, &(ds_attr){ .i = { axes } }, ds_val_dtype(g, x),
                        ds_val_shape(g, x));
}
