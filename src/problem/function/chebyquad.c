/* chebyquad.c - eight means of Chebyshev's polynomials on [0, 1]
 *
 * sum_i (1 / n sum_j T_i(2 x_j - 1) - integral of T_i(2 t - 1))^2, the integral 0 or -1 / (i^2 - 1) for even i
 *
 * Source: More, Garbow and Hillstrom 1981, 35. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val y = ds_shift(g, ds_scale(g, x, 2), -1), sooner = ds_shift(g, ds_scale(g, x, 0), 1), now = y, r[8];
    for (int i = 1; i <= 8; i++) { /* now: T_i */
        double integral = i % 2 ? 0 : -1.0 / (i * i - 1);
        ds_val mean = ds_scale(g, ds_reshape(g, ds_sum_all(g, now), DS_SHAPE(1)), 1.0 / 8);
        r[i - 1] = ds_shift(g, mean, -integral);
        ds_val next = ds_sub(g, ds_scale(g, ds_mul(g, y, now), 2), sooner);
        sooner = now;
        now = next;
    }
    return ds_terms(out, 8, r);
}

const ds_function_def ds_function_chebyquad = {
    .head = { .name = "chebyquad",
              .summary = "eight means of Chebyshev's polynomials on [0, 1]",
              .formula = "sum_i (1 / n sum_j T_i(2 x_j - 1) - integral of T_i(2 t - 1))^2, the integral 0 or -1 / (i^2 "
                         "- 1) for even i",
              .cite = "More, Garbow and Hillstrom 1981, 35" },
    .n = 8,
    .residuals = residuals,
    DS_START(0.1111111111111111, 0.2222222222222222, 0.3333333333333333, 0.4444444444444444, 0.5555555555555556,
             0.6666666666666666, 0.7777777777777778, 0.8888888888888888),
    .minimum = 3.5168737256779e-3,
};
