/* expm1.c - e^x - 1 without the cancellation near 0 that exp followed by a subtraction has. dx = dy (y + 1): x need
 * not be kept. Source: IEEE 754-2019 table 9.1; Higham 2002 section 1.14.1. */
#include "op/op.h"

DS_VJP(expm1) { return ds_mul(g, dy, ds_shift(g, y, 1)); }
DS_UNARY(expm1, -2, 2)

const ds_op ds_op_expm1 = {
    .head = { .name = "expm1",
              .summary = "exponential minus one, exact near 0",
              .formula = "y = e^x - 1",
              .cite = "IEEE 754-2019 table 9.1; Higham 2002 section 1.14.1" },
    DS_ELEMENTWISE(expm1),
    .vjp = expm1_vjp,
    .samples = expm1_samples,
};
