/* extended_rosenbrock.c - curved valleys side by side
 *
 * sum_i 100 (x_2i - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2
 *
 * Source: More, Garbow and Hillstrom 1981, 21. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)p;
    ds_val pairs = ds_reshape(g, x, DS_SHAPE(n / 2, 2));
    ds_val a = ds_reshape(g, ds_slice(g, pairs, 1, 0, 1), DS_SHAPE(n / 2)),
           b = ds_reshape(g, ds_slice(g, pairs, 1, 1, 2), DS_SHAPE(n / 2));
    ds_val r[] = { ds_scale(g, ds_sub(g, b, ds_square(g, a)), 10), ds_shift(g, ds_neg(g, a), 1) };
    return ds_terms(out, 2, r);
}

const ds_function_def ds_function_extended_rosenbrock = {
    .head = { .name = "extended_rosenbrock",
              .summary = "curved valleys side by side",
              .formula = "sum_i 100 (x_2i - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2",
              .cite = "More, Garbow and Hillstrom 1981, 21" },
    .n = 10,
    .multiple = 2,
    .residuals = residuals,
    DS_START(-1.2, 1),
    .minimum = 0,
};
