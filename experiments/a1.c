/* a1.c - empirical risk stands in for true risk; a model of high capacity memorizes. */
#include <math.h>
#include <string.h>

#include "lab.h"

enum { ROWS = 200, VAL = 500, FRESH = 1000, PASSES = 60, EARLY = 3, BATCH = 20, MOST = 8 };
enum { PLAIN, DECAY, AUTOENCODER, RANDOM, TASKS };
static const char *const task_name[TASKS] = { "plain", "weight decay", "autoencoder", "random labels" };

/* The rows as a task wants them: pixels as targets, or labels drawn at random. */
static ds_status adapt(ds_trial *t, lab_rows *r, int task, uint32_t stream)
{
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 80, stream);
    for (int64_t i = 0; i < r->n && task == RANDOM; i++) ((int32_t *)r->y)[i] = (int32_t)ds_rng_below(&g, 10);
    if (task != AUTOENCODER) return DS_OK;
    size_t bytes = (size_t)(r->n * r->width) * ds_dtype_bytes(r->dtype);
    void *y = ds_buffer_alloc(bytes);
    if (!y) return DS_EMEM;
    memcpy(y, r->x, bytes);
    ds_buffer_free(r->y);
    r->y = y;
    r->classes = 0;
    r->targets = r->width;
    return DS_OK;
}

typedef struct sets {
    lab_rows train, val, fresh;
} sets;

static void free_sets(sets *a)
{
    lab_rows_free(&a->train);
    lab_rows_free(&a->val);
    lab_rows_free(&a->fresh);
}

static ds_status make_sets(ds_trial *t, sets *a, int task, int s)
{
    *a = (sets){ .train.n = 0 };
    uint32_t stream = (uint32_t)(s * 1000);
    LAB_TRY(lab_images(t, &a->train, "mnist", DS_TRAIN, s * 5000, ROWS, DS_F32));
    LAB_TRY(lab_images(t, &a->val, "mnist", DS_TRAIN, s * 5000 + ROWS, VAL, DS_F32));
    LAB_TRY(lab_images(t, &a->fresh, "mnist", DS_TEST, s * FRESH, FRESH, DS_F32));
    LAB_TRY(adapt(t, &a->train, task, stream));
    LAB_TRY(adapt(t, &a->val, task, stream + 1));
    return adapt(t, &a->fresh, task, stream + 2);
}

typedef struct risk {
    double train, val, fresh, train_error, fresh_error;
} risk;

static ds_status score(ds_trial *t, lab_trainer *w, const sets *a, risk *r)
{
    bool classes = a->train.classes > 0;
    LAB_TRY(lab_trainer_score(t, w, &a->train, &r->train, classes ? &r->train_error : NULL));
    LAB_TRY(lab_trainer_score(t, w, &a->val, &r->val, NULL));
    return lab_trainer_score(t, w, &a->fresh, &r->fresh, classes ? &r->fresh_error : NULL);
}

/* Risks after the first passes and at the end. broken: every pass takes rows that were never seen before. */
static ds_status train(ds_trial *t, ds_problem *p, const sets *a, int task, int s, risk at[2])
{
    lab_trainer w;
    int64_t order[ROWS];
    LAB_TRY(lab_trainer_open(t, &w, p, &a->train, "adam(lr=0.003)", BATCH, t->seed + (uint64_t)s));
    ds_status status = DS_OK;
    for (uint32_t pass = 0; pass < PASSES && status == DS_OK; pass++) {
        lab_rows fresh = { .n = 0 };
        lab_shuffle(order, ROWS, t->seed + (uint64_t)s, 81, pass);
        if (t->broken) {
            int64_t from = 50000 + (s * PASSES + (int64_t)pass) * ROWS;
            status = lab_stream(t, &fresh, t->data_dir ? from % 59000 : from, ROWS, DS_F32);
            if (status == DS_OK) status = adapt(t, &fresh, task, (uint32_t)(s * 1000) + 10 + pass);
        }
        if (status == DS_OK) status = lab_trainer_pass(&w, t->broken ? &fresh : &a->train, order, ROWS);
        lab_rows_free(&fresh);
        if (status == DS_OK && pass + 1 == EARLY) status = score(t, &w, a, &at[0]);
    }
    if (status == DS_OK) status = score(t, &w, a, &at[1]);
    lab_trainer_close(&w);
    return status;
}

