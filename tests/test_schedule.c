/* test_schedule.c - schedules are pure functions of the step: values at the corners and between, warm-up and floor common to
 * all, spans in epochs, what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "descent/optim.h"
#include "descent/registry.h"
#include "optim/schedule.h"

static ds_ctx *ctx;

/* A schedule over 100 steps, 10 an epoch, from rate 0.5, that passed its check; of one part where it is made of parts. */
static ds_schedule_settings over(const char *text)
{
    static ds_schedule_part one;
    ds_schedule_settings s = { .lr = 0.5, .total = 100, .epoch = 10 };
    if (ds_schedule_parse(ctx, text, &s.schedule) != DS_OK) fail_msg("%s: %s", text, ds_error(ctx));
    if (ds_schedule_of(s.schedule.head)->combines) {
        assert_int_equal(ds_schedule_parse(ctx, "cosine", &one.schedule), DS_OK);
        s.part = &one;
        s.parts = 1;
    }
    if (ds_schedule_check(ctx, &s) != DS_OK) fail_msg("%s: %s", text, ds_error(ctx));
    return s;
}

static void at(const ds_schedule_settings *s, int64_t step, double wanted)
{
    double found = ds_schedule_rate(s, step);
    /* a handful of roundings, functions within 2 ulp: 16 units */
    if (!(fabs(found - wanted) <= 0x1p-49 * wanted))
        fail_msg("step %lld: found %.17g, wanted %.17g", (long long)step, found, wanted);
}

static void constant_stays(void **state)
{
    (void)state;
    ds_schedule_settings s = over("constant"), none = { .lr = 0.5, .total = -1 };
    for (int64_t k = 0; k < 120; k++) assert_true(ds_schedule_rate(&s, k) == 0.5 && ds_schedule_rate(&none, k) == 0.5);
}

/* eps_k = (1 - a) eps_0 + a eps_tau, a = min(k / tau, 1) */
static void linear_is_the_books(void **state)
{
    (void)state;
    ds_schedule_settings s = over("linear(tau=40 steps, end=0.1)");
    for (int64_t k = 0; k < 120; k++) at(&s, k, k < 40 ? (1 - (double)k / 40) * 0.5 + (double)k / 40 * 0.1 : 0.1);
    s = over("linear(tau=4 epochs)"); /* end: a hundredth */
    at(&s, 0, 0.5);
    at(&s, 20, 0.5 * 0.5 + 0.5 * 0.005);
    at(&s, 40, 0.005);
    at(&s, 1000, 0.005);
    s = over("linear"); /* tau: the whole run */
    at(&s, 50, 0.5 * 0.5 + 0.5 * 0.005);
    at(&s, 100, 0.005);
}

static void step_is_a_staircase(void **state)
{
    (void)state;
    ds_schedule_settings s = over("step(every=30 steps)");
    at(&s, 29, 0.5);
    at(&s, 30, 0.05);
    at(&s, 59, 0.05);
    at(&s, 60, 0.005);
    s = over("step(step_size=1 epochs, gamma=0.5)");
    for (int64_t k = 0; k < 100; k++) assert_true(ds_schedule_rate(&s, k) == ldexp(0.5, -(int)(k / 10)));
    s = over("step(every=1 steps, gamma=0.1)");
    s.total = -1;
    assert_true(ds_schedule_rate(&s, INT64_MAX) == 0);
}

static void inverse_is_one_over_time(void **state)
{
    (void)state;
    ds_schedule_settings s = over("inverse"), root = over("inverse(every=5 steps, power=0.5)");
    at(&s, 0, 0.5);
    at(&s, 10, 0.25);
    at(&s, 90, 0.05);
    at(&root, 15, 0.25);
    s.total = -1;
    at(&s, 990, 0.005);
}

static void polynomial_ends_at_the_floor(void **state)
{
    (void)state;
    ds_schedule_settings s = over("polynomial(power=2)");
    at(&s, 0, 0.5);
    at(&s, 50, 0.125);
    assert_true(ds_schedule_rate(&s, 100) == 0 && ds_schedule_rate(&s, 1000) == 0);
    s.floor = 0.1;
    at(&s, 50, 0.1 + 0.4 * 0.25);
    at(&s, 100, 0.1);
}

