/* sgd.c - stochastic gradient descent: theta <- theta - lr g. With momentum above 0 it is rule "momentum".
 * Source: Goodfellow et al. algorithm 8.1; Robbins and Monro 1951. */
#include "optim/rule.h"

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    DS_RULE_MOMENTUM("0"),
    { "dampening", DS_OPT_REAL, 0, 1, "0", NULL, NULL,
      "share of the gradient kept out of the velocity after the first step" },
    { "nesterov", DS_OPT_BOOL, 0, 0, "false", NULL, NULL, "correct the step by the new velocity (book: look ahead)" },
    DS_RULE_L2("0"),
    DS_RULE_END,
};
static const ds_rule_default_def in_book[] = { { "dampening", NULL }, { NULL, NULL } };

const ds_rule_def ds_rule_sgd = {
    .head = { .name = "sgd",
              .summary = "step against the gradient",
              .formula = "theta <- theta - epsilon g",
              .cite = "Goodfellow et al. algorithm 8.1; Robbins and Monro 1951",
              .options = options,
              .elsewhere = "PyTorch SGD, Keras SGD, optax.sgd" },
    .book = in_book,
    .conflict = ds_momentum_conflict,
    .scalars = ds_momentum_scalars,
    .update = ds_momentum_update,
};
