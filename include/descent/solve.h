/* descent/solve.h - minimize a function of n real numbers: solvers as state machines that ask and are told.
 *
 * A solver never calls anybody: it says at which point it wants to know what, and goes on when it is told. So every
 * evaluation is counted, a budget is a hard limit, and a solver can be stopped, saved and resumed between any two
 * evaluations, in the middle of a line search too.
 *
 *   ds_solver_create(&s, ctx, &settings);
 *   for (const ds_question *a; (a = ds_solver_ask(s))->what;) {
 *       value = f(a->x) ...; ds_solver_tell(s, value, gradient, product);
 *   }
 *   ds_solver_result(s, &result);
 *
 * ds_minimize does that for a function in C, a dozen lines in all (examples/minimize.c).
 *
 * Ownership  _create gives, _free takes (NULL is fine).
 * Errors     DS_EUNKNOWN (no such solver), DS_ECONFIG (an option out of place, a solver that needs what is not there),
 *            DS_EMEM. That a search fails or a budget ends is an outcome, not an error. */
#ifndef DESCENT_SOLVE_H
#define DESCENT_SOLVE_H

#include "descent/model.h"
#include "descent/state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a solver may ask for at a point; several at once. */
/* GAUSS_NEWTON: J'H_L J v, H_L the loss's Hessian in the outputs, 2 J'J v of a sum of squares; where there is no such thing,
 * the Hessian times v will do. */
enum { DS_ASK_VALUE = 1, DS_ASK_GRADIENT = 2, DS_ASK_PRODUCT = 4, DS_ASK_GAUSS_NEWTON = 8, DS_ASK_RESIDUALS = 16, DS_ASK_JACOBIAN = 32 };
typedef struct ds_question {
    unsigned what;   /* 0: it is done */
    const double *x; /* [n] the point */
    const double *v; /* [n] for PRODUCT: the Hessian at x times v; for GAUSS_NEWTON that matrix */
    bool begins;     /* an iteration: with settings.changes what follows is asked about a new function */
} ds_question;

typedef struct ds_solver ds_solver;

typedef struct ds_solver_settings {
    ds_part solver;      /* of registry "solver" */
    ds_part search;      /* of registry "search"; head NULL: the solver's own choice */
    int64_t n;           /* numbers */
    const double *start; /* [n] */
    int64_t m;           /* residuals of a sum of squares; 0: it is none */
    int64_t budget;      /* values + gradients that are not from the same ask + products; 0: no limit */
    double gtol;         /* stop when no entry of the gradient is larger; 0: never */
    double target;       /* stop when the value is at most this; -INFINITY: never */
    uint64_t seed;       /* of the solvers that draw */
    bool changes;        /* the function is another one in each iteration (minibatches, dropout): what is known of the
                            point is asked for again, and a search that fails ends its iteration alone */
} ds_solver_settings;

typedef enum ds_solver_reason {
    DS_SOLVER_RUNNING,
    DS_SOLVER_GRADIENT, /* the gradient is small */
    DS_SOLVER_TARGET,   /* the value is reached */
    DS_SOLVER_BUDGET,
    DS_SOLVER_STUCK,    /* no step lowers the value any more: at the limit of the arithmetic, or a kink */
    DS_SOLVER_SPREAD,   /* the simplex or the cloud of points has shrunk to a point */
    DS_SOLVER_NONFINITE /* the start has no finite value or gradient */
} ds_solver_reason;

typedef struct ds_solver_outcome {
    ds_solver_reason reason;
    double value, gradient_norm; /* at the best point; largest entry of the gradient, NaN where it was not asked for */
    int64_t values, gradients, products, iterations;
    const double *x;  /* [n] the best point seen; the solver's */
    const char *text; /* the reason in words */
} ds_solver_outcome;

/* Parse "lbfgs(m=10)" of registry "solver", "wolfe(c2=0.4)" of registry "search". */
DS_API ds_status ds_solver_parse(ds_ctx *ctx, const char *text, ds_part *out);
DS_API ds_status ds_search_parse(ds_ctx *ctx, const char *text, ds_part *out);

/* What the settings ask and the solver cannot do: DS_ECONFIG. start may be NULL. */
DS_API ds_status ds_solver_check(ds_ctx *ctx, const ds_solver_settings *settings);
DS_API ds_status ds_solver_create(ds_solver **out, ds_ctx *ctx, const ds_solver_settings *settings);
DS_API void ds_solver_free(ds_solver *s);
/* What it may ask for at any time, of those above. */
DS_API unsigned ds_solver_needs(const ds_part *solver);
/* Its line search unless another is given, as text; NULL: it has none. */
DS_API const char *ds_solver_search(const ds_part *solver);
/* The open question; the same until it is answered. */
DS_API const ds_question *ds_solver_ask(ds_solver *s);
/* The answer: gradient and product [n] as far as they were asked for. */
DS_API void ds_solver_tell(ds_solver *s, double value, const double *gradient, const double *product);
/* The answer where RESIDUALS [m] or the JACOBIAN [m, n] are asked for; the value is |r|^2. They count as value and gradient. */
DS_API void ds_solver_tell_residuals(ds_solver *s, const double *residuals, const double *jacobian);
DS_API void ds_solver_result(const ds_solver *s, ds_solver_outcome *o);
/* [n] The point that its next iteration starts from; the best one seen unless the function changes. */
DS_API const double *ds_solver_point(const ds_solver *s);
/* Register all that it needs to go on between two evaluations. */
DS_API void ds_solver_remember(ds_solver *s, ds_state *st);

/* A function to minimize. value: f(x), and its gradient into g unless g is NULL. product (may be NULL): the Hessian at x
 * times v into hv; without it solvers that ask for products get central differences of gradients. gauss_newton (may be
 * NULL) likewise; without it they get products. */
typedef struct ds_function {
    int64_t n;
    double (*value)(void *arg, const double *x, double *g);
    void (*product)(void *arg, const double *x, const double *v, double *hv);
    void (*gauss_newton)(void *arg, const double *x, const double *v, double *gv);
    int64_t m; /* residuals of a sum of squares, 0: it is none; their Jacobian is [m, n] */
    void (*residuals)(void *arg, const double *x, double *r);
    void (*jacobian)(void *arg, const double *x, double *j);
    void *arg;
    bool no_gradient; /* value never fills g: only solvers that ask for values alone */
} ds_function;

/* Answer the open question from a function; *value (may be NULL) is what it was told, NaN: none was asked for. */
DS_API ds_status ds_solver_answer(ds_solver *s, const ds_function *f, double *value);

/* Minimize f from x, which becomes the best point. watch (may be NULL) is called after each value. */
typedef void ds_solver_watch(void *arg, const ds_solver *s, const double *x, double value);
DS_API ds_status ds_minimize(ds_ctx *ctx, const ds_function *f, const ds_solver_settings *settings, double *x,
                             ds_solver_outcome *outcome, ds_solver_watch *watch, void *watch_arg);

#ifdef __cplusplus
}
#endif
#endif