static void restarts_grow(void **state)
{
    (void)state;
    ds_schedule_settings s = over("restarts(cycle=10 steps)"); /* 10, 20, 40, ... */
    const int64_t starts[] = { 0, 10, 30, 70 };
    for (int i = 0; i < 4; i++) at(&s, starts[i], 0.5);
    at(&s, 5, 0.25);
    at(&s, 20, 0.25);
    at(&s, 50, 0.25);
    assert_true(ds_schedule_rate(&s, 29) < 0.005);
}

static void one_cycle_goes_up_and_down(void **state)
{
    (void)state;
    ds_schedule_settings s = over("one_cycle(share=0.4, start=10, end=100)");
    at(&s, 0, 0.05);
    at(&s, 20, 0.275);
    at(&s, 40, 0.5);
    at(&s, 70, 0.5 * (0.5 + 0.0005));
    at(&s, 100, 0.0005);
}

static void trapezoid_falls_at_the_end(void **state)
{
    (void)state;
    ds_schedule_settings s = over("trapezoid(share=0.5)");
    for (int64_t k = 0; k <= 50; k++) assert_true(ds_schedule_rate(&s, k) == 0.5);
    at(&s, 75, 0.25);
    assert_true(ds_schedule_rate(&s, 100) == 0);
    s.floor = 0.1;
    at(&s, 75, 0.3);
}

static void exponential_is_smooth(void **state)
{
    (void)state;
    ds_schedule_settings s = over("exponential(gamma=0.25)"); /* an epoch: 10 steps */
    at(&s, 0, 0.5);
    at(&s, 5, 0.25);
    at(&s, 10, 0.125);
    at(&s, 25, 0.5 / 32);
    for (int64_t k = 0; k < 120; k++) at(&s, k, 0.5 * pow(0.25, (double)(k < 100 ? k : 100) / 10));
    s = over("exponential(gamma=0.5, every=20 steps)");
    at(&s, 20, 0.25);
}

static void cosine_ends_at_the_floor(void **state)
{
    (void)state;
    ds_schedule_settings s = over("cosine");
    s.floor = 0.1;
    at(&s, 0, 0.5);
    at(&s, 50, 0.3);
    at(&s, 100, 0.1);
    at(&s, 400, 0.1);
    for (int64_t k = 0; k <= 100; k++) {
        at(&s, k, 0.1 + 0.2 * (1 + cos(acos(-1) * (double)k / 100)));
        assert_true(fabs(ds_schedule_rate(&s, k) + ds_schedule_rate(&s, 100 - k) - 0.6) < 1e-15);
    }
}

/* The same warm-up for every schedule: it rises as (k + 1) / W, then the schedule begins at its beginning and has the rest. */
static void warmup_comes_first(void **state)
{
    (void)state;
    for (int i = 0; i < ds_schedule_registry.count; i++) {
        const char *name = ds_schedule_registry.heads[i]->name;
        ds_schedule_settings plain = over(strcmp(name, "step") == 0          ? "step(every=7 steps)"
                                          : strcmp(name, "exponential") == 0 ? "exponential(gamma=0.9)"
                                                                             : name);
        plain.floor = 1e-4;
        ds_schedule_settings warm = plain, epochs = plain;
        plain.total = 80;
        warm.warmup = 20;
        warm.warmup_unit = DS_UNIT_STEPS;
        epochs.warmup = 2;
        epochs.warmup_unit = DS_UNIT_EPOCHS;
        for (int64_t k = 0; k < 19; k++) at(&warm, k, 0.5 * (double)(k + 1) / 20);
        at(&warm, 19, ds_schedule_rate(&plain, 0)); /* one_cycle begins below its rate */
        for (int64_t k = 20; k < 130; k++) assert_true(ds_schedule_rate(&warm, k) == ds_schedule_rate(&plain, k - 20));
        for (int64_t k = 0; k < 130; k++) assert_true(ds_schedule_rate(&warm, k) == ds_schedule_rate(&epochs, k));
        warm.warmup = 1; /* no rise to see */
        assert_true(ds_schedule_rate(&warm, 0) == ds_schedule_rate(&plain, 0));
        warm.warmup = 1000; /* longer than the run */
        at(&warm, 99, 0.05);
    }
}

