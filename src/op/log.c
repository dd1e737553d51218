/* log.c - the natural logarithm. dx = dy / x. -inf at 0, NaN below; probabilities are better kept as logarithms
 * (log_softmax, cross_entropy). Source: IEEE 754-2019 table 9.1. */
#include "op/op.h"

DS_VJP(log) { return ds_div(g, dy, ds_in(g, y, i)); }
DS_UNARY(log, 0.2, 3)

const ds_op ds_op_log = {
    .head = { .name = "log", .summary = "natural logarithm", .formula = "y = ln x", .cite = "IEEE 754-2019 table 9.1" },
    DS_ELEMENTWISE(log),
    .vjp = log_vjp,
    .samples = log_samples,
};
