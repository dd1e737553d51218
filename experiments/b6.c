/* b6.c - saddles: gradient descent leaves them in a time that theory gives, Newton is drawn to them, saddle-free Newton is
 * not. */
#include <math.h>

#include "lab_solve.h"

enum { DISTANCES = 3, MOST = 100000 };
static const double curvature = 0.5, rate = 0.01, far_away = 0.1;

/* x_1^2 / 2 - c x_2^2 / 2 + x_2^4 / 4, c negative in the broken variant: then the origin is a minimum. */
typedef struct saddle {
    double c;
} saddle;

static double value(void *arg, const double *x, double *g)
{
    double c = ((const saddle *)arg)->c, b = x[1] * x[1];
    if (g) g[0] = x[0], g[1] = -c * x[1] + b * x[1];
    return x[0] * x[0] / 2 - c * b / 2 + b * b / 4;
}

static void product(void *arg, const double *x, const double *v, double *hv)
{
    hv[0] = v[0];
    hv[1] = (3 * x[1] * x[1] - ((const saddle *)arg)->c) * v[1];
}

/* Steps of gradient descent (rule sgd) until x_2 is far away; MOST: never. */
static ds_status escape(ds_trial *t, const saddle *q, double distance, int *steps)
{
    ds_optim *o;
    ds_optim_settings s = { .n = 2, .dtype = DS_F64 };
    LAB_TRY(ds_rule_parse(t->ctx, "sgd", &s.rule));
    LAB_TRY(ds_optim_create(&o, t->ctx, &s));
    double *x = ds_buffer_alloc(16), *g = ds_buffer_alloc(16);
    ds_status status = x && g ? DS_OK : DS_EMEM;
    if (status == DS_OK) x[0] = 1, x[1] = distance;
    for (*steps = 0; *steps < MOST && status == DS_OK && fabs(x[1]) < far_away; ++*steps) {
        value((void *)q, x, g);
        status = ds_optim_step(o, x, g, rate);
    }
    ds_buffer_free(x);
    ds_buffer_free(g);
    ds_optim_free(o);
    return status;
}

/* Where x_2 ends: Newton's own steps, d = -g / H by coordinate, since H is diagonal. */
static double plain_newton(const saddle *q, double distance)
{
    double x[2] = { 1, distance }, g[2], h[2], one[2] = { 1, 1 };
    for (int k = 0; k < 20; k++) {
        value((void *)q, x, g);
        product((void *)q, x, one, h);
        for (int i = 0; i < 2; i++) x[i] -= g[i] / h[i];
    }
    return fabs(x[1]);
}

static ds_status run(ds_trial *t)
{
    const saddle q = { t->broken ? -curvature : curvature };
    const ds_function f = { .n = 2, .value = value, .product = product, .arg = (void *)&q };
    double worst = 0, newton = 0, nearest = INFINITY;
    int steps[DISTANCES], theory[DISTANCES];
    ds_solver_outcome o;
    for (int k = 0; k < DISTANCES; k++) {
        double d0 = pow(10, -2 - 2 * k), x[2] = { 1, d0 };
        theory[k] = (int)(log(far_away / d0) / (rate * curvature));
        LAB_TRY(escape(t, &q, d0, &steps[k]));
        worst = fmax(worst, fabs((double)(steps[k] - theory[k])) / theory[k]);
        newton = fmax(newton, plain_newton(&q, d0));
        LAB_TRY(lab_solve(t, &f, "saddle_free", NULL, 2000, 1e-10, x, &o, NULL));
        nearest = fmin(nearest, fabs(x[1]));
    }
    bool drawn = newton < 1e-10, left = fabs(nearest - sqrt(curvature)) < 1e-6;
    t->value = drawn && left ? worst : INFINITY;
    t->bar = 0.05;
    t->relation = "<=";
    t->seeds = 1;
    t->data = "a saddle of two dimensions";
    snprintf(t->note, sizeof t->note,
             "steps to leave from 1e-2, 1e-4, 1e-6: %d, %d, %d, theory %d, %d, %d; Newton ends %.1e from the saddle, "
             "saddle-free Newton %.4f away, where the minimum is",
             steps[0], steps[1], steps[2], theory[0], theory[1], theory[2], newton, nearest);
    return DS_OK;
}

const ds_experiment ds_experiment_B6 = {
    .row = "B6",
    .claim = "Gradient descent leaves a saddle after about ln(R / d0) / (epsilon |lambda|) steps; Newton's method is "
             "drawn to "
             "it; saddle-free Newton is not",
    .run_by = "A saddle with a negative eigenvalue of 0.5, from three distances d0: rule sgd until it is R = 0.1 away, "
              "counted; twenty plain Newton steps; saddle-free Newton to the end.",
    .rule =
        "Largest relative difference between counted steps and theory, at most 0.05 (the logarithm of 1 + epsilon "
        "lambda "
        "and the fourth power account for less than 0.03); infinite unless Newton ends at the saddle from every start "
        "and saddle-free Newton at the minimum.",
    .source = "Goodfellow et al. 8.2.3; Dauphin et al. 2014",
    .broken = "The sign of the curvature is turned: the point is a minimum, and nothing leaves it.",
    .run = run,
};
