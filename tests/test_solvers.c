/* test_solvers.c - solvers of whole functions: evaluation counts held against those of other libraries, resuming between any
 * two evaluations to the same bits, hard budgets, honest reasons; gradients and products of the analytic functions against
 * differences. Every solver and function of the registries is taken, so a new one is tested by being there. */
#include <float.h>

#include "descent/random.h"
#include "descent/registry.h"
#include "test_solvers_support.h"

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
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
