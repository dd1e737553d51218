/* gaussian.c - fifteen residuals of a bell
 *
 * sum_i (x_1 exp(-x_2 (t_i - x_3)^2 / 2) - y_i)^2, t_i = (8 - i) / 2
 *
 * Source: More, Garbow and Hillstrom 1981, 9. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    static const double y[] = { 0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242,  0.3521, 0.3989,
                                0.3521, 0.242,  0.1295, 0.054, 0.0175, 0.0044, 0.0009 };
    double t[15];
    for (int i = 0; i < 15; i++) t[i] = (7 - i) / 2.0;
    ds_val apart = ds_square(g, ds_sub(g, ds_numbers(g, 15, t), ds_entry(g, x, 2)));
    ds_val bell = ds_exp(g, ds_scale(g, ds_mul(g, apart, ds_entry(g, x, 1)), -0.5));
    ds_val r = ds_sub(g, ds_mul(g, bell, ds_entry(g, x, 0)), ds_numbers(g, 15, y));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_gaussian = {
    .head = { .name = "gaussian",
              .summary = "fifteen residuals of a bell",
              .formula = "sum_i (x_1 exp(-x_2 (t_i - x_3)^2 / 2) - y_i)^2, t_i = (8 - i) / 2",
              .cite = "More, Garbow and Hillstrom 1981, 9" },
    .n = 3,
    .residuals = residuals,
    DS_START(0.4, 1, 0),
    .minimum = 1.1279327696188686e-8,
};
