/* pow.c - the power. da = dy b a^(b - 1), db = dy y ln a. At a = 0 the products would be 0 times infinity: a^0 does
 * not vary with a, nor 0^b with b > 0, so these are 0. Source: IEEE 754-2019 table 9.1. */
#include "op/op.h"

DS_VJP(pow)
{
    ds_val a = ds_in(g, y, 0), b = ds_in(g, y, 1), zero = ds_like(g, y, 0);
    if (i == 0) return ds_mul(g, dy, ds_where(g, b, ds_mul(g, b, ds_pow(g, a, ds_shift(g, b, -1))), zero));
    return ds_mul(g, dy, ds_where(g, y, ds_mul(g, y, ds_log(g, a)), zero));
}
DS_BINARY(pow, 0.5, 2)

const ds_op ds_op_pow = {
    .head = { .name = "pow", .summary = "power", .formula = "y = a^b", .cite = "IEEE 754-2019 table 9.1" },
    DS_ELEMENTWISE(pow),
    .vjp = pow_vjp,
    .samples = pow_samples,
};
