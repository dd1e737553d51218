/* h7.c - vanilla and minibatch descent: approximate gradients win in computation, not in updates; powers of two. */
#include <math.h>
#include <string.h>

#include "lab.h"

enum { ROWS = 1024, SIZES = 4 };
static const int64_t size[SIZES] = { 1, 16, 256, ROWS };

/* Examples worked through, and updates, until the training loss is below the target. broken: every batch is the whole
 * set. */
static ds_status to_target(ds_trial *t, ds_problem *p, const lab_rows *r, int64_t batch, double target, uint32_t seed,
                           double *examples, double *updates)
{
    void *theta = lab_vector(p), *g = lab_vector(p);
    double loss = INFINITY, limit = 600.0 * ROWS;
    int64_t real = t->broken ? ROWS : batch, every = real == ROWS ? 8 : ROWS / 8 / real > 0 ? ROWS / 8 / real : 1;
    double rate = batch == 1 ? 0.01 : batch == 16 ? 0.05 : 0.2; /* single examples need a small rate */
    ds_status status = theta && g ? ds_problem_init(p, t->seed + seed, theta, NULL) : DS_EMEM;
    *examples = *updates = 0;
    for (uint32_t k = 0; status == DS_OK && loss > target && *examples < limit; k++) {
        status = lab_descend(t, p, r, theta, real, every, rate, 0, seed * 100000 + k);
        *updates += (double)every;
        *examples += (double)(every * real);
        if (status == DS_OK) status = lab_gradient(t, p, r, theta, g, &loss);
    }
    ds_buffer_free(theta);
    ds_buffer_free(g);
    return status;
}

/* Median seconds per example of a gradient at this batch size. */
static ds_status example_time(ds_trial *t, ds_problem *p, const lab_rows *r, int64_t n, double *seconds)
{
    enum { REPEATS = 31 };
    double spent[REPEATS], value;
    void *theta = lab_vector(p), *g = lab_vector(p);
    ds_batch b = lab_slice(r, 0, n);
    ds_status status = theta && g ? ds_problem_init(p, t->seed, theta, NULL) : DS_EMEM;
    for (int k = 0; k < REPEATS && status == DS_OK; k++) {
        double from = lab_seconds();
        for (int i = 0; i < 8 && status == DS_OK; i++)
            status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_TRAIN, 0, 0 }, g, &value);
        spent[k] = (lab_seconds() - from) / (double)(8 * n);
    }
    *seconds = lab_median(spent, REPEATS);
    ds_buffer_free(theta);
    ds_buffer_free(g);
    return status;
}

static ds_status measure(ds_trial *t, ds_problem *p, const lab_rows *r)
{
    enum { MOST = 5 };
    int seeds = t->full ? MOST : t->broken ? 1 : 3;
    double examples[SIZES][MOST], updates[SIZES][MOST], work[SIZES], steps[SIZES], time[8];
    ds_status status = DS_OK;
    for (int k = 0; k < SIZES; k++) {
        for (int s = 0; s < seeds && status == DS_OK; s++)
            status = to_target(t, p, r, size[k], 0.45, (uint32_t)s, &examples[k][s], &updates[k][s]);
        work[k] = lab_mean(examples[k], seeds);
        steps[k] = lab_mean(updates[k], seeds);
    }
    static const int64_t even[8] = { 32, 64, 128, 256, 31, 63, 100, 255 };
    for (int k = 0; k < 8 && status == DS_OK; k++) status = example_time(t, p, r, even[k], &time[k]);
    t->value =
        fmax(work[2] / work[3] / 0.5, steps[3] / steps[2] / 1.25); /* less work in minibatches, but not fewer updates */
    t->seeds = seeds;
    snprintf(
        t->note, sizeof t->note,
        "examples to loss 0.45 with batch 1, 16, 256, all: %.2g, %.2g, %.2g, %.2g; updates: %.0f, %.0f, %.0f, %.0f; us "
        "an example at 32, 64, 128, 256: %.2f, %.2f, %.2f, %.2f, at 31, 63, 100, 255: %.2f, %.2f, %.2f, %.2f",
        work[0], work[1], work[2], work[3], steps[0], steps[1], steps[2], steps[3], 1e6 * time[0], 1e6 * time[1],
        1e6 * time[2], 1e6 * time[3], 1e6 * time[4], 1e6 * time[5], 1e6 * time[6], 1e6 * time[7]);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const char *const layers[] = { "flatten", "dense 32 act=tanh", "dense classes", NULL };
    lab_rows r;
    ds_problem *p;
    LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, 0, ROWS, DS_F32));
    ds_status status = lab_problem(t, &p, &r, "cross-entropy", 0, layers);
    if (status == DS_OK) {
        status = measure(t, p, &r);
        ds_problem_free(p);
    }
    lab_rows_free(&r);
    t->bar = 1;
    return status;
}

const ds_experiment ds_experiment_H7 = {
    .row = "H7",
    .claim = "Minibatch gradients reach a loss with far fewer examples worked through than full ones, though not with "
             "fewer updates",
    .run_by = "A small net on 1,024 images with batch 1, 16, 256 and all, until the training loss is 0.45; then time "
              "per example at powers of two and beside them.",
    .rule = "The larger of two ratios: examples with batch 256 over examples with all, over 1/2; and updates with all "
            "over updates with 256 (at most 1.25: full gradients need no more, give or take the eight between two "
            "looks at the loss).",
    .source = "CS231n optimization notes; Goodfellow et al. section 8.1.3",
    .broken = "Every batch is the whole set.",
    .run = run,
};
