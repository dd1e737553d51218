/* abs.c - the absolute value: the sign bit is cleared. dx = dy sign(x); at the kink the derivative is 0, one of the
 * subgradients. Source: IEEE 754-2019 section 5.5.1; Goodfellow et al. section 6.3. */
#include "op/op.h"

DS_VJP(abs) { return ds_mul(g, dy, ds_sign(g, ds_in(g, y, i))); }
DS_UNARY(abs, -2, 2)

const ds_op ds_op_abs = {
    .head = { .name = "abs",
              .summary = "absolute value; derivative 0 at 0",
              .formula = "y = |x|",
              .cite = "IEEE 754-2019 section 5.5.1; Goodfellow et al. section 6.3" },
    DS_ELEMENTWISE(abs),
    .vjp = abs_vjp,
    .samples = abs_samples,
};
