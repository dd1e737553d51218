/* extended_powell.c - Powell's singular function side by side
 *
 * sum_i (x_{4i-3} + 10 x_{4i-2})^2 + 5 (x_{4i-1} - x_4i)^2 + (x_{4i-2} - 2 x_{4i-1})^4 + 10 (x_{4i-3} - x_4i)^4
 *
 * Source: More, Garbow and Hillstrom 1981, 22. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)p;
    ds_val rows = ds_reshape(g, x, DS_SHAPE(n / 4, 4)), c[4];
    for (int k = 0; k < 4; k++) c[k] = ds_reshape(g, ds_slice(g, rows, 1, k, k + 1), DS_SHAPE(n / 4));
    ds_val r[] = { ds_line_of(g, 1, c[0], 10, c[1]), ds_scale(g, ds_sub(g, c[2], c[3]), 2.2360679774997898),
                   ds_square(g, ds_line_of(g, 1, c[1], -2, c[2])),
                   ds_scale(g, ds_square(g, ds_sub(g, c[0], c[3])), 3.1622776601683795) };
    return ds_terms(out, 4, r);
}

const ds_function_def ds_function_extended_powell = {
    .head = { .name = "extended_powell",
              .summary = "Powell's singular function side by side",
              .formula = "sum_i (x_{4i-3} + 10 x_{4i-2})^2 + 5 (x_{4i-1} - x_4i)^2 + (x_{4i-2} - 2 x_{4i-1})^4 + 10 "
                         "(x_{4i-3} - x_4i)^4",
              .cite = "More, Garbow and Hillstrom 1981, 22" },
    .n = 8,
    .multiple = 4,
    .residuals = residuals,
    DS_START(3, -1, 0, 1),
    .minimum = 0,
};
