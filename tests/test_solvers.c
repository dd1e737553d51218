/* test_solvers.c - solvers of whole functions: evaluation counts held against those of other libraries, resuming between any
 * two evaluations to the same bits, hard budgets, honest reasons; gradients and products of the analytic functions against
 * differences. Every solver and function of the registries is taken, so a new one is tested by being there. */
#include <float.h>
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
#include "descent/random.h"
#include "descent/registry.h"

static ds_ctx *ctx;

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != DS_OK) fail_msg("%s: %s", #call, ds_error(ctx));                                                 \
    } while (0)

static int open_all(void **state)
{
    (void)state;
    return ds_ctx_create(&ctx, 1) != DS_OK;
}
static int close_all(void **state)
{
    (void)state;
    ds_ctx_free(ctx);
    return 0;
}

static const ds_registry *registry(const char *kind)
{
    int count;
    const ds_registry *const *all = ds_registries(&count);
    for (int i = 0; i < count; i++)
        if (strcmp(all[i]->kind, kind) == 0) return all[i];
    fail_msg("no registry %s", kind);
    return NULL;
}

/* ---- counts ------------------------------------------------------------------------------------------------------ */

/* Pairs of value and gradient until no entry of the gradient is above 1e-6, from the standard starts: SciPy 1.10's CG and
 * BFGS, and the best of SciPy L-BFGS-B, PyTorch LBFGS (with a relative curvature test) and liblbfgs, all with 10 pairs. */
static const struct {
    const char *function;
    int64_t n;
    int cg, bfgs, lbfgs;
} bars[] = {
    { "rosenbrock", 2, 80, 40, 45 },      { "rosenbrock", 100, 1943, 646, 621 }, { "beale", 2, 46, 17, 16 },
    { "wood", 4, 151, 105, 112 },         { "powell", 4, 168, 46, 41 },          { "himmelblau", 2, 24, 17, 15 },
    { "quadratic", 100, 2740, 115, 939 },
};

static ds_solver_outcome solve_to(const char *function, int64_t n, const char *solver, int64_t budget, double gtol,
                                  double target)
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

static ds_solver_outcome solve(const char *function, int64_t n, const char *solver, int64_t budget, double gtol)
{
    return solve_to(function, n, solver, budget, gtol, -INFINITY);
}

static void counts_stay_within_ten_percent_of_the_best(void **state)
{
    (void)state;
    static const char *const names[] = { "cg", "bfgs", "lbfgs" };
    for (size_t k = 0; k < sizeof bars / sizeof bars[0]; k++)
        for (int m = 0; m < 3; m++) {
            ds_solver_outcome o = solve(bars[k].function, bars[k].n, names[m], 100000, 1e-6);
            int bar = m == 0 ? bars[k].cg : m == 1 ? bars[k].bfgs : bars[k].lbfgs;
            if (o.reason != DS_SOLVER_GRADIENT || (double)o.values > bar + bar / 10.0)
                fail_msg("%s on %s:%lld took %lld evaluations, bar %d + 10 %% (%s)", names[m], bars[k].function,
                         (long long)bars[k].n, (long long)o.values, bar, o.text);
            assert_true(o.gradient_norm <= 1e-6);
        }
}

/* ---- all functions ----------------------------------------------------------------------------------------------- */

