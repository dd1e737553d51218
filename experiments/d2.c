/* d2.c - the scale of the initial weights trades signal against saturation and explosion. */
#include <math.h>

#include "lab.h"

enum { DEPTH = 8, SCALES = 5 };
static const double scale[SCALES] = { 0.05, 0.4, 1, 3, 20 };

/* Multiply the weights of a fresh glorot start by the factor. broken: the factor is left out, so every scale is the
 * same. */
static ds_status start(ds_trial *t, ds_problem *p, double factor, uint64_t seed, void *theta)
{
    const ds_space *space = ds_problem_space(p);
    LAB_TRY(ds_problem_init(p, seed, theta, NULL));
    for (int k = 0; k < ds_space_count(space); k++) {
        const ds_segment *s = ds_space_segment(space, k);
        for (int64_t i = 0; i < s->count && s->role == DS_WEIGHT && !t->broken; i++)
            lab_set(p, theta, s->offset + i, factor * lab_get(p, theta, s->offset + i));
    }
    return DS_OK;
}

/* Norm of the first layer's gradient over that of the last: how much signal comes back. */
static ds_status backward_share(ds_trial *t, ds_problem *p, const lab_rows *r, const void *theta, double *share)
{
    const ds_space *space = ds_problem_space(p);
    void *g = lab_vector(p);
    if (!g) return DS_EMEM;
    ds_status status = lab_gradient(t, p, r, theta, g, NULL);
    double norm[2] = { 0 };
    for (int end = 0; end < 2; end++) {
        const ds_segment *s = ds_space_segment(space, end ? 2 * DEPTH : 0);
        for (int64_t i = 0; i < s->count; i++) norm[end] += pow(lab_get(p, g, s->offset + i), 2);
    }
    *share = sqrt(norm[0] / norm[1]);
    ds_buffer_free(g);
    return status;
}

typedef struct result {
    double error[8], before[SCALES], after[SCALES];
} result;

static ds_status at_scale(ds_trial *t, ds_problem *p, const lab_rows *train, const lab_rows *test, int k, int seeds,
                          double *error, double share[2])
{
    void *theta = lab_vector(p);
    ds_status status = theta ? DS_OK : DS_EMEM;
    for (int s = 0; s < seeds && status == DS_OK; s++) {
        status = start(t, p, scale[k], t->seed + (uint64_t)s, theta);
        if (status == DS_OK && s == 0) status = backward_share(t, p, test, theta, &share[0]);
        if (status == DS_OK) status = lab_descend(t, p, train, theta, 50, t->full ? 3000 : 500, 0.1, 0, (uint32_t)s);
        if (status == DS_OK && s == 0) status = backward_share(t, p, test, theta, &share[1]);
        if (status == DS_OK) status = lab_error(t, p, test, theta, &error[s]);
    }
    ds_buffer_free(theta);
    return status;
}

static ds_status measure(ds_trial *t, ds_problem *p, const lab_rows *train, const lab_rows *test)
{
    enum { MOST = 8 };
    int seeds = t->full ? MOST : 4;
    double error[SCALES][MOST], share[SCALES][2], z = INFINITY;
    ds_status status = DS_OK;
    for (int k = 0; k < SCALES && status == DS_OK; k++)
        status = at_scale(t, p, train, test, k, seeds, error[k], share[k]);
    for (int end = 0; end < SCALES;
         end += SCALES - 1) { /* both ends against the middle, in joint standard errors (at least one row in 1000) */
        double bar = hypot(hypot(lab_error_of_mean(error[end], seeds), lab_error_of_mean(error[2], seeds)), 0.001);
        z = fmin(z, (lab_mean(error[end], seeds) - lab_mean(error[2], seeds)) / bar);
    }
    t->value = z;
    t->seeds = seeds;
    snprintf(t->note, sizeof t->note,
             "test error at scale 0.05, 0.4, 1, 3, 20: %.0f, %.0f, %.0f, %.0f, %.0f %%; first over last gradient norm "
             "%.0e, %.2g, %.0e before, %.0e, %.2g, %.0e after",
             100 * lab_mean(error[0], seeds), 100 * lab_mean(error[1], seeds), 100 * lab_mean(error[2], seeds),
             100 * lab_mean(error[3], seeds), 100 * lab_mean(error[4], seeds), share[0][0], share[2][0], share[4][0],
             share[0][1], share[2][1], share[4][1]);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const char *const layers[] = { "flatten", "dense 48 act=tanh init=glorot repeat=8",
                                          "dense classes init=glorot", NULL };
    lab_rows train, test;
    ds_problem *p;
    LAB_TRY(lab_images(t, &train, "mnist", DS_TRAIN, 0, 3000, DS_F32));
    LAB_TRY(lab_images(t, &test, "mnist", DS_TEST, 0, 1000, DS_F32));
    ds_status status = lab_problem(t, &p, &train, "cross-entropy", 0, layers);
    if (status == DS_OK) {
        status = measure(t, p, &train, &test);
        ds_problem_free(p);
    }
    lab_rows_free(&train);
    lab_rows_free(&test);
    t->bar = 3;
    t->relation = ">=";
    return status;
}

const ds_experiment ds_experiment_D2 = {
    .row = "D2",
    .claim = "Initial weights can be too small (signal dies) and too large (units saturate, gradients explode); the "
             "right scale lies between",
    .run_by = "A tanh network of eight hidden layers from 0.05 to 20 times the normalized scale: gradient that comes "
              "back, before and after training, and test error after equal work.",
    .rule = "How many joint standard errors the test error at both ends lies above that at scale 1, the smaller of the "
            "two: at least 3.",
    .source = "Goodfellow et al. section 8.4",
    .broken = "The factor is left out, so that all scales are the same start.",
    .run = run,
};
