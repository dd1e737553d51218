/* h4.c - numerical gradients: error against h, forward and centred; cost linear in the parameters. */
#include <math.h>

#include "lab.h"

enum { ROWS = 20, COORDINATES = 60, STEPS = 8 };

/* Root mean square error of the difference quotient over some coordinates, relative to the gradient there. broken: the
 * centred quotient divides by h instead of 2h. */
static ds_status error_at(ds_trial *t, ds_problem *p, const lab_rows *r, void *theta, const void *g, double f, double h,
                          double error[2])
{
    ds_batch b = lab_slice(r, 0, r->n);
    ds_at at = { &b, theta, DS_MODE_EVAL, 0, 0 };
    int64_t dim = ds_space_dim(ds_problem_space(p));
    double off[2] = { 0 }, size = 0;
    ds_status status = DS_OK;
    for (int k = 0; k < COORDINATES && status == DS_OK; k++) {
        int64_t i = (int64_t)k * dim / COORDINATES;
        double was = lab_get(p, theta, i), up = 0, down = 0, slope = lab_get(p, g, i);
        lab_set(p, theta, i, was + h);
        status = ds_problem_value(p, &at, &up);
        lab_set(p, theta, i, was - h);
        if (status == DS_OK) status = ds_problem_value(p, &at, &down);
        lab_set(p, theta, i, was);
        off[0] += pow((up - f) / h - slope, 2);
        off[1] += pow((up - down) / (t->broken ? h : 2 * h) - slope, 2);
        size += slope * slope;
    }
    for (int side = 0; side < 2; side++) error[side] = sqrt(off[side] / size);
    return status;
}

/* Evaluations of a full forward-difference gradient of a problem with `dim` parameters, counted as they are made, and
 * the seconds. */
static ds_status full_gradient(ds_problem *p, const lab_rows *r, void *theta, int64_t *evaluations, double *seconds)
{
    ds_batch b = lab_slice(r, 0, 1);
    ds_at at = { &b, theta, DS_MODE_EVAL, 0, 0 };
    const ds_space *space = ds_problem_space(p);
    double from = lab_seconds(), f;
    ds_status status = ds_problem_value(p, &at, &f);
    *evaluations = 1;
    for (int s = 0; s < ds_space_count(space); s++) {
        const ds_segment *g = ds_space_segment(space, s);
        for (int64_t i = 0; i < g->count && status == DS_OK; i++, ++*evaluations) {
            double was = lab_get(p, theta, g->offset + i);
            lab_set(p, theta, g->offset + i, was + 1e-5);
            status = ds_problem_value(p, &at, &f);
            lab_set(p, theta, g->offset + i, was);
        }
    }
    *seconds = lab_seconds() - from;
    return status;
}

static ds_status measure(ds_trial *t, ds_problem *p, ds_problem *linear, const lab_rows *r)
{
    double x[STEPS], forward[STEPS], centred[STEPS], f = NAN, seconds = NAN, ours = NAN;
    int64_t whole = 0;
    void *theta = lab_vector(p), *g = lab_vector(p), *w = lab_vector(linear), *wg = lab_vector(linear);
    ds_status status = theta && g && w && wg ? ds_problem_init(p, t->seed, theta, NULL) : DS_EMEM;
    if (status == DS_OK) status = lab_gradient(t, p, r, theta, g, &f);
    for (int k = 0; k < STEPS && status == DS_OK; k++) {
        double error[2], h = 0.1 * pow(10, -0.25 * k); /* 0.1 .. 0.0018: above what rounding spoils */
        status = error_at(t, p, r, theta, g, f, h, error);
        x[k] = log(h);
        forward[k] = log(error[0]);
        centred[k] = log(error[1]);
    }
    if (status == DS_OK) status = full_gradient(linear, r, w, &whole, &seconds);
    lab_rows one = *r;
    one.n = 1;
    double from = lab_seconds();
    if (status == DS_OK) status = lab_gradient(t, linear, &one, w, wg, NULL);
    ours = lab_seconds() - from;
    double a = status == DS_OK ? lab_slope(x, forward, STEPS) : NAN,
           b = status == DS_OK ? lab_slope(x, centred, STEPS) : NAN;
    t->value = fmax(fmax(fabs(a - 1), fabs(b - 2)) / 0.15, 2 * fabs((double)whole - 30731));
    snprintf(t->note, sizeof t->note,
             "error falls as h^%.2f (forward) and h^%.2f (centred); a gradient of 10 x 3,073 parameters took %lld "
             "evaluations, %.2f s against %.4f s analytic",
             a, b, (long long)whole, seconds, ours);
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_buffer_free(w);
    ds_buffer_free(wg);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const char *const net[] = { "flatten", "dense 12 act=tanh", "dense classes", NULL }, *const linear[] = {
        "flatten", "dense classes", NULL
    };
    lab_rows r;
    ds_problem *p = NULL, *q = NULL;
    LAB_TRY(lab_images(t, &r, "cifar10", DS_TRAIN, 0, ROWS, DS_F64));
    ds_status status = lab_problem(t, &p, &r, "cross-entropy", 0, net);
    if (status == DS_OK) status = lab_problem(t, &q, &r, "svm", 0, linear);
    if (status == DS_OK) status = measure(t, p, q, &r);
    if (p) ds_problem_free(p);
    if (q) ds_problem_free(q);
    lab_rows_free(&r);
    t->seeds = 1;
    t->bar = 1;
    return status;
}

const ds_experiment ds_experiment_H4 = {
    .row = "H4",
    .claim = "A numerical gradient is off by order h (forward) or h squared (centred), and costs one evaluation a "
             "parameter: 30,731 for linear scores on CIFAR-10",
    .run_by = "Difference quotients of a small tanh net at eight h against the analytic gradient; a full "
              "forward-difference gradient of 10 x 3,073 parameters, evaluations counted.",
    .rule =
        "The larger of two numbers: distance of the two log-log slopes from 1 and 2 over 0.15 (higher terms of the "
        "series), and twice the count's distance from 30,731 (the one at the point itself included): it must be exact.",
    .source = "CS231n optimization notes; Goodfellow et al. section 8.1.2",
    .broken = "The centred quotient divides by h instead of 2h.",
    .run = run,
};
