/* cos.c - the cosine, for arguments of any size. dx = -dy sin x. Source: IEEE 754-2019 table 9.1; Payne and Hanek
 * 1983. */
#include "op/op.h"

DS_VJP(cos) { return ds_mul(g, dy, ds_neg(g, ds_sin(g, ds_in(g, y, i)))); }
DS_UNARY(cos, -3, 3)

const ds_op ds_op_cos = {
    .head = { .name = "cos",
              .summary = "cosine",
              .formula = "y = cos x",
              .cite = "IEEE 754-2019 table 9.1; Payne and Hanek 1983" },
    DS_ELEMENTWISE(cos),
    .vjp = cos_vjp,
    .samples = cos_samples,
};
