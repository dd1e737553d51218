/* d3.c - initializers keep norms through depth and have the statistics that they promise. */
#include <math.h>
#include <string.h>

#include "lab.h"

enum { WIDTH = 64 };

/* |output| / |input| of a deep linear chain, worst of a few inputs, as a distance from 1 in natural logs. */
static ds_status chain_norm(ds_trial *t, const char *init, double *off)
{
    char dense[128];
    const char *layers[] = { dense, NULL };
    lab_rows r = { .n = 8, .width = WIDTH, .sample = DS_SHAPE(WIDTH), .targets = WIDTH, .dtype = DS_F64 };
    ds_problem *p;
    snprintf(dense, sizeof dense, "dense %d bias=false repeat=100 init=%s", WIDTH, init);
    LAB_TRY(lab_problem(t, &p, &r, "squared-error", 0, layers));
    void *theta = lab_vector(p);
    ds_status status = theta ? lab_rows_alloc(t, &r) : DS_EMEM;
    const void *z = NULL;
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 30, 0);
    for (int64_t i = 0; i < r.n * WIDTH && status == DS_OK; i++) ((double *)r.x)[i] = ds_rng_normal(&g);
    if (status == DS_OK) status = ds_problem_init(p, t->seed, theta, NULL);
    ds_batch b = lab_slice(&r, 0, r.n);
    if (status == DS_OK) status = ds_problem_outputs(p, &(ds_at){ &b, theta, DS_MODE_EVAL, 0, 0 }, &z, NULL);
    *off = 0;
    for (int64_t i = 0; i < r.n && status == DS_OK; i++) {
        double in = 0, out = 0;
        for (int64_t k = 0; k < WIDTH; k++) {
            in += pow(((const double *)r.x)[i * WIDTH + k], 2);
            out += pow(((const double *)z)[i * WIDTH + k], 2);
        }
        *off = fmax(*off, fabs(0.5 * log(out / in)));
    }
    lab_rows_free(&r);
    ds_buffer_free(theta);
    ds_problem_free(p);
    return status;
}

/* Mean square of 200 x 300 weights against what the scheme promises, in standard errors of a mean square of that many
 * draws. */
static ds_status variance_off(ds_trial *t, const char *init, double promised, double kurtosis, double *z)
{
    char dense[128];
    const char *layers[] = { dense, NULL };
    lab_rows like = { .sample = DS_SHAPE(200), .targets = 300, .dtype = DS_F64 };
    ds_problem *p;
    snprintf(dense, sizeof dense, "dense 300 bias=false init=%s", init);
    LAB_TRY(lab_problem(t, &p, &like, "squared-error", 0, layers));
    void *theta = lab_vector(p);
    ds_status status = theta ? ds_problem_init(p, t->seed, theta, NULL) : DS_EMEM;
    double n = 200 * 300, square = theta ? lab_dot(p, theta, theta) / n : NAN;
    *z = fabs(square / promised - 1) / sqrt((kurtosis - 1) / n);
    ds_buffer_free(theta);
    ds_problem_free(p);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const struct {
        const char *init;
        double promised, kurtosis;
    } scheme[] = { { "glorot", 2.0 / 500, 1.8 },
                   { "glorot(distribution=normal)", 2.0 / 500, 3 },
                   { "he", 2.0 / 200, 3 },
                   { "he(distribution=uniform)", 2.0 / 200, 1.8 },
                   { "fan-in", 1.0 / 200 / 3, 1.8 },
                   { "normal(std=0.02)", 0.0004, 3 },
                   { "uniform(lo=-0.3, hi=0.3)", 0.03, 1.8 },
                   { "sparse(k=15)", 15.0 / 200, 3 * 200.0 / 15 } };
    enum { SCHEMES = sizeof scheme / sizeof scheme[0] };
    double orthogonal = NAN, gaussian = NAN, worst = 0;
    const char *at = "";
    LAB_TRY(chain_norm(t, t->broken ? "normal(std=0.11)" : "orthogonal", &orthogonal));
    LAB_TRY(chain_norm(t, "normal(std=0.11)", &gaussian));
    for (int k = 0; k < SCHEMES; k++) {
        double z = NAN;
        LAB_TRY(variance_off(t, scheme[k].init, scheme[k].promised, scheme[k].kurtosis, &z));
        if (z > worst) {
            worst = z;
            at = scheme[k].init;
        }
    }
    t->value = fmax(orthogonal / 1e-10, worst / 4.5);
    t->bar = 1;
    t->seeds = 1;
    t->data = "gaussian";
    snprintf(t->note, sizeof t->note,
             "norm through 100 orthogonal layers off by %.1e (normal draws: by a factor of %.2g); worst variance of %d "
             "schemes %.1f standard errors off (%s)",
             orthogonal, exp(gaussian), SCHEMES, worst, at);
    return DS_OK;
}

const ds_experiment ds_experiment_D3 = {
    .row = "D3",
    .claim = "Orthogonal weights keep the norm of a signal through 100 layers, and each scheme has the variance that "
             "it promises",
    .run_by = "Signals through 100 linear layers of width 64; mean square of 200 x 300 weights by eight schemes.",
    .rule = "The larger of two numbers over its bar: log of the norm's change through 100 orthogonal layers (1e-10 in "
            "f64), and the worst scheme's variance "
            "error (4.5 standard errors of a mean square; chance gives that once in 20,000 for eight schemes).",
    .source = "Goodfellow et al. section 8.4; Saxe et al. 2013; Glorot and Bengio 2010; He et al. 2015; Martens 2010",
    .broken = "The chain is of normal draws of nearly the right size instead of orthogonal ones.",
    .run = run,
};