static void floor_holds_for_all(void **state)
{
    (void)state;
    static const char *const text[] = { "linear(end=0)", "step(every=1 steps)", "exponential(gamma=0.01)", "cosine" };
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        ds_schedule_settings s = over(text[i]);
        s.floor = 0.03;
        double last = 1;
        for (int64_t k = 0; k < 150; k++) {
            double rate = ds_schedule_rate(&s, k);
            assert_true(rate >= 0.03 && rate <= last);
            last = rate;
        }
        at(&s, 149, 0.03);
    }
}

static void refuse(ds_schedule_settings s, const char *text, ds_status wanted, const char *says)
{
    if (text) assert_int_equal(ds_schedule_parse(ctx, text, &s.schedule), DS_OK);
    assert_int_equal(ds_schedule_check(ctx, &s), wanted);
    if (!strstr(ds_error(ctx), says)) fail_msg("\"%s\" does not say \"%s\"", ds_error(ctx), says);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    ds_schedule_settings unknown = { .lr = 0.5, .total = -1, .epoch = 0 };
    refuse(unknown, "cosine", DS_ECONFIG, "end of the run");
    refuse(unknown, "linear", DS_ECONFIG, "tau");
    refuse(unknown, "step(every=2 epochs)", DS_ECONFIG, "every");
    refuse(unknown, "exponential(gamma=0.9)", DS_ECONFIG, "every");
    refuse(unknown, "linear(tau=5 minutes)", DS_ECONFIG, "tau");
    ds_schedule_settings s = { .lr = 0.5, .total = 100, .epoch = 10, .warmup = 1, .warmup_unit = DS_UNIT_SECONDS };
    refuse(s, NULL, DS_ECONFIG, "warmup");
    s.warmup_unit = DS_UNIT_STEPS;
    s.floor = 1;
    refuse(s, NULL, DS_ERANGE, "floor");
    s.floor = 0;
    assert_int_equal(ds_schedule_check(ctx, &s), DS_OK);
    ds_part part;
    assert_int_equal(ds_schedule_parse(ctx, "step", &part), DS_ECONFIG);
    assert_int_equal(ds_schedule_parse(ctx, "cosin", &part), DS_EUNKNOWN);
    assert_non_null(strstr(ds_error(ctx), "cosine"));
    unknown.epoch = 10;
    assert_int_equal(ds_schedule_parse(ctx, "linear(tau=2 epochs)", &unknown.schedule), DS_OK);
    assert_int_equal(ds_schedule_check(ctx, &unknown), DS_OK);
}

/* ---- schedules made of schedules --------------------------------------------------------------------------------- */

static ds_schedule_part part(const char *text, double span, ds_unit unit, double factor)
{
    ds_schedule_part p = { .span = span, .span_unit = unit, .factor = factor };
    if (ds_schedule_parse(ctx, text, &p.schedule) != DS_OK) fail_msg("%s: %s", text, ds_error(ctx));
    return p;
}

static ds_schedule_settings of_parts(const char *text, const ds_schedule_part *list, int n)
{
    ds_schedule_settings s = { .lr = 0.5, .floor = 0.01, .total = 100, .epoch = 10, .part = list, .parts = n };
    assert_int_equal(ds_schedule_parse(ctx, text, &s.schedule), DS_OK);
    if (ds_schedule_check(ctx, &s) != DS_OK) fail_msg("%s: %s", text, ds_error(ctx));
    return s;
}

