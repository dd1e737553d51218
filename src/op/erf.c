/* erf.c - the error function. dx = dy 2/sqrt(pi) e^(-x^2). Source: DLMF equation 7.2.1. */
#include "op/op.h"

DS_VJP(erf)
{
    ds_val x = ds_in(g, y, i);
    return ds_mul(g, dy, ds_scale(g, ds_exp(g, ds_neg(g, ds_square(g, x))), 1.1283791670955126)); /* 2 / sqrt(pi) */
}
DS_UNARY(erf, -2, 2)

const ds_op ds_op_erf = {
    .head = { .name = "erf",
              .summary = "error function",
              .formula = "y = 2/sqrt(pi) int_0^x e^(-t^2) dt",
              .cite = "DLMF equation 7.2.1" },
    DS_ELEMENTWISE(erf),
    .vjp = erf_vjp,
    .samples = erf_samples,
};
