/* log1p.c - ln(1 + x) that keeps the digits of a small x. dx = dy / (1 + x). Source: IEEE 754-2019 table 9.1 (logp1).
 * */
#include "op/op.h"

DS_VJP(log1p) { return ds_div(g, dy, ds_shift(g, ds_in(g, y, i), 1)); }
DS_UNARY(log1p, -0.5, 3)

const ds_op ds_op_log1p = {
    .head = { .name = "log1p",
              .summary = "logarithm of 1 + x, exact near 0",
              .formula = "y = ln(1 + x)",
              .cite = "IEEE 754-2019 table 9.1 (logp1)" },
    DS_ELEMENTWISE(log1p),
    .vjp = log1p_vjp,
    .samples = log1p_samples,
};
