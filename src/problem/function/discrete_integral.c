/* discrete_integral.c - sums of an integral equation
 *
 * sum_i (x_i + h / 2 sum_j k(t_i, t_j) (x_j + t_j + 1)^3)^2, k(s, t) = min(s, t) (1 - max(s, t)), h = 1 / (n + 1), t_i = i h
 *
 * Source: More, Garbow and Hillstrom 1981, 29. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double t[10], kernel[100], h = 1.0 / 11;
    for (int i = 0; i < 10; i++) t[i] = (i + 1) * h + 1;
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++)
            kernel[i * 10 + j] = h / 2 * h * (i < j ? i + 1 : j + 1) * (1 - h * (i < j ? j + 1 : i + 1));
    ds_val y = ds_add(g, x, ds_numbers(g, 10, t)), cube = ds_mul(g, ds_square(g, y), y);
    ds_val sums = ds_matmul(g, ds_reshape(g, ds_numbers(g, 100, kernel), DS_SHAPE(10, 10)),
                            ds_reshape(g, cube, DS_SHAPE(10, 1)), false, false);
    ds_val r = ds_add(g, x, ds_reshape(g, sums, DS_SHAPE(10)));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_discrete_integral = {
    .head = { .name = "discrete_integral",
              .summary = "sums of an integral equation",
              .formula = "sum_i (x_i + h / 2 sum_j k(t_i, t_j) (x_j + t_j + 1)^3)^2, k(s, t) = min(s, t) (1 - max(s, "
                         "t)), h = 1 / (n + 1), t_i = i h",
              .cite = "More, Garbow and Hillstrom 1981, 29" },
    .n = 10,
    .residuals = residuals,
    DS_START(-0.08264462809917356, -0.1487603305785124, -0.1983471074380165, -0.23140495867768596, -0.24793388429752067,
             -0.24793388429752067, -0.23140495867768596, -0.1983471074380165, -0.14876033057851237,
             -0.08264462809917349),
    .minimum = 0,
};
