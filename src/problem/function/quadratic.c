/* quadratic.c - a quadratic with curvatures from 1 to kappa in equal ratios
 *
 * sum_i kappa^(i / (n - 1)) x_i^2 / 2
 *
 * Source: Goodfellow et al. 4.3.1, 8.2.1. */
#include "kernel/host.h"
#include "problem/function.h"

static ds_val build(ds_graph *g, ds_val x, int64_t n, const ds_part *p)
{
    double kappa = ds_function_option(p, "kappa");
    ds_val exponent[] = { ds_fill(g, DS_F64, DS_SHAPE(1), 0) }, weights = exponent[0];
    for (int64_t m = 1; m < n; m *= 2) { /* 0, 1, 2, ... by doubling */
        ds_val two[] = { weights, ds_shift(g, weights, (double)m) };
        weights = ds_concat(g, 2, two, 0);
    }
    weights = ds_slice(g, weights, 0, 0, n);
    weights = ds_exp(g, ds_scale(g, weights, n > 1 ? ds_host_log(kappa) / (double)(n - 1) : 0));
    return ds_scale(g, ds_sum_all(g, ds_mul(g, weights, ds_square(g, x))), 0.5);
}

static const ds_option options[] = {
    { "kappa", DS_OPT_REAL, 1, 1e16, "1e4", NULL, NULL, "condition number: largest over smallest curvature" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_function_def ds_function_quadratic = {
    .head = { .name = "quadratic",
              .summary = "a quadratic with curvatures from 1 to kappa in equal ratios",
              .formula = "sum_i kappa^(i / (n - 1)) x_i^2 / 2",
              .cite = "Goodfellow et al. 4.3.1, 8.2.1",
              .options = options },
    .n = 100,
    .multiple = 1,
    .build = build,
    DS_START(1),
    .minimum = 0,
};
