/* solver.h - what a solver is: options, what it asks for, and two functions of its state machine.
 *
 * begin() puts the first question, told() takes an answer and puts the next one or ends. Questions are always about the
 * vectors `trial` (point) and `probe` (direction of a product), answers lie in `ft`, `gt`, `product`. All memory comes from
 * ds_solver_vector, all numbers that live from one question to the next are in `real` and `integer`: so a solver is saved
 * and resumed without code of its own.
 *
 * Solvers with a line search state a direction and what they learn from a step; ds_line_begin and ds_line_told
 * (line.c) are their state machine. */
#ifndef DS_OPTIM_SOLVER_H
#define DS_OPTIM_SOLVER_H

#include "base/ctx.h"
#include "descent/registry.h"
#include "descent/solve.h"
#include "optim/search.h"

enum { DS_SOLVER_REALS = 32, DS_SOLVER_INTEGERS = 16, DS_SOLVER_VECTORS = 24, DS_SOLVER_DENSE = 16384 };

typedef struct ds_solver_def {
    ds_head head;
    unsigned needs;                  /* DS_ASK_VALUE ... */
    const char *search;              /* its line search, as text; NULL: it has none */
    bool dense;                      /* keeps matrices of n x n numbers */
    bool compares;                   /* values of several iterations: the function must not change */
    ds_status (*open)(ds_solver *s); /* its vectors; may be NULL */
    void (*begin)(ds_solver *s);
    void (*told)(ds_solver *s);
    /* For solvers with a line search. direction: d from x, g; false: it has asked for a product and goes on when told.
     * first: length of the step that is tried first. learn: after a step x -> trial that is taken, while x, g, f are
     * still the old ones; may be NULL. */
    bool (*direction)(ds_solver *s);
    double (*first)(const ds_solver *s);
    void (*learn)(ds_solver *s);
} ds_solver_def;

struct ds_solver {
    ds_ctx *ctx;
    const ds_solver_def *def;
    ds_solver_settings set;
    int64_t n;
    double *x, *g, *d; /* the point, its gradient, the direction */
    double *trial, *gt, *probe, *product, *best;
    double *residual, *jacobian; /* [m], [m, n]; of solvers that ask for them */
    double *room;                /* of ds_solver_answer */
    double f, ft, f_before, best_f, best_g;
    ds_search search; /* the line search at work */
    const ds_search_def *search_def;
    double real[DS_SOLVER_REALS];
    int64_t integer[DS_SOLVER_INTEGERS];
    int64_t phase, iteration, values, gradients, products, asked, reason, spent;
    struct {
        double *data;
        int64_t count;
    } block[DS_SOLVER_VECTORS];
    int blocks;
    ds_question ask;
};

/* A vector of the solver's own, zeroed; NULL and the error in the context when memory is out. */
double *ds_solver_vector(ds_solver *s, int64_t count);
double ds_solver_real(const ds_solver *s, const char *name);     /* option by name */
int64_t ds_solver_integer(const ds_solver *s, const char *name); /* also flags and choices */
/* Put a question about trial (and probe). */
void ds_solver_want(ds_solver *s, unsigned what);
/* The next iteration of a function that has changed: what is it at x? The best point seen is forgotten. */
void ds_solver_begins(ds_solver *s); /* the open question is an iteration's first */
void ds_solver_anew(ds_solver *s, unsigned what);
void ds_solver_end(ds_solver *s, ds_solver_reason reason);

/* Ask for the value at trial = center + scale e, e normal, drawn anew for each evaluation: one draw an iteration. Where the
 * function changes, the value at the point that is to be beaten is asked for before each. */
void ds_solver_draw(ds_solver *s, const double *center, double scale);

void ds_line_begin(ds_solver *s);
void ds_line_told(ds_solver *s);
/* The length that is tried first: 1; 1, but 1 / |g|_1 at most for a step along the bare gradient; the one that would
 * decrease the value as much as the last step did, at most 1. */
double ds_line_whole(const ds_solver *s);
double ds_line_unit(const ds_solver *s);
double ds_line_same_decrease(const ds_solver *s);
/* d = -g */
void ds_line_steepest(ds_solver *s);

/* The Hessian at x into h [n, n], by n products with unit vectors: false as long as it asks for one (newton.c). */
bool ds_gather_hessian(ds_solver *s, double *h);

/* Vectors: fixed order, the same bits everywhere. */
double ds_dot(int64_t n, const double *x, const double *y);
void ds_axpy(int64_t n, double a, const double *x, double *y); /* y += a x */
double ds_largest(int64_t n, const double *x);                 /* largest |x_i|, NaN if there is one */
static inline double ds_norm(int64_t n, const double *x) { return __builtin_sqrt(ds_dot(n, x, x)); }

extern const ds_registry ds_solver_registry, ds_search_registry;
extern ds_registry ds_optimizer_registry;               /* rules and solvers; grows by ds_rule_register alone */
const ds_solver_def *ds_solver_of(const ds_head *head); /* NULL: a rule */

#define DS_OPTIONS_END                                                                                                 \
    {                                                                                                                  \
        NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL                                                                 \
    }

#endif
