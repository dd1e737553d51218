/* mul.c - the product, elementwise. da = dy b, db = dy a. Source: IEEE 754-2019 section 5.4.1. */
#include "op/op.h"

DS_VJP(mul) { return ds_mul(g, dy, ds_in(g, y, 1 - i)); }
DS_SAMPLES2(mul, -2, 2, ds_mul(g, in[0], in[1]))

const ds_op ds_op_mul = {
    .head = { .name = "mul", .summary = "product", .formula = "y = a b", .cite = "IEEE 754-2019 section 5.4.1" },
    DS_ELEMENTWISE(mul),
    .vjp = mul_vjp,
    .samples = mul_samples,
};

/* Whether broadcasting s gives the shape t. */
static bool repeats_to(ds_shape s, ds_shape t)
{
    bool fits = s.rank <= t.rank;
    for (int a = 0; a < s.rank && fits; a++) fits = s.dim[a] == 1 || s.dim[a] == t.dim[a + t.rank - s.rank];
    return fits;
}

/* A product with a constant is a scale: the same bits, and constants meet while the graph is built. */
ds_val ds_mul(ds_graph *g, ds_val a, ds_val b)
{
    double c;
    if (!ds_vals_ok(g, "mul", 2, (ds_val[]){ a, b })) return DS_NONE;
    if (ds_val_dtype(g, a) == ds_val_dtype(g, b)) {
        if (ds_constant(g, b, &c) && repeats_to(ds_val_shape(g, b), ds_val_shape(g, a))) return ds_scale(g, a, c);
        if (ds_constant(g, a, &c) && repeats_to(ds_val_shape(g, a), ds_val_shape(g, b))) return ds_scale(g, b, c);
    }
    return ds_map2(g, &ds_op_mul, a, b);
}
