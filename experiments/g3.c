/* g3.c - averaging the weights: the mean of a path that goes from wall to wall lies on the ravine's floor; with an
 * exponential average a net's validation loss is lower than with the last weights. */
#include <math.h>

#include "descent/optim.h"
#include "lab.h"

enum { SEEDS = 16, MOST = 48, STEPS = 2000, TRAIN = 1000, VAL = 1000, PASSES = 5 };

static ds_status open_average(ds_trial *t, const char *text, int64_t n, ds_dtype dtype, ds_average **a)
{
    ds_average_settings s = { .n = n, .dtype = dtype, .total = -1 };
    LAB_TRY(ds_average_parse(t->ctx, text, &s.average));
    return ds_average_create(a, t->ctx, &s);
}

/* Descent with noise across a ravine of curvatures 1 and 100, at a rate near the largest that the walls stand:
 * distance of the last point and of the mean of all points from the floor, root mean square over runs. broken: a
 * mean of one. */
static ds_status walls(ds_trial *t, double *last, double *mean)
{
    enum { RUNS = 20 };
    double curvature[2] = { 1, 100 };
    *last = *mean = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        ds_average *a = NULL;
        LAB_TRY(open_average(t, t->broken ? "ema(decay=0)" : "polyak", 2, DS_F64, &a));
        double *x = ds_buffer_alloc(16);
        ds_status status = x ? DS_OK : DS_EMEM;
        ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 86, run);
        for (int k = 0; k < STEPS && status == DS_OK; k++) {
            for (int i = 0; i < 2; i++) x[i] -= 0.019 * (curvature[i] * x[i] + ds_rng_normal(&g));
            status = ds_average_add(a, x);
        }
        if (status == DS_OK) {
            const double *m = ds_average_values(a);
            *last += x[1] * x[1] / RUNS;
            *mean += m[1] * m[1] / RUNS;
        }
        ds_average_free(a);
        ds_buffer_free(x);
        if (status != DS_OK) return status;
    }
    *last = sqrt(*last);
    *mean = sqrt(*mean);
    return DS_OK;
}

/* A net at a constant rate in small batches: validation loss with the last weights and with their exponential
 * average. */
static ds_status train(ds_trial *t, ds_problem *p, const lab_rows *r, const lab_rows *val, int s, double loss[2])
{
    lab_trainer w;
    ds_average *a = NULL;
    int64_t order[TRAIN], batch = 10;
    LAB_TRY(lab_trainer_open(t, &w, p, r, "sgd(lr=0.1)", batch, t->seed * 1000 + (uint64_t)s));
    ds_status status = open_average(t, t->broken ? "ema(decay=0)" : "ema(decay=0.99)",
                                    ds_space_dim(ds_problem_space(p)), ds_problem_dtype(p), &a);
    for (uint32_t pass = 0; pass < PASSES && status == DS_OK; pass++) {
        lab_shuffle(order, TRAIN, w.seed, 87, pass);
        for (int64_t from = 0; from < TRAIN && status == DS_OK; from += batch) {
            status = lab_trainer_pass(&w, r, order + from, batch);
            if (status == DS_OK) status = ds_average_add(a, w.theta);
        }
    }
    if (status == DS_OK) status = lab_trainer_score(t, &w, val, &loss[0], NULL);
    for (int64_t i = 0; i < ds_space_dim(ds_problem_space(p)) && status == DS_OK; i++)
        lab_set(p, w.theta, i, lab_get(p, ds_average_values(a), i));
    if (status == DS_OK) status = lab_trainer_score(t, &w, val, &loss[1], NULL);
    ds_average_free(a);
    lab_trainer_close(&w);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const char *const layers[] = { "flatten", "dense 16 act=relu", "dense classes", NULL };
    lab_rows r, val;
    ds_problem *p = NULL;
    double last = NAN, mean = NAN, plain[MOST], averaged[MOST];
    t->seeds = t->full ? MOST : SEEDS;
    LAB_TRY(walls(t, &last, &mean));
    LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, 0, TRAIN, DS_F32));
    ds_status status = lab_images(t, &val, "mnist", DS_TRAIN, TRAIN, VAL, DS_F32);
    if (status == DS_OK) status = lab_problem(t, &p, &r, "cross-entropy", 0, layers);
    for (int s = 0; s < t->seeds && status == DS_OK; s++) {
        double loss[2];
        status = train(t, p, &r, &val, s, loss);
        plain[s] = loss[0];
        averaged[s] = loss[1];
    }
    ds_problem_free(p);
    lab_rows_free(&r);
    lab_rows_free(&val);
    if (status != DS_OK) return status;
    double z = lab_paired(plain, averaged, t->seeds);
    t->value = fmin(last / mean / 10, z / 3);
    t->relation = ">=";
    t->bar = 1;
    snprintf(
        t->note, sizeof t->note,
        "ravine: last point %.3g from the floor, mean of the path %.2g; net: validation loss %.4f +- %.4f with the "
        "last weights, %.4f +- %.4f with their average (%.1f standard errors)",
        last, mean, lab_mean(plain, t->seeds), lab_error_of_mean(plain, t->seeds), lab_mean(averaged, t->seeds),
        lab_error_of_mean(averaged, t->seeds), z);
    return DS_OK;
}

const ds_experiment ds_experiment_G3 = {
    .row = "G3",
    .claim =
        "The mean of the points of a path that leaps between the walls of a ravine is near its floor; for nets the "
        "exponential form lowers the validation loss",
    .run_by = "2,000 noisy steps at nearly the largest stable rate in a ravine, 20 runs, average polyak; nets on 1,000 "
              "digits at a constant rate in batches of 10, average ema with decay 0.99, 16 seeds (full: 48).",
    .rule =
        "The lesser of two numbers, each over its bar: distance of the last point from the floor over that of the mean "
        "(10: the points alternate, so that their mean falls as 1/steps but for the noise), and by how many standard "
        "errors of "
        "the paired difference the averaged weights' validation loss is lower (3).",
    .source = "Goodfellow et al. section 8.7.3",
    .broken = "The average keeps nothing: it is the last point.",
    .run = run,
};
