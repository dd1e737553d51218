/* listening.c - schedules that listen: told their number after every epoch, what they remember is saved. */
#include <math.h>
#include <stdlib.h>

#include "train/columns.h"
#include "train/parts.h"

ds_status ds_schedule_watch_check(const ds_session *s)
{
    const char *name = ds_schedule_watches(&s->set.schedule);
    const ds_column *c = name ? ds_column_named(name) : NULL;
    const char *lacks = !name ? NULL : c ? ds_column_lacks(c, s) : "there is no such number";
    return lacks ? ds_fail(s->ctx, DS_ECONFIG, "watch: \"%s\" cannot be watched: %s", name, lacks) : DS_OK;
}

static ds_status open_listening(ds_loop *l, void **own)
{
    if (!ds_schedule_watches(&l->schedule)) return DS_OK;
    ds_schedule_memory *m = calloc(1, sizeof *m);
    if (!m) return ds_fail_memory(l->s->ctx, sizeof *m, "the memory of a schedule");
    *own = m;
    m->best = NAN;
    l->schedule.memory = m;
    ds_state_real(l->state, "schedule", "best", &m->best);
    ds_state_integer(l->state, "schedule", "idle", &m->idle);
    ds_state_integer(l->state, "schedule", "rest", &m->rest);
    ds_state_integer(l->state, "schedule", "cuts", &m->cuts);
    return DS_OK;
}

static ds_status listen(ds_loop *l, void *own, ds_epoch_report *r)
{
    const ds_column *c = ds_column_named(ds_schedule_watches(&l->schedule));
    ds_schedule_look(&l->schedule, own, ds_column_value(c, r), c->more);
    return DS_OK;
}

const ds_loop_part ds_listening_part = { .name = "schedule", .open = open_listening, .free = free, .epoch = listen };