static void derivatives_match_differences(void **state)
{
    (void)state;
    const ds_registry *r = registry("function");
    for (int k = 0; k < r->count; k++) {
        ds_test_function *t;
        OK(ds_test_function_create(&t, ctx, r->heads[k]->name, 0));
        const ds_function *f = ds_test_function_of(t);
        int64_t n = f->n;
        double *m = calloc((size_t)n * 7, sizeof *m), *x = m, *g = m + n, *v = m + 2 * n, *at = m + 3 * n,
               *up = m + 4 * n, *down = m + 5 * n, *hv = m + 6 * n, slope = 0, worst = 0, size = 0;
        assert_non_null(m);
        ds_rng rng = ds_rng_at(7, DS_FOR_TEST, (uint32_t)k, 0);
        ds_test_function_start(t, x);
        for (int64_t i = 0; i < n; i++) {
            x[i] *= 1 + 0.01 * ds_rng_normal(&rng);
            v[i] = ds_rng_normal(&rng) * (1e-3 + fabs(x[i]));
        }
        double y = f->value(f->arg, x, g), h = 1e-4, c[] = { 1, -8, 8, -1 }, d[] = { -2, -1, 1, 2 }, difference = 0;
        assert_true(isfinite(y));
        for (int64_t i = 0; i < n; i++) slope += g[i] * v[i];
        for (int q = 0; q < 4; q++) {
            for (int64_t i = 0; i < n; i++) at[i] = x[i] + d[q] * h * v[i];
            difference += c[q] * f->value(f->arg, at, NULL) / (12 * h);
        }
        if (fabs(difference - slope) > 1e-6 * (fabs(slope) + 1e-6 * fabs(y)))
            fail_msg("%s: slope %.12g, by differences %.12g", r->heads[k]->name, slope, difference);
        f->product(f->arg, x, v, hv);
        for (int64_t i = 0; i < n; i++) at[i] = x[i] + h * v[i];
        f->value(f->arg, at, up);
        for (int64_t i = 0; i < n; i++) at[i] = x[i] - h * v[i];
        f->value(f->arg, at, down);
        for (int64_t i = 0; i < n; i++) {
            worst = fmax(worst, fabs((up[i] - down[i]) / (2 * h) - hv[i]));
            size = fmax(size, fabs(hv[i]));
        }
        if (worst > 1e-5 * size) fail_msg("%s: product off by %g of %g", r->heads[k]->name, worst, size);
        free(m);
        ds_test_function_free(t);
    }
}

static void known_minima_are_found(void **state)
{
    (void)state;
    const ds_registry *r = registry("function");
    for (int k = 0; k < r->count; k++) {
        if (strcmp(r->heads[k]->name, "rastrigin") == 0 || strcmp(r->heads[k]->name, "freudenstein_roth") == 0 ||
            strcmp(r->heads[k]->name, "meyer") == 0)
            continue; /* starts that lead to local minima; a scale that only least squares sees through */
        ds_test_function *t;
        OK(ds_test_function_create(&t, ctx, r->heads[k]->name, 0));
        double least = ds_test_function_minimum(t);
        ds_test_function_free(t);
        if (isnan(least)) continue;
        ds_solver_outcome o = solve(r->heads[k]->name, 0, "newton_cg", 20000, 1e-9);
        if (!(fabs(o.value - least) <= 1e-7 * (1 + fabs(least))))
            fail_msg("%s: %.12g found, %.12g known (%s)", r->heads[k]->name, o.value, least, o.text);
    }
    ds_solver_outcome o = solve("freudenstein_roth", 0, "bfgs", 1000, 1e-6);
    assert_true(fabs(o.value - 48.98425367924) < 1e-8);
}

/* ---- least squares ------------------------------------------------------------------------------------------------ */

/* Evaluations of MINPACK's lmder until the value is within 1e-6 of the least one; value and largest entry of the gradient at
 * the start, by formulas of their own: tests/golden/least_squares.py. */
static const struct {
    const char *function;
    int64_t evaluations;
    double least, value, slope;
} minpack[] = {
#include "golden/least_squares.h"
};

static void least_squares_have_the_values_that_others_compute(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof minpack / sizeof minpack[0]; k++) {
        ds_test_function *t;
        OK(ds_test_function_create(&t, ctx, minpack[k].function, 0));
        const ds_function *f = ds_test_function_of(t);
        double *x = calloc((size_t)(5 * f->n + f->m + f->m * f->n), sizeof *x), *g = x + f->n, *v = g + f->n,
               *gv = v + f->n, *r = gv + 2 * f->n, *j = r + f->m, most = 0, sum = 0, worst = 0;
        assert_non_null(x);
        ds_test_function_start(t, x);
        double y = f->value(f->arg, x, g);
        f->residuals(f->arg, x, r);
        f->jacobian(f->arg, x, j);
        for (int64_t i = 0; i < f->m; i++) sum += r[i] * r[i];
        for (int64_t i = 0; i < f->n; i++) {
            double slope = 0;
            for (int64_t q = 0; q < f->m; q++) slope += 2 * r[q] * j[q * f->n + i];
            worst = fmax(worst, fabs(slope - g[i]));
            most = fmax(most, fabs(g[i]));
            v[i] = (double)i - 1.5;
        }
        if (fabs(y - minpack[k].value) > 1e-10 * y || fabs(sum - y) > 1e-12 * y)
            fail_msg("%s is %.15g at its start, by residuals %.15g, wanted %.15g", minpack[k].function, y, sum,
                     minpack[k].value);
        if (fabs(most - minpack[k].slope) > 1e-8 * most || worst > 1e-9 * most)
            fail_msg("%s: gradient %.15g, wanted %.15g; off from 2 J'r by %g", minpack[k].function, most,
                     minpack[k].slope, worst);
        f->gauss_newton(f->arg, x, v, gv);
        for (int64_t i = 0; i < f->n; i++) {
            double known = 0, size = 0;
            for (int64_t q = 0; q < f->m; q++) {
                double jv = 0;
                for (int64_t p = 0; p < f->n; p++) jv += j[q * f->n + p] * v[p];
                known += 2 * j[q * f->n + i] * jv;
                size += fabs(2 * j[q * f->n + i] * jv);
            }
            if (fabs(known - gv[i]) > 1e-10 * size)
                fail_msg("%s: Gauss-Newton product %g, 2 J'J v is %g", minpack[k].function, gv[i], known);
        }
        free(x);
        ds_test_function_free(t);
    }
}