/* Of one part, and of a part within a part: the part, bit for bit, under a warm-up and a floor too. */
static void one_part_is_the_schedule(void **state)
{
    (void)state;
    for (int i = 0; i < ds_schedule_registry.count; i++) {
        const ds_schedule_def *def = ds_schedule_of(ds_schedule_registry.heads[i]);
        const char *name = def->head.name;
        if (def->combines || def->look) continue;
        ds_schedule_settings plain = over(strcmp(name, "step") == 0          ? "step(every=7 steps)"
                                          : strcmp(name, "exponential") == 0 ? "exponential(gamma=0.9)"
                                                                             : name);
        plain.floor = 0.01;
        ds_schedule_part inner = { .schedule = plain.schedule }, outer = part("product", 0, DS_UNIT_NONE, 0);
        outer.part = &inner;
        outer.parts = 1;
        const ds_schedule_settings same[] = { of_parts("sequence", &inner, 1), of_parts("product", &inner, 1),
                                              of_parts("sequence", &outer, 1) };
        for (int j = 0; j < 3; j++)
            for (int64_t k = 0; k < 130; k++) {
                ds_schedule_settings s = same[j], t = plain;
                assert_true(ds_schedule_rate(&s, k) == ds_schedule_rate(&t, k));
                s.warmup = t.warmup = 5;
                assert_true(ds_schedule_rate(&s, k) == ds_schedule_rate(&t, k));
            }
    }
}

/* Each part sees its own steps, its span as its end, and its factor of the rate; the last has the rest of the run. */
static void a_sequence_goes_from_part_to_part(void **state)
{
    (void)state;
    const ds_schedule_part list[] = { part("linear(end=0.5)", 10, DS_UNIT_STEPS, 0.1),
                                      part("constant", 3, DS_UNIT_EPOCHS, 0), part("cosine", 0, DS_UNIT_NONE, 0.5) };
    ds_schedule_settings s = of_parts("sequence", list, 3), cosine = over("cosine");
    for (int64_t k = 0; k < 10; k++) at(&s, k, (1 - (double)k / 10) * 0.05 + (double)k / 10 * 0.5);
    for (int64_t k = 10; k < 40; k++) assert_true(ds_schedule_rate(&s, k) == 0.5);
    cosine.floor = 0.01;
    cosine.lr = 0.25;
    cosine.total = 60;
    for (int64_t k = 40; k < 130; k++) assert_true(ds_schedule_rate(&s, k) == ds_schedule_rate(&cosine, k - 40));
    const ds_schedule_part ending[] = { part("constant", 10, DS_UNIT_STEPS, 0), part("cosine", 20, DS_UNIT_STEPS, 0) };
    s = of_parts("sequence", ending, 2);
    s.total = -1; /* every end is known without the run's */
    assert_int_equal(ds_schedule_check(ctx, &s), DS_OK);
    at(&s, 20, 0.01 + 0.49 / 2);
    at(&s, 1000, 0.01);
    const ds_schedule_part late[] = { part("constant", 200, DS_UNIT_STEPS, 0), part("cosine", 0, DS_UNIT_NONE, 0) };
    s = of_parts("sequence", late, 2); /* longer than the run */
    for (int64_t k = 0; k < 130; k++) assert_true(ds_schedule_rate(&s, k) == 0.5);
}

static void a_product_multiplies_shares(void **state)
{
    (void)state;
    const ds_schedule_part list[] = { part("step(every=3 epochs, gamma=0.5)", 0, DS_UNIT_NONE, 0),
                                      part("linear(end=0)", 0, DS_UNIT_NONE, 0) };
    ds_schedule_settings s = of_parts("product", list, 2);
    for (int64_t k = 0; k < 130; k++) {
        double line = k < 100 ? 1 - (double)k / 100 : 0, rate = 0.5 * ldexp(1, -(int)((k < 100 ? k : 100) / 30)) * line;
        at(&s, k, rate > 0.01 ? rate : 0.01);
    }
    s.lr = s.floor = 0;
    assert_true(ds_schedule_rate(&s, 5) == 0);
}

