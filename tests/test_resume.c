/* test_resume.c - a run stopped after step k and resumed by a new process ends with the bits of the run that was never
 * stopped: every rule under every schedule (what the registries list, so a new definition is tested by being there), every
 * average, stop rules, steps of several batches, groups, and each answer to values that are not finite. The net has batch
 * norm and dropout; the last batch of an epoch is short. */
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
#include "descent/registry.h"
#include "descent/train.h"

enum { FEATURES = 5, ROWS = 44, HELD = 8, BATCH = 8, EPOCHS = 3, STEPS = 15, MOST = 512 };

static ds_ctx *ctx;
static char folder[64], clean[80], spoilt[80];

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != DS_OK) fail_msg("%s: %s", #call, ds_error(ctx));                                                 \
    } while (0)

/* Rows of noise in two classes; in the spoilt table some are infinite in f32. */
static int write_table(const char *path, bool bad)
{
    FILE *f = fopen(path, "w");
    if (!f) return 1;
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t k = 0; k < FEATURES; k++) {
            double x = 2 * (double)ds_uniform_f32(ds_draw(3, DS_FOR_TEST, i, k, 0).u[0]) - 1 + (k == i % 2);
            fprintf(f, "%.9g,", bad && k == 1 && (i == 7 || i == 30) ? 1e39 : x);
        }
        fprintf(f, "%c\n", "ab"[i % 2]);
    }
    return fclose(f);
}

