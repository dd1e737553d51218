/* registry.c - optimizer rules, schedules and averages by name. */
#include "optim/average.h"
#include "optim/rule.h"
#include "optim/schedule.h"

#define NONE(name)

#define DS_RULE(name)     extern const ds_rule_def ds_rule_##name;
#define DS_SCHEDULE(name) extern const ds_schedule_def ds_schedule_##name;
#define DS_AVERAGE(name)  extern const ds_average_def ds_average_##name;
#include "optim/registry.def"
#undef DS_RULE
#undef DS_SCHEDULE
#undef DS_AVERAGE

#define DS_RULE(name) &ds_rule_##name.head,
#define DS_SCHEDULE   NONE
#define DS_AVERAGE    NONE
static const ds_head *const rules[] = {
#include "optim/registry.def"
};
#undef DS_RULE
#undef DS_SCHEDULE

#define DS_RULE           NONE
#define DS_SCHEDULE(name) &ds_schedule_##name.head,
static const ds_head *const schedules[] = {
#include "optim/registry.def"
};
#undef DS_SCHEDULE
#undef DS_AVERAGE

#define DS_SCHEDULE      NONE
#define DS_AVERAGE(name) &ds_average_##name.head,
static const ds_head *const averages[] = {
#include "optim/registry.def"
};

#define COUNT(table) ((int)(sizeof table / sizeof table[0]))
const ds_registry ds_rule_registry = { "rule", "optimizer rules (optimizer.name)", rules, COUNT(rules) };
const ds_registry ds_schedule_registry = { "schedule", "schedules of the rate (schedule.name)", schedules,
                                           COUNT(schedules) };
const ds_registry ds_average_registry = { "average", "averages of the weights (train.average)", averages,
                                          COUNT(averages) };

/* The head is the first member of every definition, so a registered head is the definition. */
static const ds_head *registered(const ds_registry *r, const ds_head *head)
{
    for (int i = 0; i < r->count; i++)
        if (r->heads[i] == head) return head;
    return NULL;
}

const ds_rule_def *ds_rule_of(const ds_head *head) { return (const ds_rule_def *)registered(&ds_rule_registry, head); }
const ds_schedule_def *ds_schedule_of(const ds_head *head)
{
    return (const ds_schedule_def *)registered(&ds_schedule_registry, head);
}
const ds_average_def *ds_average_of(const ds_head *head)
{
    return (const ds_average_def *)registered(&ds_average_registry, head);
}
