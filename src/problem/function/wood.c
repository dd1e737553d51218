/* wood.c - two coupled valleys, a saddle near the way
 *
 * 100 (x_2 - x_1^2)^2 + (1 - x_1)^2 + 90 (x_4 - x_3^2)^2 + (1 - x_3)^2 + 10 (x_2 + x_4 - 2)^2 + 0.1 (x_2 - x_4)^2
 *
 * Source: Colville 1968; More, Garbow and Hillstrom 1981, 14. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    ds_val a = ds_entry(g, x, 0), b = ds_entry(g, x, 1), c = ds_entry(g, x, 2), d = ds_entry(g, x, 3);
    ds_val r[] = { ds_scale(g, ds_sub(g, b, ds_square(g, a)), 10),
                   ds_shift(g, ds_neg(g, a), 1),
                   ds_scale(g, ds_sub(g, d, ds_square(g, c)), 9.4868329805051381), /* sqrt 90 */
                   ds_shift(g, ds_neg(g, c), 1),
                   ds_scale(g, ds_shift(g, ds_add(g, b, d), -2), 3.1622776601683795), /* sqrt 10 */
                   ds_scale(g, ds_sub(g, b, d), 0.31622776601683794) };
    return ds_terms(out, 6, r);
}

const ds_function_def ds_function_wood = {
    .head = { .name = "wood",
              .summary = "two coupled valleys, a saddle near the way",
              .formula = "100 (x_2 - x_1^2)^2 + (1 - x_1)^2 + 90 (x_4 - x_3^2)^2 + (1 - x_3)^2 + 10 (x_2 + x_4 - 2)^2 "
                         "+ 0.1 (x_2 - x_4)^2",
              .cite = "Colville 1968; More, Garbow and Hillstrom 1981, 14" },
    .n = 4,
    .residuals = residuals,
    DS_START(-3, -1, -3, -1),
    .minimum = 0,
};
