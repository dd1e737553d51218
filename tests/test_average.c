/* test_average.c - averages of the weights against their definitions in f64, the precision of long ones in f32, which
 * steps count, the same bits for any number of threads and after a restart, what is refused. Walks the registry. */
#include "test_rules_support.h"

#include "descent/state.h"
#include "optim/average.h"

enum { N = 1003, LONG = 20000 };

static ds_ctx *ctx;

static ds_average *average(ds_ctx *c, const char *text, ds_dtype t, int64_t n)
{
    ds_average *a;
    ds_average_settings s = { .n = n, .dtype = t, .total = 100, .epoch = 10 };
    OK(c, ds_average_parse(c, text, &s.average));
    OK(c, ds_average_create(&a, c, &s));
    return a;
}

/* theta of element i after step k: a drift and noise. */
static double weight(int64_t i, int64_t k)
{
    ds_draw4 r = ds_philox((const uint32_t[4]){ (uint32_t)i, (uint32_t)k, 0, 0 }, (const uint32_t[2]){ 7, 0 });
    return 1.2 + 0.5 / (double)k + 0.1 * ((double)r.u[0] * 0x1p-32 - 0.5);
}

static void *weights(ds_dtype t, int64_t n, int64_t k, void *x)
{
    for (int64_t i = 0; i < n; i++) put(t, x, i, weight(i, k));
    return x;
}

/* Mean of the weights of the steps in [from, to] that `every` divides, as stored in type t. */
static double mean_of(ds_dtype t, int64_t i, int64_t from, int64_t to, int64_t every)
{
    double sum = 0, n = 0;
    for (int64_t k = from; k <= to; k++) {
        if (k % every) continue;
        double w = weight(i, k);
        sum += t == DS_F32 ? (double)(float)w : w;
        n++;
    }
    return sum / n;
}

static void run(ds_average *a, ds_dtype t, int64_t n, int64_t from, int64_t to)
{
    void *x = ds_buffer_alloc((size_t)n * sizeof(double));
    for (int64_t k = from; k <= to; k++)
        if (ds_average_counts(a, k)) OK(ctx, ds_average_add(a, weights(t, n, k, x)));
    ds_buffer_free(x);
}

/* Values lie in [1, 2). Half a unit for x, as much for the roundings of w_k and d, three half units of d each while the
 * steps d sum to less than 0.3; f64 has room for the reference's own sums. */
static double bound(ds_dtype t) { return t == DS_F32 ? 0x1p-23 : 0x1p-46; }

static void means_are_means(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t from, every, count;
    } c[] = { { "polyak", 1, 1, 100 },
              { "polyak(start=40 steps)", 41, 1, 60 },
              { "polyak(start=4 epochs, every=3 steps)", 42, 3, 20 },
              { "tail", 91, 1, 10 },
              { "tail(share=0.5)", 51, 1, 50 },
              { "swa", 80, 10, 3 }, /* three quarters are 75 steps; epochs end at 80, 90, 100 */
              { "swa(start=2 epochs, every=2 epochs)", 40, 20, 4 } };
    for (size_t q = 0; q < sizeof c / sizeof c[0]; q++)
        for (ds_dtype t = DS_F32; t <= DS_F64; t++) {
            ds_average *a = average(ctx, c[q].text, t, N);
            run(a, t, N, 1, 100);
            assert_int_equal(ds_average_count(a), c[q].count);
            for (int64_t i = 0; i < N; i++) {
                double found = get(t, ds_average_values(a), i), wanted = mean_of(t, i, c[q].from, 100, c[q].every);
                if (!(fabs(found - wanted) <= bound(t))) fail_msg("%s: %.17g, wanted %.17g", c[q].text, found, wanted);
            }
            ds_average_free(a);
        }
}

