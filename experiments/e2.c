/* e2.c - RMSProp, plain and with Nesterov momentum, exactly as the book has them; it forgets old gradients where
 * AdaGrad cannot. */
#include <math.h>

#include "descent/optim.h"
#include "lab.h"

enum { DIM = 7, STEPS = 200 };

/* The book's two algorithms worked out here on f(x) = sum c_i x_i^2 / 2; largest relative difference from the rules.
 * broken: AdaGrad, which does not forget, runs in the rules' place. */
static ds_status formula_error(ds_trial *t, bool nesterov, double *worst)
{
    const double rho = 0.9, e = 0.01, a = 0.5, d = 1e-6;
    ds_optim *o;
    ds_optim_settings s = { .dialect = "book", .n = DIM, .dtype = DS_F64 };
    LAB_TRY(ds_rule_parse(t->ctx,
                          t->broken  ? "adagrad(lr=0.01)"
                          : nesterov ? "rmsprop-nesterov(lr=0.01, alpha=0.9, momentum=0.5)"
                                     : "rmsprop(lr=0.01, alpha=0.9)",
                          &s.rule));
    LAB_TRY(ds_optim_create(&o, t->ctx, &s));
    double *theta = ds_buffer_alloc(DIM * 8), *g = ds_buffer_alloc(DIM * 8), r[DIM] = { 0 }, v[DIM] = { 0 }, x[DIM];
    ds_status status = theta && g ? DS_OK : DS_EMEM;
    for (int i = 0; i < DIM && status == DS_OK; i++) theta[i] = x[i] = 1 + i;
    *worst = 0;
    for (int k = 0; k < STEPS && status == DS_OK; k++) {
        const void *point;
        status = ds_optim_point(o, theta, &point);
        for (int i = 0; i < DIM; i++) {
            double c = pow(10, i - 3);
            g[i] = c * ((const double *)point)[i];
            double h = c * (nesterov ? x[i] + a * v[i] : x[i]);
            r[i] = rho * r[i] + (1 - rho) * h * h;
            v[i] = (nesterov ? a * v[i] : 0) -
                   e * h / (nesterov ? sqrt(r[i]) : sqrt(d + r[i])); /* algorithm 8.6 has no d */
            x[i] += v[i];
        }
        if (status == DS_OK) status = ds_optim_step(o, theta, g, e);
        for (int i = 0; i < DIM; i++) *worst = fmax(*worst, fabs(theta[i] - x[i]) / (fabs(x[i]) + 1e-3));
    }
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_optim_free(o);
    return status;
}

/* Steps until a unit gradient moves half of the rate again after 100 gradients of size 100. */
static ds_status steps_to_recover(ds_trial *t, const char *rule, int *steps)
{
    ds_optim *o;
    ds_optim_settings s = { .dialect = "book", .n = 1, .dtype = DS_F64 };
    LAB_TRY(ds_rule_parse(t->ctx, rule, &s.rule));
    LAB_TRY(ds_optim_create(&o, t->ctx, &s));
    double *theta = ds_buffer_alloc(64), *g = ds_buffer_alloc(64), moved = 0;
    ds_status status = theta && g ? DS_OK : DS_EMEM;
    for (int k = 0; k < 100 && status == DS_OK; k++) {
        g[0] = 100;
        status = ds_optim_step(o, theta, g, 1);
    }
    for (*steps = 0; *steps < 100000 && moved < 0.5 && status == DS_OK; ++*steps) {
        double before = theta[0];
        g[0] = 1;
        status = ds_optim_step(o, theta, g, 1);
        moved = before - theta[0];
    }
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_optim_free(o);
    return status;
}

static ds_status run(ds_trial *t)
{
    double plain = NAN, nesterov = NAN;
    int recover = 0, never = 0;
    LAB_TRY(formula_error(t, false, &plain));
    LAB_TRY(formula_error(t, true, &nesterov));
    LAB_TRY(steps_to_recover(t, t->broken ? "adagrad(lr=1)" : "rmsprop(lr=1, alpha=0.9)", &recover));
    LAB_TRY(steps_to_recover(t, "adagrad(lr=1)", &never));
    t->value = fmax(fmax(plain, nesterov) / 1e-10, fmax(recover / 200.0, 10000.0 / never));
    t->bar = 1;
    t->seeds = 1;
    t->data = "quadratic";
    snprintf(t->note, sizeof t->note,
             "formulas off by %.1e (plain), %.1e (Nesterov); after large gradients the rate is back in %d steps, "
             "AdaGrad's in %d%s",
             plain, nesterov, recover, never, never == 100000 ? " or more" : "");
    return DS_OK;
}

const ds_experiment ds_experiment_E2 = {
    .row = "E2",
    .claim = "RMSProp divides by a decaying mean of squared gradients, so it forgets; with Nesterov momentum the "
             "gradient is taken ahead",
    .run_by = "Both rules against the book's formulas on quadratics of seven curvatures; then unit gradients after a "
              "hundred of size 100.",
    .rule = "The worst of three numbers, each over its bar: difference from the formulas (1e-10 after 200 steps), "
            "steps until the rate is back (200; 10,000 x 0.9^k falls below 3 at k = 77), "
            "and that AdaGrad needs more than 10,000.",
    .source = "Goodfellow et al. algorithms 8.5 and 8.6",
    .broken = "AdaGrad, which does not forget, runs in RMSProp's place.",
    .run = run,
};
