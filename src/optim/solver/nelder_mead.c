/* nelder_mead.c - a simplex of n + 1 points that is reflected, expanded, contracted and shrunk by their values alone.
 * Coefficients 1, 2, 1/2, 1/2 up to two dimensions, and beyond them those that depend on n:
 *
 *   reflect 1, expand 1 + 2/n, contract 3/4 - 1/(2 n), shrink 1 - 1/n
 * Source: Nelder and Mead 1965; Gao and Han 2012 for the coefficients. */
#include <math.h>
#include <string.h>

#include "optim/solver.h"

enum { FILL, REFLECT, EXPAND, OUTSIDE, INSIDE, SHRINK };
enum { NEXT };      /* corner that is filled or shrunk */
enum { REFLECTED }; /* value at the reflected point */

static double *corner(const ds_solver *s, int64_t k) { return s->block[s->blocks - 2].data + k * s->n; }
static double *value(const ds_solver *s) { return s->block[s->blocks - 1].data; }

static ds_status open(ds_solver *s)
{
    return ds_solver_vector(s, (s->n + 1) * s->n) && ds_solver_vector(s, s->n + 1) ? DS_OK : DS_EMEM;
}

static double expansion(const ds_solver *s) { return s->n > 2 ? 1 + 2 / (double)s->n : 2; }
static double contraction(const ds_solver *s) { return s->n > 2 ? 0.75 - 1 / (2 * (double)s->n) : 0.5; }
static double shrinkage(const ds_solver *s) { return s->n > 2 ? 1 - 1 / (double)s->n : 0.5; }

/* Corner k to its place: values grow, equal ones keep their order. NaN counts as infinite. */
static void insert(ds_solver *s, int64_t k, const double *x, double f)
{
    double *v = value(s);
    if (isnan(f)) f = INFINITY;
    while (k > 0 && v[k - 1] > f) {
        memcpy(corner(s, k), corner(s, k - 1), (size_t)s->n * sizeof(double));
        v[k] = v[k - 1];
        k--;
    }
    memcpy(corner(s, k), x, (size_t)s->n * sizeof(double));
    v[k] = f;
}

/* trial = c + t (c - worst), c the center of all other corners. */
static void along(ds_solver *s, double t, int64_t phase)
{
    int64_t n = s->n;
    for (int64_t i = 0; i < n; i++) {
        double c = 0;
        for (int64_t k = 0; k < n; k++) c += corner(s, k)[i];
        c /= (double)n;
        s->trial[i] = c + t * (c - corner(s, n)[i]);
    }
    s->phase = phase;
    ds_solver_want(s, DS_ASK_VALUE);
}

static void reflect(ds_solver *s)
{
    double size = 0, scale = 1 + ds_largest(s->n, corner(s, 0)), tolerance = ds_solver_real(s, "xtol");
    for (int64_t k = 1; k <= s->n; k++)
        for (int64_t i = 0; i < s->n; i++) size = ds_larger(size, fabs(corner(s, k)[i] - corner(s, 0)[i]));
    s->iteration++;
    if (size <= tolerance * scale)
        ds_solver_end(s, DS_SOLVER_SPREAD);
    else
        along(s, 1, REFLECT);
}

static void fill_corner(ds_solver *s)
{
    int64_t k = s->integer[NEXT];
    memcpy(s->trial, s->x, (size_t)s->n * sizeof(double));
    if (k > 0) s->trial[k - 1] = s->x[k - 1] != 0 ? s->x[k - 1] * (1 + ds_solver_real(s, "size")) : 0.00025;
    s->phase = FILL;
    ds_solver_want(s, DS_ASK_VALUE);
}

static void shrink_corner(ds_solver *s)
{
    const double *best = corner(s, 0), *c = corner(s, s->integer[NEXT]);
    for (int64_t i = 0; i < s->n; i++) s->trial[i] = best[i] + shrinkage(s) * (c[i] - best[i]);
    s->phase = SHRINK;
    ds_solver_want(s, DS_ASK_VALUE);
}

static void begin_shrink(ds_solver *s)
{
    s->integer[NEXT] = 1;
    shrink_corner(s);
}

/* After a shrink, corners 1..n in order of their values. */
static void sort(ds_solver *s)
{
    for (int64_t k = 1; k <= s->n; k++) {
        memcpy(s->probe, corner(s, k), (size_t)s->n * sizeof(double));
        insert(s, k, s->probe, value(s)[k]);
    }
}

static void begin(ds_solver *s)
{
    s->integer[NEXT] = 0;
    fill_corner(s);
}

static void reflected(ds_solver *s)
{
    const double *v = value(s);
    int64_t n = s->n;
    s->real[REFLECTED] = s->ft;
    if (s->ft < v[0]) {
        memcpy(s->d, s->trial, (size_t)n * sizeof(double));
        along(s, expansion(s), EXPAND);
    } else if (s->ft < v[n - 1]) {
        insert(s, n, s->trial, s->ft);
        reflect(s);
    } else {
        bool outside = s->ft < v[n];
        along(s, outside ? contraction(s) : -contraction(s), outside ? OUTSIDE : INSIDE);
    }
}

static void told(ds_solver *s)
{
    int64_t n = s->n, k = s->integer[NEXT];
    switch (s->phase) {
    case FILL:
        insert(s, k, s->trial, s->ft);
        s->integer[NEXT] = k + 1;
        if (k < n)
            fill_corner(s);
        else
            reflect(s);
        return;
    case REFLECT: reflected(s); return;
    case EXPAND:
        if (s->ft < s->real[REFLECTED])
            insert(s, n, s->trial, s->ft);
        else
            insert(s, n, s->d, s->real[REFLECTED]);
        reflect(s);
        return;
    case OUTSIDE:
    case INSIDE:
        if (s->ft <= (s->phase == OUTSIDE ? s->real[REFLECTED] : value(s)[n])) {
            insert(s, n, s->trial, s->ft);
            reflect(s);
        } else {
            begin_shrink(s);
        }
        return;
    default:
        memcpy(corner(s, k), s->trial, (size_t)n * sizeof(double));
        value(s)[k] = isnan(s->ft) ? INFINITY : s->ft;
        s->integer[NEXT] = k + 1;
        if (k < n) {
            shrink_corner(s);
            return;
        }
        sort(s);
        reflect(s);
    }
}

static const ds_option options[] = {
    { "size", DS_OPT_REAL, 1e-12, 1e6, "0.05", NULL, NULL, "first simplex: relative change of each number" },
    { "xtol", DS_OPT_REAL, 0, 1, "1e-12", NULL, "xatol", "stop when the simplex is that small, relative to the point" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_nelder_mead = {
    .head = { .name = "nelder_mead",
              .summary = "a simplex that moves by values alone",
              .formula = "reflect 1, expand 1 + 2/n, contract 3/4 - 1/(2n), shrink 1 - 1/n",
              .cite = "Nelder and Mead 1965; Gao and Han 2012",
              .options = options,
              .elsewhere = "SciPy Nelder-Mead(adaptive=True)" },
    .needs = DS_ASK_VALUE,
    .dense = true,
    .compares = true,
    .open = open,
    .begin = begin,
    .told = told,
};
