/* b13.c - convexity: the SVM cost of linear scores is convex and has one least cost; a net's is not and has several. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab_dense.h"
#include "lab_solve.h"

enum { CHORDS = 500, STARTS = 12, ROWS = 150 };

/* What one model shows. */
typedef struct shape {
    int above;            /* chords whose middle lies above the mean of the ends */
    double spread, least; /* (highest - lowest) / lowest final cost; least eigenvalue over the largest */
    double lowest, highest;
} shape;

/* Three classes in the plane, in rings: no linear scores part them, so that the least cost is not 0. */
static ds_status rings(ds_trial *t, lab_rows *r)
{
    *r = (lab_rows){ .n = ROWS, .width = 2, .sample = DS_SHAPE(2), .classes = 3, .dtype = DS_F64 };
    LAB_TRY(lab_rows_alloc(t, r));
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 81, 0);
    for (int64_t i = 0; i < r->n; i++) {
        double radius = 0.5 + (double)(i % 3) + 0.2 * ds_rng_normal(&g), angle = 6.283185307179586 * ds_rng_uniform(&g);
        ((double *)r->x)[2 * i] = radius * cos(angle);
        ((double *)r->x)[2 * i + 1] = radius * sin(angle);
        ((int32_t *)r->y)[i] = (int32_t)(i % 3);
    }
    return DS_OK;
}

/* Chords between random points of the hinge cost: f((a + b) / 2) <= (f(a) + f(b)) / 2 where it is convex. */
static int chords_above(ds_trial *t, const ds_function *f, double *a)
{
    double *b = a + f->n, *middle = b + f->n;
    int above = 0;
    for (uint32_t c = 0; c < CHORDS; c++) {
        ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 82, c);
        for (int64_t i = 0; i < f->n; i++) {
            a[i] = 2 * ds_rng_normal(&g);
            b[i] = 2 * ds_rng_normal(&g);
            middle[i] = 0.5 * (a[i] + b[i]);
        }
        double ends = 0.5 * (f->value(f->arg, a, NULL) + f->value(f->arg, b, NULL));
        above += f->value(f->arg, middle, NULL) > ends * (1 + 1e-12);
    }
    return above;
}

/* Final costs of the squared hinge (its gradient is continuous, so that a solver can go to the end) from many
 * starts, and the least eigenvalue of its Hessian at them and at the starts. */
static ds_status many_starts(ds_trial *t, const ds_function *f, double *x, shape *s)
{
    double *h = malloc((size_t)(f->n * f->n + f->n) * sizeof *h), *w = h ? h + f->n * f->n : NULL;
    ds_status status = h ? DS_OK : DS_EMEM;
    ds_solver_outcome o;
    s->lowest = INFINITY, s->highest = -INFINITY, s->least = INFINITY;
    for (uint32_t k = 0; k < STARTS && status == DS_OK; k++) {
        ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 83, k);
        for (int64_t i = 0; i < f->n; i++) x[i] = ds_rng_normal(&g);
        status = lab_hessian(f, x, h);
        if (status == DS_OK) {
            lab_eigenvalues((int)f->n, h, w);
            s->least = fmin(s->least, w[0] / w[f->n - 1]);
            status = lab_solve(t, f, "bfgs", NULL, 3000, 1e-9, x, &o, NULL);
        }
        s->lowest = fmin(s->lowest, o.value);
        s->highest = fmax(s->highest, o.value);
    }
    s->spread = (s->highest - s->lowest) / s->lowest;
    free(h);
    return status;
}

static ds_status look(ds_trial *t, const lab_rows *r, const char *const *layers, shape *s)
{
    static const char *const loss[] = { "svm", "squared-svm" };
    double *x = NULL;
    ds_status status = DS_OK;
    for (int k = 0; k < 2 && status == DS_OK; k++) {
        ds_problem *p = NULL;
        lab_net net = { .t = t };
        status = lab_problem(t, &p, r, loss[k], 1e-3, layers);
        if (status == DS_OK) status = lab_net_open(t, &net, p, r);
        if (status == DS_OK && !(x = malloc((size_t)net.f.n * 3 * sizeof *x))) status = DS_EMEM;
        if (status == DS_OK && k == 0) s->above = chords_above(t, &net.f, x);
        if (status == DS_OK && k == 1) status = many_starts(t, &net.f, x, s);
        free(x);
        x = NULL;
        lab_net_close(&net);
        ds_problem_free(p);
    }
    return status;
}

static ds_status run(ds_trial *t)
{
    static const char *const linear[] = { "dense classes", NULL }, *const net[] = { "dense 4 act=tanh", "dense classes",
                                                                                    NULL };
    shape a = { 0 }, b = { 0 };
    lab_rows r;
    LAB_TRY(rings(t, &r));
    ds_status status = look(t, &r, t->broken ? net : linear, &a);
    if (status == DS_OK) status = look(t, &r, net, &b);
    lab_rows_free(&r);
    bool convex = a.above == 0 && a.least > -1e-12, bent = b.above > 0 && b.least < -1e-3 && b.spread > 0.01;
    t->value = convex && bent ? a.spread : INFINITY;
    t->relation = "<=";
    t->bar = 1e-6;
    t->seeds = STARTS;
    t->data = "three rings";
    snprintf(t->note, sizeof t->note,
             "linear: %d of %d chords below the cost, least eigenvalue %.1e of the largest, final costs from %d starts "
             "%.6f to %.6f; net: %d chords, %.1e, %.4f to %.4f",
             a.above, CHORDS, a.least, STARTS, a.lowest, a.highest, b.above, b.least, b.lowest, b.highest);
    return status;
}

const ds_experiment ds_experiment_B13 = {
    .row = "B13",
    .claim =
        "The SVM cost of linear scores is convex: every descent ends in one least cost. A net's is not: costs differ",
    .run_by =
        "500 chords between random points of the hinge cost, for linear scores and for a net with four tanh units; "
        "12 starts of BFGS on the squared hinge, and the Hessian's least eigenvalue at the starts.",
    .rule =
        "Relative spread of the linear model's final costs, at most 1e-6 (a gradient of 1e-9 leaves less); infinite "
        "unless no chord of the linear model runs below its cost and no eigenvalue is negative, and for the net "
        "some chord does, an eigenvalue lies below -1e-3 of the largest, and final costs spread by 1 % or more.",
    .source = "CS231n optimization notes (the SVM cost is convex); Goodfellow et al. section 8.2",
    .broken = "The net stands in the linear model's place.",
    .run = run,
};
