/* trigonometric.c - sines and cosines of all numbers
 *
 * sum_i (n - sum_j cos x_j + i (1 - cos x_i) - sin x_i)^2
 *
 * Source: More, Garbow and Hillstrom 1981, 26. Its start leads to 0 or to 2.79506e-5. */
#include <math.h>

#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    double i[10];
    for (int k = 0; k < 10; k++) i[k] = k + 1;
    ds_val cosine = ds_cos(g, x), sum = ds_reshape(g, ds_sum_all(g, cosine), DS_SHAPE(1));
    ds_val own = ds_mul(g, ds_numbers(g, 10, i), ds_shift(g, ds_neg(g, cosine), 1));
    ds_val r = ds_shift(g, ds_sub(g, ds_sub(g, own, ds_sin(g, x)), sum), 10);
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_trigonometric = {
    .head = { .name = "trigonometric",
              .summary = "sines and cosines of all numbers",
              .formula = "sum_i (n - sum_j cos x_j + i (1 - cos x_i) - sin x_i)^2",
              .cite = "More, Garbow and Hillstrom 1981, 26" },
    .n = 10,
    .residuals = residuals,
    DS_START(0.1),
    .minimum = NAN,
};
