/* penalty2.c - exponentials of neighbours, on an ellipsoid
 *
 * (x_1 - 1/5)^2 + sum_i 1e-5 ((e^(x_i/10) + e^(x_{i-1}/10) - y_i)^2 + (e^(x_i/10) - e^(-1/10))^2) + (sum_j (n - j + 1) x_j^2 - 1)^2
 *
 * Source: More, Garbow and Hillstrom 1981, 24. */
#include "kernel/host.h"
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double y[3], weight[4];
    for (int i = 0; i < 3; i++) y[i] = ds_host_exp((i + 2) / 10.0) + ds_host_exp((i + 1) / 10.0);
    for (int i = 0; i < 4; i++) weight[i] = 4 - i;
    ds_val e = ds_exp(g, ds_scale(g, x, 0.1)), later = ds_slice(g, e, 0, 1, 4), sooner = ds_slice(g, e, 0, 0, 3);
    ds_val ellipsoid = ds_reshape(g, ds_sum_all(g, ds_mul(g, ds_numbers(g, 4, weight), ds_square(g, x))), DS_SHAPE(1));
    const double root = 3.1622776601683794e-3; /* of 1e-5 */
    ds_val r[] = { ds_shift(g, ds_entry(g, x, 0), -0.2),
                   ds_scale(g, ds_sub(g, ds_add(g, later, sooner), ds_numbers(g, 3, y)), root),
                   ds_scale(g, ds_shift(g, later, -ds_host_exp(-0.1)), root), ds_shift(g, ellipsoid, -1) };
    return ds_terms(out, 4, r);
}

const ds_function_def ds_function_penalty2 = {
    .head = { .name = "penalty2",
              .summary = "exponentials of neighbours, on an ellipsoid",
              .formula = "(x_1 - 1/5)^2 + sum_i 1e-5 ((e^(x_i/10) + e^(x_{i-1}/10) - y_i)^2 + (e^(x_i/10) - "
                         "e^(-1/10))^2) + (sum_j (n - j + 1) x_j^2 - 1)^2",
              .cite = "More, Garbow and Hillstrom 1981, 24" },
    .n = 4,
    .residuals = residuals,
    DS_START(0.5),
    .minimum = 9.3762930116178653e-6,
};
