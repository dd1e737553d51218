/* box.c - ten residuals of three exponentials
 *
 * sum_i (exp(-t_i x_1) - exp(-t_i x_2) - x_3 (exp(-t_i) - exp(-10 t_i)))^2, t_i = i / 10
 *
 * Source: More, Garbow and Hillstrom 1981, 12. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double t[10];
    for (int i = 0; i < 10; i++) t[i] = 0.1 * (i + 1);
    ds_val k = ds_numbers(g, 10, t), one = ds_exp(g, ds_neg(g, k)), ten = ds_exp(g, ds_scale(g, k, -10));
    ds_val a = ds_exp(g, ds_neg(g, ds_mul(g, k, ds_entry(g, x, 0)))),
           b = ds_exp(g, ds_neg(g, ds_mul(g, k, ds_entry(g, x, 1))));
    ds_val r = ds_sub(g, ds_sub(g, a, b), ds_mul(g, ds_entry(g, x, 2), ds_sub(g, one, ten)));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_box = {
    .head = { .name = "box",
              .summary = "ten residuals of three exponentials",
              .formula = "sum_i (exp(-t_i x_1) - exp(-t_i x_2) - x_3 (exp(-t_i) - exp(-10 t_i)))^2, t_i = i / 10",
              .cite = "More, Garbow and Hillstrom 1981, 12" },
    .n = 3,
    .residuals = residuals,
    DS_START(0, 10, 20),
    .minimum = 0,
};
