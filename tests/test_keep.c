/* test_keep.c - what a training keeps beside its last weights: the best epoch's and the average's, each with running
 * statistics that fit; none of it changes a bit of the training. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "descent/random.h"
#include "descent/train.h"
#include "descent/weights.h"

enum { FEATURES = 5, ROWS = 160, HELD = 40, UNITS = 4, STEPS = 30, MOST = 512 };

static ds_ctx *ctx;
static char folder[] = "/tmp/descent-keep-XXXXXX", table[64];
static double x[ROWS][FEATURES];

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != DS_OK) fail_msg("%s: %s", #call, ds_error(ctx));                                                 \
    } while (0)

/* Three classes that overlap; the last HELD rows validate. */
static int open_all(void **state)
{
    (void)state;
    if (ds_ctx_create(&ctx, 2) != DS_OK || !mkdtemp(folder)) return 1;
    snprintf(table, sizeof table, "%s/rows.csv", folder);
    FILE *f = fopen(table, "w");
    if (!f) return 1;
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t k = 0; k < FEATURES; k++) {
            double noise = ds_uniform_f32(ds_draw(3, DS_FOR_TEST, i, k, 0).u[0]);
            x[i][k] = (double)(float)(2 * noise + (k == i % 3) - 0.5 * k);
            fprintf(f, "%.9g,", x[i][k]);
        }
        fprintf(f, "%c\n", "abc"[i % 3]);
    }
    return fclose(f);
}

static int close_all(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ds_ctx_free(ctx);
    return system(command);
}

/* ---- a training that is watched ---------------------------------------------------------------------------------- */

typedef struct trial {
    const char *average, *best, *stop;
    int64_t batch;
    /* filled in */
    ds_session *s;
    ds_outcome outcome;
    int64_t dim, stats;
    int steps, epochs, best_epoch;
    float theta[STEPS + 1][MOST], running[STEPS + 1][MOST]; /* after each step */
    ds_epoch_report report[STEPS];
    char run[64];
} trial;

static void note_step(trial *t)
{
    ds_problem *p = ds_session_problem(t->s);
    memcpy(t->theta[t->steps], ds_session_theta(t->s), (size_t)t->dim * sizeof(float));
    memcpy(t->running[t->steps++], ds_problem_running(p), (size_t)t->stats * sizeof(float));
}

/* Asked before the first step and after each but the last. */
static bool on_stop(void *arg)
{
    note_step(arg);
    return false;
}

static void on_epoch(void *arg, const ds_epoch_report *r)
{
    trial *t = arg;
    if (r->best) t->best_epoch = (int)r->epoch;
    t->report[t->epochs++] = *r;
}

static trial *train(const char *average, const char *best, const char *stop, int64_t batch)
{
    static int number;
    trial *t = calloc(1, sizeof *t);
    assert_non_null(t);
    ds_model *model;
    ds_part rule;
    ds_session_settings set = {
        .data = ds_data_defaults(), .epochs = -1, .steps = STEPS, .batch = batch, .seed = 1, .best = best
    };
    set.data.format = "csv";
    set.data.path = table;
    set.data.holdout = "40";
    OK(ds_model_create(&model, ctx));
    OK(ds_model_add(model, "dense 4 norm=batch act=relu"));
    OK(ds_model_add(model, "dense classes"));
    set.model = model;
    OK(ds_rule_parse(ctx, "sgd(lr=0.5)", &set.optimizer.rule));
    if (average) OK(ds_average_parse(ctx, average, &set.average));
    if (stop) {
        OK(ds_stop_parse(ctx, stop, &rule));
        set.stop = &rule;
        set.stops = 1;
    }
    OK(ds_session_create(&t->s, ctx, &set, NULL));
    OK(ds_session_init(t->s));
    t->dim = ds_space_dim(ds_problem_space(ds_session_problem(t->s)));
    t->stats = ds_space_dim(ds_problem_statistics(ds_session_problem(t->s)));
    assert_true(t->dim <= MOST && t->stats <= MOST);
    snprintf(t->run, sizeof t->run, "%s/run-%d", folder, ++number);
    ds_run *run;
    OK(ds_run_create(&run, ctx, &(ds_run_text){ "keep", "", "", 0 }, t->run));
    const ds_watcher watcher = { .arg = t, .epoch = on_epoch, .stop = on_stop };
    OK(ds_train(t->s, run, &watcher, &t->outcome));
    note_step(t);
    ds_run_close(run);
    ds_model_free(model);
    return t;
}

