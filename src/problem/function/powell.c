/* powell.c - singular Hessian at the minimum
 *
 * (x_1 + 10 x_2)^2 + 5 (x_3 - x_4)^2 + (x_2 - 2 x_3)^4 + 10 (x_1 - x_4)^4
 *
 * Source: Powell 1962; More, Garbow and Hillstrom 1981, 13. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val a = ds_entry(g, x, 0), b = ds_entry(g, x, 1), c = ds_entry(g, x, 2), d = ds_entry(g, x, 3);
    ds_val r[] = { ds_line_of(g, 1, a, 10, b), ds_scale(g, ds_sub(g, c, d), 2.2360679774997898),
                   ds_square(g, ds_line_of(g, 1, b, -2, c)),
                   ds_scale(g, ds_square(g, ds_sub(g, a, d)), 3.1622776601683795) };
    return ds_terms(out, 4, r);
}

const ds_function_def ds_function_powell = {
    .head = { .name = "powell",
              .summary = "singular Hessian at the minimum",
              .formula = "(x_1 + 10 x_2)^2 + 5 (x_3 - x_4)^2 + (x_2 - 2 x_3)^4 + 10 (x_1 - x_4)^4",
              .cite = "Powell 1962; More, Garbow and Hillstrom 1981, 13" },
    .n = 4,
    .residuals = residuals,
    DS_START(3, -1, 0, 1),
    .minimum = 0,
};
