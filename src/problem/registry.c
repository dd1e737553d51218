/* registry.c - losses, metrics and analytic functions by name. */
#include "base/registry.h"
#include "problem/function.h"
#include "problem/problem.h"

#define DS_LOSS(name)     DS_DECLARE(loss, name)
#define DS_METRIC(name)   DS_DECLARE(metric, name)
#define DS_FUNCTION(name) DS_DECLARE(function, name)
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

#define DS_FUNCTION(name) DS_HEAD_OF(function, name)
static const ds_head *const functions[] = {
#include "problem/registry.def"
};
const ds_registry ds_function_registry = DS_REGISTRY("function", "analytic functions (play FUNCTION)", functions);
