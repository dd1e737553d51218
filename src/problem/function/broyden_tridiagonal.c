/* broyden_tridiagonal.c - equations of three neighbours each
 *
 * sum_i ((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1)^2, x_0 = x_{n+1} = 0
 *
 * Source: More, Garbow and Hillstrom 1981, 30. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)p;
    ds_val before = ds_pad(g, ds_slice(g, x, 0, 0, n - 1), 0, 1, 0),
           after = ds_pad(g, ds_slice(g, x, 0, 1, n), 0, 0, 1);
    ds_val own = ds_mul(g, ds_shift(g, ds_scale(g, x, -2), 3), x);
    ds_val r = ds_shift(g, ds_sub(g, own, ds_line_of(g, 1, before, 2, after)), 1);
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_broyden_tridiagonal = {
    .head = { .name = "broyden_tridiagonal",
              .summary = "equations of three neighbours each",
              .formula = "sum_i ((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1)^2, x_0 = x_{n+1} = 0",
              .cite = "More, Garbow and Hillstrom 1981, 30" },
    .n = 10,
    .multiple = 1,
    .residuals = residuals,
    DS_START(-1),
    .minimum = 0,
};
