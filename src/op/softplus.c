/* softplus.c - the smooth rectifier. dx = dy sigmoid(x). Computed as max(x, 0) + log1p(e^-|x|): no overflow above, all
 * digits below. Source: Goodfellow et al. equation 3.31; Dugas et al. 2001. */
#include "op/op.h"

DS_VJP(softplus) { return ds_mul(g, dy, ds_sigmoid(g, ds_in(g, y, i))); }
DS_UNARY(softplus, -3, 3)

const ds_op ds_op_softplus = {
    .head = { .name = "softplus",
              .summary = "smooth rectifier",
              .formula = "y = ln(1 + e^x)",
              .cite = "Goodfellow et al. equation 3.31; Dugas et al. 2001" },
    DS_ELEMENTWISE(softplus),
    .vjp = softplus_vjp,
    .samples = softplus_samples,
};
