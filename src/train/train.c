/* train.c - the loop: steps, epochs, budgets; the weights at the end. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "space/vector.h"
#include "train/checkpoint.h"
#include "train/parts.h"

double ds_loop_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double ds_loop_seconds(const ds_loop *l) { return l->spent + ds_loop_now() - l->start; }

void ds_loop_tick(ds_loop *l)
{
    double t = ds_loop_now();
    l->spent += t - l->start;
    l->epoch_spent += t - l->epoch_start;
    l->start = l->epoch_start = t;
}

int64_t ds_loop_epochs(const ds_loop *l)
{
    return l->total == INT64_MAX ? 0 : (l->total + l->s->epoch - 1) / l->s->epoch;
}

void ds_loop_end(ds_loop *l, ds_reason reason, const char *why)
{
    if (l->ended && l->reason >= reason) return;
    l->ended = true;
    l->reason = reason;
    snprintf(l->why, sizeof l->why, "%s", why);
}

void ds_loop_notice(const ds_loop *l, const char *fmt, ...)
{
    char text[1200];
    va_list args;
    if (!l->watcher || !l->watcher->notice) return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    l->watcher->notice(l->watcher->arg, text);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static ds_status open_optimizer(ds_loop *l)
{
    ds_session *s = l->s;
    if (s->set.solver.head) return ds_solve_open(l);
    DS_TRY(ds_session_optimizer(s, &l->optim));
    l->schedule = s->set.schedule;
    l->schedule.lr = ds_optim_lr(l->optim);
    l->schedule.total = l->total == INT64_MAX ? -1 : l->total;
    l->schedule.epoch = s->epoch;
    return ds_schedule_check(s->ctx, &l->schedule);
}

static void seek(void *arg)
{
    ds_loop *l = arg;
    ds_loader_seek(l->loader, l->epoch, l->batch);
}

/* Everything that a resumed run needs beside the weights. */
static ds_status open_state(ds_loop *l)
{
    ds_state *st = l->state;
    ds_state_integer(st, "loop", "step", &l->step);
    ds_state_integer(st, "loop", "epoch", &l->epoch);
    ds_state_integer(st, "loop", "batch", &l->batch);
    ds_state_real(st, "loop", "loss_sum", &l->loss_sum);
    ds_state_real(st, "loop", "wrong", &l->wrong);
    ds_state_real(st, "loop", "rows", &l->rows);
    if (l->s->set.clip.kind) {
        ds_state_integer(st, "loop", "steps", &l->steps);
        ds_state_integer(st, "loop", "clipped", &l->clipped);
    }
    ds_state_real(st, "loop", "lr", &l->lr);
    ds_state_real(st, "loop", "grad_norm", &l->grad_norm);
    ds_state_real(st, "loop", "update_ratio", &l->update_ratio);
    ds_state_real(st, "loop", "spent", &l->spent);
    ds_state_real(st, "loop", "epoch_spent", &l->epoch_spent);
    l->planned = l->total;
    ds_state_integer(st, "loop", "planned", &l->planned);
    if (l->run) ds_state_integer(st, "run", "metrics_bytes", &l->run->metrics_bytes);
    ds_state_restored(st, seek, l);
    if (l->optim) ds_optim_remember(l->optim, st);
    for (int k = 0; k < ds_loop_part_count; k++) DS_TRY(ds_loop_parts[k]->open(l, &l->own[k]));
    return ds_state_status(st);
}

static ds_status open_loop(ds_loop *l)
{
    ds_session *s = l->s;
    l->total = ds_session_steps(s);
    l->grad_norm = l->update_ratio = NAN; /* until an epoch's last step */
    DS_TRY(ds_session_loader(s, &l->loader));
    if (ds_dataset_classes(s->data)) DS_TRY(ds_metric_create(&l->errors, s->problem, "error"));
    size_t bytes = (size_t)s->dim * s->element;
    DS_TRY(ds_gradient_open(&l->gradient, s));
    l->gradient.errors = l->errors;
    l->gradient.trains = true;
    l->before = ds_buffer_alloc(bytes);
    if (!l->before) return ds_fail_memory(s->ctx, bytes, "a copy of the weights");
    DS_TRY(ds_state_create(&l->state, s->ctx));
    DS_TRY(open_optimizer(l));
    return open_state(l);
}

