/* best.c - the best epoch so far and its weights: by train.keep.best, else by what the first stop rule watches, else by
 * the loss on the validation rows, or on the training rows where none validate. A number of averaged weights keeps
 * those. The copy in memory is what a checkpoint saves; best.safetensors follows at once, so that a run that is killed
 * leaves it behind. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/parts.h"
#include "train/stop/stop.h"

typedef struct best {
    const ds_column *column;
    bool more;
    double value, lr;
    int64_t epoch, step; /* 0: none yet */
    void *theta, *running;
} best;

static void free_best(void *own)
{
    best *b = own;
    ds_buffer_free(b->theta);
    ds_buffer_free(b->running);
    free(b);
}

static void choose(const ds_session *s, best *b)
{
    const ds_session_settings *set = &s->set;
    bool validates = ds_view_rows(ds_dataset_view(s->data, DS_VAL)) > 0;
    for (int k = 0; !set->best && k < set->stops; k++) {
        if (ds_stop_of(set->stop[k].head)->ends) continue;
        b->column = ds_stop_watches(&set->stop[k], &b->more);
        return;
    }
    b->column = ds_column_named(set->best ? set->best : validates ? "val.loss" : "train.loss");
    b->more = b->column->more;
}

static ds_status open_best(ds_loop *l, void **own)
{
    ds_session *s = l->s;
    size_t weights = (size_t)s->dim * s->element, norms = ds_session_running_bytes(s);
    if (s->set.best && !strcmp(s->set.best, "none")) return DS_OK;
    best *b = calloc(1, sizeof *b);
    if (!b) return ds_fail_memory(s->ctx, sizeof *b, "the best epoch");
    *own = b;
    b->value = NAN;
    choose(s, b);
    b->theta = ds_buffer_alloc(weights);
    b->running = ds_buffer_alloc(norms);
    if (!b->theta || !b->running) return ds_fail_memory(s->ctx, weights + norms, "the best weights");
    memset(b->theta, 0, weights);
    memset(b->running, 0, norms);
    ds_dtype t = ds_problem_dtype(s->problem);
    ds_state_real(l->state, "best", "value", &b->value);
    ds_state_integer(l->state, "best", "epoch", &b->epoch);
    ds_state_integer(l->state, "best", "step", &b->step);
    ds_state_real(l->state, "best", "lr", &b->lr);
    ds_state_vector(l->state, "best", "theta", t, s->dim, b->theta);
    if (norms) ds_state_vector(l->state, "best", "norms", t, (int64_t)(norms / s->element), b->running);
    return DS_OK;
}

static ds_status write_best(ds_loop *l, const best *b)
{
    if (!l->run) return DS_OK;
    const ds_weights w = { b->theta, b->running };
    return ds_keep_weights(l, &w, "best.safetensors");
}

static ds_status judge(ds_loop *l, void *own, ds_epoch_report *r)
{
    best *b = own;
    ds_session *s = l->s;
    double value = ds_column_value(b->column, r);
    r->best = ds_stop_better(b->more, value, b->value, 0);
    if (!r->best) return DS_OK;
    const void *theta = b->column->average ? l->average.theta : s->theta,
               *running =
                   b->column->average && l->average.running ? l->average.running : ds_problem_running(s->problem);
    b->value = value;
    b->epoch = r->epoch;
    b->step = l->step;
    b->lr = r->lr;
    memcpy(b->theta, theta, (size_t)s->dim * s->element);
    memcpy(b->running, running, ds_session_running_bytes(s));
    /* The copy in memory is safe; the file has another chance at the end. */
    if (write_best(l, b) != DS_OK)
        ds_loop_notice(l, "best weights not written: %s. Training goes on", ds_error(s->ctx));
    return DS_OK;
}

/* Once more at the end: after a resume the file may be of a later epoch than the run has seen. */
static ds_status keep(ds_loop *l, void *own)
{
    const best *b = own;
    l->best_epoch = b->epoch;
    l->best_step = b->step;
    l->best_lr = b->lr;
    if (!l->run || b->epoch == 0) return DS_OK;
    ds_loop_keeps(l, "best.safetensors (epoch %lld, %s %.4g)", (long long)b->epoch, b->column->head.name, b->value);
    return write_best(l, b);
}

const ds_loop_part ds_best_part = {
    .name = "best", .open = open_best, .free = free_best, .epoch = judge, .closing = keep
};
