/* variably_dimensioned.c - near 1, with a steep weighted sum
 *
 * sum_i (x_i - 1)^2 + s^2 + s^4, s = sum_j j (x_j - 1)
 *
 * Source: More, Garbow and Hillstrom 1981, 25. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double weight[10];
    for (int i = 0; i < 10; i++) weight[i] = i + 1;
    ds_val apart = ds_shift(g, x, -1);
    ds_val s = ds_reshape(g, ds_sum_all(g, ds_mul(g, ds_numbers(g, 10, weight), apart)), DS_SHAPE(1));
    ds_val r[] = { apart, s, ds_square(g, s) };
    return ds_terms(out, 3, r);
}

const ds_function_def ds_function_variably_dimensioned = {
    .head = { .name = "variably_dimensioned",
              .summary = "near 1, with a steep weighted sum",
              .formula = "sum_i (x_i - 1)^2 + s^2 + s^4, s = sum_j j (x_j - 1)",
              .cite = "More, Garbow and Hillstrom 1981, 25" },
    .n = 10,
    .residuals = residuals,
    DS_START(0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.30000000000000004, 0.19999999999999996, 0.09999999999999998, 0),
    .minimum = 0,
};
