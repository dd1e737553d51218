/* jennrich_sampson.c - ten residuals of two exponentials
 *
 * sum_{i=1..10} (2 + 2 i - exp(i x_1) - exp(i x_2))^2
 *
 * Source: More, Garbow and Hillstrom 1981, 6. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    const double i[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    ds_val k = ds_numbers(g, 10, i), a = ds_mul(g, k, ds_entry(g, x, 0)), b = ds_mul(g, k, ds_entry(g, x, 1));
    ds_val r = ds_sub(g, ds_shift(g, ds_scale(g, k, 2), 2), ds_add(g, ds_exp(g, a), ds_exp(g, b)));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_jennrich_sampson = {
    .head = { .name = "jennrich_sampson",
              .summary = "ten residuals of two exponentials",
              .formula = "sum_{i=1..10} (2 + 2 i - exp(i x_1) - exp(i x_2))^2",
              .cite = "More, Garbow and Hillstrom 1981, 6" },
    .n = 2,
    .residuals = residuals,
    DS_START(0.3, 0.4),
    .minimum = 124.36218235561473896,
};
