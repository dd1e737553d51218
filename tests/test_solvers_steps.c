/* test_solvers_steps.c - what single solvers and line searches promise of a step: damped Newton steps, subspaces, the
 * conditions of a search. */
#include "test_solvers_support.h"

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
        cmocka_unit_test(hessian_free_takes_damped_newton_steps),
        cmocka_unit_test(a_whole_subspace_is_saddle_free_newton),
        cmocka_unit_test(approximate_wolfe_goes_on_where_values_are_noise),
        cmocka_unit_test(what_a_search_takes_keeps_its_conditions),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
