/* osborne1.c - two exponentials and a constant
 *
 * sum_i (y_i - x_1 - x_2 exp(-t_i x_4) - x_3 exp(-t_i x_5))^2, t_i = 10 (i - 1)
 *
 * Source: More, Garbow and Hillstrom 1981, 17. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    static const double y[] = { 0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85,  0.818, 0.784, 0.751,
                                0.718, 0.685, 0.658, 0.628, 0.603, 0.58,  0.558, 0.538, 0.522, 0.506, 0.49,
                                0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.42,  0.414, 0.411, 0.406 };
    double t[33];
    for (int i = 0; i < 33; i++) t[i] = -10 * i;
    ds_val k = ds_numbers(g, 33, t);
    ds_val a = ds_mul(g, ds_exp(g, ds_mul(g, k, ds_entry(g, x, 3))), ds_entry(g, x, 1));
    ds_val b = ds_mul(g, ds_exp(g, ds_mul(g, k, ds_entry(g, x, 4))), ds_entry(g, x, 2));
    ds_val r = ds_sub(g, ds_numbers(g, 33, y), ds_add(g, ds_add(g, a, b), ds_entry(g, x, 0)));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_osborne1 = {
    .head = { .name = "osborne1",
              .summary = "two exponentials and a constant",
              .formula = "sum_i (y_i - x_1 - x_2 exp(-t_i x_4) - x_3 exp(-t_i x_5))^2, t_i = 10 (i - 1)",
              .cite = "More, Garbow and Hillstrom 1981, 17" },
    .n = 5,
    .residuals = residuals,
    DS_START(0.5, 1.5, -1, 0.01, 0.02),
    .minimum = 5.4648946974822991e-5,
};
