/* stopping.c - the stop rules of a run: asked after every epoch, each with its own memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/parts.h"
#include "train/stop/stop.h"

typedef struct stopping {
    ds_loop *l;
    int count;
    ds_stop_memory memory[]; /* as many as the session has rules */
} stopping;

static ds_status refuse(const ds_session *s, int k, const char *lacks)
{
    char key[64];
    const ds_part *rule = &s->set.stop[k];
    const char *option = rule->head->options[0].name;
    snprintf(key, sizeof key, "train.stop.%d.%s", k, option);
    return ds_fail_at(s->ctx, DS_ECONFIG, key, "%s: \"%s\" cannot be watched: %s", option, rule->value[0].text, lacks);
}

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
        if (lacks) return refuse(s, k, lacks);
    }
    return DS_OK;
}

bool ds_stop_at_step(const ds_session *s, int64_t steps)
{
    bool over = false;
    for (int k = 0; k < s->set.stops && !over; k++) {
        const ds_stop_def *def = ds_stop_of(s->set.stop[k].head);
        over = def->ends && def->ends(&s->set.stop[k], steps, s->epoch);
    }
    return over;
}

/* Rule k and what it watches; false: it watches nothing. */
static bool view(const ds_loop *l, int k, ds_stop_at *a)
{
    *a = (ds_stop_at){ .rule = &l->s->set.stop[k] };
    if (ds_stop_of(a->rule->head)->ends) return false;
    a->name = ds_stop_watches(a->rule, &a->more)->head.name;
    return true;
}

/* End the run where a rule says so; after a step only those ask that watch nothing. */
static void judge(const stopping *t, bool within_epoch)
{
    char why[sizeof t->l->why];
    for (int k = 0; k < t->count; k++) {
        ds_stop_at a;
        bool watches = view(t->l, k, &a);
        const ds_stop_def *def = ds_stop_of(a.rule->head);
        if (!watches && def->ends(a.rule, t->l->step, t->l->s->epoch)) ds_loop_end(t->l, def->reason, "");
        if (!watches || within_epoch || !def->over(&a, &t->memory[k])) continue;
        def->describe(&a, &t->memory[k], why, sizeof why);
        ds_loop_end(t->l, def->reason, why);
    }
}

/* A run that had ended ends again, unless its rules have changed. */
static void on_restored(void *own) { judge(own, false); }

static ds_status open_stopping(ds_loop *l, void **own)
{
    int n = l->s->set.stops;
    char group[32];
    if (n == 0) return DS_OK;
    stopping *t = calloc(1, sizeof *t + (size_t)n * sizeof t->memory[0]);
    if (!t) return ds_fail_memory(l->s->ctx, sizeof *t + (size_t)n * sizeof t->memory[0], "stop rules");
    *own = t;
    t->l = l;
    t->count = n;
    for (int k = 0; k < n; k++) {
        ds_stop_memory *m = &t->memory[k];
        m->best = NAN;
        snprintf(group, sizeof group, "stop.%d", k);
        ds_state_real(l->state, group, "best", &m->best);
        ds_state_integer(l->state, group, "epoch", &m->epoch);
        ds_state_integer(l->state, group, "idle", &m->idle);
    }
    ds_state_restored(l->state, on_restored, t);
    return DS_OK;
}

static ds_status stepped(ds_loop *l, void *own)
{
    (void)l;
    judge(own, true);
    return DS_OK;
}

static ds_status look(ds_loop *l, void *own, ds_epoch_report *r)
{
    stopping *t = own;
    for (int k = 0; k < t->count; k++) {
        ds_stop_at a;
        if (!view(l, k, &a)) continue;
        a.value = ds_column_value(ds_column_named(a.name), r);
        a.epoch = r->epoch;
        ds_stop_of(a.rule->head)->look(&a, &t->memory[k]);
    }
    judge(t, false);
    return DS_OK;
}

static ds_status settle(ds_loop *l, void *own)
{
    const stopping *t = own;
    for (int k = 0; k < t->count; k++) {
        ds_stop_at a;
        if (!view(l, k, &a)) continue;
        const ds_stop_def *def = ds_stop_of(a.rule->head);
        if (def->goal && !def->over(&a, &t->memory[k])) def->describe(&a, &t->memory[k], l->missed, sizeof l->missed);
    }
    return DS_OK;
}

const ds_loop_part ds_stopping_part = {
    .name = "stop", .open = open_stopping, .free = free, .stepped = stepped, .epoch = look, .closing = settle
};
