/* stopping.c - the stop rules of a run: asked after every epoch, each with its own memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/parts.h"
#include "train/stop/stop.h"

typedef struct stopping {
    int count;
    ds_stop_memory memory[]; /* as many as the session has rules */
} stopping;

ds_status ds_stop_check(const ds_session *s)
{
    bool more;
    for (int k = 0; k < s->set.stops; k++) {
        const ds_part *rule = &s->set.stop[k];
        if (ds_stop_of(rule->head)->ends) {
            if (rule->value[0].unit != DS_UNIT_SECONDS) continue;
            return ds_fail(s->ctx, DS_ECONFIG, "%s: found a time, wanted steps or epochs; seconds are train.seconds",
                           rule->head->options[0].name);
        }
        const ds_column *c = ds_stop_watches(rule, &more);
        const char *lacks = c ? ds_column_lacks(c, s) : "there is no such number";
        if (lacks)
            return ds_fail(s->ctx, DS_ECONFIG, "%s: \"%s\" cannot be watched: %s", rule->head->options[0].name,
                           rule->value[0].text, lacks);
    }
    return DS_OK;
}

static ds_status open_stopping(ds_loop *l, void **own)
{
    int n = l->s->set.stops;
    char group[32];
    if (n == 0) return DS_OK;
    stopping *t = calloc(1, sizeof *t + (size_t)n * sizeof t->memory[0]);
    if (!t) return ds_fail_memory(l->s->ctx, sizeof *t + (size_t)n * sizeof t->memory[0], "stop rules");
    *own = t;
    t->count = n;
    for (int k = 0; k < n; k++) {
        ds_stop_memory *m = &t->memory[k];
        m->best = NAN;
        snprintf(group, sizeof group, "stop.%d", k);
        ds_state_real(l->state, group, "best", &m->best);
        ds_state_integer(l->state, group, "epoch", &m->epoch);
        ds_state_integer(l->state, group, "idle", &m->idle);
        ds_state_flag(l->state, group, "met", &m->met);
    }
    return DS_OK;
}

static ds_status count_step(ds_loop *l, void *own)
{
    const stopping *t = own;
    for (int k = 0; k < t->count; k++) {
        const ds_part *rule = &l->s->set.stop[k];
        const ds_stop_def *def = ds_stop_of(rule->head);
        if (def->ends && def->ends(rule, l->step, l->s->batches)) ds_loop_end(l, def->reason, "");
    }
    return DS_OK;
}

/* Rule k and what it watches; false: it watches nothing. */
static bool view(const ds_loop *l, int k, ds_stop_at *a)
{
    *a = (ds_stop_at){ .rule = &l->s->set.stop[k] };
    if (ds_stop_of(a->rule->head)->ends) return false;
    a->name = ds_stop_watches(a->rule, &a->more)->head.name;
    return true;
}

static ds_status ask(ds_loop *l, void *own, ds_epoch_report *r)
{
    stopping *t = own;
    char why[sizeof l->why];
    for (int k = 0; k < t->count; k++) {
        ds_stop_at a;
        if (!view(l, k, &a)) continue;
        const ds_stop_def *def = ds_stop_of(a.rule->head);
        a.value = ds_column_value(ds_column_named(a.name), r);
        a.epoch = r->epoch;
        if (!def->test(&a, &t->memory[k])) continue;
        def->describe(&a, &t->memory[k], why, sizeof why);
        ds_loop_end(l, def->reason, why);
    }
    return DS_OK;
}

static ds_status settle(ds_loop *l, void *own)
{
    const stopping *t = own;
    for (int k = 0; k < t->count; k++) {
        ds_stop_at a;
        if (!view(l, k, &a)) continue;
        const ds_stop_def *def = ds_stop_of(a.rule->head);
        if (def->goal && !t->memory[k].met) def->describe(&a, &t->memory[k], l->missed, sizeof l->missed);
    }
    return DS_OK;
}

const ds_loop_part ds_stopping_part = {
    .name = "stop", .open = open_stopping, .free = free, .stepped = count_step, .epoch = ask, .closing = settle
};
