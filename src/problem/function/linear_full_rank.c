/* linear_full_rank.c - ten linear residuals of five numbers
 *
 * sum_i (x_i - 2 / m sum_j x_j - 1)^2 + sum_{i>n} (2 / m sum_j x_j + 1)^2, m = 10
 *
 * Source: More, Garbow and Hillstrom 1981, 32. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double zeros[5] = { 0 };
    ds_val sum = ds_scale(g, ds_reshape(g, ds_sum_all(g, x), DS_SHAPE(1)), 0.2);
    ds_val r[] = { ds_shift(g, ds_sub(g, x, sum), -1), ds_shift(g, ds_sub(g, ds_numbers(g, 5, zeros), sum), -1) };
    return ds_terms(out, 2, r);
}

const ds_function_def ds_function_linear_full_rank = {
    .head = { .name = "linear_full_rank",
              .summary = "ten linear residuals of five numbers",
              .formula = "sum_i (x_i - 2 / m sum_j x_j - 1)^2 + sum_{i>n} (2 / m sum_j x_j + 1)^2, m = 10",
              .cite = "More, Garbow and Hillstrom 1981, 32" },
    .n = 5,
    .residuals = residuals,
    DS_START(1),
    .minimum = 5,
};