static ds_status run_task(ds_trial *t, int task, risk (*at)[2])
{
    static const char *const classes[] = { "flatten", "dense 64 act=relu", "dense classes", NULL };
    static const char *const pixels[] = { "flatten", "dense 64 act=relu", "dense 784", NULL };
    for (int s = 0; s < t->seeds; s++) {
        sets a;
        ds_problem *p = NULL;
        ds_status status = make_sets(t, &a, task, s);
        if (status == DS_OK)
            status = lab_problem(t, &p, &a.train, task == AUTOENCODER ? "squared-error" : "cross-entropy",
                                 task == DECAY ? 1e-3 : 0, task == AUTOENCODER ? pixels : classes);
        if (status == DS_OK) status = train(t, p, &a, task, s, at[s]);
        ds_problem_free(p);
        free_sets(&a);
        LAB_TRY(status);
        if (t->talk)
            fprintf(t->talk, "  %-13s pass %2d: train %.4f, validation %.4f, fresh %.4f; pass %d: %.4f, %.4f, %.4f\n",
                    task_name[task], EARLY, at[s][0].train, at[s][0].val, at[s][0].fresh, PASSES, at[s][1].train,
                    at[s][1].val, at[s][1].fresh);
    }
    return DS_OK;
}

static ds_status run(ds_trial *t)
{
    double least = INFINITY, z[TASKS], fitted = 0, chance = 0;
    risk at[TASKS][MOST][2];
    t->seeds = t->full ? MOST : 4;
    for (int task = 0; task < TASKS; task++) {
        double early[MOST], late[MOST];
        LAB_TRY(run_task(t, task, at[task]));
        for (int s = 0; s < t->seeds; s++) {
            const risk *r = at[task][s];
            early[s] = r[0].fresh - r[0].train;
            late[s] = r[1].fresh - r[1].train;
            if (task == RANDOM) fitted = fmax(fitted, r[1].train_error);
            if (task == RANDOM) chance += r[1].fresh_error / t->seeds;
        }
        z[task] = lab_paired(late, early, t->seeds);
        least = fmin(least, z[task]);
    }
    double off = fabs(chance - 0.9) / sqrt(0.9 * 0.1 / FRESH / t->seeds);
    const risk *r = at[DECAY][0];
    t->value = fitted == 0 && off <= 4 ? least : 0;
    snprintf(t->note, sizeof t->note,
             "gap between fresh and training risk grew by %.0f (plain), %.0f (weight decay), %.0f (autoencoder), %.0f "
             "(random labels) standard errors; random labels: largest training error %.3f, fresh error %.3f (%.1f "
             "errors off chance); with weight decay train %.3f, validation %.3f, fresh %.3f became %.3f, %.3f, %.3f",
             z[PLAIN], z[DECAY], z[AUTOENCODER], z[RANDOM], fitted, chance, off, r[0].train, r[0].val, r[0].fresh,
             r[1].train, r[1].val, r[1].fresh);
    t->relation = ">=";
    t->bar = 3;
    return DS_OK;
}

const ds_experiment ds_experiment_A1 = {
    .row = "A1",
    .claim = "Training lowers the empirical risk, which stands in for the true one, regularized and unsupervised "
             "objectives too; on a small set the gap grows with the passes, and a model of high capacity learns random "
             "labels by heart",
    .run_by = "A net of 64 hidden units on 200 images for 60 passes: plain, with weight decay, as an autoencoder, with "
              "random labels; risk on training, validation and fresh rows after 3 passes and at the end.",
    .rule =
        "Standard errors (paired over seeds) by which the gap between fresh and training risk grew, the least of the "
        "four: at least 3. 0 unless random labels are fitted without an error by every seed while their fresh error "
        "is within 4 standard errors of chance, 0.9.",
    .source = "Goodfellow et al. sections 8.1.1 and 8.1.3",
    .broken = "Every pass takes rows that were never seen before: nothing can be memorized.",
    .run = run,
};
