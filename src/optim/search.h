/* search.h - a line search: a small state machine over the length a of a step along d.
 *
 *   phi(a) = f(x + a d), phi'(a) = g(x + a d)' d
 *
 * start() is given phi(0), phi'(0) < 0 and the first length; next() is told phi and phi' at `a` and either takes it, gives
 * up, or sets another `a`. Everything it remembers is a real number, so it is saved with its solver. */
#ifndef DS_OPTIM_SEARCH_H
#define DS_OPTIM_SEARCH_H

#include "descent/model.h"

typedef enum ds_search_verdict { DS_SEARCH_GO_ON, DS_SEARCH_TAKE, DS_SEARCH_FAILED } ds_search_verdict;

typedef struct ds_search {
    double a, f0, s0;                       /* the length to try; phi(0), phi'(0) */
    double trials;                          /* so far */
    double ax, fx, sx, ay, fy, sy;          /* best end of the bracket and the other one */
    double bracketed, stage, width, width1; /* Wolfe */
    double low, high, top;                  /* limits of the next length; no length above top */
} ds_search;

typedef struct ds_search_def {
    ds_head head;
    bool slope; /* needs phi' at each trial */
    void (*start)(const ds_part *p, ds_search *s);
    ds_search_verdict (*next)(const ds_part *p, ds_search *s, double f, double slope);
} ds_search_def;

/* fmin and fmax of the C library are not inlined everywhere; where b is NaN, so is the result. */
static inline double ds_smaller(double a, double b) { return a < b ? a : b; }
static inline double ds_larger(double a, double b) { return a > b ? a : b; }

double ds_search_option(const ds_part *p, const char *name);
const ds_search_def *ds_search_of(const ds_head *head);

#endif
