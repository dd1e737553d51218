/* function.h - what an analytic function is: one expression in x [n], and the start that the literature uses. Functions that
 * are sums of squares build their residuals instead. */
#ifndef DS_PROBLEM_FUNCTION_H
#define DS_PROBLEM_FUNCTION_H

#include "base/ctx.h"
#include "descent/function.h"
#include "descent/op.h"
#include "descent/registry.h"

typedef struct ds_function_def {
    ds_head head;
    int64_t n, multiple; /* its usual size; other sizes are multiples of this one, 0: no other size */
    ds_val (*build)(ds_graph *g, ds_val x, int64_t n, const ds_part *p);
    /* Of a sum of squares, in place of build: vectors of residuals into out, DS_FUNCTION_TERMS at most; how many. */
    int (*residuals)(ds_graph *g, ds_val x, int64_t n, const ds_part *p, ds_val *out);
    const double *start; /* repeated as often as it takes */
    int64_t starts;
    double minimum; /* NAN: depends on n or is not known */
} ds_function_def;

enum { DS_FUNCTION_NUMBERS = 128, DS_FUNCTION_TERMS = 8 };

/* Entry i of x, shape [1]; a vector of n constants, DS_FUNCTION_NUMBERS at most. */
ds_val ds_entry(ds_graph *g, ds_val x, int64_t i);
ds_val ds_numbers(ds_graph *g, int n, const double *a);
/* a x + b y */
ds_val ds_line_of(ds_graph *g, double a, ds_val x, double b, ds_val y);
/* Copy m vectors of residuals; returns m. */
int ds_terms(ds_val *out, int m, const ds_val *r);
double ds_function_option(const ds_part *p, const char *name);

extern const ds_registry ds_function_registry;

#define DS_START(...)                                                                                                  \
    .start = (const double[]){ __VA_ARGS__ }, .starts = sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double)

#endif
