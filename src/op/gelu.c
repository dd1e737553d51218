/* gelu.c - the Gaussian error linear unit x Phi(x), with Phi by erf. Made of primitives: it fuses, and its derivatives
 * follow. Source: Hendrycks and Gimpel 2016. */
#include "op/op.h"

ds_val ds_gelu(ds_graph *g, ds_val x)
{
    ds_val phi = ds_scale(g, ds_shift(g, ds_erf(g, ds_scale(g, x, 0.7071067811865476)), 1), 0.5); /* 1 / sqrt 2 */
    return ds_mul(g, x, phi);
}
DS_SAMPLES1(gelu, -2, 2, ds_gelu(g, in[0]))

const ds_op ds_op_gelu = {
    .head = { .name = "gelu",
              .summary = "Gaussian error linear unit, erf form",
              .formula = "y = x/2 (1 + erf(x / sqrt 2))",
              .cite = "Hendrycks and Gimpel 2016" },
    .samples = gelu_samples,
};
