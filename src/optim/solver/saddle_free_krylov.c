/* saddle_free_krylov.c - saddle-free Newton where n x n numbers are too many: the Hessian is known on the space that g, H g,
 * H^2 g, ... span, by `subspace` products. Lanczos' vectors V from g / |g|, each orthogonal to all before, give T = V'H V;
 * g lies in the space, so that
 *
 *   d = -V |T|^-1 V'g = -|g| V |T|^-1 e_1,  eigenvalues below `damping` times the largest count as that
 *
 * The space ends early where a vector has nothing new: then d is that of the whole Hessian.
 * Source: Dauphin et al., Identifying and attacking the saddle point problem (2014), algorithm 1. */
#include <math.h>
#include <string.h>

#include "kernel/eigen.h"
#include "optim/solver.h"

enum { STEP, ASKED }; /* vectors whose products are told; whether one is asked for */

/* Vectors of its own, from the last. */
enum { WORK = 1, T, V };
static double *own(const ds_solver *s, int k) { return s->block[s->blocks - k].data; }

static int64_t most(const ds_solver *s)
{
    int64_t k = ds_solver_integer(s, "subspace");
    return k < s->n ? k : s->n;
}

static ds_status open(ds_solver *s)
{
    int64_t k = most(s);
    return ds_solver_vector(s, k * s->n) && ds_solver_vector(s, k * k) && ds_solver_vector(s, 5 * k + k * k) ? DS_OK
                                                                                                             : DS_EMEM;
}

static void ask(ds_solver *s)
{
    memcpy(s->trial, s->x, (size_t)s->n * sizeof(double));
    memcpy(s->probe, own(s, V) + s->integer[STEP] * s->n, (size_t)s->n * sizeof(double));
    ds_solver_want(s, DS_ASK_PRODUCT);
}

/* H v of the latest vector is told: a row of T, and the next vector in the product's place. true: there is none. */
static bool extend(ds_solver *s)
{
    int64_t n = s->n, k = s->integer[STEP], size = most(s);
    double *v = own(s, V), *t = own(s, T), *w = s->product, before = ds_norm(n, w);
    for (int64_t j = 0; j <= k; j++) t[k * size + j] = t[j * size + k] = ds_dot(n, v + j * n, w);
    for (int twice = 0; twice < 2; twice++)
        for (int64_t j = 0; j <= k; j++) ds_axpy(n, -ds_dot(n, v + j * n, w), v + j * n, w);
    double length = ds_norm(n, w);
    s->integer[STEP] = k + 1;
    if (k + 1 == size || !(length > 1e-10 * before)) return true;
    for (int64_t i = 0; i < n; i++) v[(k + 1) * n + i] = w[i] / length;
    return false;
}

/* d from the first `size` vectors. */
static void solve(ds_solver *s, int64_t size)
{
    int64_t n = s->n, row = most(s);
    double *t = own(s, T), *value = own(s, WORK), *c = value + row, *room = c + row, largest = 0, g = ds_norm(n, s->g);
    for (int64_t i = 0; i < size; i++) /* rows close up */
        for (int64_t j = 0; j < size; j++) t[i * size + j] = t[i * row + j];
    bool good = ds_symmetric_eigen(size, t, value, room);
    for (int64_t k = 0; k < size; k++) largest = ds_larger(largest, fabs(value[k]));
    good = good && largest > 0;
    memset(c, 0, (size_t)size * sizeof *c);
    for (int64_t k = 0; k < size && good; k++) {
        double scale = ds_larger(fabs(value[k]), ds_solver_real(s, "damping") * largest);
        ds_axpy(size, -g * t[k * size] / scale, t + k * size, c);
    }
    for (int64_t i = 0; i < n; i++) s->d[i] = good ? 0 : -s->g[i];
    for (int64_t k = 0; k < size && good; k++) ds_axpy(n, c[k], own(s, V) + k * n, s->d);
}

static bool direction(ds_solver *s)
{
    double g = ds_norm(s->n, s->g);
    if (s->integer[ASKED] && extend(s)) {
        s->integer[ASKED] = 0;
        solve(s, s->integer[STEP]);
        return true;
    }
    if (!s->integer[ASKED]) {
        ds_line_steepest(s);
        if (!(g > 0)) return true;
        for (int64_t i = 0; i < s->n; i++) own(s, V)[i] = s->g[i] / g;
        s->integer[STEP] = 0;
        s->integer[ASKED] = 1;
    }
    ask(s);
    return false;
}

static const ds_option options[] = {
    { "subspace", DS_OPT_INT, 1, 1000, "20", NULL, "k", "products an iteration, at most" },
    { "damping", DS_OPT_REAL, 0, 1, "1e-8", NULL, NULL, "least eigenvalue, as a share of the largest" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_saddle_free_krylov = {
    .head = { .name = "saddle_free_krylov",
              .summary = "saddle-free Newton on the space that a few Hessian products span",
              .formula = "d = -V |T|^-1 V'g, T = V'H V by Lanczos from g",
              .cite = "Dauphin et al. 2014, algorithm 1; Goodfellow et al. 8.2.3",
              .options = options },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT | DS_ASK_PRODUCT,
    .search = "wolfe",
    .open = open,
    .begin = ds_line_begin,
    .told = ds_line_told,
    .direction = direction,
    .first = ds_line_whole,
};
