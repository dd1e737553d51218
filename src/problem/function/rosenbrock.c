/* rosenbrock.c - a curved valley, chained through all numbers
 *
 * sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2
 *
 * Source: Rosenbrock 1960. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)p;
    ds_val a = ds_slice(g, x, 0, 0, n - 1), b = ds_slice(g, x, 0, 1, n);
    ds_val r[] = { ds_scale(g, ds_sub(g, b, ds_square(g, a)), 10), ds_shift(g, ds_neg(g, a), 1) };
    return ds_terms(out, 2, r);
}

const ds_function_def ds_function_rosenbrock = {
    .head = { .name = "rosenbrock",
              .summary = "a curved valley, chained through all numbers",
              .formula = "sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
              .cite = "Rosenbrock 1960" },
    .n = 2,
    .multiple = 1,
    .residuals = residuals,
    DS_START(-1.2, 1),
    .minimum = 0,
};
