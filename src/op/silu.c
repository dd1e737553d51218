/* silu.c - the sigmoid-weighted linear unit x sigmoid(x). Made of primitives: it fuses, and its derivatives follow.
 * Source: Elfwing et al. 2018. */
#include "op/op.h"

ds_val ds_silu(ds_graph *g, ds_val x) { return ds_mul(g, x, ds_sigmoid(g, x)); }
DS_SAMPLES1(silu, -2, 2, ds_silu(g, in[0]))

const ds_op ds_op_silu = {
    .head = { .name = "silu",
              .summary = "sigmoid-weighted linear unit",
              .formula = "y = x / (1 + e^-x)",
              .cite = "Elfwing et al. 2018" },
    .samples = silu_samples,
};
