/* max.c - the larger of two; NaN if either is; of equals, also of -0 and +0, the first. At a kink the derivative is
 * that of the chosen operand, of a tie that of a. Source: IEEE 754-2019 section 9.6 (maximum; zeros aside); Goodfellow
 * et al. section 6.3. */
#include "op/op.h"

DS_VJP(max)
{
    ds_val first = ds_greater_equal(g, ds_in(g, y, 0), ds_in(g, y, 1));
    return ds_mul(g, dy, i == 0 ? first : ds_shift(g, ds_neg(g, first), 1));
}
DS_BINARY(max, -2, 2)

const ds_op ds_op_max = {
    .head = { .name = "max",
              .summary = "larger of two; a tie counts for a",
              .formula = "y = max(a, b)",
              .cite = "IEEE 754-2019 section 9.6 (maximum; zeros aside); Goodfellow et al. section 6.3" },
    DS_ELEMENTWISE(max),
    .vjp = max_vjp,
    .samples = max_samples,
};
