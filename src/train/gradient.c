/* gradient.c - the gradient of a step: the mean over the rows of its minibatches, one minibatch at a time in memory.
 *
 *   m <- m + n_k / (n_1 + ... + n_k) (g_k - m)      g_k: mean gradient over the n_k rows of batch k
 *
 * in f64, rounded once a batch; m is the mean over the rows so far after every batch, so a step that ends with its epoch
 * needs no case of its own, and nothing overflows that the gradients do not. One batch a step costs nothing.
 *
 * Values and products of solvers go the same way.
 *
 * Source: Goodfellow et al. 8.1.3, eq. 8.7 over more rows than fit into memory. Batch norm sees each minibatch by itself
 * (ghost batches, Hoffer et al. 2017, algorithm 1); masks of dropout follow from step and row, so they are those of one
 * large batch. What a rule needs beside the gradient (loss apart) is of one batch: the session refuses it with more. */
#include "train/gradient.h"

#include <math.h>
#include <string.h>

#include "descent/graph.h"
#include "space/vector.h"

ds_status ds_gradient_open(ds_gradient *g, ds_session *s)
{
    size_t bytes = (size_t)s->dim * s->element;
    *g = (ds_gradient){ .s = s, .want = DS_WANT_GRADIENT, .asks = s->needs != 0, .mean = ds_buffer_alloc(bytes) };
    if (s->accumulate > 1) g->part = ds_buffer_alloc(bytes);
    return g->mean && (g->part || s->accumulate == 1) ? DS_OK : ds_fail_memory(s->ctx, 2 * bytes, "gradients");
}

void ds_gradient_close(ds_gradient *g)
{
    ds_buffer_free(g->mean);
    ds_buffer_free(g->part);
}

static ds_status ask(const ds_gradient *g, const ds_at *at, void *part, double *loss)
{
    ds_problem *p = g->s->problem;
    *loss = 0;
    switch (g->want) {
    case DS_WANT_VALUE: return ds_problem_value(p, at, loss);
    case DS_WANT_HVP: return ds_problem_hvp(p, at, g->v, part, g->same_point);
    case DS_WANT_GNVP: return ds_problem_gnvp(p, at, g->v, part, g->same_point);
    default: return ds_problem_gradient(p, at, part, loss);
    }
}

/* The batch at hand. The first goes straight into the mean. */
static ds_status take_batch(ds_gradient *g, const ds_at *point)
{
    ds_session *s = g->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    void *part = g->batches ? g->part : g->mean;
    ds_at at = *point;
    double loss;
    bool vector = g->want != DS_WANT_VALUE;
    at.batch = g->batch;
    DS_TRY(ask(g, &at, part, &loss));
    g->latest = part;
    g->finite = isfinite(loss) && (!vector || ds_vector_is_finite(t, part, s->dim));
    double n = (double)g->batch->n;
    g->rows += n;
    if (g->finite && g->batches && vector) ds_vector_approach(t, g->mean, part, n / g->rows, s->dim);
    g->loss = g->finite ? g->loss + n / g->rows * (loss - g->loss) : loss;
    g->batches++;
    if (!g->finite || g->want != DS_WANT_GRADIENT) return DS_OK;
    const void *outputs = g->errors ? ds_problem_trained_outputs(s->problem) : NULL;
    if (outputs) ds_metric_add(g->errors, outputs, g->batch->y, g->batch->n);
    if (g->trains) ds_problem_commit(s->problem);
    return DS_OK;
}

/* loader NULL: the batch at hand is the whole step. */
static ds_status take(ds_gradient *g, ds_loader *loader, const void *point, int64_t step)
{
    ds_session *s = g->s;
    const ds_at at = { .theta = point, .mode = DS_MODE_TRAIN, .seed = s->set.seed, .step = (uint64_t)step };
    size_t running = g->trains && (g->part || g->asks) ? ds_session_running_bytes(s) : 0;
    memcpy(s->aside, ds_problem_running(s->problem), running);
    g->batches = 0;
    g->rows = g->loss = 0;
    if (g->errors) ds_metric_reset(g->errors);
    do {
        if (loader) g->batch = ds_loader_next(loader);
        if (!g->batch) return ds_loader_status(loader);
        DS_TRY(take_batch(g, &at));
    } while (g->finite && g->batches < s->accumulate && !g->batch->last);
    if (!g->finite) memcpy(ds_problem_running(s->problem), s->aside, running);
    return DS_OK;
}

ds_status ds_gradient_take(ds_gradient *g, ds_loader *loader, const void *point, int64_t step)
{
    return take(g, loader, point, step);
}

ds_status ds_gradient_again(ds_gradient *g, ds_loader *loader, const void *point, int64_t step)
{
    if (g->s->accumulate == 1) return take(g, NULL, point, step);
    ds_loader_seek(loader, g->batch->epoch, g->batch->index + 1 - g->batches);
    return take(g, loader, point, step);
}

/* One answer: into the optimizer's memory. Batch statistics of other points are not for the running ones. */
static ds_status answer(ds_gradient *g, const ds_at *point, ds_need *q)
{
    ds_session *s = g->s;
    ds_at at = *point;
    double loss = 0;
    at.theta = q->at;
    at.batch = g->batch;
    q->number = q->what == DS_NEED_LOSS ? g->loss : (double)g->batch->n;
    switch (q->what) {
    case DS_NEED_SAMPLED: DS_TRY(ds_problem_sampled(s->problem, &at, q->out)); break;
    case DS_NEED_PRODUCT: DS_TRY(ds_problem_hvp(s->problem, &at, q->v, q->out, false)); break;
    case DS_NEED_GRADIENT: DS_TRY(ds_problem_gradient(s->problem, &at, q->out, &loss)); break;
    default: return DS_OK;
    }
    g->evaluations++;
    g->latest = q->out;
    g->finite = isfinite(loss) && ds_vector_is_finite(ds_problem_dtype(s->problem), q->out, s->dim);
    return DS_OK;
}

static ds_status answer_all(ds_gradient *g, ds_optim *optim, const ds_at *point)
{
    ds_need q = { 0 };
    do {
        DS_TRY(ds_optim_ask(optim, point->theta, g->mean, &q));
        if (q.what) DS_TRY(answer(g, point, &q));
    } while (q.what && g->finite);
    return DS_OK;
}

ds_status ds_gradient_for(ds_gradient *g, ds_loader *loader, ds_optim *optim, int64_t step)
{
    ds_session *s = g->s;
    const void *point;
    DS_TRY(ds_optim_point(optim, s->theta, &point));
    g->evaluations = 1;
    DS_TRY(take(g, loader, point, step));
    if (!g->finite || !g->asks) return DS_OK;
    DS_TRY(answer_all(g, optim, &(ds_at){ NULL, point, DS_MODE_TRAIN, s->set.seed, (uint64_t)step }));
    if (!g->finite && g->trains) memcpy(ds_problem_running(s->problem), s->aside, ds_session_running_bytes(s));
    return DS_OK;
}
