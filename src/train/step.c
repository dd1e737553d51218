/* step.c - one step: batch, gradient, check, update.
 * A step is a transaction: the gradient is looked at before anything moves, so a non-finite one leaves the weights as
 * they were. */
#include <math.h>
#include <string.h>

#include "space/vector.h"
#include "train/parts.h"

/* Norm of the gradient and size of the step against the weights: once an epoch, at its last step. */
static void measure(ds_loop *l)
{
    ds_session *s = l->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    double size = ds_vector_norm(t, l->before, s->dim);
    l->grad_norm = ds_vector_norm(t, l->gradient, s->dim);
    l->update_ratio = size > 0 ? ds_vector_distance(t, l->before, s->theta, s->dim) / size : NAN;
}

/* Rows of the batch that the network got wrong as it was trained. */
static void count_errors(ds_loop *l, const ds_batch *batch)
{
    const void *outputs = ds_problem_trained_outputs(l->s->problem);
    if (!l->errors || !outputs) return;
    ds_metric_reset(l->errors);
    ds_metric_add(l->errors, outputs, batch->y, batch->n);
    l->wrong += ds_metric_value(l->errors) * (double)batch->n;
}

ds_status ds_loop_step(ds_loop *l)
{
    ds_session *s = l->s;
    double loss;
    const void *point;
    const ds_batch *batch = ds_loader_next(l->loader);
    if (!batch) return ds_loader_status(l->loader);
    bool measured = l->batch == s->batches - 1 || l->step == l->total - 1;
    DS_TRY(ds_optim_point(l->optim, s->theta, &point));
    const ds_at at = { batch, point, DS_MODE_TRAIN, s->set.seed, (uint64_t)l->step };
    DS_TRY(ds_problem_gradient(s->problem, &at, l->gradient, &loss));
    if (!isfinite(loss) || !ds_vector_is_finite(ds_problem_dtype(s->problem), l->gradient, s->dim)) {
        ds_loop_trouble(l, batch, loss);
        return DS_OK;
    }
    l->lr = ds_schedule_rate(&l->schedule, l->step);
    if (measured) memcpy(l->before, s->theta, (size_t)s->dim * s->element);
    DS_TRY(ds_optim_step(l->optim, s->theta, l->gradient, l->lr));
    ds_problem_commit(s->problem);
    if (measured) measure(l);
    l->step++;
    l->batch++;
    l->loss_sum += loss * (double)batch->n;
    count_errors(l, batch);
    l->rows += (double)batch->n;
    for (int k = 0; k < ds_loop_part_count; k++)
        if (l->own[k] && ds_loop_parts[k]->stepped) DS_TRY(ds_loop_parts[k]->stepped(l, l->own[k]));
    return DS_OK;
}
