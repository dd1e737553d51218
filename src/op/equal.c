/* equal.c - 1 where a = b, else +0; zeros of either sign are equal, NaN to nothing. Piecewise constant: no derivative.
 * Source: IEEE 754-2019 section 5.6.1. */
#include "op/op.h"

DS_BINARY(equal, -2, 2)

const ds_op ds_op_equal = {
    .head = { .name = "equal",
              .summary = "1 where a = b, else 0",
              .formula = "y = [a = b]",
              .cite = "IEEE 754-2019 section 5.6.1" },
    .flags = DS_OP_ELEMENTWISE | DS_OP_NONDIFF,
    .code = DS_EW_equal,
    .vjp = ds_no_vjp,
    .samples = equal_samples,
};
