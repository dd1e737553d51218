/* sigmoid.c - the logistic sigmoid. dx = dy y (1 - y): x need not be kept. Computed from e^-|x|, which cannot
 * overflow. Source: Goodfellow et al. equation 3.30 and section 6.3.2. */
#include "op/op.h"

DS_VJP(sigmoid) { return ds_mul(g, dy, ds_mul(g, y, ds_shift(g, ds_neg(g, y), 1))); }
DS_UNARY(sigmoid, -3, 3)

const ds_op ds_op_sigmoid = {
    .head = { .name = "sigmoid",
              .summary = "logistic sigmoid",
              .formula = "y = 1 / (1 + e^-x)",
              .cite = "Goodfellow et al. equation 3.30 and section 6.3.2" },
    DS_ELEMENTWISE(sigmoid),
    .vjp = sigmoid_vjp,
    .samples = sigmoid_samples,
};
