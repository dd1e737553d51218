/* signum.c - rule "signsgd" with momentum (formulas there). Source: Bernstein et al. 2018, algorithm 2. */
#include "optim/rule.h"

static const ds_option options[] = { DS_RULE_LR("1e-3"), DS_RULE_MOMENTUM("0.9"), DS_RULE_SHRINK("0"),
                                     DS_RULE_COUPLING,   DS_RULE_CAUTIOUS,        DS_RULE_END };

const ds_rule_def ds_rule_signum = {
    .head = { .name = "signum",
              .summary = "equal steps by the sign of the momentum",
              .formula = "v <- alpha v + (1 - alpha) g; theta <- theta - epsilon sign v",
              .cite = "Bernstein et al. 2018",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, optax.sign_sgd after optax.trace" },
    .scalars = ds_sign_scalars,
    .update = ds_sign_update,
};
