/* rastrigin.c - a bowl with a lattice of local minima
 *
 * 10 n + sum_i x_i^2 - 10 cos(2 pi x_i)
 *
 * Source: Rastrigin 1974. */
#include "problem/function.h"

static ds_val build(ds_graph *g, ds_val x, int64_t n, const ds_part *p)
{
    (void)n, (void)p;
    ds_val waves = ds_scale(g, ds_cos(g, ds_scale(g, x, 6.283185307179586)), -10);
    return ds_sum_all(g, ds_shift(g, ds_add(g, ds_square(g, x), waves), 10));
}

const ds_function_def ds_function_rastrigin = {
    .head = { .name = "rastrigin",
              .summary = "a bowl with a lattice of local minima",
              .formula = "10 n + sum_i x_i^2 - 10 cos(2 pi x_i)",
              .cite = "Rastrigin 1974" },
    .n = 2,
    .multiple = 1,
    .build = build,
    DS_START(3.3, -2.7),
    .minimum = 0,
};
