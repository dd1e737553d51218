/* session.c - data, model, objective, optimizer and schedule put together; weights in and out; scoring a view. */
#include "train/session.h"
#include "train/tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "descent/graph.h"
#include "descent/race.h"
#include "descent/weights.h"
#include "train/columns.h"
#include "train/parts.h"

static ds_status open_problem(ds_session *s)
{
    ds_problem_settings p = s->set.problem;
    p.sample = ds_dataset_sample(s->data);
    p.classes = ds_dataset_classes(s->data);
    p.targets = ds_dataset_targets(s->data);
    p.class_weights = ds_dataset_class_weights(s->data);
    DS_TRY(ds_problem_create(&s->problem, s->ctx, s->set.model, &p));
    if (s->set.optimizer.rule.head) DS_TRY(ds_optim_arrange(s->ctx, &s->set.optimizer, s->problem));
    s->dim = ds_space_dim(ds_problem_space(s->problem));
    s->element = ds_dtype_bytes(p.dtype);
    s->theta = ds_buffer_alloc((size_t)s->dim * s->element);
    s->aside = ds_buffer_alloc(ds_session_running_bytes(s));
    return s->theta && s->aside ? DS_OK : ds_fail_memory(s->ctx, (size_t)s->dim * s->element, "the parameters");
}

/* What the settings ask of the data. */
static ds_status check_batch(ds_session *s, const char **key)
{
    *key = "data.holdout";
    int64_t rows = ds_view_rows(ds_dataset_view(s->data, DS_TRAIN));
    if (rows == 0) return ds_fail(s->ctx, DS_ECONFIG, "data: no training rows are left; make data.holdout smaller");
    *key = "train.batch";
    s->batch = s->set.batch ? s->set.batch : rows;
    if (s->batch > rows)
        return ds_fail(s->ctx, DS_ECONFIG,
                       "train.batch is %lld, there are %lld training rows; use at most %lld, or all",
                       (long long)s->batch, (long long)rows, (long long)rows);
    s->batches = (rows + s->batch - 1) / s->batch;
    *key = "train.accumulate";
    s->accumulate = s->set.accumulate > 1 ? s->set.accumulate : 1;
    if (s->accumulate > s->batches)
        return ds_fail(s->ctx, DS_ECONFIG,
                       "train.accumulate is %lld, an epoch has %lld batches; use at most %lld: steps end with an epoch",
                       (long long)s->accumulate, (long long)s->batches, (long long)s->batches);
    s->epoch = (s->batches + s->accumulate - 1) / s->accumulate;
    *key = "optimizer.clip";
    return ds_clip_check(s->ctx, &s->set.clip);
}

/* Whether all steps see one and the same function: all rows in each, as they are, and nothing random. */
static bool is_fixed(const ds_session *s)
{
    bool random = ds_problem_draws(s->problem) || s->set.data.augment_count > 0 ||
                  ds_view_endless(ds_dataset_view(s->data, DS_TRAIN)) ||
                  (s->set.order && !strcmp(s->set.order, "replacement"));
    return s->epoch == 1 && !random && ds_space_count(ds_problem_statistics(s->problem)) == 0;
}

ds_solver_settings ds_session_solver(const ds_session *s)
{
    bool limited = s->curve && s->curve->unit == DS_BUDGET_GRADIENTS; /* in the middle of an iteration too */
    return (ds_solver_settings){ .solver = s->set.solver,
                                 .search = s->set.search,
                                 .n = ds_space_elements(ds_problem_space(s->problem)),
                                 .budget = limited ? (int64_t)s->curve->budget : 0,
                                 .gtol = s->set.gtol,
                                 .target = -INFINITY,
                                 .seed = s->set.seed,
                                 .changes = !is_fixed(s) };
}

static ds_status check_solver(ds_session *s, const char **key)
{
    *key = "optimizer.name";
    const ds_solver_settings set = ds_session_solver(s);
    return s->set.solver.head ? ds_solver_check(s->ctx, &set) : DS_OK;
}

/* What averages, stop rules, schedules and keep.best ask of the run and its data. */
static ds_status check_watches(ds_session *s, const char **key)
{
    *key = "train.average";
    const ds_average_settings average = ds_session_average(s, s->dim);
    if (s->set.average.head) DS_TRY(ds_average_check(s->ctx, &average));
    *key = "train.stop";
    DS_TRY(ds_stop_check(s));
    *key = "schedule.watch";
    DS_TRY(ds_schedule_watch_check(s));
    *key = "train.keep";
    bool none = !s->set.best || !strcmp(s->set.best, "none");
    const ds_column *best = none ? NULL : ds_column_named(s->set.best);
    const char *lacks = none ? NULL : best ? ds_column_lacks(best, s) : "there is no such number";
    return lacks ? ds_fail_at(s->ctx, DS_ECONFIG, "train.keep.best", "best: \"%s\" cannot be watched: %s", s->set.best,
                              lacks)
                 : DS_OK;
}

