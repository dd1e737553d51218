/* kowalik_osborne.c - kinetics of an enzyme
 *
 * sum_i (y_i - x_1 (u_i^2 + u_i x_2) / (u_i^2 + u_i x_3 + x_4))^2
 *
 * Source: More, Garbow and Hillstrom 1981, 15. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    static const double y[] = { 0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246 };
    static const double u[] = { 4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625 };
    ds_val k = ds_numbers(g, 11, u), kk = ds_square(g, k);
    ds_val above = ds_mul(g, ds_add(g, kk, ds_mul(g, k, ds_entry(g, x, 1))), ds_entry(g, x, 0));
    ds_val below = ds_add(g, ds_add(g, kk, ds_mul(g, k, ds_entry(g, x, 2))), ds_entry(g, x, 3));
    ds_val r = ds_sub(g, ds_numbers(g, 11, y), ds_div(g, above, below));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_kowalik_osborne = {
    .head = { .name = "kowalik_osborne",
              .summary = "kinetics of an enzyme",
              .formula = "sum_i (y_i - x_1 (u_i^2 + u_i x_2) / (u_i^2 + u_i x_3 + x_4))^2",
              .cite = "More, Garbow and Hillstrom 1981, 15" },
    .n = 4,
    .residuals = residuals,
    DS_START(0.25, 0.39, 0.415, 0.39),
    .minimum = 3.0750560384923654e-4,
};
