/* sub.c - the difference. da = dy, db = -dy. Source: IEEE 754-2019 section 5.4.1. */
#include "op/op.h"

DS_VJP(sub) { return i == 0 ? dy : ds_neg(g, dy); }
DS_BINARY(sub, -2, 2)

const ds_op ds_op_sub = {
    .head = { .name = "sub", .summary = "difference", .formula = "y = a - b", .cite = "IEEE 754-2019 section 5.4.1" },
    DS_ELEMENTWISE(sub),
    .vjp = sub_vjp,
    .samples = sub_samples,
};
