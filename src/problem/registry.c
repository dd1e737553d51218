/* registry.c - losses and metrics by name. */
#include "problem/problem.h"

#define NONE(name)

#define DS_LOSS(name)   extern const ds_loss_def ds_loss_##name;
#define DS_METRIC(name) extern const ds_metric_def ds_metric_##name;
#include "problem/registry.def"
#undef DS_LOSS
#undef DS_METRIC

#define DS_LOSS(name) &ds_loss_##name.head,
#define DS_METRIC     NONE
static const ds_head *const losses[] = {
#include "problem/registry.def"
};
#undef DS_LOSS
#undef DS_METRIC

#define DS_LOSS         NONE
#define DS_METRIC(name) &ds_metric_##name.head,
static const ds_head *const metrics[] = {
#include "problem/registry.def"
};

#define COUNT(table) ((int)(sizeof table / sizeof table[0]))
const ds_registry ds_loss_registry = { "loss", "losses (model.loss)", losses, COUNT(losses) };
const ds_registry ds_metric_registry = { "metric", "what is reported of outputs and targets", metrics, COUNT(metrics) };

static const ds_option penalty[] = {
    { "l1", DS_OPT_REAL, 0, 1e9, "0", NULL, NULL, "coefficient of the sum of |w|" },
    { "l2", DS_OPT_REAL, 0, 1e9, "0", NULL, NULL, "coefficient of the sum of w^2" },
    { "all", DS_OPT_BOOL, 0, 0, "false", NULL, NULL, "biases and norms too, not weights alone" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_option *ds_penalty_options(void) { return penalty; }
