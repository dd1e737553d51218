/* schedule.h - what a schedule is: the rate as a pure function of the step after the warm-up. */
#ifndef DS_OPTIM_SCHEDULE_H
#define DS_OPTIM_SCHEDULE_H

#include "base/ctx.h"
#include "descent/optim.h"
#include "descent/registry.h"

/* A step as schedules see it: the warm-up is over. Spans are in steps. */
typedef struct ds_schedule_at {
    const ds_schedule_settings *s;
    double k;     /* step, from 0; at most n when n is known */
    double n;     /* steps after the warm-up; -1: unknown */
    double lr;    /* the rate it starts from */
    double floor; /* the least rate */
} ds_schedule_at;

/* Options by name: a number, and a span in steps; fallback when the option is absent. */
double ds_schedule_real(const ds_schedule_at *a, const char *name, double fallback);
double ds_schedule_steps(const ds_schedule_at *a, const char *name, double fallback);

typedef struct ds_schedule_def {
    ds_head head;
    const char *needs_end; /* option that, when absent, needs the number of steps of the run; "": always; NULL: never */
    double (*rate)(const ds_schedule_at *a);
} ds_schedule_def;

extern const ds_registry ds_schedule_registry;
const ds_schedule_def *ds_schedule_of(const ds_head *head); /* NULL: not a schedule */

#endif
