/* random_search.c - draw points around the start and keep the best: the idea that everything else has to beat.
 *
 *   x = start + scale e, e normal
 * Source: CS231n, Optimization, strategy 1. */
#include "base/random.h"
#include "optim/solver.h"

static void draw(ds_solver *s)
{
    double scale = ds_solver_real(s, "scale");
    ds_rng r = ds_rng_at(s->set.seed, DS_FOR_SOLVER, (uint32_t)s->values, 0);
    for (int64_t i = 0; i < s->n; i++) s->trial[i] = s->x[i] + scale * ds_rng_normal(&r);
    ds_solver_want(s, DS_ASK_VALUE);
}

static void begin(ds_solver *s) { ds_solver_want(s, DS_ASK_VALUE); }

static void told(ds_solver *s)
{
    s->iteration++;
    draw(s);
}

static const ds_option options[] = {
    { "scale", DS_OPT_REAL, 0, 1e30, "1", NULL, NULL, "standard deviation around the start" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_random_search = {
    .head = { .name = "random_search",
              .summary = "the best of many random points",
              .formula = "x = start + scale e, e normal",
              .cite = "CS231n, Optimization, strategy 1",
              .options = options },
    .needs = DS_ASK_VALUE,
    .begin = begin,
    .told = told,
};
