/* f2.c - conjugate gradients: directions conjugate without the Hessian, n steps on a quadratic, and with restarts useful on
 * a net. */
#include <math.h>
#include <string.h>

#include "lab_solve.h"

enum { N = 20, MOST = 8 };

typedef struct path {
    const ds_function *f;
    double x[N], d[N]; /* where the last step ended, and its direction */
    double worst;      /* largest |d'Hd'| / sqrt(d'Hd d'Hd') of successive directions */
    int steps;
} path;

static double dot(const double *x, const double *y)
{
    double sum = 0;
    for (int i = 0; i < N; i++) sum += x[i] * y[i];
    return sum;
}

static void stepped(void *arg, const double *x, const double *g)
{
    (void)g;
    path *p = arg;
    double d[N], hd[N], hold[N];
    for (int i = 0; i < N; i++) d[i] = x[i] - p->x[i];
    p->f->product(p->f->arg, x, d, hd);
    p->f->product(p->f->arg, x, p->d, hold);
    if (p->steps++ && p->steps < N) p->worst = fmax(p->worst, fabs(dot(p->d, hd)) / sqrt(dot(d, hd) * dot(p->d, hold)));
    memcpy(p->d, d, sizeof p->d);
    memcpy(p->x, x, sizeof p->x);
}

static ds_status on_quadratic(ds_trial *t, const char *solver, path *p, ds_solver_outcome *o)
{
    ds_test_function *q;
    double x[N];
    LAB_TRY(ds_test_function_create(&q, t->ctx, "quadratic(kappa=10)", N));
    *p = (path){ .f = ds_test_function_of(q) };
    ds_test_function_start(q, x);
    memcpy(p->x, x, sizeof x);
    ds_status status = lab_solve(t, p->f, solver, "wolfe(c2=1e-9)", 4000, 1e-6, x, o, &(lab_follower){ p, stepped });
    ds_test_function_free(q);
    return status;
}

/* Loss after 150 evaluations from the same weights. */
static ds_status on_net(ds_trial *t, lab_net *net, const char *solver, uint64_t seed, double *loss)
{
    ds_solver_outcome o;
    double *x = lab_vector(net->p);
    if (!x) return DS_EMEM;
    ds_status status = lab_net_start(net, seed, x);
    if (status == DS_OK) status = lab_solve(t, &net->f, solver, NULL, 150, 0, x, &o, NULL);
    *loss = o.value;
    ds_buffer_free(x);
    return status;
}

static ds_status compare(ds_trial *t, int seeds, double *paired, double *cg, double *descent)
{
    static const char *const layers[] = { "flatten", "dense 16 act=tanh", "dense classes", NULL };
    double a[MOST], b[MOST];
    lab_rows r;
    lab_net net;
    ds_problem *p;
    LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, 0, 200, DS_F64));
    ds_status status = lab_problem(t, &p, &r, "cross-entropy", 0, layers);
    if (status == DS_OK) {
        status = lab_net_open(t, &net, p, &r);
        for (int s = 0; s < seeds && status == DS_OK; s++) {
            status = on_net(t, &net, t->broken ? "descent" : "cg", t->seed + (uint64_t)s, &a[s]);
            if (status == DS_OK) status = on_net(t, &net, "descent", t->seed + (uint64_t)s, &b[s]);
            a[s] = log(a[s]);
            b[s] = log(b[s]);
        }
        lab_net_close(&net);
        ds_problem_free(p);
    }
    lab_rows_free(&r);
    if (status != DS_OK) return status;
    *paired = lab_paired(b, a, seeds);
    *cg = exp(lab_mean(a, seeds));
    *descent = exp(lab_mean(b, seeds));
    return DS_OK;
}

static ds_status run(ds_trial *t)
{
    path p;
    ds_solver_outcome o;
    int seeds = t->full ? MOST : 4;
    double paired = 0, cg = NAN, descent = NAN;
    LAB_TRY(on_quadratic(t, t->broken ? "descent" : "cg", &p, &o));
    LAB_TRY(compare(t, seeds, &paired, &cg, &descent));
    bool good = p.worst < 1e-4 && paired > 3;
    t->value = good ? (double)p.steps / N : INFINITY;
    t->bar = 1.5;
    t->relation = "<=";
    t->seeds = seeds;
    snprintf(
        t->note, sizeof t->note,
        "%d steps for n = %d, conjugate to %.1e; a net after 150 evaluations: loss %.4g, steepest descent %.4g (%.1f "
        "standard errors apart in logarithms)",
        p.steps, N, p.worst, cg, descent, paired);
    return DS_OK;
}

const ds_experiment ds_experiment_F2 = {
    .row = "F2",
    .claim =
        "Conjugate gradients build conjugate directions from gradients alone, need about n steps on a quadratic of n "
        "dimensions, and with restarts are good for nets too",
    .run_by =
        "Polak-Ribiere on a quadratic of 20 dimensions and condition 10 with an exact line search, products d'Hd' of "
        "its first n "
        "successive directions; then a small net on 200 images, beside steepest descent with the same line search.",
    .rule = "Steps on the quadratic over n, at most 1.5 (rounding and the first restart cost some); infinite unless "
            "successive "
            "directions are conjugate to 1e-4 and the net's loss after equal evaluations lies 3 standard errors below "
            "steepest "
            "descent's over paired seeds.",
    .source = "Goodfellow et al. 8.6.2",
    .broken = "beta = 0: steepest descent in its place.",
    .run = run,
};
