/* test_stop.c - decisions of stop rules on made-up sequences of numbers, and what they say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "train/stop/stop.h"

static ds_ctx *ctx;

enum { END = -1 }; /* the sequence ran out */

/* Epoch (from 1) at which the rule in text ends a run with these values. */
static int ends_at(const char *text, int n, const double *value, ds_stop_memory *m, char *why, size_t bytes)
{
    ds_part rule;
    if (ds_stop_parse(ctx, text, &rule) != DS_OK) fail_msg("%s: %s", text, ds_error(ctx));
    ds_stop_at a = { .rule = &rule };
    a.name = ds_stop_watches(&rule, &a.more)->head.name;
    *m = (ds_stop_memory){ .best = NAN };
    for (int k = 0; k < n; k++) {
        a.value = value[k];
        a.epoch = k + 1;
        ds_stop_of(rule.head)->look(&a, m);
        bool over = ds_stop_of(rule.head)->over(&a, m);
        if (over || k == n - 1) ds_stop_of(rule.head)->describe(&a, m, why, bytes);
        if (over) return k + 1;
    }
    return END;
}

static void check(const char *text, int n, const double *value, int wanted, const char *words)
{
    ds_stop_memory m;
    char why[320];
    int found = ends_at(text, n, value, &m, why, sizeof why);
    if (found != wanted) fail_msg("%s: ends at %d, wanted %d", text, found, wanted);
    if (words && strcmp(why, words)) fail_msg("%s: says \"%s\", wanted \"%s\"", text, why, words);
}
#define CHECK(text, wanted, words, ...)                                                                                \
    do {                                                                                                               \
        const double value[] = { __VA_ARGS__ };                                                                        \
        check(text, (int)(sizeof value / sizeof value[0]), value, wanted, words);                                      \
    } while (0)

/* Algorithm 7.1: j counts evaluations that did not improve, an improvement sets it to 0. */
static void patience_counts_from_the_best(void **state)
{
    (void)state;
    CHECK("early(watch=val.loss, patience=3)", 7, "val.loss has not improved for 3 epochs (best 0.5, epoch 4)", 1, 0.9,
          0.95, 0.5, 0.6, 0.7, 0.55, 0.1);
    CHECK("early(watch=val.loss, patience=1)", 2, "val.loss has not improved for 1 epoch (best 1, epoch 1)", 1, 1.5);
    CHECK("early(watch=val.loss, patience=3)", END, NULL, 1, 2, 2, 0.9, 2, 2, 0.8, 2, 2);
    CHECK("early(watch=val.loss)", 6, NULL, 1, 1, 1, 1, 1, 1, 1); /* default 5; equal is no improvement */
}

static void the_way_up_follows_the_number(void **state)
{
    (void)state;
    CHECK("early(watch=val.accuracy, patience=2)", END, NULL, 0.1, 0.2, 0.3, 0.4);
    CHECK("early(watch=val.accuracy, patience=2)", 3, NULL, 0.4, 0.3, 0.2, 0.1);
    CHECK("early(watch=val.accuracy, patience=2)", 3, NULL, 0.5, 0.5, 0.5); /* equal is no improvement here either */
    CHECK("early(watch=val.error, patience=2)", END, NULL, 0.4, 0.3, 0.2, 0.1);
    CHECK("early(watch=average.val.accuracy, patience=2)", 3, NULL, 0.4, 0.3, 0.2, 0.1);
    CHECK("early(watch=val.accuracy, patience=2, mode=min)", END, NULL, 0.4, 0.3, 0.2, 0.1);
    CHECK("early(watch=val.loss, patience=2, mode=max)", 3, NULL, 0.4, 0.3, 0.2, 0.1);
}

/* Creeping by less than min_delta is standing still, measured from the last value that counted. */
static void small_gains_do_not_count(void **state)
{
    (void)state;
    CHECK("early(watch=val.loss, patience=3, min_delta=0.125)", 4, NULL, 1, 0.95, 0.92, 0.9, 0.5);
    CHECK("early(watch=val.loss, patience=3, min_delta=0.125)", END, NULL, 1, 0.95, 0.9, 0.85, 0.8, 0.7);
    CHECK("early(watch=val.loss, patience=2, min_delta=0.125)", 3, NULL, 1, 0.875,
          0.9); /* exactly min_delta is not more */
}

static void what_is_no_number_never_improves(void **state)
{
    (void)state;
    CHECK("early(watch=val.loss, patience=2)", 2, "val.loss was no number for 2 epochs", NAN, NAN, 1);
    CHECK("early(watch=val.loss, patience=2)", END, NULL, NAN, 1, NAN, 0.9, INFINITY, 0.8);
    CHECK("early(watch=val.accuracy, patience=2)", 3, NULL, 0.5, INFINITY, NAN, 0.9);
    CHECK("target(target=val.accuracy, value=0.5)", END, "val.accuracy was never measured, wanted at least 0.5", NAN,
          NAN);
    CHECK("target(target=val.accuracy, value=0.5)", END, NULL, INFINITY, NAN);
}

