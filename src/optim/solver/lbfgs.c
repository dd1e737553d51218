/* lbfgs.c - quasi-Newton from the last m pairs (s, y): the two loops give d = -M g without a matrix, starting from
 * M0 = (y's / y'y) I of the newest pair. A pair is left out unless y's > 1e-10 |s| |y|: an absolute test would stop
 * learning near flat minima.
 * Source: Goodfellow et al. 8.6.3; Nocedal 1980; Liu and Nocedal 1989. */
#include <math.h>

#include "optim/solver.h"

enum { PAIRS, NEXT }; /* pairs held; where the next one goes */

static ds_status open(ds_solver *s)
{
    int64_t m = ds_solver_integer(s, "m");
    return ds_solver_vector(s, 2 * m * s->n) && ds_solver_vector(s, 3 * m) ? DS_OK : DS_EMEM;
}

static double *pair(const ds_solver *s, int64_t k) { return s->block[s->blocks - 2].data + 2 * k * s->n; }

static bool direction(ds_solver *s)
{
    int64_t n = s->n, m = ds_solver_integer(s, "m"), count = s->integer[PAIRS], last = s->integer[NEXT] + m - 1;
    double *r = s->block[s->blocks - 1].data, *gamma = r + m, *a = gamma + m;
    ds_line_steepest(s);
    for (int64_t k = 0; k < count; k++) {
        int64_t at = (last - k) % m;
        a[at] = r[at] * ds_dot(n, pair(s, at), s->d);
        ds_axpy(n, -a[at], pair(s, at) + n, s->d);
    }
    for (int64_t i = 0; i < n && count; i++) s->d[i] *= gamma[last % m];
    for (int64_t k = count - 1; k >= 0; k--) {
        int64_t at = (last - k) % m;
        double b = r[at] * ds_dot(n, pair(s, at) + n, s->d);
        ds_axpy(n, a[at] - b, pair(s, at), s->d);
    }
    return true;
}

static void learn(ds_solver *s)
{
    int64_t n = s->n, m = ds_solver_integer(s, "m"), at = s->integer[NEXT];
    double *step = pair(s, at), *y = step + n, *r = s->block[s->blocks - 1].data;
    for (int64_t i = 0; i < n; i++) {
        step[i] = s->trial[i] - s->x[i];
        y[i] = s->gt[i] - s->g[i];
    }
    double ys = ds_dot(n, y, step), yy = ds_dot(n, y, y);
    if (!(ys > 1e-10 * sqrt(yy) * ds_norm(n, step))) return;
    r[at] = 1 / ys;
    r[m + at] = ys / yy;
    s->integer[NEXT] = (at + 1) % m;
    if (s->integer[PAIRS] < m) s->integer[PAIRS]++;
}

static const ds_option options[] = {
    { "m", DS_OPT_INT, 1, 1000, "10", NULL, "history_size", "pairs kept" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_lbfgs = {
    .head = { .name = "lbfgs",
              .summary = "quasi-Newton from the last m steps",
              .formula = "d = -M g by the two loops over pairs (s, y); M0 = (y's / y'y) I",
              .cite = "Goodfellow et al. 8.6.3; Liu and Nocedal 1989",
              .options = options,
              .elsewhere = "PyTorch LBFGS(history_size=), SciPy L-BFGS-B(maxcor=)" },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT,
    .search = "wolfe",
    .open = open,
    .begin = ds_line_begin,
    .told = ds_line_told,
    .direction = direction,
    .first = ds_line_unit,
    .learn = learn,
};
