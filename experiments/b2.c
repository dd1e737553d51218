/* b2.c - Newton's method suits an ill-conditioned convex problem, and fails unmodified on a net. */
#include <math.h>
#include <string.h>

#include "lab_dense.h"
#include "lab_solve.h"

enum { WIDTH = 8, ROWS = 400, STARTS = 16, NET = 2 * 4 + 4 + 4 + 1, MOST = 20000 };

/* Two classes by a noisy linear score; feature k is as wide as 100^(-k / 7), so curvatures span four decades. */
static ds_status scaled_rows(ds_trial *t, lab_rows *r)
{
    *r = (lab_rows){ .n = ROWS, .width = WIDTH, .sample = DS_SHAPE(WIDTH), .targets = 1, .dtype = DS_F64 };
    LAB_TRY(lab_rows_alloc(t, r));
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 80, 0);
    for (int64_t i = 0; i < ROWS; i++) {
        double score = 0;
        for (int k = 0; k < WIDTH; k++) {
            double x = ds_rng_normal(&g);
            ((double *)r->x)[i * WIDTH + k] = x * pow(100, -k / (WIDTH - 1.0));
            score += k % 2 ? x : -x;
        }
        ((double *)r->y)[i] = score + 2 * ds_rng_normal(&g) > 0;
    }
    return DS_OK;
}

/* Iterations of both solvers from 0 to a gradient 1e-6 of the first, and the condition where they end. */
static ds_status convex(ds_trial *t, int64_t iterations[2], double *condition)
{
    static const char *const layers[] = { "dense 1 bias=false", NULL };
    static const char *const solver[] = { "newton", "descent" };
    lab_rows r;
    ds_problem *p = NULL;
    lab_net net = { .t = t };
    ds_solver_outcome o;
    double h[WIDTH * WIDTH], w[WIDTH] = { 1 }, x[WIDTH], first[WIDTH];
    LAB_TRY(scaled_rows(t, &r));
    ds_status status = lab_problem(t, &p, &r, "binary-cross-entropy", 1e-6, layers);
    if (status == DS_OK) status = lab_net_open(t, &net, p, &r);
    for (int k = 0; k < 2 && status == DS_OK; k++) {
        double size = 0;
        memset(x, 0, sizeof x);
        net.f.value(&net, x, first);
        for (int i = 0; i < WIDTH; i++) size = fmax(size, fabs(first[i]));
        status = lab_solve(t, &net.f, solver[k], NULL, MOST, 1e-6 * size, x, &o, NULL);
        iterations[k] = o.iterations;
        if (status == DS_OK && k == 0) status = lab_hessian(&net.f, x, h);
        if (status == DS_OK && k == 0) lab_eigenvalues(WIDTH, h, w);
    }
    *condition = w[WIDTH - 1] / w[0];
    lab_net_close(&net);
    ds_problem_free(p);
    lab_rows_free(&r);
    return status;
}

/* Four clouds, opposite ones of one class: no line parts them. */
static ds_status clouds(ds_trial *t, lab_rows *r)
{
    *r = (lab_rows){ .n = 80, .width = 2, .sample = DS_SHAPE(2), .targets = 1, .dtype = DS_F64 };
    LAB_TRY(lab_rows_alloc(t, r));
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 80, 1);
    for (int64_t i = 0; i < r->n; i++) {
        double *x = (double *)r->x + 2 * i;
        x[0] = (i % 2 ? 1 : -1) + 0.3 * ds_rng_normal(&g);
        x[1] = (i / 2 % 2 ? 1 : -1) + 0.3 * ds_rng_normal(&g);
        ((double *)r->y)[i] = i % 2 == i / 2 % 2;
    }
    return DS_OK;
}

/* Plain Newton: theta <- theta - H^-1 g, 50 times, nothing added: its lowest cost, and the last (NaN: H is
 * singular). */
