/* linear_rank1_zeros.c - ten linear residuals, columns and rows of zeros among them
 *
 * 2 + sum_i ((i - 1) sum_j j x_j - 1)^2, 1 < i < m, 1 < j < n, m = 10
 *
 * Source: More, Garbow and Hillstrom 1981, 34. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    static const double j[] = { 0, 2, 3, 4, 0 }, i[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 0 };
    ds_val sum = ds_reshape(g, ds_sum_all(g, ds_mul(g, ds_numbers(g, 5, j), x)), DS_SHAPE(1));
    ds_val r = ds_shift(g, ds_mul(g, ds_numbers(g, 10, i), sum), -1);
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_linear_rank1_zeros = {
    .head = { .name = "linear_rank1_zeros",
              .summary = "ten linear residuals, columns and rows of zeros among them",
              .formula = "2 + sum_i ((i - 1) sum_j j x_j - 1)^2, 1 < i < m, 1 < j < n, m = 10",
              .cite = "More, Garbow and Hillstrom 1981, 34" },
    .n = 5,
    .residuals = residuals,
    DS_START(1),
    .minimum = 3.6470588235294117,
};
