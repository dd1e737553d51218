/* linear_rank1.c - ten linear residuals that are multiples of one
 *
 * sum_i (i sum_j j x_j - 1)^2, m = 10
 *
 * Source: More, Garbow and Hillstrom 1981, 33. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double i[10];
    for (int k = 0; k < 10; k++) i[k] = k + 1;
    ds_val sum = ds_reshape(g, ds_sum_all(g, ds_mul(g, ds_numbers(g, 5, i), x)), DS_SHAPE(1));
    ds_val r = ds_shift(g, ds_mul(g, ds_numbers(g, 10, i), sum), -1);
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_linear_rank1 = {
    .head = { .name = "linear_rank1",
              .summary = "ten linear residuals that are multiples of one",
              .formula = "sum_i (i sum_j j x_j - 1)^2, m = 10",
              .cite = "More, Garbow and Hillstrom 1981, 33" },
    .n = 5,
    .residuals = residuals,
    DS_START(1),
    .minimum = 2.1428571428571428,
};
