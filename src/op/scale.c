/* scale.c - a value times a constant (attr.f[0], rounded to the type once). dx = a dy. Source: IEEE 754-2019 section
 * 5.4.1 (multiplication). */
#include "op/op.h"

DS_VJP(scale) { return ds_scale(g, dy, ds_node_of(g, y)->attr.f[0]); }
DS_SAMPLES1(scale, -2, 2, ds_scale(g, in[0], -1.5))

const ds_op ds_op_scale = {
    .head = { .name = "scale",
              .summary = "times a constant",
              .formula = "y = a x",
              .cite = "IEEE 754-2019 section 5.4.1 (multiplication)" },
    DS_ELEMENTWISE(scale),
    .vjp = scale_vjp,
    .samples = scale_samples,
};

/* A constant is scaled here, with the rounding of its type. */
ds_val ds_scale(ds_graph *g, ds_val x, double a)
{
    double c;
    if (a == 1) return x;
    if (!ds_constant(g, x, &c) || ds_val_dtype(g, x) == DS_I32) return ds_map1(g, &ds_op_scale, x, a, 0);
    return ds_like(g, x, ds_val_dtype(g, x) == DS_F32 ? (double)((float)c * (float)a) : c * a);
}
