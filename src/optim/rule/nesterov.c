/* nesterov.c - Nesterov momentum: rule "momentum" with nesterov: true (formulas there).
 * Source: Goodfellow et al. algorithm 8.3; Nesterov 1983; Sutskever et al. 2013. */
#include "optim/rule.h"

static const ds_option options[] = {
    DS_RULE_LR("1e-3"), DS_RULE_MOMENTUM("0.9"), DS_RULE_NESTEROV("true"),
    DS_RULE_L2("0"),    DS_RULE_CAUTIOUS,        DS_RULE_END,
};

static const ds_rule_default_def in_book[] = { { "cautious", NULL }, { NULL, NULL } };

const ds_rule_def ds_rule_nesterov = {
    .head = { .name = "nesterov",
              .summary = "momentum whose gradient is taken where the velocity leads",
              .formula = "g at theta + alpha v; v <- alpha v - epsilon g; theta <- theta + v",
              .cite = "Goodfellow et al. algorithm 8.3; Nesterov 1983",
              .options = options,
              .elsewhere =
                  "PyTorch SGD(nesterov=True), Keras SGD(nesterov=True), Caffe Nesterov, optax.sgd(nesterov=True)" },
    .book = in_book,
    .conflict = ds_momentum_conflict,
    .scalars = ds_momentum_scalars,
    .update = ds_momentum_update,
};
