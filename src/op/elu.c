/* elu.c - the exponential linear unit, made of primitives: it fuses, and its derivatives follow. e^x - 1 is taken of
 * min(x, 0): the side that is not chosen must not overflow. Source: Clevert et al. 2016. */
#include "op/op.h"

ds_val ds_elu(ds_graph *g, ds_val x, double alpha)
{
    ds_val zero = ds_like(g, x, 0), below = ds_scale(g, ds_expm1(g, ds_min(g, zero, x)), alpha);
    return ds_where(g, ds_greater(g, x, zero), x, below);
}
DS_SAMPLES1(elu, -2, 2, ds_elu(g, in[0], 1))

const ds_op ds_op_elu = {
    .head = { .name = "elu",
              .summary = "exponential linear unit",
              .formula = "y = x > 0 ? x : a (e^x - 1)",
              .cite = "Clevert et al. 2016" },
    .samples = elu_samples,
};
