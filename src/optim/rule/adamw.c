/* adamw.c - Adam with decoupled weight decay: theta <- (1 - lr l) theta, then the Adam step (formulas in adam.c).
 * The decay goes by the current rate, as in PyTorch, or as option weight_decay_coupling says; gradient and moments do not
 * see it. The book has no AdamW: its dialect is the book's Adam after the same decay. Source: Loshchilov and Hutter 2019. */
#include "optim/rule.h"

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    DS_RULE_BETAS,
    DS_RULE_EPS("1e-8", "delta, added to the corrected root"),
    DS_RULE_DECAY("1e-2", "coefficient lambda; theta shrinks by 1 - epsilon lambda before the step"),
    DS_RULE_AMSGRAD,
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};
static const ds_rule_default_def in_book[] = { { "amsgrad", NULL }, { NULL, NULL } };

const ds_rule_def ds_rule_adamw = {
    .head = { .name = "adamw",
              .summary = "Adam that shrinks the weights apart from the gradient",
              .formula = "theta <- (1 - epsilon lambda) theta; then as adam",
              .cite = "Loshchilov and Hutter 2019",
              .options = options,
              .elsewhere = "PyTorch AdamW, Keras AdamW, Caffe none, optax.adamw" },
    .book = in_book,
    .scalars = ds_adam_scalars,
    .update = ds_adamw_update,
};
