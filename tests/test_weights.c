/* test_weights.c - safetensors: what is written is read back; equal tensors give equal files; broken files are refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "descent/weights.h"

static ds_ctx *ctx;
static char path[] = "/tmp/descent-weights-XXXXXX";

static int open_all(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    if (fd < 0) return -1;
    close(fd);
    return ds_ctx_create(&ctx, 1) == DS_OK ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    unlink(path);
    ds_ctx_free(ctx);
    return 0;
}

static void round_trip(void **state)
{
    (void)state;
    const float w[6] = { 1, -2, 3.5f, 0, 1e-40f, 5 };
    const double b[2] = { 0.1, -1e300 };
    const int32_t n[1] = { -7 };
    const ds_named_tensor t[4] = { { "1.weight", DS_F32, DS_SHAPE(2, 3), w },
                                   { "1.bias", DS_F64, DS_SHAPE(2), b },
                                   { "count", DS_I32, { 0 }, n },
                                   { "empty", DS_F32, DS_SHAPE(0, 4), w } };
    assert_int_equal(ds_tensors_write(ctx, path, 4, t), DS_OK);
    ds_tensor_file *f;
    assert_int_equal(ds_tensors_open(&f, ctx, path), DS_OK);
    assert_int_equal(ds_tensors_count(f), 4);
    for (int k = 0; k < 4; k++) {
        const ds_named_tensor *r = ds_tensors_find(f, t[k].name);
        assert_non_null(r);
        assert_ptr_equal(r, ds_tensors_at(f, k));
        assert_int_equal(r->dtype, t[k].dtype);
        assert_true(ds_shape_equal(r->shape, t[k].shape));
        assert_memory_equal(r->data, t[k].data, (size_t)ds_shape_count(t[k].shape) * ds_dtype_bytes(t[k].dtype));
    }
    assert_null(ds_tensors_find(f, "2.weight"));
    ds_tensors_close(f);

    char *first, *second;
    size_t bytes[2];
    assert_int_equal(ds_file_read(ctx, path, 1 << 20, &first, &bytes[0]), DS_OK);
    assert_int_equal(ds_tensors_write(ctx, path, 4, t), DS_OK);
    assert_int_equal(ds_file_read(ctx, path, 1 << 20, &second, &bytes[1]), DS_OK);
    assert_int_equal(bytes[0], bytes[1]);
    assert_memory_equal(first, second, bytes[0]);
    free(first);
    free(second);
}

/* header text and data bytes -> a file, and what the complaint must contain */
static const struct {
    const char *header;
    size_t data;
    const char *complaint;
} broken[] = {
    { "{", 0, "header" },
    { "[]", 0, "header" },
    { "{\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, "dtype" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "shape" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "shape" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,8],\"data_offsets\":[0,4]}}", 4, "overflow" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "not as long" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 2, "outside" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "outside" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "hole" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8, "accounts for" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{}}", 4, "duplicate" },
    { "{\"a\":7}", 0, "dtype" },
};

static void refuses_broken_files(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof broken / sizeof broken[0]; k++) {
        uint64_t length = strlen(broken[k].header);
        const char data[16] = { 0 };
        const ds_piece part[3] = { { &length, 8 }, { broken[k].header, length }, { data, broken[k].data } };
        ds_tensor_file *f;
        assert_int_equal(ds_file_write(ctx, path, 3, part), DS_OK);
        assert_int_equal(ds_tensors_open(&f, ctx, path), DS_EFORMAT);
        assert_null(f);
        if (!strstr(ds_error(ctx), broken[k].complaint))
            fail_msg("case %zu says \"%s\", wanted \"%s\"", k, ds_error(ctx), broken[k].complaint);
        assert_non_null(strstr(ds_error(ctx), path));
    }
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    const float w[4] = { 1, 2, 3, 4 };
    const ds_named_tensor t = { "w", DS_F32, DS_SHAPE(4), w };
    char *whole;
    size_t bytes;
    assert_int_equal(ds_tensors_write(ctx, path, 1, &t), DS_OK);
    assert_int_equal(ds_file_read(ctx, path, 1 << 20, &whole, &bytes), DS_OK);
    for (size_t n = 0; n < bytes; n++) {
        ds_tensor_file *f;
        assert_int_equal(ds_file_write(ctx, path, 1, &(ds_piece){ whole, n }), DS_OK);
        assert_int_equal(ds_tensors_open(&f, ctx, path), DS_EFORMAT);
    }
    free(whole);
}

static void missing_and_unwritable(void **state)
{
    (void)state;
    ds_tensor_file *f;
    assert_int_equal(ds_tensors_open(&f, ctx, "/nonexistent/w.safetensors"), DS_EIO);
    const float w = 1;
    assert_int_equal(
        ds_tensors_write(ctx, "/nonexistent/w.safetensors", 1, &(ds_named_tensor){ "w", DS_F32, { 0 }, &w }), DS_EIO);
    assert_non_null(strstr(ds_error(ctx), "/nonexistent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(refuses_broken_files),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(missing_and_unwritable),
    };
    return cmocka_run_group_tests_name("weights", tests, open_all, close_all);
}
