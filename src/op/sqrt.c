/* sqrt.c - the square root, correctly rounded. dx = dy / (2 y), infinite at 0: a caller whose x may be 0 adds an eps
 * below the root. Source: IEEE 754-2019 section 5.4.1. */
#include "op/op.h"

DS_VJP(sqrt) { return ds_scale(g, ds_div(g, dy, y), 0.5); }
DS_UNARY(sqrt, 0.2, 3)

const ds_op ds_op_sqrt = {
    .head = { .name = "sqrt",
              .summary = "square root",
              .formula = "y = sqrt x",
              .cite = "IEEE 754-2019 section 5.4.1" },
    DS_ELEMENTWISE(sqrt),
    .vjp = sqrt_vjp,
    .samples = sqrt_samples,
};
