/* a13.c - several passes usually pay: training error falls while the gap grows; huge sets take one pass and underfit. */
#include <math.h>
#include <string.h>

#include "lab.h"

enum { SIZES = 3, MARKS = 9, BATCH = 20, ROWS = 32000, TEST = 2000, MOST = 8 };
static const int64_t size[SIZES] = { ROWS / 100, ROWS / 10, ROWS };
/* Examples seen when the curves are measured: the same compute for every size. */
static const int64_t mark[MARKS] = { 160, 320, 800, 1600, 3200, 6400, 12800, 20000, ROWS };

typedef struct curve {
    double train[MARKS], test[MARKS], error[MARKS];
} curve;

/* One training on the first n of all rows. broken: the rows come from all of them, so that none repeats. */
static ds_status train(ds_trial *t, ds_problem *p, const lab_rows *all, int64_t n, const lab_rows *test, int64_t *order,
                       int s, curve *c)
{
    lab_trainer w;
    uint64_t seed = t->seed + (uint64_t)s;
    lab_rows set = *all;
    set.n = n;
    int64_t pool = t->broken ? all->n : n, at = pool, seen = 0;
    LAB_TRY(lab_trainer_open(t, &w, p, all, "adam(lr=0.002)", BATCH, seed));
    ds_status status = DS_OK;
    for (int k = 0; k < MARKS && status == DS_OK; k++) {
        while (seen < mark[k] && status == DS_OK) {
            if (at == pool) lab_shuffle(order, pool, seed, 110, (uint32_t)(seen / pool));
            if (at == pool) at = 0;
            int64_t rows = pool - at < mark[k] - seen ? pool - at : mark[k] - seen;
            status = lab_trainer_pass(&w, all, order + at, rows);
            at += rows;
            seen += rows;
        }
        if (status == DS_OK) status = lab_trainer_score(t, &w, &set, &c->train[k], NULL);
        if (status == DS_OK) status = lab_trainer_score(t, &w, test, &c->test[k], &c->error[k]);
    }
    lab_trainer_close(&w);
    return status;
}

static ds_status run_seed(ds_trial *t, int s, const lab_rows *test, int64_t *order, curve *c)
{
    static const char *const layers[] = { "flatten", "dense 32 act=relu", "dense classes", NULL };
    lab_rows all;
    ds_problem *p = NULL;
    LAB_TRY(lab_stream(t, &all, t->data_dir ? s * 3000 : (int64_t)s * ROWS, ROWS, DS_F32));
    ds_status status = lab_problem(t, &p, &all, "cross-entropy", 0, layers);
    for (int k = 0; k < SIZES && status == DS_OK; k++) status = train(t, p, &all, size[k], test, order, s, &c[k]);
    ds_problem_free(p);
    lab_rows_free(&all);
    return status;
}

/* The mark of the least test loss, of the mean over seeds. */
static int best_mark(const ds_trial *t, curve (*c)[SIZES], int k)
{
    int best = 0;
    double least = INFINITY;
    for (int m = 0; m < MARKS; m++) {
        double sum = 0;
        for (int s = 0; s < t->seeds; s++) sum += c[s][k].test[m];
        if (sum < least) best = m;
        least = fmin(least, sum);
    }
    return best;
}

/* Mean over seeds of one number of a curve, and all of them. */
static double pick(const ds_trial *t, curve (*c)[SIZES], int k, int m, bool train, double *out)
{
    for (int s = 0; s < t->seeds; s++) out[s] = train ? c[s][k].train[m] : c[s][k].test[m];
    return lab_mean(out, t->seeds);
}

static void judge(ds_trial *t, curve (*c)[SIZES])
{
    int best[SIZES], last = MARKS - 1;
    double passes[SIZES], a[MOST], b[MOST], train_loss[SIZES], test_loss[SIZES];
    for (int k = 0; k < SIZES; k++) {
        best[k] = best_mark(t, c, k);
        passes[k] = (double)mark[best[k]] / (double)size[k];
        train_loss[k] = pick(t, c, k, last, true, a);
        test_loss[k] = pick(t, c, k, last, false, a);
    }
    pick(t, c, 0, last, false, a);
    pick(t, c, 0, best[0], false, b);
    double overfit = lab_paired(a, b, t->seeds);
    int one = 4; /* one pass of the set of the middle size */
    pick(t, c, 1, one, false, a);
    pick(t, c, 1, best[1], false, b);
    double pays = lab_paired(a, b, t->seeds);
    bool falls = passes[0] > passes[1] && passes[1] > passes[2] && best[2] == last;
    t->value = falls ? fmin(overfit, pays) : 0;
    snprintf(
        t->note, sizeof t->note,
        "best after %.3g, %.3g, %.3g passes over %lld, %lld, %lld rows; at the end training and test loss %.3g, "
        "%.3g; %.3g, %.3g; %.3g, %.3g; the small set's test loss rose by %.1f standard errors, the middle one's fell "
        "by %.1f after one pass",
        passes[0], passes[1], passes[2], (long long)size[0], (long long)size[1], (long long)size[2], train_loss[0],
        test_loss[0], train_loss[1], test_loss[1], train_loss[2], test_loss[2], overfit, pays);
}

static void show(const ds_trial *t, curve (*c)[SIZES])
{
    double a[MOST];
    for (int k = 0; k < SIZES; k++)
        for (int m = 0; m < MARKS; m++)
            fprintf(t->talk, "  %5lld rows, %7.3f passes: training loss %.4f, test loss %.4f, test error %.4f\n",
                    (long long)size[k], (double)mark[m] / (double)size[k], pick(t, c, k, m, true, a),
                    pick(t, c, k, m, false, a), c[0][k].error[m]);
}

static ds_status run(ds_trial *t)
{
    static curve c[MOST][SIZES];
    lab_rows test;
    t->seeds = t->full ? MOST : 4;
    LAB_TRY(lab_images(t, &test, "mnist", DS_TEST, 0, TEST, DS_F32));
    int64_t *order = ds_buffer_alloc(ROWS * sizeof *order);
    ds_status status = order ? DS_OK : DS_EMEM;
    for (int s = 0; s < t->seeds && status == DS_OK; s++) status = run_seed(t, s, &test, order, c[s]);
    if (status == DS_OK) judge(t, c);
    if (status == DS_OK && t->talk) show(t, c);
    ds_buffer_free(order);
    lab_rows_free(&test);
    t->relation = ">=";
    t->bar = 3;
    return status;
}

const ds_experiment ds_experiment_A13 = {
    .row = "A13",
    .claim =
        "Several passes over a set usually pay: the training error falls by more than the gap grows; the larger the "
        "set, the fewer; a huge set is used once or less, and is underfitted",
    .run_by = "A net on 320, 3,200 and 32,000 rows with the same compute, 32,000 examples: 100, 10 and 1 passes, with "
              "training and test loss on the way.",
    .rule = "The lesser of two numbers in standard errors, paired over seeds, at least 3: how far the small set's test "
            "loss is above its least at the end, and how far the middle set's fell after the first pass. 0 unless the "
            "number of passes with the least test loss falls from size to size and the large set's is its whole pass.",
    .source = "Goodfellow et al. section 8.1.3",
    .broken = "Every set is an endless stream: no row repeats, so nothing is overfitted.",
    .run = run,
};
