/* square.c - the square, x times x rounded once. dx = 2 dy x. Source: IEEE 754-2019 section 5.4.1 (multiplication). */
#include "op/op.h"

DS_VJP(square) { return ds_mul(g, dy, ds_scale(g, ds_in(g, y, i), 2)); }
DS_UNARY(square, -2, 2)

const ds_op ds_op_square = {
    .head = { .name = "square",
              .summary = "square",
              .formula = "y = x^2",
              .cite = "IEEE 754-2019 section 5.4.1 (multiplication)" },
    DS_ELEMENTWISE(square),
    .vjp = square_vjp,
    .samples = square_samples,
};
