/* activation.c - activations made of primitives: they fuse, and their derivatives follow.
 *   elu        x > 0 ? x : a (e^x - 1)          Clevert et al. 2016
 *   gelu       x Phi(x), Phi by erf             Hendrycks and Gimpel 2016
 *   gelu_tanh  the tanh approximation of it
 *   silu       x sigmoid(x)                     Elfwing et al. 2018 */
#include "op/op.h"
#include "op/ops.h"

#define COMPOSITE(id, call, summary_, formula_)                                                                        \
    static ds_val id##_sample(ds_graph *g, const ds_val *in) { return call; }                                          \
    const ds_op ds_op_##id = { .head = { .name = #id, .summary = summary_, .formula = formula_ },                      \
                               .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, id##_sample }, \
                                                                  { 0 } } }

/* e^x - 1 is taken of min(x, 0): the side that is not chosen must not overflow. */
ds_val ds_elu(ds_graph *g, ds_val x, double alpha)
{
    ds_val zero = ds_like(g, x, 0), below = ds_scale(g, ds_expm1(g, ds_min(g, zero, x)), alpha);
    return ds_where(g, ds_greater(g, x, zero), x, below);
}

ds_val ds_gelu(ds_graph *g, ds_val x)
{
    ds_val phi = ds_scale(g, ds_shift(g, ds_erf(g, ds_scale(g, x, 0.7071067811865476)), 1), 0.5); /* 1 / sqrt 2 */
    return ds_mul(g, x, phi);
}

ds_val ds_gelu_tanh(ds_graph *g, ds_val x)
{
    ds_val cube = ds_mul(g, x, ds_square(g, x));
    ds_val inner = ds_scale(g, ds_add(g, x, ds_scale(g, cube, 0.044715)), 0.7978845608028654); /* sqrt(2 / pi) */
    return ds_mul(g, x, ds_scale(g, ds_shift(g, ds_tanh(g, inner), 1), 0.5));
}

ds_val ds_silu(ds_graph *g, ds_val x) { return ds_mul(g, x, ds_sigmoid(g, x)); }

COMPOSITE(elu, ds_elu(g, in[0], 1), "exponential linear unit", "y = x > 0 ? x : a (e^x - 1)");
COMPOSITE(gelu, ds_gelu(g, in[0]), "Gaussian error linear unit, erf form", "y = x/2 (1 + erf(x / sqrt 2))");
COMPOSITE(gelu_tanh, ds_gelu_tanh(g, in[0]), "Gaussian error linear unit, tanh form",
          "y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))");
COMPOSITE(silu, ds_silu(g, in[0]), "sigmoid-weighted linear unit", "y = x / (1 + e^-x)");
