/* exp.c - the exponential. dx = dy y: x need not be kept. Infinite above 88.7 in f32 and 709.8 in f64; sums of
 * exponentials are taken by logsumexp or softmax, which shift by the maximum first. Source: IEEE 754-2019 table 9.1. */
#include "op/op.h"

DS_VJP(exp) { return ds_mul(g, dy, y); }
DS_UNARY(exp, -2, 2)

const ds_op ds_op_exp = {
    .head = { .name = "exp", .summary = "exponential", .formula = "y = e^x", .cite = "IEEE 754-2019 table 9.1" },
    DS_ELEMENTWISE(exp),
    .vjp = exp_vjp,
    .samples = exp_samples,
};
