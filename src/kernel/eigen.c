/* eigen.c - symmetric eigenvalues in plain f64 arithmetic of fixed order: + - * / sqrt alone, loops over whole rows.
 *   1. Householder: A = Q T Q', T tridiagonal; each reflection takes A to A - v w' - w v'
 *   2. implicit QR steps with Wilkinson's shift on T, their rotations applied to the rows of Q'
 * Golub, Van Loan: Matrix computations, alg. 8.3.1 to 8.3.3. */
#include "kernel/eigen.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/vec.h"

enum { STEPS = 60 }; /* a value takes two or three */

static double dot(int64_t n, const double *x, const double *y)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

/* v and beta with (1 - beta v v') x = (r, 0, ..., 0). Returns r. */
static double reflection(int64_t n, const double *x, double *v, double *beta)
{
    double norm = sqrt(dot(n, x, x)), r = x[0] > 0 ? -norm : norm;
    memcpy(v, x, (size_t)n * sizeof *v);
    v[0] -= r;
    double square = dot(n, v, v);
    *beta = square > 0 ? 2 / square : 0;
    return r;
}

/* A to tridiagonal form: d its diagonal, e beside it. Row k of A keeps v of step k from column k + 1 on, and beta[k]. */
static void tridiagonal(const ds_vec *vec, int64_t n, double *A, double *d, double *e, double *beta, double *p)
{
    for (int64_t k = 0; k + 2 < n; k++) {
        int64_t m = n - k - 1;
        double *row = A + k * n + k + 1, *sub = row + n;
        d[k] = row[-1];
        e[k] = reflection(m, row, row, &beta[k]);
        memset(p, 0, (size_t)m * sizeof *p);
        for (int64_t i = 0; i < m; i++) vec->add_scaled(m, row[i], sub + i * n, p);
        double half = beta[k] / 2 * dot(m, row, p) * beta[k];
        for (int64_t i = 0; i < m; i++) p[i] = beta[k] * p[i] - half * row[i];
        for (int64_t i = 0; i < m; i++) {
            vec->add_scaled(m, -row[i], p, sub + i * n);
            vec->add_scaled(m, -p[i], row, sub + i * n);
        }
    }
    for (int64_t k = n > 2 ? n - 2 : 0; k < n; k++) {
        d[k] = A[k * n + k];
        e[k] = k + 1 < n ? A[k * n + k + 1] : 0;
    }
}

/* Z = Q', the product of the reflections in reverse: rows are what will become the eigenvectors. */
static void accumulate(const ds_vec *vec, int64_t n, const double *A, const double *beta, double *Z, double *t)
{
    memset(Z, 0, (size_t)(n * n) * sizeof *Z);
    for (int64_t i = 0; i < n; i++) Z[i * n + i] = 1;
    /* Z (1 - beta v v'), last reflection first: it changes rows and columns k + 1 on alone. */
    for (int64_t k = n - 3; k >= 0; k--) {
        int64_t m = n - k - 1;
        const double *v = A + k * n + k + 1;
        for (int64_t i = 0; i < m; i++) {
            double *row = Z + (k + 1 + i) * n + k + 1;
            t[i] = dot(m, row, v);
            vec->add_scaled(m, -beta[k] * t[i], v, row);
        }
    }
}

/* One implicit QR step on rows lo..hi of T. */
static void step(const ds_vec *vec, int64_t n, int64_t lo, int64_t hi, double *d, double *e, double *Z)
{
    double delta = (d[hi - 1] - d[hi]) / 2, b = e[hi - 1], root = sqrt(delta * delta + b * b);
    double mu = d[hi] - b * b / (delta + (delta < 0 ? -root : root));
    double x = d[lo] - mu, z = e[lo];
    for (int64_t k = lo; k < hi; k++) {
        double r = sqrt(x * x + z * z), c = r > 0 ? x / r : 1, s = r > 0 ? z / r : 0;
        double d1 = d[k], d2 = d[k + 1], off = e[k];
        if (k > lo) e[k - 1] = r;
        d[k] = c * c * d1 + 2 * c * s * off + s * s * d2;
        d[k + 1] = s * s * d1 - 2 * c * s * off + c * c * d2;
        e[k] = c * s * (d2 - d1) + (c * c - s * s) * off;
        if (k + 1 < hi) {
            x = e[k];
            z = s * e[k + 1];
            e[k + 1] *= c;
        }
        vec->rotate(n, c, s, Z + k * n, Z + (k + 1) * n);
    }
}

static bool small(const double *d, const double *e, int64_t k)
{
    return fabs(e[k]) <= DBL_EPSILON / 2 * (fabs(d[k]) + fabs(d[k + 1]));
}

static bool diagonalize(const ds_vec *vec, int64_t n, double *d, double *e, double *Z)
{
    int64_t steps = 0;
    for (int64_t hi = n - 1; hi > 0;) {
        if (small(d, e, hi - 1)) {
            hi--;
            continue;
        }
        int64_t lo = hi - 1;
        while (lo > 0 && !small(d, e, lo - 1)) lo--;
        if (++steps > STEPS * n) return false;
        step(vec, n, lo, hi, d, e, Z);
    }
    return true;
}

/* Values fall, the largest entry of each vector is positive. Out of Z and d into a and value. */
static void order(int64_t n, const double *d, const double *Z, double *a, double *value, double *taken)
{
    memset(taken, 0, (size_t)n * sizeof *taken);
    for (int64_t k = 0; k < n; k++) {
        int64_t best = -1, most = 0;
        for (int64_t i = 0; i < n; i++)
            if (taken[i] == 0 && (best < 0 || d[i] > d[best])) best = i;
        taken[best] = 1;
        value[k] = d[best];
        const double *z = Z + best * n;
        for (int64_t i = 1; i < n; i++)
            if (fabs(z[i]) > fabs(z[most])) most = i;
        for (int64_t i = 0; i < n; i++) a[k * n + i] = z[most] < 0 ? -z[i] : z[i];
    }
}

bool ds_symmetric_eigen(int64_t n, double *a, double *value, double *work)
{
    const ds_vec *vec = ds_vec_get() ? ds_vec_get() : ds_vec_named("plain");
    double *d = work, *e = work + n, *beta = work + 2 * n, *Z = work + 3 * n, largest = 0;
    for (int64_t i = 0; i < n * n; i++) {
        if (!isfinite(a[i])) return false;
        if (fabs(a[i]) > largest) largest = fabs(a[i]);
    }
    /* To entries of about 1, so that no square is lost. A power of two would be exact; the values only need a factor. */
    for (int64_t i = 0; largest > 0 && i < n * n; i++) a[i] /= largest;
    tridiagonal(vec, n, a, d, e, beta, value);
    accumulate(vec, n, a, beta, Z, value);
    if (!diagonalize(vec, n, d, e, Z)) return false;
    order(n, d, Z, a, value, beta);
    for (int64_t k = 0; largest > 0 && k < n; k++) value[k] *= largest;
    return true;
}
