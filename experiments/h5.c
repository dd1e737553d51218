/* h5.c - the table of step sizes: the loss after one step along the negative gradient, from 1e-10 to 1e-1. */
#include <math.h>

#include "lab.h"

enum { SIZES = 10 };

typedef struct table {
    double first, slope; /* loss before the step; |g|^2, the decrease that a tiny step promises for its size */
    double loss[SIZES];  /* after a step of 1e-10, 1e-9, ..., 1e-1 */
} table;

/* Pixels of 0..255 as they are, linear scores, SVM loss, weights 0.001 times normal draws: the notes' example. */
static ds_status fill(ds_trial *t, ds_problem *p, const lab_rows *r, uint32_t seed, table *a)
{
    ds_batch b = lab_slice(r, 0, r->n);
    void *theta = lab_vector(p), *g = lab_vector(p), *moved = lab_vector(p);
    ds_status status = theta && g && moved ? DS_OK : DS_EMEM;
    ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, 84, seed);
    int64_t n = ds_space_segment(ds_problem_space(p), 0)->count;
    for (int64_t i = 0; i < n && status == DS_OK; i++) lab_set(p, theta, i, 0.001 * ds_rng_normal(&rng));
    if (status == DS_OK) status = lab_gradient(t, p, r, theta, g, &a->first);
    if (status == DS_OK) a->slope = lab_dot(p, g, g);
    for (int k = 0; k < SIZES && status == DS_OK; k++) {
        for (int64_t i = 0; i < ds_space_dim(ds_problem_space(p)); i++) lab_set(p, moved, i, lab_get(p, theta, i));
        lab_axpy(p, (t->broken ? 1 : -1) * pow(10, k - SIZES), g, moved);
        status = ds_problem_value(p, &(ds_at){ &b, moved, DS_MODE_EVAL, t->seed, 0 }, &a->loss[k]);
    }
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_buffer_free(moved);
    return status;
}

/* The worst of what the shape is asked for, each over its bar. */
static double judge(const table *a, int *best)
{
    double worst = 0;
    *best = 0;
    for (int k = 1; k < SIZES; k++)
        if (a->loss[k] < a->loss[*best]) *best = k;
    if (*best < 2 || *best > SIZES - 4 || !(a->loss[*best] < a->first)) return INFINITY;
    for (int k = 0; k <= *best - 2; k++) {
        double promised = pow(10, k - SIZES) * a->slope;
        worst = fmax(worst, fabs((a->first - a->loss[k]) / promised - 1) / 0.2);
    }
    worst = fmax(worst, a->first / a->loss[*best + 1]);
    for (int k = *best + 3; k < SIZES; k++) worst = fmax(worst, fabs(a->loss[k] / a->loss[k - 1] / 10 - 1) / 0.05);
    return worst;
}

static ds_status run(ds_trial *t)
{
    static const char *const layers[] = { "flatten", "dense classes", NULL };
    lab_rows r;
    ds_problem *p = NULL;
    table a = { 0 }, first = { 0 };
    int best = 0, first_best = 0;
    LAB_TRY(lab_images(t, &r, "cifar10", DS_TRAIN, 0, t->full ? 5000 : 500, DS_F64));
    for (int64_t i = 0; i < r.n * r.width; i++) ((double *)r.x)[i] *= 255;
    ds_status status = lab_problem(t, &p, &r, "svm", 0, layers);
    t->seeds = 5;
    for (int s = 0; s < t->seeds && status == DS_OK; s++) {
        status = fill(t, p, &r, (uint32_t)s, &a);
        t->value = fmax(s ? t->value : 0, judge(&a, &best));
        if (s == 0) first = a, first_best = best;
    }
    ds_problem_free(p);
    lab_rows_free(&r);
    t->relation = "<=";
    t->bar = 1;
    int used = snprintf(t->note, sizeof t->note, "loss %.6g; after a step of 1e-10, 1e-9, ...:", first.first);
    for (int k = 0; k < SIZES; k++)
        used += snprintf(t->note + used, sizeof t->note - (size_t)used, " %.6g", first.loss[k]);
    snprintf(t->note + used, sizeof t->note - (size_t)used, "; best 1e-%d", SIZES - first_best);
    return status;
}

const ds_experiment ds_experiment_H5 = {
    .row = "H5",
    .claim = "The loss against the size of a step: linear for small steps, a best size, overshoot from ten times it, "
             "and from "
             "there ten times the loss for ten times the step",
    .run_by =
        "Linear scores with the SVM loss on 500 images (full: 5,000) with pixels of 0 to 255, weights 0.001 times "
        "normal draws, one step along the negative gradient from 1e-10 to 1e-1; five starts.",
    .rule =
        "The worst of three numbers over all starts, each over its bar: difference of the decrease from size times "
        "|g|^2 "
        "at all sizes 100 times below the best or smaller (0.2: near the best the hinges bend the line), the first "
        "loss "
        "over that at ten times the best size (1), and difference of the growth from ten a decade from 1,000 times the "
        "best on (0.05: what the first loss leaves). Infinite when no size between the ends is best.",
    .source = "CS231n optimization notes, step-size table",
    .broken = "The step is along the gradient, not against it.",
    .run = run,
};
