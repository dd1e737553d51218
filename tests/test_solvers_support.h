/* test_solvers_support.h - what the tests of solvers share. */
#ifndef TEST_SOLVERS_SUPPORT_H
#define TEST_SOLVERS_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "descent/function.h"

static ds_ctx *ctx;

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != DS_OK) fail_msg("%s: %s", #call, ds_error(ctx));                                                 \
    } while (0)

static inline int open_all(void **state)
{
    (void)state;
    return ds_ctx_create(&ctx, 1) != DS_OK;
}

static inline int close_all(void **state)
{
    (void)state;
    ds_ctx_free(ctx);
    return 0;
}

static inline ds_solver_outcome solve_to(const char *function, int64_t n, const char *solver, int64_t budget,
                                         double gtol, double target)
{
    ds_test_function *t;
    ds_solver_settings set = { .gtol = gtol, .target = target, .budget = budget, .seed = 1 };
    ds_solver_outcome o;
    OK(ds_test_function_create(&t, ctx, function, n));
    OK(ds_solver_parse(ctx, solver, &set.solver));
    double *x = malloc((size_t)ds_test_function_n(t) * sizeof *x);
    assert_non_null(x);
    ds_test_function_start(t, x);
    OK(ds_minimize(ctx, ds_test_function_of(t), &set, x, &o, NULL, NULL));
    double again = ds_test_function_of(t)->value(ds_test_function_of(t)->arg, x, NULL);
    bool sum = ds_solver_needs(&set.solver) & DS_ASK_RESIDUALS; /* it adds the squares in another order */
    assert_true(sum ? fabs(again - o.value) <= 1e-12 * again : memcmp(&again, &o.value, sizeof again) == 0);
    free(x);
    ds_test_function_free(t);
    return o;
}

static inline ds_solver_outcome solve(const char *function, int64_t n, const char *solver, int64_t budget, double gtol)
{
    return solve_to(function, n, solver, budget, gtol, -INFINITY);
}

/* x - log x on x > 0, its minimum at 1; no number beyond. */
static inline double wall(void *arg, const double *x, double *g)
{
    (void)arg;
    if (g) g[0] = x[0] > 0 ? 1 - 1 / x[0] : NAN;
    return x[0] > 0 ? x[0] - log(x[0]) : NAN;
}

#endif
