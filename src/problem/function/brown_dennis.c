/* brown_dennis.c - twenty residuals, large at the minimum
 *
 * sum_i ((x_1 + t_i x_2 - exp t_i)^2 + (x_3 + x_4 sin t_i - cos t_i)^2)^2, t_i = i / 5
 *
 * Source: More, Garbow and Hillstrom 1981, 16. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double t[20];
    for (int i = 0; i < 20; i++) t[i] = 0.2 * (i + 1);
    ds_val k = ds_numbers(g, 20, t);
    ds_val a = ds_sub(g, ds_add(g, ds_entry(g, x, 0), ds_mul(g, k, ds_entry(g, x, 1))), ds_exp(g, k));
    ds_val b = ds_sub(g, ds_add(g, ds_entry(g, x, 2), ds_mul(g, ds_sin(g, k), ds_entry(g, x, 3))), ds_cos(g, k));
    ds_val r = ds_add(g, ds_square(g, a), ds_square(g, b));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_brown_dennis = {
    .head = { .name = "brown_dennis",
              .summary = "twenty residuals, large at the minimum",
              .formula = "sum_i ((x_1 + t_i x_2 - exp t_i)^2 + (x_3 + x_4 sin t_i - cos t_i)^2)^2, t_i = i / 5",
              .cite = "More, Garbow and Hillstrom 1981, 16" },
    .n = 4,
    .residuals = residuals,
    DS_START(25, 5, -5, -1),
    .minimum = 85822.201626356340,
};
