/* sin.c - the sine, for arguments of any size (the reduction by pi/2 keeps all bits that matter). dx = dy cos x.
 * Source: IEEE 754-2019 table 9.1; Payne and Hanek 1983. */
#include "op/op.h"

DS_VJP(sin) { return ds_mul(g, dy, ds_cos(g, ds_in(g, y, i))); }
DS_UNARY(sin, -3, 3)

const ds_op ds_op_sin = {
    .head = { .name = "sin",
              .summary = "sine",
              .formula = "y = sin x",
              .cite = "IEEE 754-2019 table 9.1; Payne and Hanek 1983" },
    DS_ELEMENTWISE(sin),
    .vjp = sin_vjp,
    .samples = sin_samples,
};
