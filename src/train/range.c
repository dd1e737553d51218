/* range.c - which rate to start from (descent/train.h): a sweep to find the region, trials of a constant rate to choose.
 *
 *   sweep    lr_k = from (to / from)^(k / (n - 1)); loss smoothed as s <- 0.9 s + 0.1 L, divided by 1 - 0.9^k
 *   trials   from the sweep's lowest loss: halved until two rates in a row are worse than the best, doubled once or more
 *            while the larger rate is better
 *
 * Source: Goodfellow et al. 8.3.1; Smith (2017) 3.3. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descent/graph.h"
#include "kernel/math_big.h"
#include "train/gradient.h"

static const double blown_up = 4, smoothing = 0.9, above = 1.5, kept_progress = 0.9;

typedef struct work {
    ds_session *s;
    const ds_range_settings *set;
    ds_loader *loader;
    ds_optim *optim;
    void *start;
    ds_gradient gradient;
    int64_t done; /* steps of all trials */
} work;

/* The initial weights, a fresh optimizer, the first batch. */
static ds_status restart(work *w)
{
    ds_session *s = w->s;
    ds_optim_free(w->optim);
    w->optim = NULL;
    memcpy(s->theta, w->start, (size_t)s->dim * s->element);
    ds_loader_seek(w->loader, 0, 0);
    return ds_session_optimizer(s, &w->optim);
}

/* *loss of the batches before the step; the step is not taken when something is not finite. */
static ds_status step(work *w, int64_t k, double lr, double *loss, bool *finite)
{
    ds_session *s = w->s;
    ds_gradient *g = &w->gradient;
    DS_TRY(ds_gradient_for(g, w->loader, w->optim, k));
    *loss = g->loss;
    *finite = g->finite;
    w->done++;
    if (w->set->progress) w->set->progress(w->set->arg, w->done);
    if (!g->finite) return DS_OK;
    ds_optim_leave_out(w->optim, g->mean);
    ds_clip_gradient(&s->set.clip, ds_problem_space(s->problem), ds_problem_dtype(s->problem), s->dim, s->theta,
                     g->mean);
    return ds_optim_step(w->optim, s->theta, g->mean, lr);
}

/* ---- the sweep --------------------------------------------------------------------------------------------------- */

static ds_status sweep(work *w, ds_range *r)
{
    double ratio = w->set->to / w->set->from, s = 0, weight = 0;
    DS_TRY(restart(w));
    for (int64_t k = 0; k < w->set->steps; k++) {
        double loss, lr = w->set->from * ds_power(ratio, (double)k / (double)(w->set->steps - 1));
        bool finite;
        DS_TRY(step(w, k, lr, &loss, &finite));
        if (k == 0) r->first = loss;
        s = smoothing * s + (1 - smoothing) * loss;
        weight = smoothing * weight + (1 - smoothing);
        ds_rate_trial t = { lr, s / weight, finite && s / weight <= blown_up * r->first };
        r->sweep[r->count++] = t;
        if (!t.good) break;
    }
    return DS_OK;
}

static double lowest_of_sweep(const ds_range *r)
{
    int64_t at = 0;
    for (int64_t k = 1; k < r->count; k++)
        if (r->sweep[k].good && r->sweep[k].loss < r->sweep[at].loss) at = k;
    return r->sweep[at].lr;
}

/* ---- trials ------------------------------------------------------------------------------------------------------ */

/* Mean loss over the last quarter of a training at one rate. */
static ds_status try_rate(work *w, ds_range *r, double lr, ds_rate_trial *t)
{
    int64_t n = w->set->steps, from = n - n / 4;
    double sum = 0;
    *t = (ds_rate_trial){ lr, NAN, true };
    DS_TRY(restart(w));
    for (int64_t k = 0; k < n && t->good; k++) {
        double loss;
        DS_TRY(step(w, k, lr, &loss, &t->good));
        t->good = t->good && loss <= blown_up * r->first;
        if (k >= from) sum += loss;
    }
    if (t->good) t->loss = sum / (double)(n - from);
    r->trial[r->trials++] = *t;
    return DS_OK;
}

