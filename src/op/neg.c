/* neg.c - the change of sign: the sign bit is turned over. dx = -dy. Source: IEEE 754-2019 section 5.5.1. */
#include "op/op.h"

DS_VJP(neg) { return ds_neg(g, dy); }
DS_SAMPLES1(neg, -2, 2, ds_neg(g, in[0]))

const ds_op ds_op_neg = {
    .head = { .name = "neg", .summary = "change of sign", .formula = "y = -x", .cite = "IEEE 754-2019 section 5.5.1" },
    DS_ELEMENTWISE(neg),
    .vjp = neg_vjp,
    .samples = neg_samples,
};

/* A double change of sign is none, exactly; a constant changes its sign here. */
ds_val ds_neg(ds_graph *g, ds_val x)
{
    if (ds_vals_ok(g, "neg", 1, &x) && ds_node_of(g, x)->op == &ds_op_neg) return ds_in(g, x, 0);
    double c;
    if (ds_constant(g, x, &c) && ds_val_dtype(g, x) != DS_I32) return ds_like(g, x, -c);
    return ds_map1(g, &ds_op_neg, x, 0, 0);
}
