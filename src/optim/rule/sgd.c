/* sgd.c - stochastic gradient descent: theta <- theta - lr g. With momentum above 0 it is rule "momentum".
 * Source: Goodfellow et al. algorithm 8.1; Robbins and Monro 1951. */
#include "optim/rule.h"

static const ds_option options[] = {
    DS_RULE_LR("1e-3"), DS_RULE_MOMENTUM("0"), DS_RULE_DAMPENING, DS_RULE_NESTEROV("false"),
    DS_RULE_L2("0"),    DS_RULE_CAUTIOUS,      DS_RULE_END,
};

const ds_rule_def ds_rule_sgd = {
    .head = { .name = "sgd",
              .summary = "step against the gradient",
              .formula = "theta <- theta - epsilon g",
              .cite = "Goodfellow et al. algorithm 8.1; Robbins and Monro 1951",
              .options = options,
              .elsewhere = "PyTorch SGD, Keras SGD, Caffe SGD, optax.sgd" },
    .book = ds_momentum_book,
    .conflict = ds_momentum_conflict,
    .scalars = ds_momentum_scalars,
    .update = ds_momentum_update,
};
