/* gelu_tanh.c - the tanh approximation of the Gaussian error linear unit. Made of primitives: it fuses, and its
 * derivatives follow. Source: Hendrycks and Gimpel 2016 section 2. */
#include "op/op.h"

ds_val ds_gelu_tanh(ds_graph *g, ds_val x)
{
    ds_val cube = ds_mul(g, x, ds_square(g, x));
    ds_val inner = ds_scale(g, ds_add(g, x, ds_scale(g, cube, 0.044715)), 0.7978845608028654); /* sqrt(2 / pi) */
    return ds_mul(g, x, ds_scale(g, ds_shift(g, ds_tanh(g, inner), 1), 0.5));
}
DS_SAMPLES1(gelu_tanh, -2, 2, ds_gelu_tanh(g, in[0]))

const ds_op ds_op_gelu_tanh = {
    .head = { .name = "gelu_tanh",
              .summary = "Gaussian error linear unit, tanh form",
              .formula = "y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))",
              .cite = "Hendrycks and Gimpel 2016 section 2" },
    .samples = gelu_tanh_samples,
};
