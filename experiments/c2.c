/* c2.c - the cost of an update does not grow with the training set; excess error after k steps. */
#include <math.h>
#include <string.h>

#include "lab.h"

enum { WIDTH = 50, BATCH = 100, POWERS = 5 };

/* Row `id` of an endless table: a pure function of (seed, id), so that a set of any size needs no memory. */
static void make_row(const ds_trial *t, lab_rows *r, int64_t at, uint64_t id)
{
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 20, (uint32_t)id);
    double *x = (double *)r->x + at * WIDTH, y = 0;
    for (int k = 0; k < WIDTH; k++) {
        x[k] = 2 * ds_rng_uniform(&g) - 1;
        y += k % 2 ? x[k] : -x[k];
    }
    ((double *)r->y)[at] = y + 0.1 * ds_rng_uniform(&g);
}

/* Median seconds of one update on a set of n rows, and rows touched by it. broken: an update sees the whole set (here
 * up to 10^5 rows). */
static ds_status time_update(ds_trial *t, ds_problem *p, int64_t n, int updates, double *seconds, double *touched)
{
    lab_rows r = { .n = BATCH, .width = WIDTH, .sample = DS_SHAPE(WIDTH), .targets = 1, .dtype = DS_F64 };
    void *theta = lab_vector(p), *g = lab_vector(p);
    double spent[64];
    ds_status status = theta && g ? lab_rows_alloc(t, &r) : DS_EMEM;
    ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, 21, (uint32_t)n);
    *touched = 0;
    for (int k = 0; k < updates && status == DS_OK; k++) {
        int64_t chunks = t->broken ? (n < 100000 ? n : 100000) / BATCH : 1;
        double from = lab_seconds(), value;
        for (int64_t c = 0; c < chunks && status == DS_OK; c++) {
            for (int64_t i = 0; i < BATCH; i++) make_row(t, &r, i, ds_rng_below(&rng, (uint64_t)n));
            ds_batch b = lab_slice(&r, 0, BATCH);
            status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_TRAIN, t->seed, (uint64_t)k }, g, &value);
            lab_axpy(p, -0.1 / (double)chunks, g, theta);
            *touched += BATCH;
        }
        spent[k] = lab_seconds() - from;
    }
    *seconds = lab_median(spent, updates);
    *touched /= updates;
    lab_rows_free(&r);
    ds_buffer_free(theta);
    ds_buffer_free(g);
    return status;
}

/* Mean excess of k noisy steps on f, over many runs, at k = 100, 1000, 10000: its log-log slope. Strongly convex: f =
 * x^2/2, rate 1/k. Convex only: f = |x|, rate 1/root k, where the bound is tight. broken: the rate stays constant. */
static double excess_slope(const ds_trial *t, bool strong)
{
    enum { RUNS = 200, MARKS = 3 };
    double x[MARKS], y[MARKS], sum[MARKS] = { 0 };
    for (uint32_t run = 0; run < RUNS; run++) {
        ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, strong ? 22 : 23, run);
        double w = 1;
        int mark = 0;
        for (int64_t k = 1; k <= 10000; k++) {
            double slope = (strong ? w : w > 0 ? 1 : -1) + 2 * (2 * ds_rng_uniform(&g) - 1);
            w -= (t->broken ? 0.1 : strong ? 1.0 / (double)(k + 1) : 0.5 / sqrt((double)k)) * slope;
            if (k == 100 || k == 1000 || k == 10000) sum[mark++] += strong ? 0.5 * w * w : fabs(w);
        }
    }
    for (int m = 0; m < MARKS; m++) {
        x[m] = log(100 * pow(10, m));
        y[m] = log(sum[m] / RUNS);
    }
    return lab_slope(x, y, MARKS);
}

static ds_status run(ds_trial *t)
{
    static const char *const layers[] = { "dense 1", NULL };
    double seconds[POWERS], touched[POWERS], least = INFINITY, most = 0;
    lab_rows like = { .sample = DS_SHAPE(WIDTH), .targets = 1, .dtype = DS_F64 };
    ds_problem *p;
    LAB_TRY(lab_problem(t, &p, &like, "squared-error", 0, layers));
    ds_status status = DS_OK;
    for (int k = 0; k < POWERS && status == DS_OK; k++) {
        status = time_update(t, p, (int64_t)pow(10, k + 3), t->broken ? 3 : 60, &seconds[k], &touched[k]);
        least = fmin(least, touched[k]);
        most = fmax(most, touched[k]);
    }
    ds_problem_free(p);
    double strong = excess_slope(t, true), convex = excess_slope(t, false);
    double grown = most == least ? 0 : most / least, flat = seconds[POWERS - 1] / seconds[0] / 3;
    t->value = fmax(fmax(grown, flat), fmax(fabs(strong + 1) / 0.15, fabs(convex + 0.5) / 0.15));
    t->bar = 1;
    t->seeds = 200;
    t->data = "generated rows";
    snprintf(t->note, sizeof t->note,
             "%.0f to %.0f rows an update, %.2g ms at 10^3 rows and %.2g ms at 10^7; slopes of excess error %.3f "
             "(strongly convex), %.3f (convex)",
             least, most, 1e3 * seconds[0], 1e3 * seconds[POWERS - 1], strong, convex);
    return status;
}

const ds_experiment ds_experiment_C2 = {
    .row = "C2",
    .claim = "The cost of an update does not grow with the training set; excess error falls as 1/k on strongly convex "
             "and 1/root k on convex problems",
    .run_by =
        "Updates of 100 rows from tables of 10^3 to 10^7 rows; 200 noisy runs of 10,000 steps on x^2/2 and on |x|.",
    .rule = "The worst of four numbers, each over its bar: growth of the rows an update (0 when they are equal, else "
            "their ratio), median time at 10^7 over that at 10^3 rows (3: room for a noisy machine; rows are made as "
            "they are drawn, so memory plays no part), distance of the two slopes from -1 and -1/2 (0.15; over seeds "
            "they scatter by 0.03 and 0.01).",
    .source = "Goodfellow et al. sections 8.1.3 and 8.3.1",
    .broken = "An update sees the whole set, and the rate stays constant.",
    .run = run,
};
