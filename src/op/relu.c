/* relu.c - the rectifier; +0 for x <= 0, NaN stays. dx = dy [y > 0]: x need not be kept, and at the kink the
 * derivative is 0. Source: Goodfellow et al. section 6.3.1; Glorot et al. 2011. */
#include "op/op.h"

DS_VJP(relu) { return ds_mul(g, dy, ds_greater(g, y, ds_like(g, y, 0))); }
DS_UNARY(relu, -2, 2)

const ds_op ds_op_relu = {
    .head = { .name = "relu",
              .summary = "rectifier; derivative 0 at 0",
              .formula = "y = max(0, x)",
              .cite = "Goodfellow et al. section 6.3.1; Glorot et al. 2011" },
    DS_ELEMENTWISE(relu),
    .vjp = relu_vjp,
    .samples = relu_samples,
};
