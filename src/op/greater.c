/* greater.c - 1 where a > b, else +0; false when either is NaN. Piecewise constant: no derivative. Source: IEEE
 * 754-2019 section 5.6.1. */
#include "op/op.h"

DS_BINARY(greater, -2, 2)

const ds_op ds_op_greater = {
    .head = { .name = "greater",
              .summary = "1 where a > b, else 0",
              .formula = "y = [a > b]",
              .cite = "IEEE 754-2019 section 5.6.1" },
    .flags = DS_OP_ELEMENTWISE | DS_OP_NONDIFF,
    .code = DS_EW_greater,
    .vjp = ds_no_vjp,
    .samples = greater_samples,
};
