/* keep.c - when checkpoints are written: at intervals, on request, at the end; and how a run begins or goes on. */
#include <stdio.h>

#include "train/checkpoint.h"

enum { RETRY = 30 }; /* seconds after a checkpoint that could not be written */

static double position(const ds_loop *l)
{
    const ds_session *s = l->s;
    switch (s->set.checkpoint_unit) {
    case DS_UNIT_STEPS: return (double)l->step;
    case DS_UNIT_EPOCHS: return (double)l->epoch + (double)l->batch / (double)s->batches;
    default: return ds_loop_now();
    }
}

static ds_status begin_again(ds_loop *l)
{
    if (l->run->saved_config)
        return ds_fail(l->s->ctx, DS_EIO,
                       "%s: none of its checkpoints can be used; to begin again at step 0, remove %s/checkpoints",
                       l->run->path, l->run->path);
    l->run->metrics_bytes = 0;
    return ds_loop_begin_table(l);
}

/* Another number of steps bends a schedule that is drawn to the end. */
static void tell_new_rate(ds_loop *l)
{
    ds_schedule_settings before = l->schedule;
    before.total = l->planned == INT64_MAX ? -1 : l->planned;
    double old = ds_schedule_rate(&before, l->step), new = ds_schedule_rate(&l->schedule, l->step);
    if (l->planned != l->total && old != new)
        ds_loop_notice(l,
                       "the schedule now runs over %lld steps: the rate of the next step is %g, it would have been %g",
                       (long long)l->schedule.total, new, old);
    l->planned = l->total;
}

/* Nothing of the run is touched when the limits lie behind it. */
static ds_status check_limits(const ds_loop *l)
{
    const ds_session_settings *set = &l->s->set;
    bool steps = set->steps < 0 || l->step <= set->steps;
    if (steps && (set->epochs < 0 || l->epoch + (l->batch > 0) <= set->epochs)) return DS_OK;
    return ds_fail(l->s->ctx, DS_ECONFIG,
                   "the run stands at step %lld, epoch %lld: the limits given lie before that; give larger ones",
                   (long long)l->step, (long long)l->epoch);
}

static ds_status go_on(ds_loop *l)
{
    bool missing;
    DS_TRY(check_limits(l));
    DS_TRY(ds_run_rewind(l->run, l->s->ctx, &missing));
    if (missing)
        ds_loop_notice(l, "%s/metrics.tsv is shorter than the checkpoint knows; the rows that are gone stay gone",
                       l->run->path);
    ds_loop_notice(l, "going on from checkpoint %s: step %lld, epoch %lld", l->run->newest, (long long)l->step,
                   (long long)l->epoch + 1);
    tell_new_rate(l);
    return DS_OK;
}

ds_status ds_keep_open(ds_loop *l)
{
    bool found = false;
    if (!l->run) return DS_OK;
    if (l->run->saved_config) DS_TRY(ds_checkpoint_restore(l, &found));
    DS_TRY(found ? go_on(l) : begin_again(l));
    DS_TRY(ds_run_write_config(l->run, l->s->ctx));
    l->saved = position(l);
    return DS_OK;
}

static void tell_failure(ds_loop *l)
{
    l->saved = l->saved_before;
    l->retry = ds_loop_now() + RETRY;
    ds_loop_notice(l, "checkpoint not written: %s. Training goes on%s%s; the next try is in %d s", ds_error(l->s->ctx),
                   *l->run->newest ? ", the last good one is " : "", l->run->newest, RETRY);
}

void ds_keep_step(ds_loop *l)
{
    double every = l->s->set.checkpoint_every;
    if (!l->run || l->ended || every <= 0) return;
    if (ds_checkpoint_settle(l, false) != DS_OK) tell_failure(l);
    if (l->saving || ds_loop_now() < l->retry || position(l) - l->saved < every) return;
    l->saved_before = l->saved;
    l->saved = position(l);
    if (ds_checkpoint_begin(l) != DS_OK) tell_failure(l);
}

ds_status ds_keep_end(ds_loop *l)
{
    if (!l->run) return DS_OK;
    if (ds_checkpoint_settle(l, true) != DS_OK) tell_failure(l);
    ds_status status = ds_checkpoint_save(l);
    if (status == DS_ENONFINITE) ds_loop_notice(l, "%s", ds_error(l->s->ctx));
    return status == DS_ENONFINITE ? DS_OK : status;
}

ds_status ds_keep_weights(ds_loop *l, const ds_weights *w, const char *file)
{
    DS_TRY(ds_run_present(l->run, l->s->ctx));
    return ds_session_save_of(l->s, w, l->run->folder, ds_run_file(l->run, file));
}
