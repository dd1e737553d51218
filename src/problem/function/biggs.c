/* biggs.c - thirteen residuals of three exponentials, six numbers
 *
 * sum_i (x_3 exp(-t_i x_1) - x_4 exp(-t_i x_2) + x_6 exp(-t_i x_5) - y_i)^2, t_i = i / 10
 *
 * Source: More, Garbow and Hillstrom 1981, 18. Its start leads to 5.65565e-3 or to 0. */
#include "kernel/host.h"
#include <math.h>

#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double t[13], y[13];
    for (int i = 0; i < 13; i++) {
        t[i] = -(i + 1) / 10.0;
        y[i] = ds_host_exp(t[i]) - 5 * ds_host_exp(10 * t[i]) + 3 * ds_host_exp(4 * t[i]);
    }
    ds_val k = ds_numbers(g, 13, t);
    ds_val a = ds_mul(g, ds_exp(g, ds_mul(g, k, ds_entry(g, x, 0))), ds_entry(g, x, 2));
    ds_val b = ds_mul(g, ds_exp(g, ds_mul(g, k, ds_entry(g, x, 1))), ds_entry(g, x, 3));
    ds_val c = ds_mul(g, ds_exp(g, ds_mul(g, k, ds_entry(g, x, 4))), ds_entry(g, x, 5));
    ds_val r = ds_sub(g, ds_add(g, ds_sub(g, a, b), c), ds_numbers(g, 13, y));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_biggs = {
    .head = { .name = "biggs",
              .summary = "thirteen residuals of three exponentials, six numbers",
              .formula = "sum_i (x_3 exp(-t_i x_1) - x_4 exp(-t_i x_2) + x_6 exp(-t_i x_5) - y_i)^2, t_i = i / 10",
              .cite = "More, Garbow and Hillstrom 1981, 18" },
    .n = 6,
    .residuals = residuals,
    DS_START(1, 2, 1, 1, 1, 1),
    .minimum = NAN,
};
