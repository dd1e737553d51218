/* beale.c - a flat valley with a sharp corner
 *
 * sum_k (c_k - x_1 (1 - x_2^k))^2, c = 1.5, 2.25, 2.625
 *
 * Source: Beale 1958; More, Garbow and Hillstrom 1981, 5. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val a = ds_entry(g, x, 0), b = ds_entry(g, x, 1), power = b, r[3];
    const double c[] = { 1.5, 2.25, 2.625 };
    for (int k = 0; k < 3; k++, power = ds_mul(g, power, b))
        r[k] = ds_shift(g, ds_neg(g, ds_mul(g, a, ds_shift(g, ds_neg(g, power), 1))), c[k]);
    return ds_terms(out, 3, r);
}

const ds_function_def ds_function_beale = {
    .head = { .name = "beale",
              .summary = "a flat valley with a sharp corner",
              .formula = "sum_k (c_k - x_1 (1 - x_2^k))^2, c = 1.5, 2.25, 2.625",
              .cite = "Beale 1958; More, Garbow and Hillstrom 1981, 5" },
    .n = 2,
    .residuals = residuals,
    DS_START(1, 1),
    .minimum = 0,
};