static void end(trial *t)
{
    ds_session_free(t->s);
    free(t);
}

static void load(trial *t, const char *file)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", t->run, file);
    OK(ds_session_load(t->s, path));
}

static const float *theta_of(trial *t) { return ds_session_theta(t->s); }
static const float *running_of(trial *t) { return ds_problem_running(ds_session_problem(t->s)); }

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void watching_changes_no_bit(void **state)
{
    (void)state;
    trial *plain = train(NULL, NULL, NULL, 50);
    static const char *const average[] = { "polyak", "ema", "tail", "swa(start=5 steps, every=4 steps)" };
    for (size_t k = 0; k < sizeof average / sizeof average[0]; k++) {
        trial *t = train(average[k], "average.val.accuracy", "early(watch=val.loss, patience=100)", 50);
        assert_int_equal(t->steps, STEPS + 1);
        assert_memory_equal(t->theta, plain->theta, sizeof t->theta);
        assert_memory_equal(t->running, plain->running, sizeof t->running);
        end(t);
    }
    end(plain);
}

/* best.safetensors: the weights and statistics at the end of the epoch that the report calls best. */
static void the_best_epoch_is_kept(void **state)
{
    (void)state;
    static const char *const watched[] = { NULL, "val.accuracy", "val.loss", "train.loss", "val.error", "grad.norm" };
    for (size_t k = 0; k < sizeof watched / sizeof watched[0]; k++) {
        trial *t = train(NULL, watched[k], NULL, 50); /* three steps an epoch */
        int best = 0;
        for (int e = 1; e < t->epochs; e++) {
            const ds_epoch_report *r = &t->report[e], *b = &t->report[best];
            bool better = k < 1 || k == 2 ? r->val.loss < b->val.loss
                          : k == 1        ? r->val.accuracy > b->val.accuracy
                          : k == 3        ? r->train_loss < b->train_loss
                          : k == 4        ? r->val.error < b->val.error
                                          : r->grad_norm < b->grad_norm;
            if (better) best = e;
        }
        assert_int_equal(t->epochs, STEPS / 3);
        assert_int_equal(t->best_epoch, best + 1);
        load(t, "best.safetensors");
        assert_memory_equal(theta_of(t), t->theta[3 * (best + 1)], (size_t)t->dim * sizeof(float));
        assert_memory_equal(running_of(t), t->running[3 * (best + 1)], (size_t)t->stats * sizeof(float));
        load(t, "last.safetensors");
        assert_memory_equal(theta_of(t), t->theta[STEPS], (size_t)t->dim * sizeof(float));
        end(t);
    }
}

static void near(double found, double wanted, double relative)
{
    if (!(fabs(found - wanted) <= relative * (1 + fabs(wanted)))) fail_msg("found %.9g, wanted %.9g", found, wanted);
}

static void the_average_is_kept_and_scored(void **state)
{
    (void)state;
    trial *t = train("polyak(start=10 steps)", NULL, NULL, 50);
    load(t, "average.safetensors");
    for (int side = 0; side < 2; side++) /* statistics are averaged alike */
        for (int64_t i = 0; i < (side ? t->stats : t->dim); i++) {
            double sum = 0;
            for (int k = 11; k <= STEPS; k++) sum += (double)(side ? t->running[k][i] : t->theta[k][i]);
            near((double)(side ? running_of(t) : theta_of(t))[i], sum / (STEPS - 10), 0x1p-22);
        }
    ds_score score;
    OK(ds_session_score(t->s, DS_VAL, &score));
    assert_int_equal(t->report[0].average.rows, 0); /* not begun */
    assert_int_equal(t->report[t->epochs - 1].average.rows, HELD);
    assert_true(t->report[t->epochs - 1].average.loss == score.loss);
    assert_true(t->report[t->epochs - 1].average.accuracy == score.accuracy);
    load(t, "last.safetensors");
    OK(ds_session_score(t->s, DS_VAL, &score));
    assert_true(t->report[t->epochs - 1].val.loss == score.loss); /* the raw weights beside it */
    end(t);
}

