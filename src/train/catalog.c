/* catalog.c - all registries in one list: everything that can be chosen. */
#include <string.h>

#include "base/registry.h"
#include "data/source.h"
#include "nn/nn.h"
#include "optim/average.h"
#include "optim/rule.h"
#include "optim/schedule.h"
#include "optim/solver.h"
#include "problem/function.h"
#include "problem/problem.h"
#include "train/config_node.h"
#include "train/stop/stop.h"

static const ds_registry *const registries[] = {
    &ds_source_registry,     &ds_sampler_registry, &ds_transform_registry,   &ds_layer_registry,
    &ds_activation_registry, &ds_norm_registry,    &ds_initializer_registry, &ds_loss_registry,
    &ds_metric_registry,     &ds_rule_registry,    &ds_schedule_registry,    &ds_average_registry,
    &ds_stop_registry,       &ds_column_registry,  &ds_solver_registry,      &ds_search_registry,
    &ds_function_registry
};
enum { REGISTRIES = sizeof registries / sizeof registries[0] };

const ds_registry *const *ds_registries(int *count)
{
    *count = REGISTRIES;
    return registries;
}

const ds_registry *ds_registry_named(const char *kind)
{
    for (int k = 0; k < REGISTRIES; k++)
        if (!strcmp(registries[k]->kind, kind)) return registries[k];
    return strcmp(kind, ds_optimizer_registry.kind) ? NULL : &ds_optimizer_registry;
}

const ds_head *ds_definition(const char *kind, const char *name)
{
    const ds_registry *r = ds_registry_named(kind);
    return r ? ds_registry_find(r, name) : NULL;
}
