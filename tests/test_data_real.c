/* test_data_real.c - the real sets as they lie in ../shared/data: sizes, first labels, pixels. Built only where they are. */
#include "test_data_support.h"

static void mnist(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "idx", set.path = "../shared/data/mnist", set.holdout = "5000", set.scale_given = true,
    set.scale[1] = 1;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_true(ds_shape_equal(ds_dataset_sample(d), DS_SHAPE(1, 28, 28)));
    assert_int_equal(ds_dataset_classes(d), 10);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 55000);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_VAL)), 5000);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TEST)), 10000);
    static const int32_t first[] = { 5, 0, 4, 1, 9, 2, 1, 3, 1, 4 }, tested[] = { 7, 2, 1, 0, 4, 1, 4, 9, 5, 9 };
    static const int64_t rows[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    static float x[10 * 784];
    int32_t y[10], ids[10];
    ds_batch b = { .x = x, .y = y, .ids = ids };
    assert_ok(ctx, ds_view_read(ds_dataset_view(d, DS_TRAIN), rows, 10, DS_F32, &b));
    assert_memory_equal(y, first, sizeof y);
    /* The mean of the first image's bytes is 35.108, its peak 255. */
    double sum = 0, peak = 0;
    for (int i = 0; i < 784; i++) sum += (double)x[i], peak = (double)x[i] > peak ? (double)x[i] : peak;
    assert_true(sum * 255 > 27524.9 && sum * 255 < 27525.1);
    assert_true(peak == 1);
    assert_ok(ctx, ds_view_read(ds_dataset_view(d, DS_VAL), rows, 10, DS_F32, &b));
    assert_int_equal(ids[0], 55000);
    assert_ok(ctx, ds_view_read(ds_dataset_view(d, DS_TEST), rows, 10, DS_F32, &b));
    assert_memory_equal(y, tested, sizeof y);
    ds_dataset_free(d);
}

/* The real CIFAR-10 as JPEG files in a packed archive. */
static void cifar(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "images", set.path = "../shared/data/cifar10-jpeg.tar.zst", set.holdout = "5000";
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_true(ds_shape_equal(ds_dataset_sample(d), DS_SHAPE(3, 32, 32)));
    assert_int_equal(ds_dataset_classes(d), 10);
    assert_string_equal(ds_dataset_class_name(d, 9), "truck");
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 45000);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TEST)), 10000);
    int32_t *y = malloc(5000 * sizeof *y), seen[10] = { 0 };
    double *x = read_all(ctx, ds_dataset_view(d, DS_VAL), 3072, y, NULL);
    for (int i = 0; i < 5000; i++) seen[y[i]]++;
    for (int c = 0; c < 10; c++) assert_int_equal(seen[c], 500);
    free(x);
    free(y);
    ds_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(mnist), cmocka_unit_test(cifar) };
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