static void least_squares_take_no_more_evaluations_than_minpack(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof minpack / sizeof minpack[0]; k++) {
        double target = minpack[k].least * (1 + 1e-6) + 1e-10;
        ds_solver_outcome o = solve_to(minpack[k].function, 0, "levenberg_marquardt", 4000, 0, target);
        if (o.reason != DS_SOLVER_TARGET || (double)o.values > 1.1 * (double)minpack[k].evaluations + 1)
            fail_msg("%s: %lld evaluations, %lld of MINPACK; %.12g (%s)", minpack[k].function, (long long)o.values,
                     (long long)minpack[k].evaluations, o.value, o.text);
    }
}

/* ---- all solvers ------------------------------------------------------------------------------------------------- */

typedef struct trial {
    ds_test_function *t;
    ds_solver *s;
    double start[4];
} trial;

static void begin(trial *q, const char *solver)
{
    ds_solver_settings set = { .gtol = 1e-9, .target = -INFINITY, .budget = 240, .seed = 3, .n = 4, .start = q->start };
    OK(ds_test_function_create(&q->t, ctx, "wood", 0));
    ds_test_function_start(q->t, q->start);
    set.m = ds_test_function_of(q->t)->m;
    OK(ds_solver_parse(ctx, solver, &set.solver));
    OK(ds_solver_create(&q->s, ctx, &set));
}

/* Answer up to `most` questions; how many there were. */
static int answer(trial *q, int most)
{
    const ds_function *f = ds_test_function_of(q->t);
    int count = 0;
    for (; count < most && ds_solver_ask(q->s)->what; count++) OK(ds_solver_answer(q->s, f, NULL));
    return count;
}

static void end(trial *q)
{
    ds_solver_free(q->s);
    ds_test_function_free(q->t);
}

static void hand_over(trial *from, trial *to)
{
    ds_state *a, *b;
    OK(ds_state_create(&a, ctx));
    OK(ds_state_create(&b, ctx));
    ds_solver_remember(from->s, a);
    ds_solver_remember(to->s, b);
    OK(ds_state_status(a));
    assert_int_equal(ds_state_count(a), ds_state_count(b));
    static const size_t bytes[] = {
        [DS_STATE_VECTOR] = 8, [DS_STATE_INTEGER] = 8, [DS_STATE_REAL] = 8, [DS_STATE_FLAG] = 1
    };
    for (int i = 0; i < ds_state_count(a); i++) {
        const ds_state_block *p = ds_state_at(a, i), *r = ds_state_at(b, i);
        assert_string_equal(p->name, r->name);
        memcpy(r->data, p->data, (size_t)p->count * bytes[p->kind]);
    }
    ds_state_announce(b);
    ds_state_free(a);
    ds_state_free(b);
}