static void targets_are_reached_or_missed(void **state)
{
    (void)state;
    CHECK("target(target=val.accuracy, value=0.75)", 3, "val.accuracy is 0.75, wanted at least 0.75 (epoch 3)", 0.5,
          0.7, 0.75, 0.8);
    CHECK("target(target=val.loss, value=0.25)", 2, "val.loss is 0.125, wanted at most 0.25 (epoch 2)", 0.5, 0.125);
    CHECK("target(target=val.accuracy, value=0.75)", END, "val.accuracy came to 0.7 (epoch 2), wanted at least 0.75",
          0.5, 0.7, 0.6);
    CHECK("target(target=val.loss, value=0.25, mode=max)", 1, NULL, 0.5);
}

/* A run that goes on from its memory decides as one that was never stopped. */
static void memory_is_all_there_is(void **state)
{
    (void)state;
    const double value[] = { 1, 0.9, 0.95, 0.5, 0.6, 0.7, 0.55 };
    ds_part rule;
    assert_int_equal(ds_stop_parse(ctx, "early(watch=val.loss, patience=3)", &rule), DS_OK);
    for (int cut = 0; cut < 7; cut++) {
        ds_stop_memory m = { .best = NAN };
        int end = END;
        for (int k = 0; k < 7 && end < 0; k++) {
            ds_stop_memory other = { .best = m.best, .epoch = m.epoch, .idle = m.idle };
            if (k == cut) m = other; /* what a checkpoint has */
            ds_stop_at a = { .rule = &rule, .name = "val.loss", .value = value[k], .epoch = k + 1 };
            ds_stop_of(rule.head)->look(&a, &m);
            if (ds_stop_of(rule.head)->over(&a, &m)) end = k + 1;
        }
        assert_int_equal(end, 7);
        assert_true(m.best == 0.5 && m.epoch == 4);
    }
}

static void numbers_have_names(void **state)
{
    (void)state;
    const ds_epoch_report r = { .epoch = 3,
                                .step = 70,
                                .train_loss = 0.5,
                                .train_error = 0.25,
                                .val = { 100, 0.625, 0.875, 0.125 },
                                .average = { 100, 0.5625, 0.9375, 0.0625 },
                                .grad_norm = 2,
                                .update_ratio = 0.001,
                                .lr = 0.1,
                                .evaluations = 90,
                                .seconds = 9,
                                .clips = true,
                                .clip_share = 0.75 };
    static const struct {
        const char *name;
        double value;
    } wanted[] = { { "epoch", 3 },
                   { "step", 70 },
                   { "train.loss", 0.5 },
                   { "train.error", 0.25 },
                   { "val.loss", 0.625 },
                   { "val.accuracy", 0.875 },
                   { "val.error", 0.125 },
                   { "average.val.loss", 0.5625 },
                   { "grad.norm", 2 },
                   { "average.val.accuracy", 0.9375 },
                   { "update.ratio", 0.001 },
                   { "average.val.error", 0.0625 },
                   { "lr", 0.1 },
                   { "evaluations", 90 },
                   { "clip.share", 0.75 },
                   { "seconds", 9 } };
    assert_int_equal(ds_report_columns(), sizeof wanted / sizeof wanted[0]);
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
        const ds_column *c = ds_column_named(wanted[k].name);
        assert_non_null(c);
        assert_true(ds_column_value(c, &r) == wanted[k].value);
        assert_int_equal(c->more, strstr(wanted[k].name, "accuracy") != NULL);
    }
    const ds_epoch_report bare = { .val = { 0, 1, 1, 1 }, .average = { 0, 1, 1, 1 } };
    assert_true(isnan(ds_column_value(ds_column_named("val.loss"), &bare)));
    assert_true(isnan(ds_column_value(ds_column_named("average.val.error"), &bare)));
    assert_null(ds_column_named("accuracy"));
    ds_part rule;
    assert_int_equal(ds_stop_parse(ctx, "early(watch=accuracy)", &rule), DS_EUNKNOWN);
}

static int open_ctx(void **state)
{
    (void)state;
    return ds_ctx_create(&ctx, 1) != DS_OK;
}

static int close_ctx(void **state)
{
    (void)state;
    ds_ctx_free(ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patience_counts_from_the_best),
        cmocka_unit_test(the_way_up_follows_the_number),
        cmocka_unit_test(small_gains_do_not_count),
        cmocka_unit_test(what_is_no_number_never_improves),
        cmocka_unit_test(targets_are_reached_or_missed),
        cmocka_unit_test(memory_is_all_there_is),
        cmocka_unit_test(numbers_have_names),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
