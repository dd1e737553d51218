/* line.c - the state machine of solvers with a line search: test, direction, search, accept.
 *
 *   START    value and gradient at the start          -> test
 *   test     is the gradient small? direction d        (PRODUCTS: its questions first) -> search
 *   SEARCH   value and gradient at x + a d             -> go on, accept or give up
 *   accept   learn from the step, x <- x + a d         -> test, or START where the function changes
 *
 * A direction that is no descent, or a search that fails, restarts once from steepest descent; after that no step
 * lowers the value any more. Where the function changes, that holds for this iteration's alone. */
#include <math.h>
#include <string.h>

#include "optim/solver.h"

enum { START, PRODUCTS, SEARCH };
enum { RESTARTED = DS_SOLVER_INTEGERS - 1 };

static void copy(const ds_solver *s, double *to, const double *from) { memcpy(to, from, (size_t)s->n * sizeof *to); }

static unsigned wanted(const ds_solver *s) { return DS_ASK_VALUE | (s->def->needs & DS_ASK_GRADIENT); }

static void try_length(ds_solver *s)
{
    for (int64_t i = 0; i < s->n; i++) s->trial[i] = fma(s->search.a, s->d[i], s->x[i]);
    s->search.trials++;
    s->phase = SEARCH;
    ds_solver_want(s, wanted(s));
}

void ds_line_steepest(ds_solver *s)
{
    for (int64_t i = 0; i < s->n; i++) s->d[i] = -s->g[i];
}

static void search(ds_solver *s)
{
    double slope = ds_dot(s->n, s->g, s->d);
    if (!(slope < 0)) {
        ds_line_steepest(s);
        slope = -ds_dot(s->n, s->g, s->g);
        s->integer[RESTARTED] = 1;
    }
    s->search = (ds_search){ .f0 = s->f, .s0 = slope };
    s->search.a = s->def->first(s);
    s->search_def->start(&s->set.search, &s->search);
    try_length(s);
}

static void test(ds_solver *s)
{
    if (s->set.gtol > 0 && ds_largest(s->n, s->g) <= s->set.gtol) {
        ds_solver_end(s, DS_SOLVER_GRADIENT);
        return;
    }
    s->phase = PRODUCTS;
    if (s->def->direction(s)) search(s);
}

static void begin_anew(ds_solver *s)
{
    s->phase = START;
    ds_solver_anew(s, wanted(s));
}

static void accept(ds_solver *s)
{
    if (s->def->learn) s->def->learn(s);
    copy(s, s->x, s->trial);
    copy(s, s->g, s->gt);
    s->f_before = s->f;
    s->f = s->ft;
    s->iteration++;
    s->integer[RESTARTED] = 0;
    if (s->set.changes)
        begin_anew(s);
    else
        test(s);
}

/* Steepest descent once; a second failure in a row ends it. */
static void give_up(ds_solver *s)
{
    if (s->integer[RESTARTED] && s->set.changes) {
        s->iteration++;
        s->integer[RESTARTED] = 0;
        begin_anew(s);
        return;
    }
    if (s->integer[RESTARTED]) {
        ds_solver_end(s, DS_SOLVER_STUCK);
        return;
    }
    ds_line_steepest(s);
    s->integer[RESTARTED] = 1;
    search(s);
}

static void searched(ds_solver *s)
{
    switch (s->search_def->next(&s->set.search, &s->search, s->ft, ds_dot(s->n, s->gt, s->d))) {
    case DS_SEARCH_TAKE: accept(s); break;
    case DS_SEARCH_GO_ON: try_length(s); break;
    case DS_SEARCH_FAILED: give_up(s); break;
    }
}

void ds_line_begin(ds_solver *s)
{
    s->phase = START;
    ds_solver_want(s, wanted(s));
}

void ds_line_told(ds_solver *s)
{
    if (s->phase == SEARCH) {
        searched(s);
    } else if (s->phase == PRODUCTS) {
        if (s->def->direction(s)) search(s);
    } else if (!isfinite(s->ft) || !isfinite(ds_largest(s->n, s->gt))) {
        ds_solver_end(s, DS_SOLVER_NONFINITE);
    } else {
        copy(s, s->g, s->gt);
        /* of a changed function the last decrease is still the best guess of the next one */
        s->f_before = s->iteration > 0 ? s->ft + (s->f_before - s->f) : s->ft + ds_norm(s->n, s->g) / 2;
        s->f = s->ft;
        test(s);
    }
}

double ds_line_whole(const ds_solver *s)
{
    (void)s;
    return 1;
}

double ds_line_unit(const ds_solver *s)
{
    double sum = 0;
    if (s->iteration > 0 && !s->integer[RESTARTED]) return 1;
    for (int64_t i = 0; i < s->n; i++) sum += fabs(s->g[i]);
    return sum > 1 ? 1 / sum : 1;
}

double ds_line_same_decrease(const ds_solver *s)
{
    double slope = ds_dot(s->n, s->g, s->d), a = 1.01 * 2 * (s->f - s->f_before) / slope;
    return a > 0 && a < 1 ? a : 1;
}
