/* test_faults.c - the n-th allocation or file call of a short training fails, for n = 1, 2, ... to the end: once, and from n
 * on. Whatever happens, the training says so or is right; no memory is lost; and going on without the fault ends with the
 * bits of the undisturbed run. The run: trained for some steps, stopped, resumed, trained to the end, checkpoints on the way.
 * DS_TEST_LONG: every n; else one in some. */
#include <errno.h>
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
#include "support/fail_nth.h"

enum { FEATURES = 3, ROWS = 24, BATCH = 8, STEPS = 7, STOP = 4, MOST = 256 };

static char folder[64], table[80];
static float whole[MOST];
static int64_t n_theta;

static int open_all(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/descent-faults-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(folder)) return 1;
    snprintf(table, sizeof table, "%s/rows.csv", folder);
    FILE *f = fopen(table, "w");
    if (!f) return 1;
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t k = 0; k < FEATURES; k++)
            fprintf(f, "%.9g,", (double)ds_uniform_f32(ds_draw(3, DS_FOR_TEST, i, k, 0).u[0]) + (k == i % 2));
        fprintf(f, "%c\n", "ab"[i % 2]);
    }
    return fclose(f);
}

static void remove_folder(const char *path)
{
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", path);
    assert_int_equal(system(command), 0);
}

static int close_all(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* ---- the training ------------------------------------------------------------------------------------------------ */

typedef struct budget {
    int64_t asked, stop_at;
} budget;

static bool on_stop(void *arg)
{
    budget *b = arg;
    return b->asked++ >= b->stop_at;
}

static ds_status make_model(ds_ctx *ctx, ds_model **model)
{
    ds_status status = ds_model_create(model, ctx);
    if (status == DS_OK) status = ds_model_add(*model, "dense 4 norm=batch act=relu");
    if (status == DS_OK) status = ds_model_add(*model, "dense classes");
    return status;
}

static ds_status open_session(ds_ctx *ctx, const ds_model *model, ds_session **s)
{
    ds_session_settings set = { .data = ds_data_defaults(),
                                .model = model,
                                .epochs = -1,
                                .steps = STEPS,
                                .batch = BATCH,
                                .seed = 1,
                                .checkpoint_every = 2,
                                .checkpoint_unit = DS_UNIT_STEPS,
                                .on_nonfinite = DS_NONFINITE_REWIND };
    set.data.format = "csv";
    set.data.path = table;
    set.data.holdout = "6";
    ds_status status = ds_rule_parse(ctx, "adam", &set.optimizer.rule);
    if (status == DS_OK) status = ds_average_parse(ctx, "ema", &set.average);
    if (status == DS_OK) status = ds_session_create(s, ctx, &set, NULL);
    return status == DS_OK ? ds_session_init(*s) : status;
}

/* Begin a run, or go on with what is there. */
static ds_status open_run(ds_ctx *ctx, const char *path, ds_run **run)
{
    ds_status status = ds_run_resume(run, ctx, path);
    if (status == DS_OK) status = ds_run_continue(*run, ctx, "a config", 1);
    if (status != DS_EUNKNOWN) return status;
    return ds_run_create(run, ctx, &(ds_run_text){ "faults", "", "a config", 1 }, path);
}

/* One process's part of the run. theta (may be NULL) gets the weights at the end. */
static ds_status work(const char *path, int64_t stop_at, float *theta)
{
    ds_ctx *ctx;
    ds_model *model = NULL;
    ds_session *s = NULL;
    ds_run *run = NULL;
    ds_outcome outcome;
    budget b = { .stop_at = stop_at };
    const ds_watcher watcher = { .arg = &b, .stop = on_stop };
    ds_status status = ds_ctx_create(&ctx, 1);
    if (status != DS_OK) return status;
    status = make_model(ctx, &model);
    if (status == DS_OK) status = open_session(ctx, model, &s);
    if (status == DS_OK) status = open_run(ctx, path, &run);
    if (status == DS_OK) status = ds_train(s, run, &watcher, &outcome);
    if (status != DS_OK && !*ds_error(ctx)) status = DS_EBUG; /* a failure without a word */
    if (status == DS_OK && theta) {
        n_theta = ds_space_dim(ds_problem_space(ds_session_problem(s)));
        memcpy(theta, ds_session_theta(s), (size_t)n_theta * sizeof *theta);
    }
    ds_run_close(run);
    ds_session_free(s);
    ds_model_free(model);
    ds_ctx_free(ctx);
    return status;
}

static ds_status both_parts(const char *path, float *theta)
{
    ds_status status = work(path, STOP, NULL);
    return status == DS_OK ? work(path, INT64_MAX, theta) : status;
}

/* ---- the sweep --------------------------------------------------------------------------------------------------- */

/* false: the training made less than n such calls. */
static bool trial(const char *call, long n, bool on, const char *path)
{
    float theta[MOST] = { 0 };
    long before = fail_nth_live();
    fail_nth_arm(call, n, on);
    ds_status status = both_parts(path, theta);
    long count = fail_nth_disarm(), after = fail_nth_live();
    if (after != before) fail_msg("%s %ld%s: %ld blocks of memory were lost", call, n, on ? " on" : "", after - before);
    if (status == DS_EBUG) fail_msg("%s %ld%s: failed without a word", call, n, on ? " on" : "");
    if (status == DS_OK && memcmp(theta, whole, (size_t)n_theta * sizeof *theta))
        fail_msg("%s %ld%s: other weights and no failure", call, n, on ? " on" : "");
    status = both_parts(path, theta);
    if (status != DS_OK) fail_msg("%s %ld%s: afterwards: %s", call, n, on ? " on" : "", ds_status_text(status));
    if (memcmp(theta, whole, (size_t)n_theta * sizeof *theta))
        fail_msg("%s %ld%s: afterwards: other weights", call, n, on ? " on" : "");
    remove_folder(path);
    return count >= n;
}

static void sweep(const char *call, bool on)
{
    char path[96];
    const char *all = getenv("DS_TEST_LONG");
    long stride = all && strcmp(all, "0") ? 1 : on ? 23 : 7, n = 1;
    snprintf(path, sizeof path, "%s/run", folder);
    assert_int_equal(both_parts(path, whole), DS_OK); /* also what libraries allocate once and for all */
    remove_folder(path);
    while (trial(call, n, on, path)) n += stride;
    if (n < 100) fail_msg("%s: only %ld calls were reached", call, n);
    printf("%s%s: %ld calls, one in %ld failed\n", call, on ? " on" : "", n, stride);
}

static void memory_once(void **state)
{
    (void)state;
    sweep("memory", false);
}
static void memory_from_then_on(void **state)
{
    (void)state;
    sweep("memory", true);
}
static void files_once(void **state)
{
    (void)state;
    sweep("file", false);
}
static void files_from_then_on(void **state)
{
    (void)state;
    sweep("file", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_once),
        cmocka_unit_test(memory_from_then_on),
        cmocka_unit_test(files_once),
        cmocka_unit_test(files_from_then_on),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
