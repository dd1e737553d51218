/* tanh.c - the hyperbolic tangent. dx = dy (1 - y^2): x need not be kept. Saturates: beyond |x| = 9.1 (f32) y is 1 and
 * the gradient 0. Source: IEEE 754-2019 table 9.1; Goodfellow et al. section 6.3.2. */
#include "op/op.h"

DS_VJP(tanh) { return ds_mul(g, dy, ds_shift(g, ds_neg(g, ds_square(g, y)), 1)); }
DS_UNARY(tanh, -2, 2)

const ds_op ds_op_tanh = {
    .head = { .name = "tanh",
              .summary = "hyperbolic tangent",
              .formula = "y = tanh x",
              .cite = "IEEE 754-2019 table 9.1; Goodfellow et al. section 6.3.2" },
    DS_ELEMENTWISE(tanh),
    .vjp = tanh_vjp,
    .samples = tanh_samples,
};
