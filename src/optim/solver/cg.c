/* cg.c - nonlinear conjugate gradients: d = -g + beta d.
 *
 *   FR  g'g / g0'g0            PR  g'(g - g0) / g0'g0       PR+ max(0, PR)
 *   HS  g'y / d'y              DY  g'g / d'y                HZ  (y - 2 d |y|^2 / d'y)'g / d'y,    y = g - g0
 *
 * Starts over from -g every n steps, where g and g0 are far from orthogonal (|g'g0| > 0.5 g'g, PR apart, which does so by
 * itself), where beta is no number, and where d does not descend by a hundredth of g'g.
 * Source: Goodfellow et al. 8.6.2; Nocedal and Wright, Numerical optimization (2006), 5.2; Hager and Zhang 2005. */
#include <math.h>
#include <string.h>

#include "optim/solver.h"

enum { FR, PR, PR_PLUS, HS, DY, HZ };
enum { OLD, AGE }; /* vector of the last gradient is block s->blocks - 1; steps since the last start */

static ds_status open(ds_solver *s) { return ds_solver_vector(s, s->n) ? DS_OK : DS_EMEM; }

static double *old_gradient(const ds_solver *s) { return s->block[s->blocks - 1].data; }

static double beta(const ds_solver *s)
{
    const double *g = s->g, *g0 = old_gradient(s);
    double gg = ds_dot(s->n, g, g), gg0 = ds_dot(s->n, g0, g0), across = ds_dot(s->n, g, g0);
    double dy = ds_dot(s->n, s->d, g) - ds_dot(s->n, s->d, g0), gy = gg - across;
    switch (ds_solver_integer(s, "beta")) {
    case FR: return gg / gg0;
    case PR: return gy / gg0;
    case PR_PLUS: return ds_larger(0, gy / gg0);
    case HS: return gy / dy;
    case DY: return gg / dy;
    default: return (gy - 2 * ds_dot(s->n, s->d, g) * (gg - 2 * across + gg0) / dy) / dy;
    }
}

static bool direction(ds_solver *s)
{
    double gg = ds_dot(s->n, s->g, s->g), b = s->iteration > 0 ? beta(s) : 0;
    int64_t kind = ds_solver_integer(s, "beta"), age = s->integer[AGE];
    bool powell = kind != PR && kind != PR_PLUS && fabs(ds_dot(s->n, s->g, old_gradient(s))) > 0.5 * gg;
    if (!isfinite(b) || powell || age >= s->n) b = 0;
    for (int64_t i = 0; i < s->n; i++) s->d[i] = fma(b, s->d[i], -s->g[i]);
    if (!(ds_dot(s->n, s->d, s->g) <= -0.01 * gg)) {
        ds_line_steepest(s);
        b = 0;
    }
    s->integer[AGE] = b != 0 ? age + 1 : 0;
    return true;
}

static void learn(ds_solver *s) { memcpy(old_gradient(s), s->g, (size_t)s->n * sizeof(double)); }

static const ds_option options[] = {
    { "beta", DS_OPT_CHOICE, 0, 0, "pr+", "fr|pr|pr+|hs|dy|hz", NULL, "formula of beta" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_cg = {
    .head = { .name = "cg",
              .summary = "nonlinear conjugate gradients",
              .formula = "d = -g + beta d",
              .cite = "Goodfellow et al. 8.6.2; Nocedal and Wright 2006, 5.2",
              .options = options },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT,
    .search = "wolfe(c2=0.4)",
    .open = open,
    .begin = ds_line_begin,
    .told = ds_line_told,
    .direction = direction,
    .first = ds_line_same_decrease,
    .learn = learn,
};
