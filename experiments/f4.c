/* f4.c - batch sizes that second-order methods need: curvature from the difference of two gradients, as L-BFGS
 * takes it, drowns in noise where the two come from different batches, unless these are very large; from one batch
 * it does not. */
#include <math.h>
#include <string.h>

#include "lab.h"

enum { DIM = 10, SIZES = 4, BLOCKS = 4, DRAWS = 20 };
static const double condition = 1e4, step = 0.1;

/* Gradient of linear regression at distance d from the truth, mean over m examples with the inputs' variances c_i. */
static void gradient(const ds_trial *t, const double *d, int64_t m, uint32_t batch, double *g)
{
    ds_rng r = ds_rng_at(t->seed, DS_FOR_TOUR, 90, batch);
    memset(g, 0, DIM * sizeof *g);
    for (int64_t k = 0; k < m; k++) {
        double x[DIM], residual = ds_rng_normal(&r);
        for (int i = 0; i < DIM; i++) {
            x[i] = pow(condition, -i / (2 * (DIM - 1.0))) * ds_rng_normal(&r);
            residual += x[i] * d[i];
        }
        for (int i = 0; i < DIM; i++) g[i] += x[i] * residual / (double)m;
    }
}

/* Relative error of the curvature s'y / s's along the step s = -0.1 g, root mean square over draws; and the share
 * of draws in which it is not positive, so that the update must be left out. */
static void curvature(const ds_trial *t, bool one, int64_t m, uint32_t block, double *error, double *refused)
{
    *error = *refused = 0;
    for (uint32_t k = 0; k < DRAWS; k++) {
        double d[DIM], moved[DIM], s[DIM], g[DIM], after[DIM], sy = 0, shs = 0;
        uint32_t batch = 2 * (block * DRAWS + k);
        for (int i = 0; i < DIM; i++) {
            d[i] = i % 2 ? 0.3 : -0.3;
            s[i] = -step * pow(condition, -i / (DIM - 1.0)) * d[i];
            moved[i] = d[i] + s[i];
            shs += s[i] * s[i] * pow(condition, -i / (DIM - 1.0));
        }
        gradient(t, d, m, batch, g);
        gradient(t, moved, m, one ? batch : batch + 1, after);
        for (int i = 0; i < DIM; i++) sy += s[i] * (after[i] - g[i]);
        *error += pow(sy / shs - 1, 2) / DRAWS;
        *refused += (sy <= 0) / (double)DRAWS;
    }
    *error = sqrt(*error);
}

static ds_status run(ds_trial *t)
{
    double one[SIZES][BLOCKS], two[SIZES][BLOCKS], refused[BLOCKS], ratio[BLOCKS], unused;
    int64_t size[SIZES] = { 10, 100, 1000, 10000 };
    for (uint32_t b = 0; b < BLOCKS; b++) {
        for (int s = 0; s < SIZES; s++) {
            curvature(t, true, size[s], b, &one[s][b], &unused);
            curvature(t, t->broken, size[s], b, &two[s][b], s == 1 ? &refused[b] : &unused);
        }
        ratio[b] = pow(two[1][b] / one[1][b], 2);
    }
    double times = lab_mean(ratio, BLOCKS) - 3 * lab_error_of_mean(ratio, BLOCKS);
    double good = lab_mean(one[1], BLOCKS) + 3 * lab_error_of_mean(one[1], BLOCKS);
    double bad = lab_mean(two[1], BLOCKS) - 3 * lab_error_of_mean(two[1], BLOCKS);
    t->value = fmin(fmin(times / 100, bad), 0.5 / good);
    t->relation = ">=";
    t->bar = 1;
    t->seeds = BLOCKS * DRAWS;
    t->data = "linear regression";
    snprintf(
        t->note, sizeof t->note,
        "relative error of the curvature at B = 10 / 100 / 1,000 / 10,000: one batch %.2f %.2f %.2f %.3f, two batches "
        "%.2f %.2f %.2f %.3f; two batches of 100: %.0f %% of the updates refused; %.0f times the examples for the same "
        "error",
        lab_mean(one[0], BLOCKS), lab_mean(one[1], BLOCKS), lab_mean(one[2], BLOCKS), lab_mean(one[3], BLOCKS),
        lab_mean(two[0], BLOCKS), lab_mean(two[1], BLOCKS), lab_mean(two[2], BLOCKS), lab_mean(two[3], BLOCKS),
        100 * lab_mean(refused, BLOCKS), lab_mean(ratio, BLOCKS));
    return DS_OK;
}

const ds_experiment ds_experiment_F4 = {
    .row = "F4",
    .claim =
        "Methods that take curvature from differences of gradients, as L-BFGS does, need batches of 10,000 or both "
        "gradients from one batch",
    .run_by = "Linear regression of condition 1e4 in ten numbers: curvature s'y / s's along a gradient step of rate "
              "0.1 from two "
              "gradients of one batch and of two batches, against the exact one, batches of 10 to 10,000; four times "
              "twenty draws.",
    .rule =
        "The least of three numbers, each over its bar, all three standard errors to the safe side: how many times the "
        "examples two "
        "batches need for the error that one has (100: the book's step from 100 to 10,000), the error of two batches "
        "of 100 (1: no better than knowing nothing), and 0.5 over that of one batch of 100.",
    .source = "Goodfellow et al. sections 8.1.3 and 8.6.3; Byrd et al. 2016",
    .broken = "Both gradients come from one batch in the place of two.",
    .run = run,
};
