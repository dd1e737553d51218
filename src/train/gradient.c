/* gradient.c - the gradient of a step: the mean over the rows of its minibatches, one minibatch at a time in memory.
 *
 *   m <- m + n_k / (n_1 + ... + n_k) (g_k - m)      g_k: mean gradient over the n_k rows of batch k
 *
 * in f64, rounded once a batch; m is the mean over the rows so far after every batch, so a step that ends with its epoch
 * needs no case of its own, and nothing overflows that the gradients do not. One batch a step costs nothing.
 *
 * Source: Goodfellow et al. 8.1.3, eq. 8.7 over more rows than fit into memory. Batch norm sees each minibatch by itself
 * (ghost batches, Hoffer et al. 2017, algorithm 1); masks of dropout follow from step and row, so they are those of one
 * large batch. */
#include "train/gradient.h"

#include <math.h>
#include <string.h>

#include "descent/graph.h"
#include "space/vector.h"

ds_status ds_gradient_open(ds_gradient *g, ds_session *s)
{
    size_t bytes = (size_t)s->dim * s->element;
    *g = (ds_gradient){ .s = s, .mean = ds_buffer_alloc(bytes) };
    if (s->accumulate > 1) g->part = ds_buffer_alloc(bytes);
    return g->mean && (g->part || s->accumulate == 1) ? DS_OK : ds_fail_memory(s->ctx, 2 * bytes, "gradients");
}

void ds_gradient_close(ds_gradient *g)
{
    ds_buffer_free(g->mean);
    ds_buffer_free(g->part);
}

/* One batch more. The first goes straight into the mean. */
static ds_status take_batch(ds_gradient *g, ds_loader *loader, const ds_at *point)
{
    ds_session *s = g->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    void *part = g->batches ? g->part : g->mean;
    ds_at at = *point;
    double loss;
    g->batch = at.batch = ds_loader_next(loader);
    if (!g->batch) return ds_loader_status(loader);
    DS_TRY(ds_problem_gradient(s->problem, &at, part, &loss));
    g->latest = part;
    g->finite = isfinite(loss) && ds_vector_is_finite(t, part, s->dim);
    double n = (double)g->batch->n;
    g->rows += n;
    if (g->finite && g->batches) ds_vector_approach(t, g->mean, part, n / g->rows, s->dim);
    g->loss = g->finite ? g->loss + n / g->rows * (loss - g->loss) : loss;
    g->batches++;
    if (!g->finite) return DS_OK;
    const void *outputs = g->errors ? ds_problem_trained_outputs(s->problem) : NULL;
    if (outputs) ds_metric_add(g->errors, outputs, g->batch->y, g->batch->n);
    if (g->trains) ds_problem_commit(s->problem);
    return DS_OK;
}

ds_status ds_gradient_take(ds_gradient *g, ds_loader *loader, const void *point, int64_t step)
{
    ds_session *s = g->s;
    const ds_at at = { .theta = point, .mode = DS_MODE_TRAIN, .seed = s->set.seed, .step = (uint64_t)step };
    size_t running = g->trains && g->part ? ds_session_running_bytes(s) : 0;
    memcpy(s->aside, ds_problem_running(s->problem), running);
    g->batches = 0;
    g->rows = g->loss = 0;
    if (g->errors) ds_metric_reset(g->errors);
    do DS_TRY(take_batch(g, loader, &at));
    while (g->finite && g->batches < s->accumulate && !g->batch->last);
    if (!g->finite) memcpy(ds_problem_running(s->problem), s->aside, running);
    return DS_OK;
}
