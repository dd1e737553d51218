/* hessian_free.c - Hessian-free optimization: conjugate gradients on (G + lambda I) d = -g, G = J' H_L J the Gauss-Newton
 * matrix, which is known by products alone and never negative where the loss is convex in the outputs. Plain functions
 * answer with Hessian products; a direction of negative curvature ends the inner iteration.
 *
 *   start   d = 0.95 times the last step's
 *   stop    phi(d) = d'(G + lambda I) d / 2 + g'd has fallen by less than k 5e-4 of itself in the last k = max(10, i / 10) steps
 *   back    of the iterates 1, 2, 3, 4, 6, 8, 11, ... (ratio 1.3) the last is taken, or one before as long as that is lower
 *   line    a = 1, 0.8, 0.64, ... until f(x + a d) <= f + 0.01 a g'd
 *   lambda  rho = (f(x + d) - f) / (d'G d / 2 + g'd): below 1/4 lambda grows by 3/2, above 3/4 it shrinks by 2/3
 *
 * The quotient rho is of the model without lambda. There is no preconditioner: the paper's takes squared gradients of single rows.
 * Source: Martens, Deep learning via Hessian-free optimization (2010), 4; Goodfellow et al. 8.6.2. */
#include <math.h>
#include <string.h>

#include "optim/solver.h"

enum { START, WARM, INNER, BACK, LINE };
enum { LAMBDA, RR, VALUE, LENGTH };   /* reals; VALUE: at the iterate after the one that is asked about */
enum { STEPS, NEXT, KEPT, AT, COLD }; /* integers; COLD: the next inner iteration begins at 0 */
static const double ratio = 1.3, warmth = 0.95, progress = 5e-4;

/* Vectors of its own, from the last. */
enum { HISTORY = 1, MODELS, ITERATES, P, R };
static double *own(const ds_solver *s, int k) { return s->block[s->blocks - k].data; }
static double *iterate(const ds_solver *s, int64_t k) { return own(s, ITERATES) + k * s->n; }

/* The inner step after `step` whose iterate is kept. */
static int64_t after(int64_t step)
{
    int64_t next = (int64_t)(ratio * (double)step);
    return next > step ? next : step + 1;
}

static int64_t most(const ds_solver *s) { return ds_solver_integer(s, "inner"); }

static ds_status open(ds_solver *s)
{
    int64_t kept = 1;
    for (int64_t step = 1; step <= most(s); step = after(step)) kept++;
    const int64_t count[] = { s->n, s->n, kept * s->n, kept, most(s) + 1 };
    for (size_t k = 0; k < sizeof count / sizeof count[0]; k++)
        if (!ds_solver_vector(s, count[k])) return DS_EMEM;
    return DS_OK;
}

static void begin(ds_solver *s)
{
    s->phase = START;
    s->real[LAMBDA] = ds_solver_real(s, "damping");
    s->integer[COLD] = 1;
    ds_solver_want(s, DS_ASK_VALUE | DS_ASK_GRADIENT);
}

static void ask_product(ds_solver *s, const double *v, int64_t phase)
{
    memcpy(s->trial, s->x, (size_t)s->n * sizeof(double));
    memcpy(s->probe, v, (size_t)s->n * sizeof(double));
    s->phase = phase;
    ds_solver_want(s, DS_ASK_GAUSS_NEWTON);
}

static void ask_value(ds_solver *s, double a, const double *d, int64_t phase)
{
    for (int64_t i = 0; i < s->n; i++) s->trial[i] = fma(a, d[i], s->x[i]);
    s->phase = phase;
    ds_solver_want(s, DS_ASK_VALUE);
}

/* phi(d) from the residual r = -g - (G + lambda I) d. */
static double phi(const ds_solver *s) { return -(ds_dot(s->n, s->d, own(s, R)) - ds_dot(s->n, s->d, s->g)) / 2; }

/* r is known at d: the first direction. */
static void begin_inner(ds_solver *s)
{
    double *r = own(s, R), *p = own(s, P);
    memcpy(p, r, (size_t)s->n * sizeof *p);
    s->real[RR] = ds_dot(s->n, r, r);
    own(s, HISTORY)[0] = phi(s);
    s->integer[STEPS] = s->integer[KEPT] = 0;
    s->integer[NEXT] = 1;
    ask_product(s, p, INNER);
}

static void begin_step(ds_solver *s)
{
    if (s->set.gtol > 0 && ds_largest(s->n, s->g) <= s->set.gtol) {
        ds_solver_end(s, DS_SOLVER_GRADIENT);
        return;
    }
    for (int64_t i = 0; i < s->n; i++) s->d[i] *= s->integer[COLD] ? 0 : warmth;
    if (!s->integer[COLD]) {
        ask_product(s, s->d, WARM);
        return;
    }
    for (int64_t i = 0; i < s->n; i++) own(s, R)[i] = -s->g[i];
    begin_inner(s);
}

/* (G + lambda I) d is told: r, unless a start that goes up is worse than none. */
static void warmed(ds_solver *s)
{
    double *r = own(s, R);
    for (int64_t i = 0; i < s->n; i++) r[i] = -s->g[i] - fma(s->real[LAMBDA], s->d[i], s->product[i]);
    if (!(phi(s) < 0)) {
        memset(s->d, 0, (size_t)s->n * sizeof *s->d);
        for (int64_t i = 0; i < s->n; i++) r[i] = -s->g[i];
    }
    begin_inner(s);
}

static void keep(ds_solver *s)
{
    int64_t k = s->integer[KEPT]++;
    memcpy(iterate(s, k), s->d, (size_t)s->n * sizeof(double));
    own(s, MODELS)[k] = phi(s) - s->real[LAMBDA] / 2 * ds_dot(s->n, s->d, s->d);
    s->integer[NEXT] = after(s->integer[STEPS]);
}

