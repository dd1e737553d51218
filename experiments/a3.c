/* a3.c - early stopping on the true loss: the 0-1 loss on validation rows ends the run while the surrogate still has a
 * gradient, and the best weights are what is left. */
#include <math.h>
#include <string.h>

#include "descent/train.h"
#include "lab.h"

enum { MOST = 10, ROWS = 400, VAL = 1000, TEST = 2000, EPOCHS = 120, PATIENCE = 8 };

/* What one run leaves. */
typedef struct run_end {
    double gradient, test;    /* norm of the surrogate's gradient on all training rows where it ended; error kept */
    double best_val, val_now; /* of the epoch called best, and of the weights that were restored */
    int64_t epoch;
    char reason[160];
} run_end;

typedef struct plan {
    char folder[LAB_PATH], path[3][LAB_PATH + 16]; /* of train, val, test rows */
    lab_rows train;
} plan;

/* A fifth of the training labels is drawn anew: what can be learned by heart is no use. */
static ds_status make_rows(ds_trial *t, plan *a, int s)
{
    lab_rows held[2];
    LAB_TRY(lab_images(t, &a->train, "mnist", DS_TRAIN, 5000 * s, ROWS, DS_F32));
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 60, (uint32_t)s);
    for (int64_t i = 0; i < a->train.n; i++)
        if (ds_rng_below(&g, 5) == 0) ((int32_t *)a->train.y)[i] = (int32_t)ds_rng_below(&g, 10);
    ds_status status = lab_rows_write(t, &a->train, a->path[0]);
    for (int k = 0; k < 2 && status == DS_OK; k++) {
        status =
            lab_images(t, &held[k], "mnist", k ? DS_TEST : DS_TRAIN, k ? 0 : 5000 * s + ROWS, k ? TEST : VAL, DS_F32);
        if (status == DS_OK) status = lab_rows_write(t, &held[k], a->path[1 + k]);
        lab_rows_free(&held[k]);
    }
    return status;
}

static void note_best(void *arg, const ds_epoch_report *r)
{
    if (r->best) ((run_end *)arg)->best_val = r->val.error;
}

/* early: stop by patience on val.error and go back to the best weights; else all epochs and the last ones. */
static ds_status train(ds_trial *t, plan *a, ds_session *s, bool early, run_end *end)
{
    char at[LAB_PATH + 16];
    ds_run *run;
    ds_outcome outcome;
    ds_score score;
    ds_problem *p = ds_session_problem(s);
    const ds_watcher watcher = { .arg = end, .epoch = note_best };
    snprintf(at, sizeof at, "%s/run", a->folder);
    LAB_TRY(ds_run_create(&run, t->ctx, &(ds_run_text){ "a3", "", "", 0 }, at));
    ds_status status = ds_train(s, run, &watcher, &outcome);
    void *g = lab_vector(p);
    if (!g) status = DS_EMEM;
    if (status == DS_OK) status = lab_gradient(t, p, &a->train, ds_session_theta(s), g, NULL);
    if (status == DS_OK) {
        end->gradient = sqrt(lab_dot(p, g, g));
        end->epoch = outcome.epochs;
        snprintf(end->reason, sizeof end->reason, "%.*s", (int)strcspn(outcome.text, "."), outcome.text);
        const char *dot = strstr(outcome.text, ". ");
        if (dot) snprintf(end->reason, sizeof end->reason, "%.*s", (int)(dot - outcome.text), outcome.text);
    }
    if (status == DS_OK && early) status = ds_session_load(s, ds_run_file(run, "best.safetensors"));
    if (status == DS_OK) status = ds_session_score(s, DS_VAL, &score);
    if (status == DS_OK) end->val_now = score.error;
    if (status == DS_OK) status = ds_session_score(s, DS_TEST, &score);
    if (status == DS_OK) end->test = score.error;
    ds_run_close(run);
    lab_folder_remove(at);
    ds_buffer_free(g);
    return status;
}

