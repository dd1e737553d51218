/* registry.c - optimizer rules, schedules, averages, solvers and line searches by name. */
#include "base/registry.h"
#include "optim/average.h"
#include "optim/rule.h"
#include "optim/schedule.h"
#include "optim/solver.h"

#define DS_RULE(name)     DS_DECLARE(rule, name)
#define DS_SCHEDULE(name) DS_DECLARE(schedule, name)
#define DS_AVERAGE(name)  DS_DECLARE(average, name)
#define DS_SOLVER(name)   DS_DECLARE(solver, name)
#define DS_SEARCH(name)   DS_DECLARE(search, name)
#include "optim/registry.def"

#define DS_RULE(name) DS_HEAD_OF(rule, name)
static const ds_head *const rules[] = {
#include "optim/registry.def"
};
const ds_registry ds_rule_registry = DS_REGISTRY("rule", "optimizer rules (optimizer.name)", rules);

#define DS_SCHEDULE(name) DS_HEAD_OF(schedule, name)
static const ds_head *const schedules[] = {
#include "optim/registry.def"
};
const ds_registry ds_schedule_registry = DS_REGISTRY("schedule", "schedules of the rate (schedule.name)", schedules);

#define DS_AVERAGE(name) DS_HEAD_OF(average, name)
static const ds_head *const averages[] = {
#include "optim/registry.def"
};
const ds_registry ds_average_registry = DS_REGISTRY("average", "averages of the weights (train.average)", averages);

#define DS_SOLVER(name) DS_HEAD_OF(solver, name)
static const ds_head *const solvers[] = {
#include "optim/registry.def"
};
const ds_registry ds_solver_registry =
    DS_REGISTRY("solver", "solvers of whole functions (optimizer.name, play --optimizer)", solvers);

#define DS_RULE(name)   DS_HEAD_OF(rule, name)
#define DS_SOLVER(name) DS_HEAD_OF(solver, name)
static const ds_head *const optimizers[] = {
#include "optim/registry.def"
};
const ds_registry ds_optimizer_registry = DS_REGISTRY("optimizer", "rules and solvers (optimizer.name)", optimizers);

#define DS_SEARCH(name) DS_HEAD_OF(search, name)
static const ds_head *const searches[] = {
#include "optim/registry.def"
};
const ds_registry ds_search_registry =
    DS_REGISTRY("search", "line searches of solvers (optimizer.search, play --search)", searches);

const ds_rule_def *ds_rule_of(const ds_head *head)
{
    return (const ds_rule_def *)ds_registry_holds(&ds_rule_registry, head);
}
const ds_schedule_def *ds_schedule_of(const ds_head *head)
{
    return (const ds_schedule_def *)ds_registry_holds(&ds_schedule_registry, head);
}
const ds_average_def *ds_average_of(const ds_head *head)
{
    return (const ds_average_def *)ds_registry_holds(&ds_average_registry, head);
}
const ds_solver_def *ds_solver_of(const ds_head *head)
{
    return (const ds_solver_def *)ds_registry_holds(&ds_solver_registry, head);
}
const ds_search_def *ds_search_of(const ds_head *head)
{
    return (const ds_search_def *)ds_registry_holds(&ds_search_registry, head);
}
