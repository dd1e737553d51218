/* local_search.c - random local search: try a random step from the best point, keep it if the value falls.
 * Source: CS231n, Optimization, strategy 2. */
#include "base/random.h"
#include "optim/solver.h"

static void draw(ds_solver *s)
{
    double step = ds_solver_real(s, "step");
    ds_rng r = ds_rng_at(s->set.seed, DS_FOR_SOLVER, (uint32_t)s->values, 0);
    for (int64_t i = 0; i < s->n; i++) s->trial[i] = s->best[i] + step * ds_rng_normal(&r);
    ds_solver_want(s, DS_ASK_VALUE);
}

static void begin(ds_solver *s) { ds_solver_want(s, DS_ASK_VALUE); }

static void told(ds_solver *s)
{
    s->iteration++;
    draw(s);
}

static const ds_option options[] = {
    { "step", DS_OPT_REAL, 0, 1e30, "0.01", NULL, NULL, "standard deviation of a step" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_local_search = {
    .head = { .name = "local_search",
              .summary = "random steps, kept when the value falls",
              .formula = "x <- x + step e if that is lower, e normal",
              .cite = "CS231n, Optimization, strategy 2",
              .options = options },
    .needs = DS_ASK_VALUE,
    .begin = begin,
    .told = told,
};
