/* test_data_rings.c - the built-in table: the same points everywhere, classes by the rings, blurred by difficulty. */
#include "test_data_support.h"

static ds_dataset *rings(ds_ctx *ctx, double difficulty, uint64_t seed)
{
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "rings", set.difficulty = difficulty, set.seed = seed;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    return d;
}

static double square(const double *x) { return x[0] * x[0] + x[1] * x[1]; }

/* Without noise a row's class is its ring; the largest class is at most twice the smallest. */
static void classes(void **state)
{
    ds_ctx *ctx = *state;
    ds_dataset *d = rings(ctx, 0, 0);
    double x[2];
    int32_t y;
    int64_t count[3] = { 0 };
    ds_batch b = { .x = x, .y = &y };
    const ds_view *v = ds_dataset_view(d, DS_TRAIN);
    assert_int_equal(ds_view_rows(v), 3000);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TEST)), 1000);
    assert_int_equal(ds_dataset_classes(d), 3);
    for (int64_t i = 0; i < 3000; i++) {
        assert_ok(ctx, ds_view_read(v, &i, 1, DS_F64, &b));
        assert_int_equal(y, (square(x) >= 0.36) + (square(x) >= 0.9025));
        count[y]++;
    }
    for (int k = 0; k < 3; k++) assert_true(count[k] > 700 && count[k] < 1400);
    ds_dataset_free(d);
}

/* Fingerprints name the content: another seed or difficulty is another table, the test rows are others too. */
static void draws(void **state)
{
    ds_ctx *ctx = *state;
    ds_dataset *d[] = { rings(ctx, 0.5, 0), rings(ctx, 0.5, 0), rings(ctx, 0.5, 1), rings(ctx, 1, 0) };
    assert_true(ds_dataset_fingerprint(d[0]) == ds_dataset_fingerprint(d[1]));
    assert_true(ds_dataset_fingerprint(d[0]) != ds_dataset_fingerprint(d[2]));
    assert_true(ds_dataset_fingerprint(d[0]) != ds_dataset_fingerprint(d[3]));
    double a[2], c[2];
    int32_t y;
    int64_t first = 0;
    ds_batch train = { .x = a, .y = &y }, test = { .x = c, .y = &y };
    assert_ok(ctx, ds_view_read(ds_dataset_view(d[0], DS_TRAIN), &first, 1, DS_F64, &train));
    assert_ok(ctx, ds_view_read(ds_dataset_view(d[0], DS_TEST), &first, 1, DS_F64, &test));
    assert_true(a[0] != c[0] && a[1] != c[1]);
    for (int k = 0; k < 4; k++) ds_dataset_free(d[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(classes), cmocka_unit_test(draws) };
    return cmocka_run_group_tests_name("rings", tests, ctx_setup, ctx_teardown);
}
