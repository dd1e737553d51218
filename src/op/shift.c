/* shift.c - a value plus a constant (attr.f[0], rounded to the type once). dx = dy. Source: IEEE 754-2019 section
 * 5.4.1 (addition). */
#include "op/op.h"

DS_VJP(shift) { return dy; }
DS_SAMPLES1(shift, -2, 2, ds_shift(g, in[0], 0.7))

const ds_op ds_op_shift = {
    .head = { .name = "shift",
              .summary = "plus a constant",
              .formula = "y = x + a",
              .cite = "IEEE 754-2019 section 5.4.1 (addition)" },
    DS_ELEMENTWISE(shift),
    .vjp = shift_vjp,
    .samples = shift_samples,
};

ds_val ds_shift(ds_graph *g, ds_val x, double a) { return ds_map1(g, &ds_op_shift, x, a, 0); }
