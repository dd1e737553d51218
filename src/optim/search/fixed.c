/* fixed.c - no search: the step of one length, whatever it does to the value.
 * Source: Goodfellow et al. 4.3. */
#include "optim/solver.h"

static void start(const ds_part *p, ds_search *s) { s->a = ds_search_option(p, "a"); }

static ds_search_verdict next(const ds_part *p, ds_search *s, double f, double slope)
{
    (void)p, (void)s, (void)f, (void)slope;
    return DS_SEARCH_TAKE;
}

static const ds_option options[] = {
    { "a", DS_OPT_REAL, 0, 1e9, "1e-3", NULL, "lr", "length of the step along the direction" },
    DS_OPTIONS_END,
};

const ds_search_def ds_search_fixed = {
    .head = { .name = "fixed",
              .summary = "steps of one length",
              .formula = "x <- x + a d",
              .cite = "Goodfellow et al. 4.3",
              .options = options },
    .start = start,
    .next = next,
};
