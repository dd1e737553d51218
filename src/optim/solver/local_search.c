/* local_search.c - random local search: try a random step from the best point, keep it if the value falls.
 * Source: CS231n, Optimization, strategy 2. */
#include "optim/solver.h"

static void begin(ds_solver *s) { ds_solver_want(s, DS_ASK_VALUE); }

static void told(ds_solver *s) { ds_solver_draw(s, s->best, ds_solver_real(s, "step")); }

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
