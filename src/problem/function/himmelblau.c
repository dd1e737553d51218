/* himmelblau.c - four equal minima
 *
 * (x_1^2 + x_2 - 11)^2 + (x_1 + x_2^2 - 7)^2
 *
 * Source: Himmelblau 1972. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val a = ds_entry(g, x, 0), b = ds_entry(g, x, 1);
    ds_val r[] = { ds_shift(g, ds_add(g, ds_square(g, a), b), -11), ds_shift(g, ds_add(g, a, ds_square(g, b)), -7) };
    return ds_terms(out, 2, r);
}

const ds_function_def ds_function_himmelblau = {
    .head = { .name = "himmelblau",
              .summary = "four equal minima",
              .formula = "(x_1^2 + x_2 - 11)^2 + (x_1 + x_2^2 - 7)^2",
              .cite = "Himmelblau 1972" },
    .n = 2,
    .residuals = residuals,
    DS_START(0, 0),
    .minimum = 0,
};
