/* discrete_boundary.c - differences of a boundary value problem
 *
 * sum_i (2 x_i - x_{i-1} - x_{i+1} + h^2 (x_i + t_i + 1)^3 / 2)^2, h = 1 / (n + 1), t_i = i h
 *
 * Source: More, Garbow and Hillstrom 1981, 28. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)p;
    double t[10], h = 1.0 / 11;
    for (int i = 0; i < 10; i++) t[i] = (i + 1) * h + 1;
    ds_val before = ds_pad(g, ds_slice(g, x, 0, 0, n - 1), 0, 1, 0),
           after = ds_pad(g, ds_slice(g, x, 0, 1, n), 0, 0, 1), y = ds_add(g, x, ds_numbers(g, 10, t));
    ds_val cube = ds_mul(g, ds_square(g, y), y);
    ds_val r = ds_add(g, ds_sub(g, ds_scale(g, x, 2), ds_add(g, before, after)), ds_scale(g, cube, h * h / 2));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_discrete_boundary = {
    .head = { .name = "discrete_boundary",
              .summary = "differences of a boundary value problem",
              .formula = "sum_i (2 x_i - x_{i-1} - x_{i+1} + h^2 (x_i + t_i + 1)^3 / 2)^2, h = 1 / (n + 1), t_i = i h",
              .cite = "More, Garbow and Hillstrom 1981, 28" },
    .n = 10,
    .residuals = residuals,
    DS_START(-0.08264462809917356, -0.1487603305785124, -0.1983471074380165, -0.23140495867768596, -0.24793388429752067,
             -0.24793388429752067, -0.23140495867768596, -0.1983471074380165, -0.14876033057851237,
             -0.08264462809917349),
    .minimum = 0,
};
