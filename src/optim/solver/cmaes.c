/* cmaes.c - evolution of a normal distribution N(mean, sigma^2 C): draw lambda points, move the mean to the weighted best
 * half, lengthen C along the path of the means, and sigma by the length of the path in C's own measure.
 *
 *   x_k = mean + sigma B D z_k,  C = B D^2 B'
 *   lambda = 4 + floor(3 ln n),  weights ln(mu + 1/2) - ln i,  rates by the tutorial's formulas
 *
 * C's eigenvectors are found anew every max(1, 1 / (10 n (c1 + cmu))) generations.
 * Source: Hansen, The CMA evolution strategy: a tutorial (2016). */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "kernel/eigen.h"
#include "kernel/host.h"
#include "optim/solver.h"

enum { POINT, GENERATION, AGE, LAMBDA };
enum { SIGMA };

/* Vectors of its own, from the last. */
enum { WORK = 1, ORDER, VALUES, POINTS, STEPS, WEIGHTS, PATH_C, PATH_S, SCALES, AXES, COVARIANCE };
static double *own(const ds_solver *s, int k) { return s->block[s->blocks - k].data; }

typedef struct rates {
    double mu_eff, c_sigma, damping, c_c, c_1, c_mu, expected;
    int64_t mu;
} rates;

static rates rates_of(const ds_solver *s)
{
    double n = (double)s->n, sum = 0, squares = 0;
    rates r = { .mu = s->integer[LAMBDA] / 2 };
    for (int64_t i = 0; i < r.mu; i++) {
        sum += own(s, WEIGHTS)[i];
        squares += own(s, WEIGHTS)[i] * own(s, WEIGHTS)[i];
    }
    r.mu_eff = sum * sum / squares;
    r.c_sigma = (r.mu_eff + 2) / (n + r.mu_eff + 5);
    r.damping = 1 + 2 * ds_larger(0, sqrt((r.mu_eff - 1) / (n + 1)) - 1) + r.c_sigma;
    r.c_c = (4 + r.mu_eff / n) / (n + 4 + 2 * r.mu_eff / n);
    r.c_1 = 2 / ((n + 1.3) * (n + 1.3) + r.mu_eff);
    r.c_mu = ds_smaller(1 - r.c_1, 2 * (r.mu_eff - 2 + 1 / r.mu_eff) / ((n + 2) * (n + 2) + r.mu_eff));
    r.expected = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
    return r;
}

static ds_status open(ds_solver *s)
{
    int64_t n = s->n, lambda = ds_solver_integer(s, "lambda");
    if (lambda == 1)
        return ds_fail(s->ctx, DS_ECONFIG, "cmaes: lambda = 1 leaves no better half; wanted 2 or more, or 0");
    if (lambda == 0) lambda = 4 + (int64_t)floor(3 * ds_host_log((double)n));
    const int64_t count[] = { n * n, n * n, n, n, n, lambda, lambda * n, lambda * n, lambda, lambda, n * n + 3 * n };
    for (size_t k = 0; k < sizeof count / sizeof count[0]; k++)
        if (!ds_solver_vector(s, count[k])) return DS_EMEM;
    s->integer[LAMBDA] = lambda;
    return DS_OK;
}

static void draw(ds_solver *s)
{
    int64_t n = s->n, k = s->integer[POINT];
    double *y = own(s, STEPS) + k * n, *z = own(s, WORK);
    ds_rng r = ds_rng_at(s->set.seed, DS_FOR_SOLVER, (uint32_t)s->integer[GENERATION], (uint32_t)k);
    memset(y, 0, (size_t)n * sizeof *y);
    for (int64_t i = 0; i < n; i++) z[i] = own(s, SCALES)[i] * ds_rng_normal(&r);
    for (int64_t i = 0; i < n; i++) ds_axpy(n, z[i], own(s, AXES) + i * n, y);
    for (int64_t i = 0; i < n; i++) s->trial[i] = own(s, POINTS)[k * n + i] = fma(s->real[SIGMA], y[i], s->x[i]);
    ds_solver_want(s, DS_ASK_VALUE);
}

static void begin(ds_solver *s)
{
    int64_t n = s->n, lambda = s->integer[LAMBDA], mu = lambda / 2;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        own(s, COVARIANCE)[i * n + i] = own(s, AXES)[i * n + i] = 1;
        own(s, SCALES)[i] = 1;
    }
    for (int64_t i = 0; i < mu; i++) {
        own(s, WEIGHTS)[i] = ds_host_log((double)mu + 0.5) - ds_host_log((double)(i + 1));
        sum += own(s, WEIGHTS)[i];
    }
    for (int64_t i = 0; i < mu; i++) own(s, WEIGHTS)[i] /= sum;
    s->real[SIGMA] = ds_solver_real(s, "sigma");
    draw(s);
}

/* order[i] is the point with the i-th lowest value; NaN is the highest. */
static void rank(ds_solver *s)
{
    double *order = own(s, ORDER), *v = own(s, VALUES);
    for (int64_t k = 0; k < s->integer[LAMBDA]; k++) {
        int64_t i = k;
        for (; i > 0 && v[(int64_t)order[i - 1]] > v[k]; i--) order[i] = order[i - 1];
        order[i] = (double)k;
    }
}

