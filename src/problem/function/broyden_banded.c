/* broyden_banded.c - six neighbours below and above
 *
 * sum_i (x_i (2 + 5 x_i^2) + 1 - sum_j x_j (1 + x_j))^2, i - 5 <= j <= i + 1, j != i
 *
 * Source: More, Garbow and Hillstrom 1981, 31. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)p;
    ds_val own = ds_mul(g, x, ds_shift(g, ds_scale(g, ds_square(g, x), 5), 2));
    ds_val near = ds_mul(g, x, ds_shift(g, x, 1)), r = ds_shift(g, own, 1);
    for (int64_t back = 1; back <= 5; back++)
        r = ds_sub(g, r, ds_pad(g, ds_slice(g, near, 0, 0, n - back), 0, back, 0));
    r = ds_sub(g, r, ds_pad(g, ds_slice(g, near, 0, 1, n), 0, 0, 1));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_broyden_banded = {
    .head = { .name = "broyden_banded",
              .summary = "six neighbours below and above",
              .formula = "sum_i (x_i (2 + 5 x_i^2) + 1 - sum_j x_j (1 + x_j))^2, i - 5 <= j <= i + 1, j != i",
              .cite = "More, Garbow and Hillstrom 1981, 31" },
    .n = 10,
    .residuals = residuals,
    DS_START(-1),
    .minimum = 0,
};
