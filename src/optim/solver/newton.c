/* newton.c - Newton's method: (H + a I) d = -g by Cholesky's factors; a grows from 0 until H + a I is positive definite.
 * The Hessian comes from n products with unit vectors.
 * Source: Goodfellow et al. 8.6.1, algorithm 8.8; Nocedal and Wright 2006, algorithm 3.3. */
#include <math.h>
#include <string.h>

#include "optim/solver.h"

enum { COLUMN };

static ds_status open(ds_solver *s)
{
    return ds_solver_vector(s, s->n * s->n) && ds_solver_vector(s, s->n * s->n) ? DS_OK : DS_EMEM;
}

/* l = Cholesky's factor of h + a I; false: not positive definite. */
static bool factor(int64_t n, const double *h, double a, double *l)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = (h[i * n + j] + h[j * n + i]) / 2 + (i == j ? a : 0);
            for (int64_t k = 0; k < j; k++) sum = fma(-l[i * n + k], l[j * n + k], sum);
            if (i == j && !(sum > 0)) return false;
            l[i * n + j] = i == j ? sqrt(sum) : sum / l[j * n + j];
        }
    return true;
}

static void solve(int64_t n, const double *l, double *d)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < i; k++) d[i] = fma(-l[i * n + k], d[k], d[i]);
        d[i] /= l[i * n + i];
    }
    for (int64_t i = n - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < n; k++) d[i] = fma(-l[k * n + i], d[k], d[i]);
        d[i] /= l[i * n + i];
    }
}

bool ds_gather_hessian(ds_solver *s, double *h)
{
    int64_t n = s->n, k = s->integer[COLUMN];
    if (k > 0) memcpy(h + (k - 1) * n, s->product, (size_t)n * sizeof(double));
    if (k == n) {
        s->integer[COLUMN] = 0;
        return true;
    }
    memcpy(s->trial, s->x, (size_t)n * sizeof(double));
    memset(s->probe, 0, (size_t)n * sizeof(double));
    s->probe[k] = 1;
    s->integer[COLUMN] = k + 1;
    ds_solver_want(s, DS_ASK_PRODUCT);
    return false;
}

static bool direction(ds_solver *s)
{
    int64_t n = s->n;
    double *h = s->block[s->blocks - 2].data, *l = s->block[s->blocks - 1].data, least = INFINITY, size = 0;
    if (!ds_gather_hessian(s, h)) return false;
    for (int64_t i = 0; i < n; i++) {
        least = ds_smaller(least, h[i * n + i]);
        size = ds_larger(size, ds_largest(n, h + i * n));
    }
    double a = least > 0 ? 0 : -least + 1e-3 * size;
    for (int tries = 0; !factor(n, h, a, l) && tries < 200; tries++) a = ds_larger(2 * a, 1e-3 * (size > 0 ? size : 1));
    for (int64_t i = 0; i < n; i++) s->d[i] = -s->g[i];
    solve(n, l, s->d);
    return true;
}

const ds_solver_def ds_solver_newton = {
    .head = { .name = "newton",
              .summary = "Newton's method, the Hessian shifted until it is positive definite",
              .formula = "(H + a I) d = -g",
              .cite = "Goodfellow et al. 8.6.1, algorithm 8.8" },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT | DS_ASK_PRODUCT,
    .search = "wolfe",
    .dense = true,
    .open = open,
    .begin = ds_line_begin,
    .told = ds_line_told,
    .direction = direction,
    .first = ds_line_whole,
};
