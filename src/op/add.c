/* add.c - the sum. da = db = dy. Source: IEEE 754-2019 section 5.4.1. */
#include "op/op.h"

DS_VJP(add) { return dy; }
DS_BINARY(add, -2, 2)

const ds_op ds_op_add = {
    .head = { .name = "add", .summary = "sum", .formula = "y = a + b", .cite = "IEEE 754-2019 section 5.4.1" },
    DS_ELEMENTWISE(add),
    .vjp = add_vjp,
    .samples = add_samples,
};