static void the_best_average_can_be_kept(void **state)
{
    (void)state;
    trial *t = train("ema(decay=0.8)", "average.val.loss", NULL, 50);
    int best = 0;
    for (int e = 1; e < t->epochs; e++)
        if (t->report[e].average.loss < t->report[best].average.loss) best = e;
    assert_int_equal(t->best_epoch, best + 1);
    load(t, "best.safetensors");
    ds_score score;
    OK(ds_session_score(t->s, DS_VAL, &score));
    assert_true(score.loss == t->report[best].average.loss);
    end(t);
}

/* With all rows in a batch: mean and unbiased variance of the first layer's products, by hand from file and table. */
static void recalibrated_statistics_fit_the_average(void **state)
{
    (void)state;
    trial *t = train("swa(start=10 steps, every=5 steps)", NULL, NULL, 0);
    char path[128];
    snprintf(path, sizeof path, "%s/average.safetensors", t->run);
    ds_tensor_file *f;
    OK(ds_tensors_open(&f, ctx, path));
    const float *w = ds_tensors_find(f, "0.weight")->data, *mean = ds_tensors_find(f, "0.norm.running_mean")->data,
                *var = ds_tensors_find(f, "0.norm.running_var")->data;
    const int n = ROWS - HELD;
    for (int j = 0; j < UNITS; j++) {
        double z[ROWS], m = 0, v = 0;
        for (int i = 0; i < n; i++) {
            z[i] = 0;
            for (int k = 0; k < FEATURES; k++) z[i] += (double)w[j * FEATURES + k] * x[i][k];
            m += z[i] / n;
        }
        for (int i = 0; i < n; i++) v += (z[i] - m) * (z[i] - m) / (n - 1);
        near((double)mean[j], m, 1e-5);
        near((double)var[j], v, 1e-5);
    }
    ds_tensors_close(f);
    end(t);
    t = train("swa(start=10 steps, every=5 steps, norms=keep)", NULL, NULL, 0);
    load(t, "average.safetensors");
    assert_memory_equal(running_of(t), t->running[STEPS], (size_t)t->stats * sizeof(float));
    end(t);
}

static void stop_rules_end_the_run(void **state)
{
    (void)state;
    trial *t = train(NULL, NULL, "early(watch=lr, patience=3)", 50); /* a rate that stays */
    assert_int_equal(t->outcome.reason, DS_PATIENCE);
    assert_int_equal(t->outcome.epochs, 4);
    assert_int_equal(t->outcome.steps, 12);
    assert_false(t->outcome.missed);
    assert_non_null(strstr(t->outcome.text, "lr has not improved for 3 epochs (best 0.5, epoch 1)"));
    end(t);
    t = train(NULL, NULL, "target(target=step, value=15, mode=max)", 50);
    assert_int_equal(t->outcome.reason, DS_REACHED);
    assert_int_equal(t->outcome.steps, 15);
    assert_false(t->outcome.missed);
    end(t);
    t = train(NULL, NULL, "target(target=step, value=31, mode=max)", 50);
    assert_int_equal(t->outcome.reason, DS_DONE_STEPS);
    assert_true(t->outcome.missed);
    assert_non_null(strstr(t->outcome.text, "step came to 30 (epoch 10), wanted at least 31"));
    end(t);
    t = train(NULL, NULL, "after(after=7 steps)", 50); /* within an epoch */
    assert_int_equal(t->outcome.reason, DS_DONE_STEPS);
    assert_int_equal(t->outcome.steps, 7);
    end(t);
    t = train(NULL, NULL, "target(target=step, value=30, mode=max)", 50); /* with the budget's last step */
    assert_int_equal(t->outcome.reason, DS_REACHED);
    assert_false(t->outcome.missed);
    end(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watching_changes_no_bit),
        cmocka_unit_test(the_best_epoch_is_kept),
        cmocka_unit_test(the_average_is_kept_and_scored),
        cmocka_unit_test(the_best_average_can_be_kept),
        cmocka_unit_test(recalibrated_statistics_fit_the_average),
        cmocka_unit_test(stop_rules_end_the_run),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
