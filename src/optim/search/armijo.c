/* armijo.c - backtracking: shorten the step until phi(a) <= phi(0) + c1 a phi'(0); the next length is the minimum of the
 * parabola through phi(0), phi'(0), phi(a), kept between 0.1 and 0.5 of the last.
 * Source: Armijo 1966; Dennis and Schnabel, Numerical methods (1983), 6.3. */
#include <math.h>

#include "optim/solver.h"

static void start(const ds_part *p, ds_search *s)
{
    (void)p;
    (void)s;
}

static ds_search_verdict next(const ds_part *p, ds_search *s, double f, double slope)
{
    (void)slope;
    double a = s->a, shorter = 0.5 * a;
    if (f <= s->f0 + ds_search_option(p, "c1") * a * s->s0) return DS_SEARCH_TAKE;
    if (s->trials >= ds_search_option(p, "trials")) return DS_SEARCH_FAILED;
    if (isfinite(f)) shorter = -s->s0 * a * a / (2 * (f - s->f0 - a * s->s0));
    s->a = ds_smaller(0.5 * a, ds_larger(0.1 * a, shorter));
    return DS_SEARCH_GO_ON;
}

static const ds_option options[] = {
    { "c1", DS_OPT_REAL, 0, 0.5, "1e-4", NULL, NULL, "share of the decrease that the slope promises" },
    { "trials", DS_OPT_INT, 1, 1000, "60", NULL, "maxls", "lengths tried" },
    DS_OPTIONS_END,
};

const ds_search_def ds_search_armijo = {
    .head = { .name = "armijo",
              .summary = "backtracking to sufficient decrease",
              .formula = "phi(a) <= phi(0) + c1 a phi'(0)",
              .cite = "Armijo 1966; Dennis and Schnabel 1983, 6.3",
              .options = options },
    .start = start,
    .next = next,
};