static void close_loop(ds_loop *l)
{
    for (int k = 0; k < ds_loop_part_count; k++)
        if (l->own[k]) ds_loop_parts[k]->free(l->own[k]);
    ds_state_free(l->state);
    ds_buffer_free(l->before);
    ds_gradient_close(&l->gradient);
    ds_optim_free(l->optim);
    ds_solve_close(l->solve);
    ds_metric_free(l->errors);
    ds_loader_free(l->loader);
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static void begin_epoch(ds_loop *l)
{
    l->batch = 0;
    l->loss_sum = l->wrong = l->rows = 0;
    l->steps = l->clipped = 0;
    l->grad_norm = l->update_ratio = NAN;
    l->epoch_start = ds_loop_now();
    l->epoch_spent = 0;
}

static void check_budgets(ds_loop *l)
{
    const ds_session_settings *set = &l->s->set;
    if (set->steps >= 0 && l->step >= set->steps)
        ds_loop_end(l, DS_DONE_STEPS, "");
    else if (set->epochs >= 0 && l->epoch + l->batch / l->s->batches >= set->epochs)
        ds_loop_end(l, DS_DONE_EPOCHS, "");
    else if (set->seconds > 0 && ds_loop_seconds(l) >= set->seconds)
        ds_loop_end(l, DS_DONE_SECONDS, "");
    else if (l->watcher && l->watcher->stop && l->watcher->stop(l->watcher->arg))
        ds_loop_end(l, DS_STOPPED, "");
}

static bool weights_finite(const ds_loop *l)
{
    return ds_vector_is_finite(ds_problem_dtype(l->s->problem), l->s->theta, l->s->dim);
}

static ds_status close_epoch(ds_loop *l)
{
    if (!weights_finite(l)) ds_loop_trouble(l, NULL, NAN);
    if (l->reason == DS_DIVERGED) return DS_OK;
    DS_TRY(ds_loop_report(l));
    if (l->s->interrupted) return DS_OK;
    l->epoch++;
    begin_epoch(l);
    return DS_OK;
}

/* The run is over: what it leaves behind. The checkpoint comes before the report of an epoch that was cut short, so that
 * a longer run goes on as if there had been no end. */
static ds_status finish(ds_loop *l, ds_outcome *o)
{
    if (!weights_finite(l)) ds_loop_trouble(l, NULL, NAN);
    bool done = l->reason != DS_STOPPED && l->reason != DS_DIVERGED;
    DS_TRY(ds_keep_end(l));
    if (done && l->batch > 0) DS_TRY(ds_loop_report(l));
    for (int k = 0; k < ds_loop_part_count && l->reason != DS_STOPPED; k++)
        if (l->own[k] && ds_loop_parts[k]->closing) DS_TRY(ds_loop_parts[k]->closing(l, l->own[k]));
    l->last = l->run && weights_finite(l);
    if (l->last) DS_TRY(ds_keep_weights(l, &(ds_weights){ l->s->theta, NULL }, "last.safetensors"));
    if (l->run) DS_TRY(ds_run_flush(l->run, l->s->ctx));
    ds_loop_describe(l, o);
    return l->run && done && l->reason != DS_STOPPED ? ds_checkpoint_finish(l, o->text) : DS_OK;
}

static ds_status run_loop(ds_loop *l, ds_outcome *o)
{
    l->start = l->epoch_start = l->shown = ds_loop_now();
    DS_TRY(ds_keep_open(l));
    for (check_budgets(l); !l->ended; ds_keep_step(l)) {
        if (l->batch < l->s->batches) DS_TRY(ds_loop_step(l));
        if (!l->ended) ds_loop_show(l);
        check_budgets(l);
        if (l->batch == l->s->batches && l->reason != DS_STOPPED) DS_TRY(close_epoch(l));
    }
    return finish(l, o);
}

/* What to do about a failure that leaves a run half done. The checkpoint under way may still become its newest. */
static ds_status advise(ds_loop *l, ds_status status)
{
    char text[700];
    const ds_run *r = l->run;
    if (status == DS_OK || !r) return status;
    snprintf(text, sizeof text, "%s", ds_error(l->s->ctx));
    ds_checkpoint_settle(l, true);
    if (status != DS_EIO && status != DS_EMEM) return ds_fail(l->s->ctx, status, "%s", text);
    if (*r->newest)
        return ds_fail(l->s->ctx, status,
                       "%s. Checkpoint %s is kept; once that is put right: descent train --resume %s", text, r->newest,
                       r->path);
    return ds_fail(l->s->ctx, status, "%s. There is no checkpoint yet; once that is put right, start again", text);
}

ds_status ds_train(ds_session *s, ds_run *run, const ds_watcher *watcher, ds_outcome *outcome)
{
    ds_loop l = { .s = s, .run = run, .watcher = watcher };
    s->watcher = watcher;
    ds_status status = open_loop(&l);
    if (status == DS_OK) status = advise(&l, run_loop(&l, outcome));
    s->watcher = NULL;
    close_loop(&l);
    return status;
}
