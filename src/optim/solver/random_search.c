/* random_search.c - draw points around the start and keep the best: the idea that everything else has to beat.
 *
 *   x = start + scale e, e normal
 * Source: CS231n, Optimization, strategy 1. */
#include <string.h>

#include "optim/solver.h"

static void begin(ds_solver *s)
{
    memcpy(s->d, s->x, (size_t)s->n * sizeof *s->d); /* the start stays the center, x becomes the best */
    ds_solver_want(s, DS_ASK_VALUE);
}

static void told(ds_solver *s) { ds_solver_draw(s, s->d, ds_solver_real(s, "scale")); }

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