static int open_all(void **state)
{
    (void)state;
    /* in memory where there is such a place: nothing here depends on a disk, and flushing one takes long */
    snprintf(folder, sizeof folder, "%s/descent-resume-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (ds_ctx_create(&ctx, 1) != DS_OK || !mkdtemp(folder)) return 1;
    snprintf(clean, sizeof clean, "%s/clean.csv", folder);
    snprintf(spoilt, sizeof spoilt, "%s/spoilt.csv", folder);
    return write_table(clean, false) || write_table(spoilt, true);
}

static int close_all(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ds_ctx_free(ctx);
    return system(command);
}

/* ---- a run ------------------------------------------------------------------------------------------------------- */

typedef struct recipe {
    const char *rule, *schedule, *average, *stop; /* rule: or a solver */
    bool solver, fixed;                           /* fixed: one function in all steps, each with all rows */
    ds_on_nonfinite on_nonfinite;
    const char *table;
    int64_t accumulate;
    uint64_t seed; /* 0: 1 */
    ds_clip clip;
    const ds_group *group;
    int groups;
    ds_lookahead lookahead;
    ds_sam sam;
} recipe;

/* What a run comes to. */
typedef struct result {
    float theta[MOST], running[MOST];
    ds_outcome outcome;
    int reports;
    ds_epoch_report report[EPOCHS + 1]; /* by epoch; a resumed run may tell one again */
    int64_t stop_at, steps;             /* INT64_MAX: not stopped */
} result;

/* Asked once before the first step and after each. */
static bool on_stop(void *arg)
{
    result *r = arg;
    return r->steps++ >= r->stop_at;
}

static void on_epoch(void *arg, const ds_epoch_report *e)
{
    result *r = arg;
    if (e->epoch <= EPOCHS) r->report[e->epoch] = *e;
    r->report[e->epoch].seconds = 0;
}

/* Parts for a schedule that is made of them: both bend the rate within the run. */
static void give_parts(ds_schedule_settings *s)
{
    static ds_schedule_part two[2]; /* the session borrows them */
    if (ds_option_find(s->schedule.head->options, "parts") < 0) return;
    bool in_turn = !strcmp(s->schedule.head->name, "sequence");
    for (int i = 0; i < 2; i++) {
        two[i] = (ds_schedule_part){ .span = in_turn && i == 0 ? 5 : 0 };
        OK(ds_schedule_parse(ctx, i ? "cosine" : "exponential(gamma=0.5)", &two[i].schedule));
    }
    s->part = two;
    s->parts = 2;
}

static ds_session *open_session(const recipe *c, ds_model *model)
{
    ds_session *s;
    static ds_part stop; /* the session borrows it */
    ds_session_settings set = { .data = ds_data_defaults(),
                                .model = model,
                                .epochs = EPOCHS,
                                .steps = -1,
                                .batch = BATCH,
                                .seed = c->seed ? c->seed : 1,
                                .checkpoint_every = 3, /* by a thread beside training */
                                .checkpoint_unit = DS_UNIT_STEPS,
                                .on_nonfinite = c->on_nonfinite,
                                .accumulate = c->accumulate,
                                .clip = c->clip };
    set.data.format = "csv";
    set.data.path = c->table;
    set.data.holdout = "8";
    if (c->fixed) set.batch = 0;
    if (c->solver)
        OK(ds_solver_parse(ctx, c->rule, &set.solver));
    else
        OK(ds_rule_parse(ctx, c->rule, &set.optimizer.rule));
    set.optimizer.group = c->group;
    set.optimizer.groups = c->groups;
    set.optimizer.lookahead = c->lookahead;
    set.optimizer.sam = c->sam;
    OK(ds_schedule_parse(ctx, c->schedule, &set.schedule.schedule));
    give_parts(&set.schedule);
    if (c->average) OK(ds_average_parse(ctx, c->average, &set.average));
    if (c->stop) {
        OK(ds_stop_parse(ctx, c->stop, &stop));
        set.stop = &stop;
        set.stops = 1;
    }
    OK(ds_session_create(&s, ctx, &set, NULL));
    OK(ds_session_init(s));
    return s;
}

/* Train from the start, or go on; run NULL: nothing is kept. */
static void train(const recipe *c, ds_run *run, result *r)
{
    ds_model *model;
    OK(ds_model_create(&model, ctx));
    OK(ds_model_add(model, c->fixed ? "dense 6 act=tanh" : "dense 6 norm=batch act=tanh"));
    if (!c->fixed) OK(ds_model_add(model, "dropout 0.2"));
    OK(ds_model_add(model, "dense classes"));
    ds_session *s = open_session(c, model);
    const ds_watcher watcher = { .arg = r, .epoch = on_epoch, .stop = on_stop };
    r->steps = 0;
    OK(ds_train(s, run, &watcher, &r->outcome));
    int64_t n = ds_space_dim(ds_problem_space(ds_session_problem(s))),
            norms = ds_space_dim(ds_problem_statistics(ds_session_problem(s)));
    assert_true(n <= MOST && norms <= MOST);
    memcpy(r->theta, ds_session_theta(s), (size_t)n * sizeof(float));
    memcpy(r->running, ds_problem_running(ds_session_problem(s)), (size_t)norms * sizeof(float));
    ds_session_free(s);
    ds_model_free(model);
}

static void same_number(const recipe *c, int64_t k, const char *what, double a, double b)
{
    if (a == b || (isnan(a) && isnan(b))) return;
    fail_msg("%s, %s, stopped at %lld: %s is %.17g, without a stop %.17g", c->rule, c->schedule, (long long)k, what, b,
             a);
}

/* Stop after step k, resume as a new process would, and compare with the whole run. */
static void stop_at(const recipe *c, const result *whole, int64_t k)
{
    static int number;
    char path[96];
    ds_run *run;
    result *r = calloc(1, sizeof *r);
    assert_non_null(r);
    snprintf(path, sizeof path, "%s/run-%d", folder, ++number);
    OK(ds_run_create(&run, ctx, &(ds_run_text){ "resume", "", "a config", 1 }, path));
    r->stop_at = k;
    train(c, run, r);
    ds_run_close(run);
    assert_int_equal(r->outcome.reason, DS_STOPPED);
    OK(ds_run_resume(&run, ctx, path));
    assert_null(ds_run_finished(run));
    OK(ds_run_continue(run, ctx, "a config", 1));
    r->stop_at = INT64_MAX;
    train(c, run, r);
    ds_run_close(run);
    if (memcmp(r->theta, whole->theta, sizeof r->theta) || memcmp(r->running, whole->running, sizeof r->running))
        fail_msg("%s, %s, stopped at %lld: other weights", c->rule, c->schedule, (long long)k);
    same_number(c, k, "the end", whole->outcome.reason, r->outcome.reason);
    same_number(c, k, "the last step", (double)whole->outcome.steps, (double)r->outcome.steps);
    for (int e = 1; e <= EPOCHS; e++) {
        const ds_epoch_report *a = &whole->report[e], *b = &r->report[e];
        same_number(c, k, "train.loss", a->train_loss, b->train_loss);
        same_number(c, k, "val.loss", a->val.loss, b->val.loss);
        same_number(c, k, "avg.loss", a->average.loss, b->average.loss);
        same_number(c, k, "grad.norm", a->grad_norm, b->grad_norm);
        same_number(c, k, "update.ratio", a->update_ratio, b->update_ratio);
        same_number(c, k, "best", a->best, b->best);
        same_number(c, k, "evaluations", (double)a->evaluations, (double)b->evaluations);
    }
    free(r);
}

static result *whole_run(const recipe *c)
{
    result *whole = calloc(1, sizeof *whole);
    assert_non_null(whole);
    whole->stop_at = INT64_MAX;
    train(c, NULL, whole);
    return whole;
}

static void stop_everywhere(const recipe *c)
{
    result *whole = whole_run(c);
    for (int64_t k = 1; k < whole->steps - 1; k++) stop_at(c, whole, k);
    free(whole);
}

/* ---- what is tested ---------------------------------------------------------------------------------------------- */

/* A definition with a value for every option that has no default: "step(every=4 steps)". */
static char *with_needed(const ds_head *head, char *text, size_t bytes)
{
    size_t n = (size_t)snprintf(text, bytes, "%s", head->name);
    int given = 0;
    for (const ds_option *o = head->options; o && o->type != DS_OPT_END; o++) {
        if (o->def) continue;
        n += (size_t)snprintf(text + n, bytes - n, given++ ? ", " : "(");
        n += (size_t)snprintf(text + n, bytes - n, o->type == DS_OPT_SPAN ? "%s=4 steps" : "%s=0.5", o->name);
    }
    if (given) snprintf(text + n, bytes - n, ")");
    return text;
}

static const ds_registry *registry(const char *kind)
{
    int n;
    const ds_registry *const *all = ds_registries(&n);
    for (int k = 0; k < n; k++)
        if (!strcmp(all[k]->kind, kind)) return all[k];
    fail_msg("no registry of %ss", kind);
    return NULL;
}

/* Each pair stops at one step, all steps in turn; DS_TEST_LONG: at every step. */
static void every_rule_under_every_schedule(void **state)
{
    (void)state;
    const ds_registry *rules = registry("rule"), *schedules = registry("schedule");
    bool all = getenv("DS_TEST_LONG") && strcmp(getenv("DS_TEST_LONG"), "0");
    int turn = 0;
    for (int i = 0; i < rules->count; i++)
        for (int j = 0; j < schedules->count; j++) {
            char rule[128], schedule[128];
            const recipe c = { .rule = with_needed(rules->heads[i], rule, sizeof rule),
                               .schedule = with_needed(schedules->heads[j], schedule, sizeof schedule),
                               .table = clean };
            if (all) {
                stop_everywhere(&c);
                continue;
            }
            result *whole = whole_run(&c);
            stop_at(&c, whole, 1 + turn++ % (STEPS - 1));
            free(whole);
        }
}

static void states_of_a_rule_that_has_most(void **state)
{
    (void)state;
    stop_everywhere(&(recipe){ .rule = "adam(amsgrad=true)", .schedule = "cosine", .table = clean });
}

static void every_average(void **state)
{
    (void)state;
    const ds_registry *averages = registry("average");
    for (int i = 0; i < averages->count; i++) {
        char average[128];
        stop_everywhere(&(recipe){ .rule = "momentum(lr=0.1, momentum=0.9)",
                                   .schedule = "constant",
                                   .average = with_needed(averages->heads[i], average, sizeof average),
                                   .table = clean });
    }
}

static void stop_rules_remember(void **state)
{
    (void)state;
    stop_everywhere(&(recipe){ .rule = "sgd(lr=0.1)",
                               .schedule = "constant",
                               .stop = "early(watch=val.loss, patience=1, min_delta=10)",
                               .table = clean });
    stop_everywhere(&(recipe){
        .rule = "sgd(lr=0.1)", .schedule = "constant", .stop = "target(target=val.loss, value=1e9)", .table = clean });
}

/* The rate falls after most epochs. */
static void a_schedule_that_listens_remembers(void **state)
{
    (void)state;
    stop_everywhere(&(recipe){ .rule = "momentum(lr=0.1, momentum=0.9)",
                               .schedule = "plateau(patience=0, factor=0.5, min_delta=0.5, relative=false, cooldown=1)",
                               .table = clean });
}

static void answers_to_infinite_rows(void **state)
{
    (void)state;
    stop_everywhere(&(recipe){
        .rule = "adam(lr=0.1)", .schedule = "constant", .on_nonfinite = DS_NONFINITE_SKIP, .table = spoilt });
    stop_everywhere(&(recipe){ .rule = "adam(lr=0.1)",
                               .schedule = "constant",
                               .average = "ema",
                               .on_nonfinite = DS_NONFINITE_REWIND,
                               .table = spoilt });
}

/* 5 batches an epoch make steps of 2, 2 and 1; in the spoilt table a step fails at either of its batches. */
static void steps_of_several_batches(void **state)
{
    (void)state;
    recipe c = { .rule = "adam(lr=0.1)",
                 .schedule = "cosine",
                 .average = "ema",
                 .table = clean,
                 .accumulate = 2,
                 .clip = { DS_CLIP_NORM, 0.5, 0 } };
    stop_everywhere(&c);
    c.table = spoilt;
    for (c.on_nonfinite = DS_NONFINITE_SKIP; c.on_nonfinite <= DS_NONFINITE_REWIND; c.on_nonfinite++)
        stop_everywhere(&c);
}

/* Variants that ask for more than the rules' defaults do; in the spoilt table rows make second answers infinite too. */
static void rules_that_need_more_than_the_gradient(void **state)
{
    (void)state;
    static const char *const rules[] = { "sophia(period=3)", "sophia(period=2, estimator=gnb)", "mars(exact=true)" };
    for (size_t i = 0; i < 3; i++) stop_everywhere(&(recipe){ .rule = rules[i], .schedule = "cosine", .table = clean });
    recipe c = { .rule = "adam(lr=0.1)", .schedule = "cosine", .table = clean, .sam = { true, true, 0.1 } };
    stop_everywhere(&c);
    c.table = spoilt;
    for (c.on_nonfinite = DS_NONFINITE_SKIP; c.on_nonfinite <= DS_NONFINITE_REWIND; c.on_nonfinite++)
        stop_everywhere(&c);
}

/* Numbers beside the vectors in one; a rewind that takes all of them back, slow weights too. */
static void groups_with_rules_of_their_own(void **state)
{
    (void)state;
    ds_group group[] = { { .role = "bias" }, { .role = "norm" }, { .match = "2.weight", .frozen = true } };
    OK(ds_rule_parse(ctx, "prodigy", &group[0].rule));
    OK(ds_rule_parse(ctx, "momentum(lr=0.3)", &group[1].rule));
    recipe c = { .rule = "adam(lr=0.1)", .schedule = "cosine", .table = clean, .group = group, .groups = 3 };
    stop_everywhere(&c);
    c.table = spoilt;
    c.on_nonfinite = DS_NONFINITE_REWIND;
    c.lookahead = (ds_lookahead){ 3, 0.5 };
    stop_everywhere(&c);
}

/* A step that fails at a later batch has moved nothing: weights and running statistics are those of a run that was stopped
 * before it. */
static void a_step_that_fails_moves_nothing(void **state)
{
    (void)state;
    result *failed = calloc(1, sizeof *failed), *stopped = calloc(1, sizeof *stopped);
    assert_true(failed && stopped);
    failed->stop_at = INT64_MAX;
    bool later = false;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        recipe c = { .rule = "adam(lr=0.1)", .schedule = "constant", .table = spoilt, .seed = seed };
        train(&c, NULL, failed);
        int64_t before = failed->outcome.steps; /* batches that are good */
        c.accumulate = 5;
        later = later || before > 0;
        train(&c, NULL, failed);
        assert_int_equal(failed->outcome.reason, DS_DIVERGED);
        stopped->stop_at = failed->outcome.steps;
        train(&c, NULL, stopped);
        assert_int_equal(stopped->outcome.reason, DS_STOPPED);
        assert_memory_equal(failed->theta, stopped->theta, sizeof failed->theta);
        assert_memory_equal(failed->running, stopped->running, sizeof failed->running);
    }
    assert_true(later);
    free(failed);
    free(stopped);
}

