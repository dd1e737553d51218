/* curve.c - what a race notes of a training (descent/race.h): the compared number along the budget, the cost of getting there,
 * the optimizer's memory; and the end when gradients or seconds are used up.
 *
 * Time is that of steps alone: neither scoring nor the reading that begins a run counts. Scoring is in evaluation mode on
 * the weights as they stand, and changes nothing of the training. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descent/race.h"
#include "train/columns.h"
#include "train/parts.h"

typedef struct noting {
    ds_loop *l;
    ds_curve *c;
    double last; /* when the latest step, or what was done after it, ended */

    /* registered */
    int64_t due; /* next point to note, of c->points */
    int64_t count;
    int64_t evaluations; /* of a rule's steps */
    double seconds;
    double *point; /* [DS_CURVE_POINTS * 4] */
} noting;

static const char *const metrics[] = { "val.loss", "val.accuracy", "val.error", "train.loss" };
enum { METRICS = sizeof metrics / sizeof metrics[0], FIELDS = sizeof(ds_curve_point) / sizeof(double) };

ds_status ds_session_note(ds_session *s, ds_curve *c)
{
    const ds_column *column = NULL;
    for (int k = 0; k < METRICS; k++)
        if (!strcmp(metrics[k], c->metric)) column = ds_column_named(metrics[k]);
    const char *near = column ? NULL : ds_nearest(c->metric, metrics, METRICS);
    if (!column)
        return ds_fail(s->ctx, DS_EUSAGE,
                       "\"%s\" cannot be compared; wanted val.loss, val.accuracy, val.error or train.loss%s%s%s",
                       c->metric, near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
    const char *lacks = ds_column_lacks(column, s);
    if (lacks) return ds_fail(s->ctx, DS_EUSAGE, "\"%s\" cannot be compared: %s", c->metric, lacks);
    if (!(c->budget > 0) || !isfinite(c->budget) || c->points < 1 || c->points >= DS_CURVE_POINTS)
        return ds_fail(s->ctx, DS_EUSAGE, "a budget of %g noted at %d points: wanted more than 0, and 1 to %d points",
                       c->budget, c->points, DS_CURVE_POINTS - 1);
    c->count = 0;
    s->curve = c;
    return DS_OK;
}

/* ---- a point ----------------------------------------------------------------------------------------------------- */

/* Evaluations on a step's batches. */
static double gradients(const noting *n) { return (double)(n->l->solve ? ds_solve_evaluations(n->l) : n->evaluations); }

static double spent(const noting *n)
{
    return n->c->unit == DS_BUDGET_SECONDS     ? n->seconds
           : n->c->unit == DS_BUDGET_GRADIENTS ? gradients(n)
                                               : (double)n->l->step;
}

static ds_status score(const noting *n, double *value)
{
    ds_score found;
    const char *metric = n->c->metric;
    DS_TRY(ds_session_score(n->l->s, !strcmp(metric, "train.loss") ? DS_TRAIN : DS_VAL, &found));
    *value = !strcmp(metric, "val.accuracy") ? found.accuracy : !strcmp(metric, "val.error") ? found.error : found.loss;
    return DS_OK;
}

/* A value that is not finite leaves no point; at the end it is missed, and the run counts as one that diverged. */
static ds_status note(noting *n)
{
    ds_curve_point p = { .step = (double)n->l->step, .gradients = gradients(n), .seconds = n->seconds };
    DS_TRY(score(n, &p.value));
    if (!isfinite(p.value) || n->count == DS_CURVE_POINTS) return DS_OK;
    memcpy(n->point + n->count * FIELDS, &p, sizeof p);
    n->count++;
    return DS_OK;
}

/* What was noted, to whom it belongs. */
static void publish(const noting *n)
{
    n->c->count = (int)n->count;
    memcpy(n->c->point, n->point, (size_t)n->count * sizeof n->c->point[0]);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static int64_t bytes_of_state(const ds_state *st)
{
    int64_t bytes = 0;
    for (int k = 0; k < ds_state_count(st); k++) {
        const ds_state_block *b = ds_state_at(st, k);
        bool own = !strncmp(b->name, "optim.", 6) || !strncmp(b->name, "solver.", 7);
        if (own && b->kind == DS_STATE_VECTOR) bytes += b->count * (int64_t)ds_dtype_bytes(b->dtype);
    }
    return bytes;
}

static void free_noting(void *own)
{
    noting *n = own;
    free(n->point);
    free(n);
}

static void restored(void *own)
{
    noting *n = own;
    n->last = ds_loop_now();
    publish(n);
}

static ds_status open_noting(ds_loop *l, void **own)
{
    if (!l->s->curve) return DS_OK;
    noting *n = calloc(1, sizeof *n);
    if (!n) return ds_fail_memory(l->s->ctx, sizeof *n, "a curve");
    *own = n;
    n->l = l;
    n->c = l->s->curve;
    n->due = 1;
    n->last = ds_loop_now();
    n->point = calloc(DS_CURVE_POINTS * FIELDS, sizeof *n->point);
    if (!n->point) return ds_fail_memory(l->s->ctx, DS_CURVE_POINTS * sizeof(ds_curve_point), "a curve");
    n->c->count = 0;
    n->c->state_bytes = bytes_of_state(l->state);
    ds_state_integer(l->state, "curve", "due", &n->due);
    ds_state_integer(l->state, "curve", "count", &n->count);
    ds_state_integer(l->state, "curve", "evaluations", &n->evaluations);
    ds_state_real(l->state, "curve", "seconds", &n->seconds);
    ds_state_vector(l->state, "curve", "point", DS_F64, DS_CURVE_POINTS * FIELDS, n->point);
    ds_state_restored(l->state, restored, n);
    return DS_OK;
}

static ds_status stepped(ds_loop *l, void *own)
{
    noting *n = own;
    n->seconds += ds_loop_now() - n->last;
    n->evaluations += l->gradient.evaluations;
    double part = n->c->budget / n->c->points, at = spent(n);
    if (at >= (double)n->due * part) {
        DS_TRY(note(n));
        n->due = (int64_t)floor(at / part) + 1;
        publish(n);
    }
    if (at >= n->c->budget) ds_loop_end(l, n->c->unit == DS_BUDGET_SECONDS ? DS_DONE_SECONDS : DS_DONE_STEPS, "");
    n->last = ds_loop_now();
    return DS_OK;
}

static ds_status pass_epoch(ds_loop *l, void *own, ds_epoch_report *r)
{
    noting *n = own;
    (void)l;
    (void)r;
    n->last = ds_loop_now();
    return DS_OK;
}

/* The end, where it is not a point already. */
static ds_status close_noting(ds_loop *l, void *own)
{
    noting *n = own;
    bool noted = n->count > 0 && n->point[(n->count - 1) * FIELDS] == (double)l->step;
    if (!noted && l->reason != DS_DIVERGED) DS_TRY(note(n));
    publish(n);
    return DS_OK;
}

const ds_loop_part ds_curve_part = { .name = "curve",
                                     .open = open_noting,
                                     .free = free_noting,
                                     .stepped = stepped,
                                     .epoch = pass_epoch,
                                     .closing = close_noting };
