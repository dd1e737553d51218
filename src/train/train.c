/* train.c - the loop: batch, gradient, check, step; a row of metrics an epoch; the weights at the end.
 * A step is a transaction: the gradient is looked at before anything moves, so a non-finite one leaves the weights as
 * they were. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "descent/graph.h"
#include "space/vector.h"
#include "train/run.h"
#include "train/session.h"

typedef struct loop {
    ds_session *s;
    ds_run *run;
    const ds_watcher *watcher;
    ds_loader *loader;
    ds_optim *optim;
    ds_metric *errors; /* NULL: real targets */
    ds_schedule_settings schedule;
    void *gradient, *before; /* before: theta of the measured step */
    int64_t step, total, epoch;
    double loss_sum, wrong, rows, lr, grad_norm, update_ratio, start, epoch_start;
    double best;
    char trouble[320]; /* of a step that could not be taken */
} loop;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Epochs in all; 0: no end in sight. */
static int64_t epochs_of(const loop *l)
{
    return l->total == INT64_MAX ? 0 : (l->total + l->s->batches - 1) / l->s->batches;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* Steps in all: the smaller of what epochs and steps allow. */
static int64_t total_steps(const ds_session *s)
{
    int64_t by_epochs = s->set.epochs >= 0 ? s->set.epochs * s->batches : INT64_MAX;
    int64_t by_steps = s->set.steps >= 0 ? s->set.steps : INT64_MAX;
    return by_epochs < by_steps ? by_epochs : by_steps;
}

static ds_status open_loop(loop *l)
{
    ds_session *s = l->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    int64_t rows = ds_view_rows(ds_dataset_view(s->data, DS_TRAIN));
    l->total = total_steps(s);
    l->best = INFINITY;
    ds_loader_settings set = { .view = ds_dataset_view(s->data, DS_TRAIN),
                               .sampler = s->set.order ? s->set.order : "shuffle",
                               .batch = s->batch,
                               .dtype = t,
                               .seed = s->set.seed,
                               .augment = true,
                               .prefetch = -1 };
    DS_TRY(ds_problem_prepare(s->problem, s->batch, DS_MODE_TRAIN, DS_WANT_GRADIENT));
    if (rows % s->batch) DS_TRY(ds_problem_prepare(s->problem, rows % s->batch, DS_MODE_TRAIN, DS_WANT_GRADIENT));
    DS_TRY(ds_loader_create(&l->loader, s->ctx, &set));
    if (ds_dataset_classes(s->data)) DS_TRY(ds_metric_create(&l->errors, s->problem, "error"));
    ds_optim_settings optimizer = s->set.optimizer;
    optimizer.n = s->dim;
    optimizer.dtype = t;
    DS_TRY(ds_optim_create(&l->optim, s->ctx, &optimizer));
    l->schedule = s->set.schedule;
    l->schedule.lr = ds_optim_lr(l->optim);
    l->schedule.total = l->total == INT64_MAX ? -1 : l->total;
    l->schedule.epoch = s->batches;
    DS_TRY(ds_schedule_check(s->ctx, &l->schedule));
    size_t bytes = (size_t)s->dim * s->element;
    l->gradient = ds_buffer_alloc(bytes);
    l->before = ds_buffer_alloc(bytes);
    return l->gradient && l->before ? DS_OK : ds_fail_memory(s->ctx, 2 * bytes, "gradients");
}

static void close_loop(loop *l)
{
    ds_buffer_free(l->before);
    ds_buffer_free(l->gradient);
    ds_optim_free(l->optim);
    ds_metric_free(l->errors);
    ds_loader_free(l->loader);
}

/* ---- a step ------------------------------------------------------------------------------------------------------ */

/* Name the first segment with a value that is no number. */
static void describe_trouble(loop *l, double loss)
{
    const ds_space *space = ds_problem_space(l->s->problem);
    ds_dtype t = ds_problem_dtype(l->s->problem);
    snprintf(l->trouble, sizeof l->trouble, "step %lld: loss became %g; the step was not taken", (long long)l->step + 1,
             loss);
    for (int k = 0; k < ds_space_count(space); k++) {
        const ds_segment *g = ds_space_segment(space, k);
        int64_t at = ds_first_nonfinite(t, (const char *)l->gradient + (size_t)g->offset * l->s->element, g->count);
        if (at < 0) continue;
        snprintf(l->trouble, sizeof l->trouble,
                 "step %lld: loss is %g, gradient of \"%s\" is not finite at element %lld; the step was not taken",
                 (long long)l->step + 1, loss, g->name, (long long)at);
        return;
    }
}

/* Norm of the gradient and size of the step against the weights: once an epoch, at its last step. */
static void measure_step(loop *l, const void *before)
{
    ds_session *s = l->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    double size = ds_vector_norm(t, before, s->dim);
    l->grad_norm = ds_vector_norm(t, l->gradient, s->dim);
    l->update_ratio = size > 0 ? ds_vector_distance(t, before, s->theta, s->dim) / size : NAN;
}

/* Rows of the batch that the network got wrong as it was trained. */
static void count_errors(loop *l, const ds_batch *batch)
{
    const void *outputs = ds_problem_trained_outputs(l->s->problem);
    if (!l->errors || !outputs) return;
    ds_metric_reset(l->errors);
    ds_metric_add(l->errors, outputs, batch->y, batch->n);
    l->wrong += ds_metric_value(l->errors) * (double)batch->n;
}

/* false: the step could not be taken, l->trouble says why. */
static ds_status take_step(loop *l, const ds_batch *batch, bool measured, bool *taken)
{
    ds_session *s = l->s;
    double loss;
    const void *point;
    DS_TRY(ds_optim_point(l->optim, s->theta, &point));
    const ds_at at = { batch, point, DS_MODE_TRAIN, s->set.seed, (uint64_t)l->step };
    DS_TRY(ds_problem_gradient(s->problem, &at, l->gradient, &loss));
    *taken = isfinite(loss) && ds_vector_is_finite(ds_problem_dtype(s->problem), l->gradient, s->dim);
    if (!*taken) {
        describe_trouble(l, loss);
        return DS_OK;
    }
    l->lr = ds_schedule_rate(&l->schedule, l->step);
    if (measured) memcpy(l->before, s->theta, (size_t)s->dim * s->element);
    DS_TRY(ds_optim_step(l->optim, s->theta, l->gradient, l->lr));
    ds_problem_commit(s->problem);
    if (measured) measure_step(l, l->before);
    l->step++;
    l->loss_sum += loss * (double)batch->n;
    count_errors(l, batch);
    l->rows += (double)batch->n;
    return DS_OK;
}

/* ---- an epoch ---------------------------------------------------------------------------------------------------- */

static void show_progress(loop *l, int64_t b)
{
    if (!l->watcher || !l->watcher->progress) return;
    ds_session *s = l->s;
    double spent = now() - l->epoch_start, per_batch = spent / (double)(b + 1);
    ds_progress p = { .epoch = l->epoch + 1,
                      .epochs = epochs_of(l),
                      .step = l->step,
                      .batch = b + 1,
                      .batches = s->batches,
                      .loss = l->loss_sum / l->rows,
                      .rows_per_second = l->rows / spent,
                      .epoch_left = per_batch * (double)(s->batches - b - 1),
                      .all_left = l->total == INT64_MAX ? s->set.seconds - (now() - l->start)
                                                        : per_batch * (double)(l->total - l->step) };
    l->watcher->progress(l->watcher->arg, &p);
}

static ds_status close_epoch(loop *l)
{
    ds_session *s = l->s;
    ds_epoch_report r = { .epoch = l->epoch + 1,
                          .epochs = epochs_of(l),
                          .step = l->step,
                          .train_loss = l->loss_sum / l->rows,
                          .train_error = l->errors ? l->wrong / l->rows : NAN,
                          .grad_norm = l->grad_norm,
                          .update_ratio = l->update_ratio,
                          .lr = l->lr };
    DS_TRY(ds_session_score(s, DS_VAL, &r.val));
    r.seconds = now() - l->epoch_start;
    double judged = r.val.rows ? r.val.loss : r.train_loss;
    r.best = judged < l->best;
    if (r.best) l->best = judged;
    char line[512];
    snprintf(line, sizeof line, "%lld\t%lld\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.3f",
             (long long)r.epoch, (long long)r.step, r.train_loss, r.train_error, r.val.loss, r.val.accuracy,
             r.val.error, r.grad_norm, r.update_ratio, r.lr, r.seconds);
    if (l->run) DS_TRY(ds_run_metrics(l->run, s->ctx, line));
    if (l->watcher && l->watcher->epoch) l->watcher->epoch(l->watcher->arg, &r);
    return DS_OK;
}

/* One epoch, or what is left of the budget. *reason stays as it was while training goes on. */
static ds_status run_epoch(loop *l, ds_reason *reason, bool *ended)
{
    double shown = now();
    l->loss_sum = l->wrong = l->rows = 0;
    l->grad_norm = l->update_ratio = NAN; /* until the epoch's last step */
    l->epoch_start = shown;
    for (int64_t b = 0; b < l->s->batches && !*ended; b++) {
        bool taken, last = b == l->s->batches - 1 || l->step == l->total - 1;
        DS_TRY(take_step(l, ds_loader_next(l->loader), last, &taken));
        double t = now();
        if (!taken)
            *reason = DS_DIVERGED;
        else if (l->step >= l->total)
            *reason = l->s->set.steps >= 0 && l->total == l->s->set.steps ? DS_DONE_STEPS : DS_DONE_EPOCHS;
        else if (l->s->set.seconds > 0 && t - l->start >= l->s->set.seconds)
            *reason = DS_DONE_SECONDS;
        else if (l->watcher && l->watcher->stop && l->watcher->stop(l->watcher->arg))
            *reason = DS_STOPPED;
        else {
            if (t - shown > 0.1) {
                shown = t;
                show_progress(l, b);
            }
            continue;
        }
        *ended = true;
    }
    return l->rows > 0 && *reason != DS_DIVERGED ? close_epoch(l) : DS_OK;
}

static void describe_outcome(const loop *l, ds_outcome *o)
{
    static const char *const why[] = { "all epochs done", "all steps done", "the time is used up", "stopped on request",
                                       "diverged" };
    int n = o->reason == DS_DIVERGED
                ? snprintf(o->text, sizeof o->text, "diverged at %s; try a smaller optimizer.lr", l->trouble)
                : snprintf(o->text, sizeof o->text, "%s: %lld epochs, %lld steps in %.1f s", why[o->reason],
                           (long long)o->epochs, (long long)o->steps, o->seconds);
    if (l->run && n > 0 && (size_t)n < sizeof o->text)
        snprintf(o->text + n, sizeof o->text - (size_t)n, ". Kept step %lld: %s/last.safetensors", (long long)o->steps,
                 ds_run_path(l->run));
}

static ds_status run_loop(loop *l, ds_outcome *o)
{
    ds_reason reason = l->s->set.steps >= 0 && l->total == l->s->set.steps ? DS_DONE_STEPS : DS_DONE_EPOCHS;
    bool ended = l->total == 0;
    l->start = now();
    if (l->run)
        DS_TRY(ds_run_metrics(l->run, l->s->ctx,
                              "epoch\tstep\ttrain.loss\ttrain.error\tval.loss\tval.accuracy\tval.error\tgrad."
                              "norm\tupdate.ratio\tlr\tseconds"));
    for (; !ended; l->epoch++) DS_TRY(run_epoch(l, &reason, &ended));
    if (l->run) DS_TRY(ds_session_save(l->s, ds_run_file(l->run, "last.safetensors")));
    *o = (ds_outcome){ .reason = reason, .epochs = l->epoch, .steps = l->step, .seconds = now() - l->start };
    describe_outcome(l, o);
    return DS_OK;
}

ds_status ds_train(ds_session *s, ds_run *run, const ds_watcher *watcher, ds_outcome *outcome)
{
    loop l = { .s = s, .run = run, .watcher = watcher };
    ds_status status = open_loop(&l);
    if (status == DS_OK) status = run_loop(&l, outcome);
    close_loop(&l);
    return status;
}