/* sum (1 - a) a^(k - i) theta_i / (1 - a^k); uncorrected: a^(k-1) theta_1 + the rest. */
static void ema_is_weighted_as_defined(void **state)
{
    (void)state;
    static const double decay[] = { 0, 0.5, 0.99 };
    for (int q = 0; q < 6; q++) {
        double d = decay[q / 2];
        bool correct = q % 2 == 0;
        char text[64];
        snprintf(text, sizeof text, "ema(decay=%g, correct=%s)", d, correct ? "true" : "false");
        ds_average *a = average(ctx, text, DS_F64, 9);
        for (int64_t k = 1; k <= 60; k++) {
            run(a, DS_F64, 9, k, k);
            for (int64_t i = 0; i < 9; i++) {
                double sum = 0;
                for (int64_t j = 1; j <= k; j++)
                    sum += (correct || j > 1 ? 1 - d : 1) * pow(d, (double)(k - j)) * weight(i, j);
                if (correct) sum /= 1 - pow(d, (double)k);
                double found = get(DS_F64, ds_average_values(a), i);
                if (!(fabs(found - sum) <= 0x1p-46))
                    fail_msg("%s, step %d: %.17g, wanted %.17g", text, (int)k, found, sum);
            }
        }
        ds_average_free(a);
    }
}

/* In f32 a plain mean stands still once its steps fall below half a unit; here it is right to a unit after 20,000. */
static void long_averages_keep_the_last_bit(void **state)
{
    (void)state;
    ds_average *a = average(ctx, "polyak", DS_F32, 5);
    run(a, DS_F32, 5, 1, LONG);
    for (int64_t i = 0; i < 5; i++) {
        double found = get(DS_F32, ds_average_values(a), i), wanted = mean_of(DS_F32, i, 1, LONG, 1);
        if (!(fabs(found - wanted) <= 0x1p-23)) fail_msg("%.9g, wanted %.9g", found, wanted);
    }
    ds_average_free(a);
}

/* The arithmetic as docs/arithmetic.md has it, bit for bit, in plain C. */
#define RECURRENCE(T)                                                                                                  \
    for (int k = 1; k <= 9; k++) {                                                                                     \
        weights(sizeof(T) == 4 ? DS_F32 : DS_F64, N, k, theta);                                                        \
        OK(ctx, ds_average_add(a, theta));                                                                             \
        T w = (T)(1 / (double)k);                                                                                      \
        for (int i = 0; i < N; i++) {                                                                                  \
            T th = ((T *)theta)[i], *X = (T *)x + i, *C = (T *)c + i;                                                  \
            T d = w * ((th - *X) - *C) + *C, sum = *X + d, moved = sum - *X;                                           \
            *C = (*X - (sum - moved)) + (d - moved);                                                                   \
            *X = sum;                                                                                                  \
        }                                                                                                              \
        assert_memory_equal(ds_average_values(a), x, N * sizeof(T));                                                   \
    }
static void the_recurrence_is_as_written(void **state)
{
    (void)state;
    for (ds_dtype t = DS_F32; t <= DS_F64; t++) {
        ds_average *a = average(ctx, "polyak", t, N);
        void *theta = ds_buffer_alloc(N * sizeof(double)), *x = calloc(N, sizeof(double)),
             *c = calloc(N, sizeof(double));
        if (t == DS_F32) {
            RECURRENCE(float)
        } else {
            RECURRENCE(double)
        }
        ds_buffer_free(theta);
        free(x);
        free(c);
        ds_average_free(a);
    }
}