/* Stopped between any two of the evaluations of a step too. At as many places as make a quick test, more of them early; with
 * DS_TEST_LONG at every one. */
static void stop_a_solver(const recipe *c)
{
    bool all = getenv("DS_TEST_LONG") && strcmp(getenv("DS_TEST_LONG"), "0");
    result *whole = whole_run(c);
    assert_true(whole->steps > 2);
    for (int64_t k = 1; k < whole->steps - 1; k += all ? 1 : 1 + k / 2) stop_at(c, whole, k);
    free(whole);
}

static void every_solver(void **state)
{
    (void)state;
    const ds_registry *solvers = registry("solver");
    for (int i = 0; i < solvers->count; i++) {
        recipe c = { .rule = solvers->heads[i]->name, .solver = true, .schedule = "constant", .table = clean };
        if (!strcmp(c.rule, "levenberg_marquardt")) continue; /* a network has no residuals */
        if (strcmp(c.rule, "nelder_mead")) stop_a_solver(&c); /* it compares values of many steps */
        c.fixed = true;
        stop_a_solver(&c);
    }
}

static void solvers_with_several_batches_averages_and_infinite_rows(void **state)
{
    (void)state;
    recipe c = {
        .rule = "lbfgs", .solver = true, .schedule = "constant", .average = "ema", .table = clean, .accumulate = 2
    };
    stop_a_solver(&c);
    c.table = spoilt;
    for (c.on_nonfinite = DS_NONFINITE_SKIP; c.on_nonfinite <= DS_NONFINITE_REWIND; c.on_nonfinite++) stop_a_solver(&c);
    c.rule = "newton_cg";
    stop_a_solver(&c);
}

