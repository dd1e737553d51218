/* powell_badly_scaled.c - numbers of sizes 1e-5 and 10
 *
 * (1e4 x_1 x_2 - 1)^2 + (exp(-x_1) + exp(-x_2) - 1.0001)^2
 *
 * Source: More, Garbow and Hillstrom 1981, 3. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val a = ds_entry(g, x, 0), b = ds_entry(g, x, 1);
    ds_val r[] = { ds_shift(g, ds_scale(g, ds_mul(g, a, b), 1e4), -1),
                   ds_shift(g, ds_add(g, ds_exp(g, ds_neg(g, a)), ds_exp(g, ds_neg(g, b))), -1.0001) };
    return ds_terms(out, 2, r);
}

const ds_function_def ds_function_powell_badly_scaled = {
    .head = { .name = "powell_badly_scaled",
              .summary = "numbers of sizes 1e-5 and 10",
              .formula = "(1e4 x_1 x_2 - 1)^2 + (exp(-x_1) + exp(-x_2) - 1.0001)^2",
              .cite = "More, Garbow and Hillstrom 1981, 3" },
    .n = 2,
    .residuals = residuals,
    DS_START(0, 1),
    .minimum = 0,
};