/* Laws of all averages: weights that do not move are their own average, to the bit; so is the first. */
static void constants_stay(void **state)
{
    (void)state;
    for (int q = 0; q < ds_average_registry.count; q++)
        for (ds_dtype t = DS_F32; t <= DS_F64; t++) {
            ds_average *a = average(ctx, ds_average_registry.heads[q]->name, t, N);
            size_t bytes = N * (t == DS_F32 ? sizeof(float) : sizeof(double));
            void *x = weights(t, N, 3, ds_buffer_alloc(N * sizeof(double)));
            for (int k = 1; k <= 50; k++) {
                OK(ctx, ds_average_add(a, x));
                assert_memory_equal(ds_average_values(a), x, bytes);
            }
            ds_buffer_free(x);
            ds_average_free(a);
        }
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    enum { BIG = 100003 };
    for (int q = 0; q < ds_average_registry.count; q++) {
        ds_average *a[2];
        ds_ctx *c[2];
        for (int k = 0; k < 2; k++) {
            assert_int_equal(ds_ctx_create(&c[k], k ? 3 : 1), DS_OK);
            a[k] = average(c[k], ds_average_registry.heads[q]->name, DS_F32, BIG);
            run(a[k], DS_F32, BIG, 76, 100);
        }
        assert_memory_equal(ds_average_values(a[0]), ds_average_values(a[1]), BIG * sizeof(float));
        for (int k = 0; k < 2; k++) {
            ds_average_free(a[k]);
            ds_ctx_free(c[k]);
        }
    }
}

static void state_and_count_resume(void **state)
{
    (void)state;
    for (int q = 0; q < ds_average_registry.count; q++) {
        const char *name = ds_average_registry.heads[q]->name;
        ds_average *whole = average(ctx, name, DS_F32, N), *first = average(ctx, name, DS_F32, N),
                   *second = average(ctx, name, DS_F32, N);
        run(whole, DS_F32, N, 1, 100);
        run(first, DS_F32, N, 1, 93);
        ds_state *from, *to;
        OK(ctx, ds_state_create(&from, ctx));
        OK(ctx, ds_state_create(&to, ctx));
        ds_average_remember(first, from, "average");
        ds_average_remember(second, to, "average");
        assert_int_equal(ds_state_count(from), 3);
        for (int i = 0; i < ds_state_count(from); i++) {
            const ds_state_block *a = ds_state_at(from, i), *b = ds_state_at(to, i);
            assert_string_equal(a->name, b->name);
            memcpy(b->data, a->data, a->kind == DS_STATE_VECTOR ? N * sizeof(float) : sizeof(int64_t));
        }
        ds_state_free(from);
        ds_state_free(to);
        run(second, DS_F32, N, 94, 100);
        assert_int_equal(ds_average_count(second), ds_average_count(whole));
        assert_memory_equal(ds_average_values(second), ds_average_values(whole), N * sizeof(float));
        ds_average_free(whole);
        ds_average_free(first);
        ds_average_free(second);
    }
}

static void refused(const char *text, int64_t total, int64_t epoch, const char *word)
{
    ds_average *a;
    ds_average_settings s = { .n = 4, .dtype = DS_F32, .total = total, .epoch = epoch };
    ds_status status = ds_average_parse(ctx, text, &s.average);
    if (status == DS_OK) status = ds_average_create(&a, ctx, &s);
    assert_int_not_equal(status, DS_OK);
    if (!strstr(ds_error(ctx), word)) fail_msg("%s: no \"%s\" in: %s", text, word, ds_error(ctx));
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    refused("emma", 100, 10, "ema");
    refused("ema(decay=1)", 100, 10, "decay");
    refused("ema(start=5 minutes)", 100, 10, "steps or epochs");
    refused("ema(start=2 epochs)", 100, 0, "steps of an epoch");
    refused("polyak(start=100 steps)", 100, 10, "step 101");
    refused("tail", -1, 10, "whose length is not known");
    refused("swa", -1, 10, "start");
    refused("swa", 9, 10, "step 10");
}

static int open_ctx(void **state)
{
    (void)state;
    return ds_ctx_create(&ctx, 2) != DS_OK;
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
        cmocka_unit_test(means_are_means),
        cmocka_unit_test(ema_is_weighted_as_defined),
        cmocka_unit_test(long_averages_keep_the_last_bit),
        cmocka_unit_test(the_recurrence_is_as_written),
        cmocka_unit_test(constants_stay),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(state_and_count_resume),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
