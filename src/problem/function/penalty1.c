/* penalty1.c - near 1, on a sphere
 *
 * sum_i 1e-5 (x_i - 1)^2 + (sum_j x_j^2 - 1/4)^2
 *
 * Source: More, Garbow and Hillstrom 1981, 23. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val sphere = ds_shift(g, ds_reshape(g, ds_sum_all(g, ds_square(g, x)), DS_SHAPE(1)), -0.25);
    ds_val r[] = { ds_scale(g, ds_shift(g, x, -1), 3.1622776601683794e-3), sphere };
    return ds_terms(out, 2, r);
}

const ds_function_def ds_function_penalty1 = {
    .head = { .name = "penalty1",
              .summary = "near 1, on a sphere",
              .formula = "sum_i 1e-5 (x_i - 1)^2 + (sum_j x_j^2 - 1/4)^2",
              .cite = "More, Garbow and Hillstrom 1981, 23" },
    .n = 4,
    .residuals = residuals,
    DS_START(1, 2, 3, 4),
    .minimum = 2.2499775008735489e-5,
};