static void what_parts_cannot_be_is_said(void **state)
{
    (void)state;
    ds_schedule_settings s = { .lr = 0.5, .total = 100, .epoch = 10 };
    refuse(s, "sequence", DS_ECONFIG, "parts");
    const ds_schedule_part cosine = part("cosine", 0, DS_UNIT_NONE, 0), two[] = { cosine, cosine },
                           listens = part("plateau", 0, DS_UNIT_NONE, 0), timed = part("cosine", 3, DS_UNIT_SECONDS, 0);
    ds_schedule_part deep[DS_SCHEDULE_DEPTH + 2];
    s.parts = 2;
    s.part = two;
    refuse(s, "sequence", DS_ECONFIG, "part 0 needs a span");
    refuse(s, "cosine", DS_ECONFIG, "has no parts");
    s.parts = 1;
    s.part = &listens;
    refuse(s, "product", DS_ECONFIG, "cannot be a part");
    s.part = &timed;
    refuse(s, "sequence", DS_ECONFIG, "span");
    refuse(s, "product", DS_ECONFIG, "no effect");
    s.total = -1;
    s.part = &cosine;
    refuse(s, "sequence", DS_ECONFIG, "end of the run");
    s.total = 100;
    for (int i = 0; i < DS_SCHEDULE_DEPTH + 2; i++) {
        deep[i] = part(i ? "product" : "cosine", 0, DS_UNIT_NONE, 0);
        deep[i].part = i ? &deep[i - 1] : NULL;
        deep[i].parts = i > 0;
    }
    s.part = &deep[DS_SCHEDULE_DEPTH - 1];
    assert_int_equal(ds_schedule_parse(ctx, "sequence", &s.schedule), DS_OK);
    assert_int_equal(ds_schedule_check(ctx, &s), DS_OK);
    s.part = &deep[DS_SCHEDULE_DEPTH];
    refuse(s, "sequence", DS_ECONFIG, "deep");
}

/* ---- plateau ----------------------------------------------------------------------------------------------------- */

#include "golden/plateau.h"

/* Rates after each epoch are those of torch.optim.lr_scheduler.ReduceLROnPlateau (tests/golden/plateau.py), bit for bit,
 * also when the memory is moved between any two of them. */
static void plateau_is_pytorchs(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof plateau_cases / sizeof plateau_cases[0]; c++) {
        const plateau_case *p = &plateau_cases[c];
        ds_schedule_memory memory = { .best = NAN };
        ds_schedule_settings s = { .lr = 0.5, .floor = p->floor, .total = -1 };
        assert_int_equal(ds_schedule_parse(ctx, p->text, &s.schedule), DS_OK);
        assert_int_equal(ds_schedule_check(ctx, &s), DS_OK);
        assert_string_equal(ds_schedule_watches(&s), "val.loss");
        for (int k = 0; k < PLATEAU_EPOCHS; k++) {
            ds_schedule_memory moved = memory;
            ds_schedule_look(&s, &moved, p->seen[k], false);
            memory = moved;
            s.memory = &memory;
            if (ds_schedule_rate(&s, k) != p->rate[k])
                fail_msg("%s, epoch %d: found %.17g, wanted %.17g", p->text, k, ds_schedule_rate(&s, k), p->rate[k]);
        }
    }
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
        cmocka_unit_test(constant_stays),
        cmocka_unit_test(linear_is_the_books),
        cmocka_unit_test(step_is_a_staircase),
        cmocka_unit_test(exponential_is_smooth),
        cmocka_unit_test(inverse_is_one_over_time),
        cmocka_unit_test(polynomial_ends_at_the_floor),
        cmocka_unit_test(restarts_grow),
        cmocka_unit_test(one_cycle_goes_up_and_down),
        cmocka_unit_test(trapezoid_falls_at_the_end),
        cmocka_unit_test(cosine_ends_at_the_floor),
        cmocka_unit_test(warmup_comes_first),
        cmocka_unit_test(floor_holds_for_all),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(one_part_is_the_schedule),
        cmocka_unit_test(a_sequence_goes_from_part_to_part),
        cmocka_unit_test(a_product_multiplies_shares),
        cmocka_unit_test(what_parts_cannot_be_is_said),
        cmocka_unit_test(plateau_is_pytorchs),
    };
    return cmocka_run_group_tests_name("schedules", tests, open_ctx, close_ctx);
}
