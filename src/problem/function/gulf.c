/* gulf.c - 99 residuals of a distribution of failures
 *
 * sum_i (exp(-|y_i - x_2|^x_3 / x_1) - t_i)^2, t_i = i / 100, y_i = 25 + (-50 log t_i)^(2/3)
 *
 * Source: More, Garbow and Hillstrom 1981, 11. The paper prints |y_i m i x_2|, a misprint. */
#include "kernel/host.h"
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double t[99], y[99];
    for (int i = 0; i < 99; i++) {
        t[i] = (i + 1) / 100.0;
        y[i] = 25 + ds_host_exp(ds_host_log(-50 * ds_host_log(t[i])) * 2 / 3);
    }
    ds_val apart = ds_abs(g, ds_sub(g, ds_numbers(g, 99, y), ds_entry(g, x, 1)));
    ds_val power = ds_exp(g, ds_mul(g, ds_log(g, apart), ds_entry(g, x, 2)));
    ds_val r = ds_sub(g, ds_exp(g, ds_neg(g, ds_div(g, power, ds_entry(g, x, 0)))), ds_numbers(g, 99, t));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_gulf = {
    .head = { .name = "gulf",
              .summary = "99 residuals of a distribution of failures",
              .formula = "sum_i (exp(-|y_i - x_2|^x_3 / x_1) - t_i)^2, t_i = i / 100, y_i = 25 + (-50 log t_i)^(2/3)",
              .cite = "More, Garbow and Hillstrom 1981, 11" },
    .n = 3,
    .residuals = residuals,
    DS_START(5, 2.5, 0.15),
    .minimum = 0,
};