static ds_status session(ds_trial *t, plan *a, const ds_model *m, int seed, bool early, run_end *end)
{
    char file[3][2][LAB_PATH + 32];
    const char *list[3][2];
    for (int k = 0; k < 6; k++) {
        snprintf(file[k / 2][k % 2], sizeof file[0][0], "%s-%c.npy", a->path[k / 2], "xy"[k % 2]);
        list[k / 2][k % 2] = file[k / 2][k % 2];
    }
    ds_part rule;
    ds_session *s;
    ds_session_settings set = { .data = ds_data_defaults(),
                                .model = m,
                                .epochs = EPOCHS,
                                .steps = -1,
                                .batch = 20,
                                .seed = t->seed + (uint64_t)seed,
                                .stop = &rule,
                                .stops = early,
                                .best = "val.error" };
    set.data.format = "npy";
    set.data.train = list[0];
    set.data.val = list[1];
    set.data.test = list[2];
    set.data.train_count = set.data.val_count = set.data.test_count = 2;
    char text[64];
    snprintf(text, sizeof text, "early(watch=val.error, patience=%d)", PATIENCE);
    LAB_TRY(ds_stop_parse(t->ctx, text, &rule));
    LAB_TRY(ds_rule_parse(t->ctx, "momentum(lr=0.02)", &set.optimizer.rule));
    LAB_TRY(ds_session_create(&s, t->ctx, &set, NULL));
    ds_status status = ds_session_init(s);
    if (status == DS_OK) status = train(t, a, s, early, end);
    ds_session_free(s);
    return status;
}

static ds_status measure(ds_trial *t, plan *a, const ds_model *m, int seeds)
{
    double stopped[MOST], on[MOST], ratio[MOST];
    int restored = 0;
    run_end early = { .epoch = 0 }, late;
    for (int k = 0; k < 3; k++) snprintf(a->path[k], sizeof a->path[k], "%s/%d", a->folder, k);
    for (int s = 0; s < seeds; s++) {
        ds_status status = make_rows(t, a, s);
        if (status == DS_OK) status = session(t, a, m, s, !t->broken, &early);
        if (status == DS_OK) status = session(t, a, m, s, false, &late);
        lab_rows_free(&a->train);
        LAB_TRY(status);
        stopped[s] = early.test;
        on[s] = late.test;
        ratio[s] = early.gradient / late.gradient;
        restored += early.val_now == early.best_val;
        if (t->talk)
            fprintf(
                t->talk,
                "  stopped at epoch %lld: %s; test error %.4f, trained on to epoch %lld %.4f; gradient %.3g, %.3g\n",
                (long long)early.epoch, early.reason, early.test, (long long)late.epoch, late.test, early.gradient,
                late.gradient);
    }
    double z = lab_paired(on, stopped, seeds), least = lab_median(ratio, seeds);
    t->value = restored == seeds ? fmin(z / 3, least / 10) : 0;
    snprintf(
        t->note, sizeof t->note,
        "\"%s\"; test error %.4f, after %d epochs %.4f (%.1f standard errors more); gradient there %.0f times that "
        "of the reference; best weights restored in %d of %d runs",
        early.reason, lab_mean(stopped, seeds), EPOCHS, lab_mean(on, seeds), z, least, restored, seeds);
    return DS_OK;
}

static ds_status run(ds_trial *t)
{
    plan a = { .train.n = 0 };
    ds_model *m;
    int seeds = t->full ? MOST : 5;
    LAB_TRY(lab_folder_make(t, a.folder));
    ds_status status = ds_model_create(&m, t->ctx);
    if (status == DS_OK) status = ds_model_add(m, "dense 48 act=tanh");
    if (status == DS_OK) status = ds_model_add(m, "dense classes");
    if (status == DS_OK) status = measure(t, &a, m, seeds);
    ds_model_free(m);
    lab_folder_remove(a.folder);
    t->relation = ">=";
    t->bar = 1;
    t->seeds = seeds;
    return status;
}

const ds_experiment ds_experiment_A3 = {
    .row = "A3",
    .claim = "Early stopping watches the true loss, the 0-1 loss on rows held out: it ends while the surrogate's "
             "gradient is still large, and leaves the best weights, not the last",
    .run_by =
        "A net on 400 images, a fifth of them with labels drawn at random, stopped when val.error has not improved "
        "for 8 epochs; the same run trained on for 120 epochs is the converged reference.",
    .rule =
        "The least of two numbers, each over its bar: standard errors (paired over seeds) by which training on makes "
        "the test error larger (3); median ratio of the full-batch gradient where it stopped to the reference's "
        "(10). 0 unless the weights restored have exactly the validation error of the best epoch in every run.",
    .source = "Goodfellow et al. sections 8.1.2 and 7.8, algorithm 7.1",
    .broken = "No stop rule, and the last weights are kept.",
    .run = run,
};