/* Whether the run can give what the optimizer needs beside the gradient. */
static ds_status check_needs(ds_session *s, const char **key)
{
    char text[160];
    const ds_optim_settings *o = &s->set.optimizer;
    if (!o->rule.head) return DS_OK;
    *key = "optimizer";
    DS_TRY(ds_optim_needs_of(s->ctx, o, ds_problem_space(s->problem), &s->needs));
    *key = "train.accumulate";
    unsigned of_batch = s->needs & ~(unsigned)DS_NEED_LOSS;
    if (s->accumulate > 1 && of_batch)
        return ds_fail(s->ctx, DS_ECONFIG,
                       "train.accumulate is %lld, and the optimizer needs %s, taken on one batch; use 1 and a larger "
                       "train.batch",
                       (long long)s->accumulate, ds_needs_text(of_batch, text, sizeof text));
    *key = "optimizer.clip";
    unsigned whole = s->needs & (o->sam.on ? DS_NEED_LOSS : DS_NEED_LOSS | DS_NEED_GRADIENT);
    if (s->set.clip.kind != DS_CLIP_NONE && whole)
        return ds_fail(s->ctx, DS_ECONFIG,
                       "clip changes the gradient, and the optimizer compares it with %s; remove clip",
                       ds_needs_text(whole, text, sizeof text));
    *key = "model.loss";
    return s->needs & DS_NEED_SAMPLED ? ds_problem_can_sample(s->problem) : DS_OK;
}

static ds_status fill(ds_session *s, const char **key)
{
    *key = "data";
    DS_TRY(ds_dataset_create(&s->data, s->ctx, &s->set.data));
    DS_TRY(check_batch(s, key));
    *key = "model.layers";
    DS_TRY(open_problem(s));
    DS_TRY(check_solver(s, key));
    DS_TRY(check_needs(s, key));
    return check_watches(s, key);
}

ds_status ds_session_create(ds_session **out, ds_ctx *ctx, const ds_session_settings *settings, const char **key)
{
    const char *at;
    *out = NULL;
    ds_session *s = calloc(1, sizeof *s);
    if (!s) return ds_fail_memory(ctx, sizeof *s, "a session");
    s->ctx = ctx;
    s->set = *settings;
    ds_status status = fill(s, &at);
    if (key) *key = status == DS_OK ? NULL : *ds_error_key(ctx) ? ds_error_key(ctx) : at;
    if (status != DS_OK) {
        ds_session_free(s);
        return status;
    }
    *out = s;
    return DS_OK;
}

void ds_session_free(ds_session *s)
{
    if (!s) return;
    for (int k = 0; k < 3; k++) ds_loader_free(s->scorer[k]);
    ds_loader_free(s->measurer);
    ds_buffer_free(s->aside);
    ds_buffer_free(s->theta);
    ds_problem_free(s->problem);
    ds_dataset_free(s->data);
    free(s);
}

ds_dataset *ds_session_data(ds_session *s) { return s->data; }
ds_problem *ds_session_problem(ds_session *s) { return s->problem; }
void *ds_session_theta(ds_session *s) { return s->theta; }
int64_t ds_session_batch(const ds_session *s) { return s->batch; }
int64_t ds_session_batches(const ds_session *s) { return s->batches; }
int64_t ds_session_epoch(const ds_session *s) { return s->epoch; }

ds_status ds_session_optimizer(ds_session *s, ds_optim **out)
{
    ds_optim_settings o = s->set.optimizer;
    *out = NULL;
    if (s->set.solver.head) return DS_OK;
    o.n = s->dim;
    o.space = ds_problem_space(s->problem);
    o.dtype = ds_problem_dtype(s->problem);
    o.seed = s->set.seed;
    return ds_optim_create(out, s->ctx, &o);
}

int64_t ds_session_steps(const ds_session *s)
{
    int64_t by_epochs = s->set.epochs >= 0 ? s->set.epochs * s->epoch : INT64_MAX;
    int64_t by_steps = s->set.steps >= 0 ? s->set.steps : INT64_MAX;
    return by_epochs < by_steps ? by_epochs : by_steps;
}