/* Move by a factor from lr while rates get better; at most `worse` ones in a row that do not. */
static ds_status walk(work *w, ds_range *r, double lr, double factor, int worse, ds_rate_trial *best)
{
    for (int bad = 0; bad < worse && r->trials < DS_RANGE_TRIALS - 1;) {
        ds_rate_trial t;
        lr *= factor;
        DS_TRY(try_rate(w, r, lr, &t));
        bool better = t.good && (!best->good || t.loss < best->loss);
        /* until one rate works, smaller ones are tried without end in sight but the room for trials */
        bad = better ? 0 : bad + (best->good ? 1 : 0);
        if (better) *best = t;
    }
    return DS_OK;
}

static ds_status choose(work *w, ds_range *r)
{
    ds_rate_trial best, t;
    double lr = lowest_of_sweep(r);
    DS_TRY(try_rate(w, r, lr, &best));
    DS_TRY(walk(w, r, lr, 0.5, 2, &best));
    DS_TRY(walk(w, r, lr, 2, 1, &best));
    double progress = r->first - best.loss;
    if (!best.good || !(progress > 0)) {
        snprintf(
            r->reason, sizeof r->reason,
            "no rate lowered the loss from %.4g within %lld steps; look at the data, the initializers and the range",
            r->first, (long long)w->set->steps);
        return DS_OK;
    }
    r->best = best.lr;
    DS_TRY(try_rate(w, r, above * best.lr, &t));
    bool higher = t.good && r->first - t.loss >= kept_progress * progress;
    r->chosen = higher ? t.lr : best.lr;
    snprintf(r->reason, sizeof r->reason,
             "after %lld steps the rate %.3g is best (loss %.4g from %.4g); %.3g, a little above it, %s (loss %.4g)",
             (long long)w->set->steps, best.lr, best.loss, r->first, t.lr,
             higher ? "keeps at least nine tenths of that progress"
                    : "does not keep nine tenths of that progress, so the best itself is taken",
             t.loss);
    return DS_OK;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static ds_status test(work *w, ds_range *r)
{
    ds_session *s = w->s;
    size_t bytes = (size_t)s->dim * s->element;
    w->start = ds_buffer_alloc(bytes);
    r->sweep = calloc((size_t)w->set->steps, sizeof *r->sweep);
    if (!w->start || !r->sweep) return ds_fail_memory(s->ctx, bytes, "a range test");
    DS_TRY(ds_gradient_open(&w->gradient, s));
    memcpy(w->start, s->theta, bytes);
    DS_TRY(ds_session_loader(s, &w->loader));
    ds_status status = sweep(w, r);
    if (status == DS_OK) status = choose(w, r);
    memcpy(s->theta, w->start, bytes);
    return status;
}

ds_status ds_range_test(ds_session *s, const ds_range_settings *set, ds_range *r)
{
    *r = (ds_range){ .count = 0 };
    if (s->set.solver.head)
        return ds_fail(s->ctx, DS_ECONFIG, "solver %s has no rate to choose; name a rule: optimizer.name=momentum",
                       s->set.solver.head->name);
    if (!(set->from > 0) || !(set->to > set->from) || !isfinite(set->to) || set->steps < 8)
        return ds_fail(s->ctx, DS_EUSAGE,
                       "a range test from %g to %g in %lld steps: wanted 0 < from < to and at least 8 steps", set->from,
                       set->to, (long long)set->steps);
    work w = { .s = s, .set = set };
    ds_status status = test(&w, r);
    ds_loader_free(w.loader);
    ds_optim_free(w.optim);
    ds_buffer_free(w.start);
    ds_gradient_close(&w.gradient);
    return status;
}

void ds_range_free(ds_range *r)
{
    free(r->sweep);
    r->sweep = NULL;
}
