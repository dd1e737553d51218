/* bard.c - fifteen measurements, a rational model
 *
 * sum_i (y_i - x_1 - i / ((16 - i) x_2 + min(i, 16 - i) x_3))^2
 *
 * Source: More, Garbow and Hillstrom 1981, 8. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    static const double y[] = {
        0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39
    };
    double u[15], v[15], w[15];
    for (int i = 0; i < 15; i++) {
        u[i] = i + 1;
        v[i] = 15 - i;
        w[i] = u[i] < v[i] ? u[i] : v[i];
    }
    ds_val below = ds_add(g, ds_mul(g, ds_numbers(g, 15, v), ds_entry(g, x, 1)),
                          ds_mul(g, ds_numbers(g, 15, w), ds_entry(g, x, 2)));
    ds_val model = ds_add(g, ds_entry(g, x, 0), ds_div(g, ds_numbers(g, 15, u), below));
    ds_val r = ds_sub(g, ds_numbers(g, 15, y), model);
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_bard = {
    .head = { .name = "bard",
              .summary = "fifteen measurements, a rational model",
              .formula = "sum_i (y_i - x_1 - i / ((16 - i) x_2 + min(i, 16 - i) x_3))^2",
              .cite = "More, Garbow and Hillstrom 1981, 8" },
    .n = 3,
    .residuals = residuals,
    DS_START(1),
    .minimum = 8.2148773065789729e-3,
};
