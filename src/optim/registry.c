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

/* Behind ours come those of the library's user. */
#define DS_RULE(name) +1
enum {
    RULES = 0
#include "optim/registry.def"
};
#define DS_RULE(name) DS_HEAD_OF(rule, name)
static const ds_head *rules[RULES + DS_OWN_RULES] = {
#include "optim/registry.def"
};
ds_registry ds_rule_registry = { "rule", "optimizer rules (optimizer.name)", rules, RULES };

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

#define DS_SOLVER(name) +1
enum {
    OPTIMIZERS = RULES
#include "optim/registry.def"
};
#define DS_RULE(name)   DS_HEAD_OF(rule, name)
#define DS_SOLVER(name) DS_HEAD_OF(solver, name)
static const ds_head *optimizers[OPTIMIZERS + DS_OWN_RULES] = {
#include "optim/registry.def"
};
ds_registry ds_optimizer_registry = { "optimizer", "rules and solvers (optimizer.name)", optimizers, OPTIMIZERS };

/* What a rule lacks; NULL: nothing. */
static const char *lacks(const ds_rule_def *def)
{
    if (!def->head.name || !*def->head.name) return "a name";
    if (!def->head.options || ds_option_find(def->head.options, "lr") < 0)
        return "an option lr, which schedules start from";
    if (ds_option_count(def->head.options) > DS_MAX_PART_OPTIONS) return "fewer options";
    return def->scalars && def->update ? NULL : "the functions scalars and update";
}

ds_status ds_rule_register(ds_ctx *ctx, const ds_rule_def *def)
{
    const char *wants = lacks(def);
    if (wants) return ds_fail(ctx, DS_EUSAGE, "rule \"%s\" wants %s", def->head.name ? def->head.name : "", wants);
    if (ds_rule_of(&def->head)) return DS_OK;
    if (ds_registry_find(&ds_optimizer_registry, def->head.name))
        return ds_fail(ctx, DS_EUSAGE, "there is an optimizer \"%s\"; give yours another name", def->head.name);
    if (ds_rule_registry.count == RULES + DS_OWN_RULES)
        return ds_fail(ctx, DS_ERANGE, "found more than %d rules of yours", DS_OWN_RULES);
    rules[ds_rule_registry.count++] = &def->head;
    optimizers[ds_optimizer_registry.count++] = &def->head;
    return DS_OK;
}

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