static ds_status plain_newton(lab_net *net, double *x, double *lowest, double *last)
{
    double h[NET * NET], g[NET];
    *lowest = INFINITY;
    for (int k = 0; k < 50; k++) {
        *last = net->f.value(net, x, g);
        *lowest = fmin(*lowest, *last);
        LAB_TRY(lab_hessian(&net->f, x, h));
        bool regular = lab_linear(NET, h, g);
        for (int i = 0; i < NET; i++) x[i] = regular ? x[i] - g[i] : NAN;
    }
    return DS_OK;
}

/* What 16 starts gave: how often plain Newton was never below twice the shifted one's cost, and how often it ended
 * above the cost of its start. broken: the shifted one in the plain one's place. */
typedef struct tally {
    int starts, failed, risen;
} tally;

static ds_status from_start(ds_trial *t, lab_net *net, uint64_t seed, tally *n)
{
    ds_solver_outcome o;
    double x[NET], y[NET], lowest, last;
    LAB_TRY(lab_net_start(net, seed, x));
    memcpy(y, x, sizeof y);
    double first = net->f.value(net, x, NULL);
    LAB_TRY(lab_solve(t, &net->f, "newton", NULL, 4000, 1e-8, y, &o, NULL));
    lowest = last = o.value;
    if (!t->broken) LAB_TRY(plain_newton(net, x, &lowest, &last));
    n->failed += !(lowest <= 2 * o.value);
    n->risen += !(last <= first);
    return DS_OK;
}

static ds_status on_net(ds_trial *t, tally *n)
{
    static const char *const layers[] = { "dense 4 act=tanh", "dense 1", NULL };
    lab_rows r;
    ds_problem *p = NULL;
    lab_net net = { .t = t };
    LAB_TRY(clouds(t, &r));
    ds_status status = lab_problem(t, &p, &r, "binary-cross-entropy", 1e-3, layers);
    if (status == DS_OK) status = lab_net_open(t, &net, p, &r);
    for (int s = 0; s < n->starts && status == DS_OK; s++)
        status = from_start(t, &net, t->seed * 1000 + (uint64_t)s, n);
    lab_net_close(&net);
    ds_problem_free(p);
    lab_rows_free(&r);
    return status;
}

static ds_status run(ds_trial *t)
{
    int64_t iterations[2] = { 0 };
    double condition = NAN;
    tally n = { .starts = t->full ? 4 * STARTS : STARTS };
    LAB_TRY(convex(t, iterations, &condition));
    LAB_TRY(on_net(t, &n));
    double gain = (double)iterations[1] / (double)iterations[0], share = (double)n.failed / n.starts;
    t->value = fmin(gain / 50, share / 0.5);
    t->relation = ">=";
    t->bar = 1;
    t->seeds = n.starts;
    t->data = "gaussian features and four clouds";
    snprintf(
        t->note, sizeof t->note,
        "convex, condition %.2g: %lld iterations of Newton, %lld%s of gradient descent with line search; net: plain "
        "Newton never comes near the shifted one's cost from %d of %d starts, and ends above its start's from %d",
        condition, (long long)iterations[0], (long long)iterations[1], iterations[1] < MOST / 4 ? "" : " or more",
        n.failed, n.starts, n.risen);
    return DS_OK;
}

const ds_experiment ds_experiment_B2 = {
    .row = "B2",
    .claim = "Newton's method suits ill-conditioned convex problems; on a net it fails unless modified",
    .run_by =
        "Logistic regression with penalty, condition about 1e4: Newton and gradient descent with line search to a "
        "gradient 1e-6 of the first, iterations counted. Then 50 plain Newton steps on a net with one hidden "
        "layer of four tanh units from 16 starts (full: 64), beside Newton with a shifted Hessian.",
    .rule =
        "The lesser of two numbers, each over its bar: iterations of gradient descent over Newton's (50: descent "
        "needs thousands at this condition, Newton about ten), and the share of starts from which plain Newton never "
        "comes below twice the cost of the shifted one (0.5: most starts lie where the Hessian is indefinite; with "
        "16 starts the share is known to about 0.12).",
    .source = "Goodfellow et al. sections 8.2.1, 8.2.3 and 8.6.1",
    .broken = "On the net the shifted Newton with its line search runs in the plain one's place.",
    .run = run,
};
