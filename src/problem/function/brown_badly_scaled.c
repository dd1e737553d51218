/* brown_badly_scaled.c - numbers of sizes 1e6 and 1e-6
 *
 * (x_1 - 1e6)^2 + (x_2 - 2e-6)^2 + (x_1 x_2 - 2)^2
 *
 * Source: More, Garbow and Hillstrom 1981, 4. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val a = ds_entry(g, x, 0), b = ds_entry(g, x, 1);
    ds_val r[] = { ds_shift(g, a, -1e6), ds_shift(g, b, -2e-6), ds_shift(g, ds_mul(g, a, b), -2) };
    return ds_terms(out, 3, r);
}

const ds_function_def ds_function_brown_badly_scaled = {
    .head = { .name = "brown_badly_scaled",
              .summary = "numbers of sizes 1e6 and 1e-6",
              .formula = "(x_1 - 1e6)^2 + (x_2 - 2e-6)^2 + (x_1 x_2 - 2)^2",
              .cite = "More, Garbow and Hillstrom 1981, 4" },
    .n = 2,
    .residuals = residuals,
    DS_START(1, 1),
    .minimum = 0,
};
