/* averaging.c - an average of the weights beside training: counted after steps, scored after epochs, kept at the end.
 * The running statistics of batch norm are averaged alike, measured anew for each score, or left as they are. */
#include <stdlib.h>
#include <string.h>

#include "train/parts.h"

typedef struct averaging {
    ds_average *theta, *stats; /* stats NULL: the model has none, or they are not averaged alike */
    void *measured;            /* statistics that fit the average at step measured_at */
    int64_t measured_at;
    bool measures;
} averaging;

static void free_averaging(void *own)
{
    averaging *a = own;
    ds_average_free(a->theta);
    ds_average_free(a->stats);
    ds_buffer_free(a->measured);
    free(a);
}

ds_average_settings ds_session_average(const ds_session *s, int64_t n)
{
    int64_t total = ds_session_steps(s);
    return (ds_average_settings){ .average = s->set.average,
                                  .n = n,
                                  .dtype = ds_problem_dtype(s->problem),
                                  .total = total == INT64_MAX ? -1 : total,
                                  .epoch = s->epoch };
}

static void forget_measured(void *own)
{
    averaging *a = own;
    a->measured_at = -1;
}

static ds_status create(ds_loop *l, averaging *a)
{
    ds_session *s = l->s;
    int64_t stats = ds_space_dim(ds_problem_statistics(s->problem));
    ds_average_settings set = ds_session_average(s, s->dim);
    DS_TRY(ds_average_create(&a->theta, s->ctx, &set));
    ds_average_remember(a->theta, l->state, "average");
    ds_state_restored(l->state, forget_measured, a);
    if (stats == 0) return DS_OK;
    a->measures = ds_average_norms_of(a->theta) == DS_NORMS_RECALIBRATE;
    a->measured = a->measures ? ds_buffer_alloc(ds_session_running_bytes(s)) : NULL;
    if (a->measures && !a->measured) return ds_fail_memory(s->ctx, ds_session_running_bytes(s), "running statistics");
    if (ds_average_norms_of(a->theta) != DS_NORMS_AVERAGE) return DS_OK;
    set.n = stats;
    DS_TRY(ds_average_create(&a->stats, s->ctx, &set));
    ds_average_remember(a->stats, l->state, "average.norms");
    return DS_OK;
}

static ds_status open_averaging(ds_loop *l, void **own)
{
    if (!l->s->set.average.head) return DS_OK;
    averaging *a = calloc(1, sizeof *a);
    if (!a) return ds_fail_memory(l->s->ctx, sizeof *a, "an average of the weights");
    a->measured_at = -1;
    *own = a;
    return create(l, a);
}

static ds_status count(ds_loop *l, void *own)
{
    averaging *a = own;
    if (!ds_average_counts(a->theta, l->step)) return DS_OK;
    DS_TRY(ds_average_add(a->theta, l->s->theta));
    return a->stats ? ds_average_add(a->stats, ds_problem_running(l->s->problem)) : DS_OK;
}

/* The average as it is now, into l->average. */
static ds_status present(ds_loop *l, averaging *a)
{
    l->average = (ds_weights){ 0 }; /* a rewind may have gone back to before the first */
    if (ds_average_count(a->theta) == 0) return DS_OK;
    l->average.theta = ds_average_values(a->theta);
    if (a->stats) l->average.running = ds_average_values(a->stats);
    if (!a->measures) return DS_OK;
    l->average.running = a->measured;
    if (a->measured_at == l->step) return DS_OK;
    a->measured_at = l->step;
    return ds_session_measure(l->s, l->average.theta, a->measured);
}

static ds_status score(ds_loop *l, void *own, ds_epoch_report *r)
{
    DS_TRY(present(l, own));
    return l->average.theta ? ds_session_score_of(l->s, DS_VAL, &l->average, &r->average) : DS_OK;
}

static ds_status keep(ds_loop *l, void *own)
{
    if (!l->run) return DS_OK;
    DS_TRY(present(l, own));
    if (!l->average.theta) return DS_OK;
    ds_loop_keeps(l, "average.safetensors");
    return ds_keep_weights(l, &l->average, "average.safetensors");
}

const ds_loop_part ds_averaging_part = {
    .name = "average", .open = open_averaging, .free = free_averaging, .stepped = count, .epoch = score, .closing = keep
};