static void every_solver_resumes_between_any_two_evaluations(void **state)
{
    (void)state;
    const ds_registry *r = registry("solver");
    for (int k = 0; k < r->count; k++) {
        trial whole = { 0 };
        ds_solver_outcome o, p;
        begin(&whole, r->heads[k]->name);
        int questions = answer(&whole, 100000);
        ds_solver_result(whole.s, &o);
        for (int stop = 0; stop < questions; stop += 1 + questions / 24) {
            trial first = { 0 }, second = { 0 };
            begin(&first, r->heads[k]->name);
            answer(&first, stop);
            begin(&second, r->heads[k]->name);
            hand_over(&first, &second);
            end(&first);
            answer(&second, 100000);
            ds_solver_result(second.s, &p);
            if (memcmp(o.x, p.x, 4 * sizeof(double)) || memcmp(&o.value, &p.value, sizeof o.value) ||
                o.values != p.values || o.reason != p.reason)
                fail_msg("%s: stopped after %d of %d evaluations it ends elsewhere", r->heads[k]->name, stop,
                         questions);
            end(&second);
        }
        end(&whole);
    }
}

static void budgets_are_hard_and_the_best_point_is_returned(void **state)
{
    (void)state;
    const ds_registry *r = registry("solver");
    for (int k = 0; k < r->count; k++)
        for (int64_t budget = 1; budget <= 40; budget += 13) {
            ds_solver_outcome o = solve("rosenbrock", 10, r->heads[k]->name, budget, 1e-12);
            int64_t apart = o.gradients > o.values ? o.gradients - o.values : 0;
            assert_true(o.values + apart + o.products <= budget);
            assert_int_equal(o.reason, DS_SOLVER_BUDGET);
            ds_solver_outcome more = solve("rosenbrock", 10, r->heads[k]->name, budget + 13, 1e-12);
            assert_true(more.value <= o.value); /* what was found is never given up */
        }
}

/* x - log x on x > 0, its minimum at 1; no number beyond. */
static double wall(void *arg, const double *x, double *g)
{
    (void)arg;
    if (g) g[0] = x[0] > 0 ? 1 - 1 / x[0] : NAN;
    return x[0] > 0 ? x[0] - log(x[0]) : NAN;
}

static double nothing(void *arg, const double *x, double *g)
{
    (void)arg, (void)x;
    if (g) g[0] = NAN;
    return NAN;
}

static void trouble_has_an_honest_reason(void **state)
{
    (void)state;
    double x[1] = { 3 };
    ds_solver_settings set = { .gtol = 1e-8, .target = -INFINITY, .budget = 1000 };
    ds_solver_outcome o;
    OK(ds_solver_parse(ctx, "bfgs", &set.solver));
    OK(ds_minimize(ctx, &(ds_function){ .n = 1, .value = nothing }, &set, x, &o, NULL, NULL));
    assert_int_equal(o.reason, DS_SOLVER_NONFINITE);
    assert_int_equal(o.values, 1);
    x[0] = 1e-3; /* the first steps lead over the wall or far away */
    OK(ds_minimize(ctx, &(ds_function){ .n = 1, .value = wall }, &set, x, &o, NULL, NULL));
    assert_int_equal(o.reason, DS_SOLVER_GRADIENT);
    assert_true(fabs(x[0] - 1) < 1e-7);
    x[0] = 30;
    OK(ds_solver_parse(ctx, "descent", &set.solver));
    OK(ds_minimize(ctx, &(ds_function){ .n = 1, .value = wall }, &set, x, &o, NULL, NULL));
    assert_int_equal(o.reason, DS_SOLVER_GRADIENT);
    assert_int_equal(
        ds_minimize(ctx, &(ds_function){ .n = 1, .value = wall, .no_gradient = true }, &set, x, &o, NULL, NULL),
        DS_ECONFIG);
    assert_non_null(strstr(ds_error(ctx), "nelder_mead"));
    OK(ds_solver_parse(ctx, "cmaes(lambda=1)", &set.solver)); /* one point has no better half */
    assert_int_equal(ds_minimize(ctx, &(ds_function){ .n = 1, .value = wall }, &set, x, &o, NULL, NULL), DS_ECONFIG);
}

/* ---- Hessian-free ------------------------------------------------------------------------------------------------- */

static const double stiff[] = { 1, 4, 9 };

static double bowl(void *arg, const double *x, double *g)
{
    double sum = 0;
    (void)arg;
    for (int i = 0; i < 3; i++) {
        sum += stiff[i] * x[i] * x[i] / 2;
        if (g) g[i] = stiff[i] * x[i];
    }
    return sum;
}

