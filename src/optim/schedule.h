/* schedule.h - what a schedule is: the rate as a pure function of the step after the warm-up, and of what it has heard. */
#ifndef DS_OPTIM_SCHEDULE_H
#define DS_OPTIM_SCHEDULE_H

#include "base/ctx.h"
#include "descent/optim.h"
#include "descent/registry.h"

enum { DS_SCHEDULE_DEPTH = 8 }; /* sequences and products inside each other */

/* A step as schedules see it: the warm-up is over. Spans are in steps. */
typedef struct ds_schedule_at {
    const ds_schedule_settings *s;
    const ds_part *schedule;
    const ds_schedule_part *part; /* of a sequence or a product */
    int parts;
    double k;     /* step, from 0; at most n when n is known */
    double n;     /* steps it has; -1: unknown */
    double lr;    /* the rate it starts from */
    double floor; /* the least rate */
} ds_schedule_at;

/* Options by name: a number, and a span in steps; fallback when the option is absent. */
double ds_schedule_real(const ds_schedule_at *a, const char *name, double fallback);
double ds_schedule_steps(const ds_schedule_at *a, const char *name, double fallback);
/* The rate of part i at this step, with the rest as in a. */
double ds_schedule_part_rate(const ds_schedule_at *a, int i);
/* Steps of part i of a sequence; 0: as many as there are. */
double ds_schedule_part_steps(const ds_schedule_at *a, int i);

typedef struct ds_schedule_def {
    ds_head head;
    const char *needs_end; /* option that, when absent, needs the number of steps of the run; "": always; NULL: never */
    double (*rate)(const ds_schedule_at *a);
    /* Of one whose option `watch` names a number: what a new value of it changes. NULL: it watches none. */
    void (*look)(const ds_part *schedule, ds_schedule_memory *m, double value, bool more);
    bool combines; /* its parts are schedules */
    bool in_turn;  /* which come one after another */
} ds_schedule_def;

extern const ds_registry ds_schedule_registry;
const ds_schedule_def *ds_schedule_of(const ds_head *head); /* NULL: not a schedule */

#endif
