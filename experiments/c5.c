/* c5.c - steepest descent with an exact line search: each step is at right angles to the last and undoes part of it. */
#include <math.h>
#include <string.h>

#include "lab_solve.h"

enum { N = 10, MOST = 400 };

typedef struct path {
    double x[N], g[N];       /* where the last step ended, and the gradient there */
    double worst;            /* largest |cosine| of successive gradients */
    double length, start[N]; /* of the way gone */
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
    path *p = arg;
    double cosine = fabs(dot(p->g, g)) / sqrt(dot(p->g, p->g) * dot(g, g)), step[N];
    if (cosine > p->worst) p->worst = cosine;
    for (int i = 0; i < N; i++) step[i] = x[i] - p->x[i];
    p->length += sqrt(dot(step, step));
    memcpy(p->x, x, sizeof p->x);
    memcpy(p->g, g, sizeof p->g);
    p->steps++;
}

static ds_status run(ds_trial *t)
{
    ds_test_function *q;
    ds_solver_outcome o;
    path p = { .worst = 0 };
    double x[N];
    LAB_TRY(ds_test_function_create(&q, t->ctx, "quadratic(kappa=100)", N));
    const ds_function *f = ds_test_function_of(q);
    ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, 50, 0);
    for (int i = 0; i < N; i++) p.x[i] = p.start[i] = x[i] = ds_rng_normal(&rng);
    f->value(f->arg, x, p.g);
    /* on a quadratic the interpolation of the search is exact, so c2 may be as small as rounding allows */
    ds_status status = lab_solve(t, f, "descent", t->broken ? "fixed(a=0.005)" : "wolfe(c2=1e-9)", MOST, 1e-4, x, &o,
                                 &(lab_follower){ &p, stepped });
    double net = 0;
    for (int i = 0; i < N; i++) net += (p.x[i] - p.start[i]) * (p.x[i] - p.start[i]);
    t->value = p.steps > 10 ? p.worst : INFINITY;
    t->bar = 1e-6;
    t->relation = "<=";
    t->seeds = 1;
    t->data = "quadratic, condition 100";
    snprintf(t->note, sizeof t->note, "%d steps; the way gone is %.2f times the distance covered: the rest was undone",
             p.steps, p.length / sqrt(net));
    ds_test_function_free(q);
    return status;
}

const ds_experiment ds_experiment_C5 = {
    .row = "C5",
    .claim =
        "Steepest descent with an exact line search zig-zags: each direction is at right angles to the one before, "
        "so progress along it is undone and has to be made again",
    .run_by = "Steepest descent on a quadratic of ten dimensions and condition 100, the line search run to rounding.",
    .rule =
        "Largest cosine between the gradients at the ends of successive steps, at most 1e-6: the search stops where "
        "the "
        "slope along its line is 1e-9 of the first. At least 11 steps, else infinite. The share of the way that was "
        "undone is reported.",
    .source = "Goodfellow et al. 8.6.2, figure 8.6",
    .broken = "Steps of one fixed length in place of the line search: successive gradients are nearly parallel.",
    .run = run,
};
