/* osborne2.c - an exponential and three bells
 *
 * sum_i (y_i - x_1 exp(-t_i x_5) - sum_k x_{k+1} exp(-(t_i - x_{k+8})^2 x_{k+5}))^2, k = 1..3, t_i = (i - 1) / 10
 *
 * Source: More, Garbow and Hillstrom 1981, 19. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    static const double y[] = { 1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746,
                                0.679, 0.608, 0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649,
                                0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.5,   0.423, 0.395,
                                0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653,
                                0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739,
                                0.71,  0.729, 0.72,  0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054 };
    double t[65];
    for (int i = 0; i < 65; i++) t[i] = i / 10.0;
    ds_val k = ds_numbers(g, 65, t), r = ds_numbers(g, 65, y);
    r = ds_sub(g, r, ds_mul(g, ds_exp(g, ds_neg(g, ds_mul(g, k, ds_entry(g, x, 4)))), ds_entry(g, x, 0)));
    for (int b = 1; b < 4; b++) {
        ds_val apart = ds_square(g, ds_sub(g, k, ds_entry(g, x, b + 7)));
        ds_val bell = ds_exp(g, ds_neg(g, ds_mul(g, apart, ds_entry(g, x, b + 4))));
        r = ds_sub(g, r, ds_mul(g, bell, ds_entry(g, x, b)));
    }
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_osborne2 = {
    .head = { .name = "osborne2",
              .summary = "an exponential and three bells",
              .formula = "sum_i (y_i - x_1 exp(-t_i x_5) - sum_k x_{k+1} exp(-(t_i - x_{k+8})^2 x_{k+5}))^2, k = 1..3, "
                         "t_i = (i - 1) / 10",
              .cite = "More, Garbow and Hillstrom 1981, 19" },
    .n = 11,
    .residuals = residuals,
    DS_START(1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5),
    .minimum = 4.0137736293547757e-2,
};
