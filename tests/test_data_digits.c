/* test_data_digits.c - generated digits: the same bytes everywhere, balanced, harder with difficulty. */
#include "test_data_support.h"

#include "data/hash.h"
#include "data/source/digit.h"

/* The committed hash: a change of one byte of one digit anywhere is a change of data for every user. */
static void same_bytes_everywhere(void **state)
{
    (void)state;
    static const uint64_t golden[] = { 0x9171425972c91cd4, 0xaa4fa7bce8b0c4cc, 0x9a65bb1a67a75f5c };
    for (int k = 0; k < 3; k++) {
        uint64_t h = 0;
        for (int64_t id = 0; id < 500; id++) {
            uint8_t pixels[DS_DIGIT_BYTES];
            ds_digit_key key = { .seed = 1, .set = (uint32_t)k, .id = id, .difficulty = 0.5f * (float)k };
            ds_digit_render(key, pixels);
            int32_t label = ds_digit_label(key);
            h = ds_hash(ds_hash(h, pixels, sizeof pixels), &label, sizeof label);
        }
        if (h != golden[k]) print_message("difficulty %g: found hash 0x%016llx\n", 0.5 * k, (unsigned long long)h);
        assert_true(h == golden[k]);
    }
}

/* Share of `tests` digits whose nearest class mean of `n` training digits is their own: what a linear classifier sees.
 */
static double nearest_mean(float difficulty, int n, int tests)
{
    static double mean[10][DS_DIGIT_BYTES], count[10];
    int right = 0;
    memset(mean, 0, sizeof mean);
    memset(count, 0, sizeof count);
    for (int i = 0; i < n + tests; i++) {
        uint8_t pixels[DS_DIGIT_BYTES];
        ds_digit_key key = { .set = i >= n, .id = i, .difficulty = difficulty };
        int label = ds_digit_label(key), best = -1;
        double least = 1e300;
        ds_digit_render(key, pixels);
        if (i < n) {
            count[label]++;
            for (int p = 0; p < DS_DIGIT_BYTES; p++) mean[label][p] += pixels[p];
            continue;
        }
        for (int c = 0; c < 10; c++) {
            double d = 0;
            for (int p = 0; p < DS_DIGIT_BYTES; p++)
                d += (pixels[p] - mean[c][p] / count[c]) * (pixels[p] - mean[c][p] / count[c]);
            if (d < least) least = d, best = c;
        }
        right += best == label;
    }
    for (int c = 0; c < 10; c++) assert_in_range((int)count[c], n / 10 - n / 30, n / 10 + n / 30);
    return (double)right / tests;
}

static void difficulty_is_a_dial(void **state)
{
    (void)state;
    double easy = nearest_mean(0, 2000, 500), middle = nearest_mean(0.5f, 2000, 500), hard = nearest_mean(1, 2000, 500);
    print_message("nearest class mean: %.3f at difficulty 0, %.3f at 0.5, %.3f at 1\n", easy, middle, hard);
    assert_true(easy > 0.95 && middle < 0.85 && middle > 0.4 && hard < middle - 0.1 && hard > 0.15);
}

/* What is read does not depend on what was read before, on the cache, or on the thread. */
static void reading_by_id(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.seed = 4;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_true(ds_shape_equal(ds_dataset_sample(d), DS_SHAPE(1, 28, 28)));
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 60000);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TEST)), 10000);
    static float x[3][784];
    int32_t y[3], ids[3];
    ds_batch b = { .x = x, .y = y, .ids = ids };
    const int64_t rows[] = { 59999, 17, 59999 };
    for (int k = 0; k < 2; k++) {
        uint8_t pixels[784];
        assert_ok(ctx, ds_view_read(ds_dataset_view(d, DS_TRAIN), rows, 3, DS_F32, &b));
        ds_digit_key key = { .seed = 4, .set = 0, .id = 59999, .difficulty = 0.5f };
        ds_digit_render(key, pixels);
        for (int p = 0; p < 784; p++) assert_true(x[0][p] == (float)pixels[p] && x[2][p] == x[0][p]);
        assert_int_equal(y[0], ds_digit_label(key));
        assert_int_equal(ids[1], 17);
    }
    const int64_t beyond = 60000;
    assert_fails(ctx, DS_ERANGE, "row 60000 of a view of 60000",
                 ds_view_read(ds_dataset_view(d, DS_TRAIN), &beyond, 1, DS_F32, &b));
    ds_dataset_free(d);
    set.difficulty = 1.5;
    assert_fails(ctx, DS_ERANGE, "wanted 0 to 1", ds_dataset_create(&d, ctx, &set));
}

static void stream_never_repeats(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.stream = true;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    const ds_view *v = ds_dataset_view(d, DS_TRAIN);
    assert_true(ds_view_endless(v));
    static float x[3][784];
    ds_batch b = { .x = x };
    const int64_t far[] = { 5, 5 + ((int64_t)1 << 32), 5 + ((int64_t)1 << 40) };
    ds_loader_settings ls = { .view = v, .sampler = "sequential", .batch = 4, .dtype = DS_F32 };
    ds_loader *l;
    assert_ok(ctx, ds_view_read(v, far, 3, DS_F32, &b));
    assert_memory_not_equal(x[0], x[1], sizeof x[0]);
    assert_memory_not_equal(x[0], x[2], sizeof x[0]);
    assert_ok(ctx, ds_loader_create(&l, ctx, &ls));
    ds_loader_seek(l, 3, 1);
    assert_int_equal(ds_loader_next(l)->ids[2], 3 * 60000 + 4 + 2);
    ds_loader_free(l);
    ds_dataset_free(d);
    set.holdout = "100"; /* a stream's validation rows are digits of their own */
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    const int64_t five[] = { 5, 6, 7 };
    static float w[3][784];
    ds_batch held = { .x = w };
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_VAL)), 100);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 60000);
    assert_ok(ctx, ds_view_read(ds_dataset_view(d, DS_VAL), five, 3, DS_F32, &held));
    assert_memory_not_equal(x[0], w[0], sizeof w[0]);
    ds_dataset_free(d);
    set.holdout = "10%";
    assert_fails(ctx, DS_ECONFIG, "wanted a count", ds_dataset_create(&d, ctx, &set));
}

static void fingerprints(void **state)
{
    ds_ctx *ctx = *state;
    uint64_t seen[4];
    for (int k = 0; k < 4; k++) {
        ds_data_settings set = ds_data_defaults();
        ds_dataset *d;
        set.seed = k == 1, set.difficulty = k == 2 ? 0.25 : 0.5, set.stream = k == 3;
        assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
        seen[k] = ds_dataset_fingerprint(d);
        for (int j = 0; j < k; j++) assert_true(seen[j] != seen[k]);
        ds_dataset_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_everywhere), cmocka_unit_test(difficulty_is_a_dial),
        cmocka_unit_test(reading_by_id),         cmocka_unit_test(stream_never_repeats),
        cmocka_unit_test(fingerprints),
    };
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
