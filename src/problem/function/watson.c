/* watson.c - a polynomial that solves a differential equation
 *
 * sum_i (sum_j (j - 1) x_j t_i^(j-2) - (sum_j x_j t_i^(j-1))^2 - 1)^2 + x_1^2 + (x_2 - x_1^2 - 1)^2, t_i = i / 29
 *
 * Source: More, Garbow and Hillstrom 1981, 20. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)p;
    double t[29], ones[29];
    for (int i = 0; i < 29; i++) {
        t[i] = (i + 1) / 29.0;
        ones[i] = 1;
    }
    ds_val k = ds_numbers(g, 29, t), power = ds_numbers(g, 29, ones), a = ds_entry(g, x, 0),
           value = ds_mul(g, power, a), slope = ds_scale(g, power, 0);
    for (int64_t j = 1; j < n; j++) { /* power: t^(j-1) */
        slope = ds_add(g, slope, ds_scale(g, ds_mul(g, power, ds_entry(g, x, j)), (double)j));
        power = ds_mul(g, power, k);
        value = ds_add(g, value, ds_mul(g, power, ds_entry(g, x, j)));
    }
    ds_val r[] = { ds_shift(g, ds_sub(g, slope, ds_square(g, value)), -1), a,
                   ds_shift(g, ds_sub(g, ds_entry(g, x, 1), ds_square(g, a)), -1) };
    return ds_terms(out, 3, r);
}

const ds_function_def ds_function_watson = {
    .head = { .name = "watson",
              .summary = "a polynomial that solves a differential equation",
              .formula = "sum_i (sum_j (j - 1) x_j t_i^(j-2) - (sum_j x_j t_i^(j-1))^2 - 1)^2 + x_1^2 + (x_2 - x_1^2 - "
                         "1)^2, t_i = i / 29",
              .cite = "More, Garbow and Hillstrom 1981, 20" },
    .n = 6,
    .residuals = residuals,
    DS_START(0),
    .minimum = 2.2876700535523838e-3,
};