/* C^(-1/2) x into y, by the axes that are known. */
static void whiten(const ds_solver *s, const double *x, double *y)
{
    int64_t n = s->n;
    memset(y, 0, (size_t)n * sizeof *y);
    for (int64_t i = 0; i < n; i++) {
        const double *axis = own(s, AXES) + i * n;
        ds_axpy(n, ds_dot(n, axis, x) / own(s, SCALES)[i], axis, y);
    }
}

static void adapt_covariance(ds_solver *s, const rates *r, bool stalled)
{
    int64_t n = s->n;
    double *c = own(s, COVARIANCE), *path = own(s, PATH_C);
    double kept = 1 - r->c_1 - r->c_mu + (stalled ? r->c_1 * r->c_c * (2 - r->c_c) : 0);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t k = 0; k < r->mu; k++) {
                const double *y = own(s, STEPS) + (int64_t)own(s, ORDER)[k] * n;
                sum += own(s, WEIGHTS)[k] * y[i] * y[j];
            }
            c[i * n + j] = kept * c[i * n + j] + r->c_1 * path[i] * path[j] + r->c_mu * sum;
        }
}

/* Axes and scales of C; false: C has become unusable. */
static bool find_axes(ds_solver *s)
{
    int64_t n = s->n;
    double *axes = own(s, AXES), *scales = own(s, SCALES);
    memcpy(axes, own(s, COVARIANCE), (size_t)(n * n) * sizeof *axes);
    if (!ds_symmetric_eigen(n, axes, scales, own(s, WORK))) return false;
    for (int64_t i = 0; i < n; i++) {
        if (!(scales[i] > 0)) return false;
        scales[i] = sqrt(scales[i]);
    }
    return true;
}

static void generation(ds_solver *s)
{
    int64_t n = s->n;
    const rates r = rates_of(s);
    double *step = s->d, *white = s->probe, *ps = own(s, PATH_S), *pc = own(s, PATH_C);
    rank(s);
    memset(step, 0, (size_t)n * sizeof *step);
    for (int64_t k = 0; k < r.mu; k++)
        ds_axpy(n, own(s, WEIGHTS)[k], own(s, STEPS) + (int64_t)own(s, ORDER)[k] * n, step);
    ds_axpy(n, s->real[SIGMA], step, s->x);
    whiten(s, step, white);
    double a = sqrt(r.c_sigma * (2 - r.c_sigma) * r.mu_eff), fade = 1;
    for (int64_t i = 0; i < n; i++) ps[i] = (1 - r.c_sigma) * ps[i] + a * white[i];
    double length = ds_norm(n, ps);
    for (int64_t k = 0; k <= s->integer[GENERATION] && fade > 1e-20; k++) fade *= (1 - r.c_sigma) * (1 - r.c_sigma);
    bool stalled = length / sqrt(1 - fade) / r.expected >= 1.4 + 2 / ((double)n + 1);
    double b = stalled ? 0 : sqrt(r.c_c * (2 - r.c_c) * r.mu_eff);
    for (int64_t i = 0; i < n; i++) pc[i] = (1 - r.c_c) * pc[i] + b * step[i];
    adapt_covariance(s, &r, stalled);
    s->real[SIGMA] *= ds_host_exp(ds_smaller(1, r.c_sigma / r.damping * (length / r.expected - 1)));
    s->integer[GENERATION]++;
    s->iteration++;
    if ((double)++s->integer[AGE] * 10 * (double)n * (r.c_1 + r.c_mu) >= 1) {
        s->integer[AGE] = 0;
        if (!find_axes(s)) ds_solver_end(s, DS_SOLVER_SPREAD);
    }
}

static bool shrunk(const ds_solver *s)
{
    double scale = ds_solver_real(s, "xtol") * (1 + ds_largest(s->n, s->x));
    return !(s->real[SIGMA] * ds_largest(s->n, own(s, SCALES)) > scale);
}

static void told(ds_solver *s)
{
    own(s, VALUES)[s->integer[POINT]] = isnan(s->ft) ? INFINITY : s->ft;
    if (++s->integer[POINT] == s->integer[LAMBDA]) {
        s->integer[POINT] = 0;
        generation(s);
        if (s->reason != DS_SOLVER_RUNNING) return;
        if (shrunk(s)) {
            ds_solver_end(s, DS_SOLVER_SPREAD);
            return;
        }
    }
    draw(s);
    if (s->integer[POINT] || !s->set.changes) return;
    s->best_f = INFINITY; /* values of other generations are of other functions */
    ds_solver_begins(s);
}

static const ds_option options[] = {
    { "sigma", DS_OPT_REAL, 1e-30, 1e30, "0.5", NULL, NULL, "standard deviation of the first generation" },
    { "lambda", DS_OPT_INT, 0, 1000000, "0", NULL, "popsize", "points a generation, 2 or more; 0: 4 + floor(3 ln n)" },
    { "xtol", DS_OPT_REAL, 0, 1, "1e-12", NULL, NULL, "stop when the cloud is that small, relative to the point" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_cmaes = {
    .head = { .name = "cmaes",
              .summary = "evolution of a normal distribution by ranks of values",
              .formula = "x ~ N(mean, sigma^2 C); mean, C and sigma follow the best half",
              .cite = "Hansen, The CMA evolution strategy: a tutorial, 2016",
              .options = options },
    .needs = DS_ASK_VALUE,
    .dense = true,
    .open = open,
    .begin = begin,
    .told = told,
};