size_t ds_session_running_bytes(const ds_session *s)
{
    return (size_t)ds_space_dim(ds_problem_statistics(s->problem)) * s->element;
}

ds_status ds_session_loader(ds_session *s, ds_loader **loader)
{
    const ds_view *view = ds_dataset_view(s->data, DS_TRAIN);
    int64_t rest = ds_view_rows(view) % s->batch;
    ds_loader_settings set = { .view = view,
                               .sampler = s->set.order ? s->set.order : "shuffle",
                               .batch = s->batch,
                               .dtype = ds_problem_dtype(s->problem),
                               .seed = s->set.seed,
                               .augment = true,
                               .prefetch = -1 };
    unsigned want = DS_WANT_GRADIENT | (s->needs & DS_NEED_SAMPLED ? DS_WANT_SAMPLED : 0u) |
                    (s->needs & DS_NEED_PRODUCT ? DS_WANT_HVP : 0u);
    DS_TRY(ds_problem_prepare(s->problem, s->batch, DS_MODE_TRAIN, want));
    if (rest) DS_TRY(ds_problem_prepare(s->problem, rest, DS_MODE_TRAIN, want));
    return ds_loader_create(loader, s->ctx, &set);
}

/* ---- initial weights --------------------------------------------------------------------------------------------- */

/* Class frequencies, or means of the targets, of all training rows: read in order, summed in f64. */
static ds_status find_marginals(ds_session *s, ds_loader *l, double *m, int64_t width)
{
    const ds_view *v = ds_dataset_view(s->data, DS_TRAIN);
    bool classes = ds_dataset_classes(s->data) > 0, f64 = ds_problem_dtype(s->problem) == DS_F64;
    ds_loader_seek(l, 0, 0);
    for (int64_t b = 0; b < ds_loader_batches(l); b++) {
        const ds_batch *batch = ds_loader_next(l);
        if (!batch) return ds_loader_status(l);
        for (int64_t i = 0; i < batch->n; i++)
            if (classes)
                m[((const int32_t *)batch->y)[i]] += 1;
            else
                for (int64_t k = 0; k < width; k++)
                    m[k] += f64 ? ((const double *)batch->y)[i * width + k]
                                : (double)((const float *)batch->y)[i * width + k];
    }
    for (int64_t k = 0; k < width; k++) m[k] /= (double)ds_view_rows(v);
    return DS_OK;
}

ds_status ds_session_init(ds_session *s)
{
    int64_t width = ds_dataset_classes(s->data) ? ds_dataset_classes(s->data) : ds_dataset_targets(s->data);
    ds_loader *l;
    ds_loader_settings set = { .view = ds_dataset_view(s->data, DS_TRAIN),
                               .sampler = "sequential",
                               .batch = s->batch < 256 ? s->batch : 256,
                               .dtype = ds_problem_dtype(s->problem),
                               .seed = s->set.seed };
    double *m = calloc((size_t)width + 1, sizeof *m);
    if (!m) return ds_fail_memory(s->ctx, (size_t)width * sizeof *m, "marginals");
    ds_status status = ds_problem_init(s->problem, s->set.seed, s->theta, NULL);
    if (status == DS_EUSAGE) { /* a bias or an initializer wants to see the data */
        status = ds_loader_create(&l, s->ctx, &set);
        if (status == DS_OK) status = find_marginals(s, l, m, width);
        if (status == DS_OK) {
            ds_loader_seek(l, 0, 0);
            const ds_batch *batch = ds_loader_next(l);
            status = batch ? ds_problem_init(s->problem, s->set.seed, s->theta, &(ds_init_data){ m, batch })
                           : ds_loader_status(l);
            ds_loader_free(l);
        }
    }
    free(m);
    return status;
}

/* ---- weights in and out ------------------------------------------------------------------------------------------ */

typedef struct part_of {
    const ds_space *space;
    void *values;
} part_of;

static void parts_of(ds_session *s, void *theta, part_of part[2])
{
    part[0] = (part_of){ ds_problem_space(s->problem), theta };
    part[1] = (part_of){ ds_problem_statistics(s->problem), ds_problem_running(s->problem) };
}

