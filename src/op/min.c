/* min.c - the smaller of two; NaN if either is; of equals, also of -0 and +0, the first. At a kink the derivative is
 * that of the chosen operand, of a tie that of a. Source: IEEE 754-2019 section 9.6 (minimum; zeros aside). */
#include "op/op.h"

DS_VJP(min)
{
    ds_val first = ds_greater_equal(g, ds_in(g, y, 1), ds_in(g, y, 0));
    return ds_mul(g, dy, i == 0 ? first : ds_shift(g, ds_neg(g, first), 1));
}
DS_BINARY(min, -2, 2)

const ds_op ds_op_min = {
    .head = { .name = "min",
              .summary = "smaller of two; a tie counts for a",
              .formula = "y = min(a, b)",
              .cite = "IEEE 754-2019 section 9.6 (minimum; zeros aside)" },
    DS_ELEMENTWISE(min),
    .vjp = min_vjp,
    .samples = min_samples,
};