static void twice(void *arg, const double *x, const double *v, double *gv)
{
    (void)arg, (void)x;
    for (int i = 0; i < 3; i++) gv[i] = stiff[i] * v[i];
}

static void no_hessian(void *arg, const double *x, const double *v, double *hv)
{
    (void)arg, (void)x, (void)v, (void)hv;
    fail_msg("a Hessian product where a Gauss-Newton product is known");
}

/* On a quadratic the model is exact, rho is 1 and lambda_k = lambda (2/3)^k: x_i <- x_i - h_i x_i / (h_i + lambda_k). */
static void hessian_free_takes_damped_newton_steps(void **state)
{
    (void)state;
    const ds_function f = { .n = 3, .value = bowl, .product = no_hessian, .gauss_newton = twice };
    for (int steps = 1; steps <= 6; steps++) {
        double x[3] = { 3, -2, 1 }, known[3] = { 3, -2, 1 }, lambda = 0.5;
        ds_solver_settings set = { .target = -INFINITY, .n = 3, .start = x };
        ds_solver *s;
        double g[3], gv[3];
        for (int k = 0; k < steps; k++, lambda *= 2.0 / 3)
            for (int i = 0; i < 3; i++) known[i] -= stiff[i] * known[i] / (stiff[i] + lambda);
        OK(ds_solver_parse(ctx, "hessian_free(damping=0.5)", &set.solver));
        OK(ds_solver_create(&s, ctx, &set));
        ds_solver_outcome o = { .iterations = 0 };
        for (; o.iterations < steps; ds_solver_result(s, &o)) {
            const ds_question *a = ds_solver_ask(s);
            if (a->what & DS_ASK_GAUSS_NEWTON) f.gauss_newton(NULL, a->x, a->v, gv);
            ds_solver_tell(s, f.value(NULL, a->x, g), g, gv);
        }
        const ds_question *a = ds_solver_ask(s); /* what is known of the new point? */
        for (int i = 0; i < 3; i++)
            if (fabs(a->x[i] - known[i]) > 1e-12 * (1 + fabs(known[i])))
                fail_msg("after %d steps x_%d is %.15g, wanted %.15g", steps, i, a->x[i], known[i]);
        ds_solver_free(s);
    }
}

/* ---- saddle-free on a subspace ------------------------------------------------------------------------------------- */

/* From as many products as numbers the subspace is all of it: the steps of saddle_free, to rounding. */
static void a_whole_subspace_is_saddle_free_newton(void **state)
{
    (void)state;
    static const struct {
        const char *function;
        int64_t n;
    } of[] = { { "wood", 4 }, { "rosenbrock", 10 }, { "beale", 2 } };
    for (size_t k = 0; k < sizeof of / sizeof of[0]; k++) {
        double x[2][10];
        for (int krylov = 0; krylov < 2; krylov++) {
            ds_test_function *t;
            ds_solver_outcome o;
            OK(ds_test_function_create(&t, ctx, of[k].function, of[k].n));
            ds_test_function_start(t, x[krylov]);
            ds_solver_settings set = { .target = -INFINITY, .budget = 3 * (of[k].n + 2) };
            OK(ds_solver_parse(ctx, krylov ? "saddle_free_krylov" : "saddle_free", &set.solver));
            OK(ds_minimize(ctx, ds_test_function_of(t), &set, x[krylov], &o, NULL, NULL));
            ds_test_function_free(t);
        }
        for (int64_t i = 0; i < of[k].n; i++)
            if (fabs(x[0][i] - x[1][i]) > 1e-6 * (1 + fabs(x[0][i])))
                fail_msg("%s: x_%lld is %.12g, on the whole space %.12g", of[k].function, (long long)i, x[1][i],
                         x[0][i]);
    }
    ds_solver_outcome o = solve("rosenbrock", 100, "saddle_free_krylov", 20000, 1e-6);
    assert_int_equal(o.reason, DS_SOLVER_GRADIENT);
}

/* ---- line searches ------------------------------------------------------------------------------------------------ */

/* Near its minimum differences of this function's values are noise, as those of sums in f32 are, and slopes are not. */
static double level(void *arg, const double *x, double *g)
{
    (void)arg;
    if (g) g[0] = 2 * (x[0] - 1), g[1] = 20 * (x[1] - 1);
    double noise = fmod(fabs(x[0] - 1) * 1e13, 1) + fmod(fabs(x[1] - 1) * 1e13, 1);
    return 1e3 + (x[0] - 1) * (x[0] - 1) + 10 * (x[1] - 1) * (x[1] - 1) + 1e-10 * noise;
}

