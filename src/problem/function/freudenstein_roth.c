/* freudenstein_roth.c - a global minimum and a local one of value 48.98
 *
 * (-13 + x_1 + ((5 - x_2) x_2 - 2) x_2)^2 + (-29 + x_1 + ((x_2 + 1) x_2 - 14) x_2)^2
 *
 * Source: More, Garbow and Hillstrom 1981, 2. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val a = ds_entry(g, x, 0), b = ds_entry(g, x, 1), bb = ds_square(g, b), bbb = ds_mul(g, bb, b);
    ds_val r[] = { ds_shift(g, ds_add(g, ds_sub(g, a, bbb), ds_line_of(g, 5, bb, -2, b)), -13),
                   ds_shift(g, ds_add(g, ds_add(g, a, bbb), ds_line_of(g, 1, bb, -14, b)), -29) };
    return ds_terms(out, 2, r);
}

const ds_function_def ds_function_freudenstein_roth = {
    .head = { .name = "freudenstein_roth",
              .summary = "a global minimum and a local one of value 48.98",
              .formula = "(-13 + x_1 + ((5 - x_2) x_2 - 2) x_2)^2 + (-29 + x_1 + ((x_2 + 1) x_2 - 14) x_2)^2",
              .cite = "More, Garbow and Hillstrom 1981, 2" },
    .n = 2,
    .residuals = residuals,
    DS_START(0.5, -2),
    .minimum = 0,
};
