/* f1.c - Newton's method: one step on a quadratic; where the Hessian has a far negative eigenvalue, the shift that makes it
 * positive dominates, and the step shrinks in every other direction too. */
#include <math.h>
#include <string.h>

#include "lab_solve.h"

/* x_1^2 / 2 - c x_2^2 / 2 + x_2^4: a saddle at the origin, curvature 1 along x_1 and about -c along x_2. */
static double saddle(void *arg, const double *x, double *g)
{
    double c = *(const double *)arg, b = x[1] * x[1];
    if (g) g[0] = x[0], g[1] = -c * x[1] + 4 * b * x[1];
    return x[0] * x[0] / 2 - c * b / 2 + b * b;
}

static void saddle_product(void *arg, const double *x, const double *v, double *hv)
{
    hv[0] = v[0];
    hv[1] = (12 * x[1] * x[1] - *(const double *)arg) * v[1];
}

/* How far the first step goes along x_1, where the minimum is 1 away: 1 is the step that Newton would take alone. */
static ds_status progress(ds_trial *t, double c, double *share)
{
    const ds_function f = { .n = 2, .value = saddle, .product = saddle_product, .arg = &c };
    double x[2] = { 1, 1e-9 }, g[2], hv[2];
    ds_solver *s;
    ds_solver_settings set = { .n = 2, .start = x, .target = -INFINITY };
    LAB_TRY(ds_solver_parse(t->ctx, t->broken ? "saddle_free" : "newton", &set.solver));
    LAB_TRY(ds_solver_create(&s, t->ctx, &set));
    for (int values = 0; values < 2;) {
        const ds_question *a = ds_solver_ask(s);
        double value = NAN;
        if (a->what & DS_ASK_VALUE && ++values == 2) {
            *share = 1 - a->x[0];
            break;
        }
        if (a->what & DS_ASK_VALUE) value = f.value(f.arg, a->x, g);
        if (a->what & DS_ASK_PRODUCT) f.product(f.arg, a->x, a->v, hv);
        ds_solver_tell(s, value, g, hv);
    }
    ds_solver_free(s);
    return DS_OK;
}

static ds_status one_step(ds_trial *t, ds_solver_outcome *o)
{
    ds_test_function *q;
    double x[20];
    LAB_TRY(ds_test_function_create(&q, t->ctx, "quadratic(kappa=1e4)", 20));
    ds_test_function_start(q, x);
    ds_status status = lab_solve(t, ds_test_function_of(q), "newton", NULL, 1000, 1e-9, x, o, NULL);
    ds_test_function_free(q);
    return status;
}

static ds_status run(ds_trial *t)
{
    enum { POINTS = 4 };
    double c[POINTS], logc[POINTS], share[POINTS], logs[POINTS];
    ds_solver_outcome o;
    LAB_TRY(one_step(t, &o));
    for (int k = 0; k < POINTS; k++) {
        c[k] = pow(10, k + 1);
        LAB_TRY(progress(t, c[k], &share[k]));
        logc[k] = log(c[k]);
        logs[k] = log(share[k]);
    }
    t->value = o.iterations == 1 ? lab_slope(logc, logs, POINTS) : 0;
    t->bar = -0.9;
    t->relation = "<=";
    t->seeds = 1;
    t->data = "quadratic, and a saddle of two dimensions";
    snprintf(t->note, sizeof t->note,
             "quadratic of condition 1e4: %lld step, %lld products; share of the way along the good direction with a "
             "negative "
             "eigenvalue of 10, 100, 1000, 10000: %.3g, %.3g, %.3g, %.3g",
             (long long)o.iterations, (long long)o.products, share[0], share[1], share[2], share[3]);
    return DS_OK;
}

const ds_experiment ds_experiment_F1 = {
    .row = "F1",
    .claim =
        "Newton's method needs one step on a quadratic. Where the Hessian is not positive definite it is shifted by "
        "alpha, and a far negative eigenvalue makes alpha dominate: the step becomes as small as gradient descent's",
    .run_by =
        "Newton on a quadratic of condition 1e4, counted; then its first step at a saddle whose negative eigenvalue "
        "grows from 10 to 10,000, and how far it goes along the direction of curvature 1.",
    .rule = "Slope of log(share of the way) against log(negative eigenvalue): theory says -1 (the step is 1 / (1 + "
            "alpha)), "
            "the bar is -0.9; 0 when the quadratic took more than one step.",
    .source = "Goodfellow et al. 8.6.1, equation 8.28",
    .broken = "Saddle-free Newton in its place: absolute values of the eigenvalues instead of the shift.",
    .run = run,
};