static void approximate_wolfe_goes_on_where_values_are_noise(void **state)
{
    (void)state;
    ds_solver_outcome o;
    for (int k = 0; k < 2; k++) {
        double x[2] = { 1 + 3e-8, 1 - 2e-8 };
        ds_solver_settings set = { .gtol = 1e-12, .target = -INFINITY, .budget = 400 };
        OK(ds_solver_parse(ctx, "lbfgs", &set.solver));
        OK(ds_search_parse(ctx, k ? "wolfe" : "hager_zhang", &set.search));
        OK(ds_minimize(ctx, &(ds_function){ .n = 2, .value = level }, &set, x, &o, NULL, NULL));
        if (o.reason != (k ? DS_SOLVER_STUCK : DS_SOLVER_GRADIENT))
            fail_msg("%s: %s, gradient %g", k ? "wolfe" : "hager_zhang", o.text, o.gradient_norm);
    }
}

/* What every search takes satisfies the conditions that it stands for; from a first length that is far off too. */
static void what_a_search_takes_keeps_its_conditions(void **state)
{
    (void)state;
    static const struct {
        const char *search;
        double c1, c2; /* c2 0: values alone */
    } of[] = { { "armijo", 1e-4, 0 },
               { "wolfe", 1e-4, 0.9 },
               { "wolfe(c2=0.1)", 1e-4, 0.1 },
               { "hager_zhang", 0.1, 0.9 },
               { "hager_zhang(sigma=0.1)", 0.1, 0.1 } };
    for (size_t k = 0; k < sizeof of / sizeof of[0]; k++)
        for (int far = -6; far <= 6; far++) { /* x - log x from x = 10^far: phi along d = -g */
            double x0 = pow(10, far), x = x0, g0, g;
            ds_solver_settings set = { .target = -INFINITY, .n = 1, .start = &x };
            ds_solver *s;
            OK(ds_solver_parse(ctx, "descent", &set.solver));
            OK(ds_search_parse(ctx, of[k].search, &set.search));
            OK(ds_solver_create(&s, ctx, &set));
            ds_solver_outcome o = { .iterations = 0 };
            double f0 = wall(NULL, &x0, &g0), f = f0, at = x0;
            for (; o.iterations < 1 && o.reason == DS_SOLVER_RUNNING; ds_solver_result(s, &o)) {
                at = ds_solver_ask(s)->x[0];
                f = wall(NULL, &at, &g);
                ds_solver_tell(s, f, &g, NULL);
            }
            if (fabs(g0) > 0) {
                assert_int_equal(o.iterations, 1);
                bool level = of[k].search[0] == 'h' && f <= f0 + 1e-6 * fabs(f0) &&
                             g * -g0 <= (2 * of[k].c1 - 1) * -g0 * g0; /* the approximate conditions */
                assert_true(level || f <= f0 + of[k].c1 * (at - x0) * g0 + 1e-12 * fabs(f0));
                if (of[k].c2 > 0 && !(g * -g0 >= of[k].c2 * -g0 * g0)) /* slopes along d = -g0 */
                    fail_msg("%s from %g: slope %g left of %g", of[k].search, x0, g * -g0, -g0 * g0);
            }
            ds_solver_free(s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_stay_within_ten_percent_of_the_best),
        cmocka_unit_test(derivatives_match_differences),
        cmocka_unit_test(known_minima_are_found),
        cmocka_unit_test(least_squares_have_the_values_that_others_compute),
        cmocka_unit_test(least_squares_take_no_more_evaluations_than_minpack),
        cmocka_unit_test(every_solver_resumes_between_any_two_evaluations),
        cmocka_unit_test(budgets_are_hard_and_the_best_point_is_returned),
        cmocka_unit_test(trouble_has_an_honest_reason),
        cmocka_unit_test(hessian_free_takes_damped_newton_steps),
        cmocka_unit_test(a_whole_subspace_is_saddle_free_newton),
        cmocka_unit_test(approximate_wolfe_goes_on_where_values_are_noise),
        cmocka_unit_test(what_a_search_takes_keeps_its_conditions),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
