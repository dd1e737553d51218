/* floor.c - the largest integer not above x, exact. Piecewise constant: no derivative. Source: IEEE 754-2019 section
 * 5.9 (roundToIntegralTowardNegative). */
#include "op/op.h"

DS_UNARY(floor, 0.1, 0.9)

const ds_op ds_op_floor = {
    .head = { .name = "floor",
              .summary = "largest integer not above",
              .formula = "y = floor x",
              .cite = "IEEE 754-2019 section 5.9 (roundToIntegralTowardNegative)" },
    .flags = DS_OP_ELEMENTWISE | DS_OP_NONDIFF,
    .code = DS_EW_floor,
    .vjp = ds_no_vjp,
    .samples = floor_samples,
};
