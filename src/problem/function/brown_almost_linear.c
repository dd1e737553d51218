/* brown_almost_linear.c - all but one residual are linear
 *
 * sum_{i<n} (x_i + sum_j x_j - (n + 1))^2 + (x_1 x_2 ... x_n - 1)^2
 *
 * Source: More, Garbow and Hillstrom 1981, 27. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)p;
    ds_val sum = ds_reshape(g, ds_sum_all(g, x), DS_SHAPE(1)), product = ds_entry(g, x, 0);
    for (int64_t i = 1; i < n; i++) product = ds_mul(g, product, ds_entry(g, x, i));
    ds_val linear = ds_add(g, ds_slice(g, x, 0, 0, n - 1), sum);
    ds_val r[] = { ds_shift(g, linear, -(double)(n + 1)), ds_shift(g, product, -1) };
    return ds_terms(out, 2, r);
}

const ds_function_def ds_function_brown_almost_linear = {
    .head = { .name = "brown_almost_linear",
              .summary = "all but one residual are linear",
              .formula = "sum_{i<n} (x_i + sum_j x_j - (n + 1))^2 + (x_1 x_2 ... x_n - 1)^2",
              .cite = "More, Garbow and Hillstrom 1981, 27" },
    .n = 10,
    .residuals = residuals,
    DS_START(0.5),
    .minimum = 0,
};