/* A run ends as diverged where it is told to stop; resumed with another answer it goes on from there. */
static void a_diverged_run_goes_on_with_another_answer(void **state)
{
    (void)state;
    char path[96];
    recipe c = { .rule = "adam(lr=0.1)", .schedule = "constant", .table = spoilt };
    result *r = calloc(1, sizeof *r);
    ds_run *run;
    assert_non_null(r);
    r->stop_at = INT64_MAX;
    snprintf(path, sizeof path, "%s/diverged", folder);
    OK(ds_run_create(&run, ctx, &(ds_run_text){ "resume", "", "a config", 1 }, path));
    train(&c, run, r);
    ds_run_close(run);
    assert_int_equal(r->outcome.reason, DS_DIVERGED);
    assert_non_null(strstr(r->outcome.text, "inputs of rows"));
    for (int k = 0; k < 2; k++) {
        c.on_nonfinite = k ? DS_NONFINITE_STOP : DS_NONFINITE_REWIND;
        OK(ds_run_resume(&run, ctx, path));
        OK(ds_run_continue(run, ctx, "another config", (uint64_t)k + 2));
        train(&c, run, r);
        ds_run_close(run);
        assert_int_equal(r->outcome.reason, DS_DONE_EPOCHS);
    }
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_under_every_schedule),
        cmocka_unit_test(states_of_a_rule_that_has_most),
        cmocka_unit_test(every_average),
        cmocka_unit_test(stop_rules_remember),
        cmocka_unit_test(a_schedule_that_listens_remembers),
        cmocka_unit_test(answers_to_infinite_rows),
        cmocka_unit_test(steps_of_several_batches),
        cmocka_unit_test(groups_with_rules_of_their_own),
        cmocka_unit_test(rules_that_need_more_than_the_gradient),
        cmocka_unit_test(a_step_that_fails_moves_nothing),
        cmocka_unit_test(every_solver),
        cmocka_unit_test(solvers_with_several_batches_averages_and_infinite_rows),
        cmocka_unit_test(a_diverged_run_goes_on_with_another_answer),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
