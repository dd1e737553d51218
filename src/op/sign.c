/* sign.c - the sign; zeros and NaN stay as they are. Piecewise constant: no derivative. Source: DLMF, common
 * notations. */
#include "op/op.h"

DS_UNARY(sign, -2, 2)

const ds_op ds_op_sign = {
    .head = { .name = "sign", .summary = "-1, 0 or 1", .formula = "y = sign x", .cite = "DLMF, common notations" },
    .flags = DS_OP_ELEMENTWISE | DS_OP_NONDIFF,
    .code = DS_EW_sign,
    .vjp = ds_no_vjp,
    .samples = sign_samples,
};
