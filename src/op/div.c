/* div.c - the quotient, correctly rounded. da = dy / b, db = -(dy / b) y: the quotient is used again. Source: IEEE
 * 754-2019 section 5.4.1. */
#include "op/op.h"

DS_VJP(div)
{
    ds_val q = ds_div(g, dy, ds_in(g, y, 1));
    return i == 0 ? q : ds_neg(g, ds_mul(g, q, y));
}
DS_BINARY(div, 0.5, 2)

const ds_op ds_op_div = {
    .head = { .name = "div", .summary = "quotient", .formula = "y = a / b", .cite = "IEEE 754-2019 section 5.4.1" },
    DS_ELEMENTWISE(div),
    .vjp = div_vjp,
    .samples = div_samples,
};
