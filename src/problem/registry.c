/* registry.c - losses and metrics by name. */
#include "base/registry.h"
#include "problem/problem.h"

#define DS_LOSS(name)   DS_DECLARE(loss, name)
#define DS_METRIC(name) DS_DECLARE(metric, name)
#include "problem/registry.def"

#define DS_LOSS(name) DS_HEAD_OF(loss, name)
static const ds_head *const losses[] = {
#include "problem/registry.def"
};
const ds_registry ds_loss_registry = DS_REGISTRY("loss", "losses (model.loss)", losses);

#define DS_METRIC(name) DS_HEAD_OF(metric, name)
static const ds_head *const metrics[] = {
#include "problem/registry.def"
};
const ds_registry ds_metric_registry = DS_REGISTRY("metric", "what is reported of outputs and targets", metrics);
