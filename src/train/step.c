/* step.c - one step: gradient and what else the rule needs, check, clipping, update.
 * A step is a transaction: the gradient is looked at before anything moves, so a non-finite one leaves the weights as
 * they were. */
#include <math.h>
#include <string.h>

#include "space/vector.h"
#include "train/parts.h"

/* Size of the step against the weights, and before it the norm of the gradient: once an epoch, at its last step. */
static void measure_before(ds_loop *l)
{
    ds_session *s = l->s;
    memcpy(l->before, s->theta, (size_t)s->dim * s->element);
    l->grad_norm = ds_vector_norm(ds_problem_dtype(s->problem), l->gradient.mean, s->dim);
}

static void measure_after(ds_loop *l)
{
    ds_session *s = l->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    double size = ds_vector_norm(t, l->before, s->dim);
    l->update_ratio = size > 0 ? ds_vector_distance(t, l->before, s->theta, s->dim) / size : NAN;
}

static ds_status update(ds_loop *l)
{
    ds_session *s = l->s;
    void *g = l->gradient.mean;
    l->clipped +=
        ds_clip_gradient(&s->set.clip, ds_problem_space(s->problem), ds_problem_dtype(s->problem), s->dim, s->theta, g);
    l->steps++;
    l->lr = ds_schedule_rate(&l->schedule, l->step);
    return ds_optim_step(l->optim, s->theta, g, l->lr);
}

ds_status ds_loop_stepped(ds_loop *l, int64_t batches, double rows, double loss, double wrong)
{
    l->step++;
    l->batch += batches;
    l->loss_sum += loss * rows;
    l->wrong += wrong * rows;
    l->rows += rows;
    for (int k = 0; k < ds_loop_part_count; k++)
        if (l->own[k] && ds_loop_parts[k]->stepped) DS_TRY(ds_loop_parts[k]->stepped(l, l->own[k]));
    return DS_OK;
}

ds_status ds_loop_step(ds_loop *l)
{
    ds_session *s = l->s;
    ds_gradient *g = &l->gradient;
    if (l->solve) return ds_solve_step(l);
    DS_TRY(ds_gradient_for(g, l->loader, l->optim, l->step));
    if (!g->finite) {
        ds_loop_trouble(l, g->batch, g->loss);
        return DS_OK;
    }
    ds_optim_leave_out(l->optim, g->mean);
    bool measured = g->batch->last || l->step == l->total - 1 || ds_stop_at_step(s, l->step + 1);
    if (measured) measure_before(l);
    DS_TRY(update(l));
    if (measured) measure_after(l);
    double wrong = l->errors ? ds_metric_value(l->errors) : NAN;
    return ds_loop_stepped(l, g->batches, g->rows, g->loss, isnan(wrong) ? 0 : wrong); /* NaN: nothing was counted */
}
