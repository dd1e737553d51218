/* meyer.c - resistance of a thermistor, badly scaled
 *
 * sum_i (x_1 exp(x_2 / (t_i + x_3)) - y_i)^2, t_i = 45 + 5 i
 *
 * Source: More, Garbow and Hillstrom 1981, 10. */
#include "problem/function.h"

static int residuals(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out)
{
    (void)n, (void)p;
    static const double y[] = { 34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744,
                                8261,  7030,  6005,  5147,  4427,  3820,  3307,  2872 };
    double t[16];
    for (int i = 0; i < 16; i++) t[i] = 50 + 5 * i;
    ds_val power = ds_div(g, ds_entry(g, x, 1), ds_add(g, ds_numbers(g, 16, t), ds_entry(g, x, 2)));
    ds_val r = ds_sub(g, ds_mul(g, ds_exp(g, power), ds_entry(g, x, 0)), ds_numbers(g, 16, y));
    return ds_terms(out, 1, &r);
}

const ds_function_def ds_function_meyer = {
    .head = { .name = "meyer",
              .summary = "resistance of a thermistor, badly scaled",
              .formula = "sum_i (x_1 exp(x_2 / (t_i + x_3)) - y_i)^2, t_i = 45 + 5 i",
              .cite = "More, Garbow and Hillstrom 1981, 10" },
    .n = 3,
    .residuals = residuals,
    DS_START(0.02, 4000, 250),
    .minimum = 87.945855170395752,
};