ds_status ds_session_gather(ds_session *s, const void *theta, ds_tensor_list *list)
{
    part_of part[2];
    parts_of(s, (void *)(uintptr_t)theta, part);
    ds_dtype t = ds_problem_dtype(s->problem);
    *list = (ds_tensor_list){ 0 };
    int n = ds_space_count(part[0].space) + ds_space_count(part[1].space);
    list->tensor = calloc((size_t)n + 1, sizeof *list->tensor);
    list->block = ds_buffer_alloc((size_t)(ds_space_dim(part[0].space) + ds_space_dim(part[1].space)) * s->element);
    if (!list->tensor || !list->block) {
        ds_session_drop(list);
        return ds_fail_memory(s->ctx, (size_t)s->dim * s->element, "a copy of the weights");
    }
    char *at = list->block;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < ds_space_count(part[side].space); i++) {
            const ds_segment *g = ds_space_segment(part[side].space, i);
            ds_space_export(part[side].space, i, t, part[side].values, t, at);
            list->tensor[list->count++] = (ds_named_tensor){ g->name, t, g->shape, at };
            at += (size_t)g->count * s->element;
        }
    return DS_OK;
}

void ds_session_drop(ds_tensor_list *list)
{
    free(list->tensor);
    ds_buffer_free(list->block);
    *list = (ds_tensor_list){ 0 };
}

ds_status ds_session_save(ds_session *s, const char *path)
{
    ds_tensor_list list;
    DS_TRY(ds_session_gather(s, s->theta, &list));
    ds_status status = ds_tensors_write(s->ctx, path, list.count, list.tensor);
    ds_session_drop(&list);
    return status;
}

ds_status ds_session_import(ds_session *s, const ds_tensor_file *f, const char *path)
{
    part_of part[2];
    int known = 0;
    parts_of(s, s->theta, part);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < ds_space_count(part[side].space); i++) {
            const ds_segment *g = ds_space_segment(part[side].space, i);
            const ds_named_tensor *t = ds_tensors_find(f, g->name);
            char want[64], found[64];
            if (!t)
                return ds_fail(s->ctx, DS_EFORMAT, "%s: no tensor \"%s\"; the weights are of another model", path,
                               g->name);
            if (!ds_shape_equal(t->shape, g->shape) || t->dtype == DS_I32)
                return ds_fail(s->ctx, DS_EFORMAT, "%s: tensor \"%s\" is %s, the model wants %s", path, g->name,
                               ds_shape_text(t->shape, found, sizeof found),
                               ds_shape_text(g->shape, want, sizeof want));
            ds_space_import(part[side].space, i, ds_problem_dtype(s->problem), part[side].values, t->dtype, t->data);
            known++;
        }
    for (int k = 0; k < ds_tensors_count(f) && known < ds_tensors_count(f); k++) {
        const char *name = ds_tensors_at(f, k)->name;
        if (ds_space_find(part[0].space, name) < 0 && ds_space_find(part[1].space, name) < 0)
            return ds_fail(s->ctx, DS_EFORMAT, "%s: tensor \"%s\" is not part of the model", path, name);
    }
    return DS_OK;
}

ds_status ds_session_load(ds_session *s, const char *path)
{
    ds_tensor_file *f;
    DS_TRY(ds_tensors_open(&f, s->ctx, path));
    ds_status status = ds_session_import(s, f, path);
    ds_tensors_close(f);
    return status;
}

/* ---- scoring ----------------------------------------------------------------------------------------------------- */

enum { SCORE_BATCH = 500 };

static bool asked_to_stop(const ds_session *s)
{
    return s->watcher && s->watcher->hurry && s->watcher->hurry(s->watcher->arg);
}

static ds_status open_scorer(ds_session *s, ds_split split)
{
    const ds_view *v = ds_dataset_view(s->data, split);
    int64_t rows = ds_view_rows(v), batch = rows < SCORE_BATCH ? rows : SCORE_BATCH;
    ds_loader_settings set = {
        .view = v, .sampler = "sequential", .batch = batch, .dtype = ds_problem_dtype(s->problem), .prefetch = -1
    };
    DS_TRY(ds_problem_prepare(s->problem, batch, DS_MODE_EVAL, DS_WANT_OUTPUTS));
    if (rows % batch) DS_TRY(ds_problem_prepare(s->problem, rows % batch, DS_MODE_EVAL, DS_WANT_OUTPUTS));
    return ds_loader_create(&s->scorer[split], s->ctx, &set);
}