/* The value at the last iterate that is kept. */
static void end_inner(ds_solver *s)
{
    s->integer[AT] = s->integer[KEPT] - 1;
    s->real[VALUE] = INFINITY;
    ask_value(s, 1, iterate(s, s->integer[AT]), BACK);
}

static bool slow(const ds_solver *s)
{
    const double *history = own(s, HISTORY);
    int64_t i = s->integer[STEPS], k = i / 10 > 10 ? i / 10 : 10;
    return i > k && history[i] < 0 && (history[i] - history[i - k]) / history[i] < (double)k * progress;
}

/* One step of conjugate gradients, told G p. */
static void inner(ds_solver *s)
{
    int64_t n = s->n;
    double *r = own(s, R), *p = own(s, P), *ap = s->product;
    ds_axpy(n, s->real[LAMBDA], p, ap);
    double curvature = ds_dot(n, p, ap), a = s->real[RR] / curvature;
    if (!(curvature > 0)) {
        if (s->integer[STEPS] == 0) ds_axpy(n, 1, p, s->d); /* down at least */
        keep(s);
        end_inner(s);
        return;
    }
    ds_axpy(n, a, p, s->d);
    ds_axpy(n, -a, ap, r);
    double rr = ds_dot(n, r, r), b = rr / s->real[RR];
    s->real[RR] = rr;
    int64_t step = ++s->integer[STEPS];
    own(s, HISTORY)[step] = phi(s);
    bool last = step >= most(s) || slow(s) || rr <= 1e-20 * ds_dot(n, s->g, s->g);
    if (last || step == s->integer[NEXT]) keep(s);
    if (last) {
        end_inner(s);
        return;
    }
    for (int64_t i = 0; i < n; i++) p[i] = fma(b, p[i], r[i]);
    ask_product(s, p, INNER);
}

/* What is known of x is asked for, of a changed function or after a step. */
static void look(ds_solver *s)
{
    s->phase = START;
    memcpy(s->trial, s->x, (size_t)s->n * sizeof(double));
    if (s->set.changes)
        ds_solver_anew(s, DS_ASK_VALUE | DS_ASK_GRADIENT);
    else
        ds_solver_want(s, DS_ASK_VALUE | DS_ASK_GRADIENT);
}

/* No length lowers the value: more damping, from the start. */
static void fail(ds_solver *s)
{
    bool still = ds_norm(s->n, s->d) <= 1e-16 * (1 + ds_norm(s->n, s->x));
    s->real[LAMBDA] = ds_larger(4 * s->real[LAMBDA], 1e-6);
    s->integer[COLD] = 1;
    if (s->set.changes) {
        s->iteration++;
        look(s);
    } else if (still) {
        ds_solver_end(s, DS_SOLVER_STUCK);
    } else {
        begin_step(s);
    }
}

/* Told the value at x + a d. */
static void judge_length(ds_solver *s, double value)
{
    double a = s->real[LENGTH], slope = ds_dot(s->n, s->g, s->d);
    if (slope < 0 && value <= s->f + 0.01 * a * slope) {
        ds_axpy(s->n, a, s->d, s->x);
        s->integer[COLD] = 0;
        s->iteration++;
        look(s);
    } else if (!(slope < 0) || a < 1e-6) {
        fail(s);
    } else {
        s->real[LENGTH] = 0.8 * a;
        ask_value(s, 0.8 * a, s->d, LINE);
    }
}

static void take(ds_solver *s, int64_t k)
{
    double rho = (s->real[VALUE] - s->f) / own(s, MODELS)[k];
    if (!(rho >= 0.25)) s->real[LAMBDA] *= 1.5;
    if (rho > 0.75) s->real[LAMBDA] *= 2.0 / 3;
    memcpy(s->d, iterate(s, k), (size_t)s->n * sizeof(double));
    s->real[LENGTH] = 1;
    judge_length(s, s->real[VALUE]);
}

/* From the last iterate to the first, as long as the value falls. */
static void back(ds_solver *s)
{
    int64_t k = s->integer[AT];
    if (isfinite(s->real[VALUE]) && !(s->ft < s->real[VALUE])) {
        take(s, k + 1);
        return;
    }
    s->real[VALUE] = isfinite(s->ft) ? s->ft : INFINITY;
    if (k == 0) {
        take(s, 0);
        return;
    }
    s->integer[AT] = k - 1;
    ask_value(s, 1, iterate(s, k - 1), BACK);
}

static void told(ds_solver *s)
{
    switch (s->phase) {
    case WARM: warmed(s); return;
    case INNER: inner(s); return;
    case BACK: back(s); return;
    case LINE: judge_length(s, s->ft); return;
    default: break;
    }
    if (!isfinite(s->ft) || !isfinite(ds_largest(s->n, s->gt))) {
        ds_solver_end(s, DS_SOLVER_NONFINITE);
        return;
    }
    memcpy(s->g, s->gt, (size_t)s->n * sizeof(double));
    s->f = s->ft;
    begin_step(s);
}

static const ds_option options[] = {
    { "damping", DS_OPT_REAL, 0, 1e30, "1", NULL, "lambda", "lambda of the first step" },
    { "inner", DS_OPT_INT, 1, 100000, "250", NULL, NULL, "products an iteration, at most" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_hessian_free = {
    .head = { .name = "hessian_free",
              .summary = "Gauss-Newton steps by conjugate gradients, damped as in Levenberg and Marquardt's method",
              .formula = "(G + lambda I) d = -g, G = J' H_L J by products",
              .cite = "Martens 2010; Goodfellow et al. 8.6.2",
              .options = options },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT | DS_ASK_GAUSS_NEWTON,
    .open = open,
    .begin = begin,
    .told = told,
};
