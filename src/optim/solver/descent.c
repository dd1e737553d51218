/* descent.c - steepest descent: d = -g with a line search. With an exact one its steps are at right angles and zig-zag.
 * Source: Goodfellow et al. 4.3, 8.6.2; Cauchy 1847. */
#include "optim/solver.h"

static bool direction(ds_solver *s)
{
    ds_line_steepest(s);
    return true;
}

const ds_solver_def ds_solver_descent = {
    .head = { .name = "descent",
              .summary = "steepest descent with a line search",
              .formula = "d = -g",
              .cite = "Goodfellow et al. 4.3, 8.6.2" },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT,
    .search = "wolfe(c2=0.4)",
    .begin = ds_line_begin,
    .told = ds_line_told,
    .direction = direction,
    .first = ds_line_same_decrease,
};