/* also: one metric more that sees all rows; NULL. */
static ds_status score_at(ds_session *s, ds_split split, const void *theta, ds_score *score, ds_metric *also)
{
    *score =
        (ds_score){ .rows = ds_view_rows(ds_dataset_view(s->data, split)), .loss = NAN, .accuracy = NAN, .error = NAN };
    s->interrupted = false;
    if (score->rows == 0) return DS_OK;
    if (!s->scorer[split]) DS_TRY(open_scorer(s, split));
    ds_loader *l = s->scorer[split];
    ds_metric *right = NULL;
    bool classes = ds_dataset_classes(s->data) > 0;
    if (classes) DS_TRY(ds_metric_create(&right, s->problem, "accuracy"));
    double sum = 0;
    ds_status status = DS_OK;
    ds_loader_seek(l, 0, 0);
    for (int64_t b = 0; b < ds_loader_batches(l) && status == DS_OK && !s->interrupted; b++) {
        const ds_batch *batch = ds_loader_next(l);
        const void *outputs;
        double loss = 0;
        status = batch ? ds_problem_outputs(s->problem, &(ds_at){ batch, theta, DS_MODE_EVAL, s->set.seed, 0 },
                                            &outputs, &loss)
                       : ds_loader_status(l);
        if (status != DS_OK) break;
        sum += loss * (double)batch->n;
        if (classes) ds_metric_add(right, outputs, batch->y, batch->n);
        if (also) ds_metric_add(also, outputs, batch->y, batch->n);
        s->interrupted = asked_to_stop(s);
    }
    score->loss = sum / (double)score->rows;
    if (classes) {
        score->accuracy = ds_metric_value(right);
        score->error = 1 - score->accuracy;
    }
    ds_metric_free(right);
    return status;
}

ds_status ds_session_score(ds_session *s, ds_split split, ds_score *score)
{
    return score_at(s, split, s->theta, score, NULL);
}

ds_status ds_session_metric(ds_session *s, ds_split split, ds_metric *m)
{
    ds_score score;
    return score_at(s, split, s->theta, &score, m);
}

/* ---- other weights ----------------------------------------------------------------------------------------------- */

/* Exchange the running statistics of training for others, and put them back. */
static void put_running(ds_session *s, const ds_weights *w)
{
    size_t bytes = ds_session_running_bytes(s);
    memcpy(s->aside, ds_problem_running(s->problem), bytes);
    if (w->running) memcpy(ds_problem_running(s->problem), w->running, bytes);
}

static void restore_running(ds_session *s)
{
    memcpy(ds_problem_running(s->problem), s->aside, ds_session_running_bytes(s));
}

ds_status ds_session_score_of(ds_session *s, ds_split split, const ds_weights *w, ds_score *score)
{
    put_running(s, w);
    ds_status status = score_at(s, split, w->theta, score, NULL);
    restore_running(s);
    return status;
}

ds_status ds_session_save_of(ds_session *s, const ds_weights *w, int folder, const char *path)
{
    ds_tensor_list list;
    put_running(s, w);
    ds_status status = ds_session_gather(s, w->theta, &list);
    restore_running(s);
    if (status == DS_OK) status = ds_tensors_write_in(s->ctx, folder, path, list.count, list.tensor);
    ds_session_drop(&list);
    return status;
}

/* Shuffled once and for all: a batch of rows in the order of a file that is sorted by class is like no other. */
static ds_status open_measurer(ds_session *s)
{
    ds_loader_settings set = { .view = ds_dataset_view(s->data, DS_TRAIN),
                               .sampler = "shuffle",
                               .batch = s->batch,
                               .dtype = ds_problem_dtype(s->problem),
                               .seed = s->set.seed };
    return ds_loader_create(&s->measurer, s->ctx, &set);
}

/* The mean over batches, each by its rows: share = n / (rows so far). */
ds_status ds_session_measure(ds_session *s, const void *theta, void *running)
{
    ds_status status = s->measurer ? DS_OK : open_measurer(s);
    double rows = 0;
    if (status != DS_OK) return status;
    put_running(s, &(ds_weights){ theta, NULL });
    ds_loader_seek(s->measurer, 0, 0);
    s->interrupted = false;
    for (int64_t b = 0; b < s->batches && status == DS_OK && !s->interrupted; b++) {
        const ds_batch *batch = ds_loader_next(s->measurer);
        if (!batch) {
            status = ds_loader_status(s->measurer);
            break;
        }
        rows += (double)batch->n;
        status = ds_problem_measure(s->problem, batch, theta, (double)batch->n / rows);
        s->interrupted = asked_to_stop(s);
    }
    memcpy(running, ds_problem_running(s->problem), ds_session_running_bytes(s));
    restore_running(s);
    return status;
}
