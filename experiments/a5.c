/* a5.c - batch, minibatch, stochastic, online: one option, one code path, one limit. */
#include <math.h>
#include <string.h>

#include "lab.h"

enum { WIDTH = 20, ROWS = 4096 };

/* Squared distance of the fitted weights from the true ones, relative to that of the start (zero weights). With inputs
 * N(0, I) this is the excess population risk exactly. */
static double excess(const ds_problem *p, const void *theta, const double *w)
{
    double off = 0, start = 0;
    for (int64_t k = 0; k < WIDTH; k++) {
        double d = lab_get(p, theta, k) - w[k];
        off += d * d;
        start += w[k] * w[k];
    }
    return off / start;
}

/* batch 0: online, every row fresh from the stream. broken: the same first rows again and again instead of drawn ones.
 */
static ds_status descend(ds_trial *t, ds_problem *p, int64_t batch, uint32_t stream, double *out)
{
    lab_rows r;
    double w[WIDTH];
    bool online = batch == 0;
    int64_t b = online ? 1 : batch, steps = batch == ROWS ? 200 : t->full ? 40000 : 12000;
    int64_t rows = online ? steps : t->broken && b < ROWS ? b : ROWS;
    LAB_TRY(lab_regression(t, &r, WIDTH, rows, 0.5, online ? 1000 + stream : stream, w));
    void *theta = lab_vector(p), *g = lab_vector(p);
    ds_status status = theta && g ? DS_OK : DS_EMEM;
    if (status == DS_OK && !online) {
        status = lab_descend(t, p, &r, theta, b, steps,
                             b == ROWS ? 0.3
                             : b == 1  ? 0.01
                                       : 0.1,
                             b == ROWS ? 0 : (double)steps / 20, stream);
    }
    for (int64_t k = 0; k < steps && online && status == DS_OK; k++) {
        double value;
        ds_batch one = lab_slice(&r, t->broken ? 0 : k, 1);
        status = ds_problem_gradient(p, &(ds_at){ &one, theta, DS_MODE_TRAIN, t->seed, (uint64_t)k }, g, &value);
        lab_axpy(p, -0.01 / (1 + 20 * (double)k / (double)steps), g, theta);
    }
    *out = excess(p, theta, w);
    ds_buffer_free(theta);
    ds_buffer_free(g);
    lab_rows_free(&r);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const int64_t mode[4] = { ROWS, 32, 1, 0 };
    static const char *const layers[] = { "dense 1 bias=false", NULL };
    int seeds = t->full ? 8 : 3;
    double worst[4] = { 0 };
    ds_problem *p;
    lab_rows like = { .sample = DS_SHAPE(WIDTH), .targets = 1, .dtype = DS_F64 };
    LAB_TRY(lab_problem(t, &p, &like, "squared-error", 0, layers));
    ds_status status = DS_OK;
    for (int s = 0; s < seeds && status == DS_OK; s++)
        for (int m = 0; m < 4 && status == DS_OK; m++) {
            double e = 0;
            status = descend(t, p, mode[m], (uint32_t)s, &e);
            if (e > worst[m]) worst[m] = e;
        }
    ds_problem_free(p);
    t->seeds = seeds;
    t->bar = 0.01;
    t->value = fmax(fmax(worst[0], worst[1]), fmax(worst[2], worst[3]));
    snprintf(t->note, sizeof t->note,
             "largest excess risk left: all rows %.1e, batch 32 %.1e, one row %.1e, stream %.1e", worst[0], worst[1],
             worst[2], worst[3]);
    return status;
}

const ds_experiment ds_experiment_A5 = {
    .row = "A5",
    .claim = "The whole set, minibatches, single rows and an endless stream are one method with one option, and reach "
             "the same limit",
    .run_by = "Linear regression on 4,096 rows, 20 normal inputs, fitted with batch = all, 32, 1 and with every row "
              "fresh from the stream.",
    .rule = "Excess population risk left, as a share of that at the start, worst of modes and seeds: at most 1 %; "
            "sampling of the set alone leaves 0.01 %.",
    .source = "Goodfellow et al. section 8.1.3",
    .broken = "Minibatches are always the first rows instead of drawn ones, so each mode goes to a limit of its own.",
    .run = run,
};
