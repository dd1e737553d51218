/* log_softmax.c - the logarithm of softmax over the last axis, x - logsumexp(x): finite where softmax itself would
 * round to 0. Source: Goodfellow et al. equation 6.30. */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_log_softmax(g, in[0]); }

const ds_op ds_op_log_softmax = {
    .head = { .name = "log_softmax",
              .summary = "logarithm of softmax",
              .formula = "y_c = x_c - ln sum_k e^x_k",
              .cite = "Goodfellow et al. equation 6.30" },
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, sample }, { 0 } },
};

ds_val ds_log_softmax(ds_graph *g, ds_val x) { return ds_sub(g, x, ds_logsumexp(g, x)); }
