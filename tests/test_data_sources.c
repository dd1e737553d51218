/* test_data_sources.c - every file format: what is in the file comes out, what is broken is named with its place. */
#include "test_data_support.h"

#include <zlib.h>

#include "base/random.h"

/* ---- the corpus of broken files: list.tsv says what must come out ---- */

static ds_status status_of(const char *name)
{
#define NAMED(code, text)                                                                                              \
    if (strcmp(name, #code) == 0) return DS_##code;
    DS_STATUS_LIST(NAMED)
#undef NAMED
    fail_msg("no status %s", name);
    return DS_EBUG;
}

static void corpus(void **state)
{
    ds_ctx *ctx = *state;
    FILE *list = fopen("tests/data-bad/list.tsv", "r");
    char line[512], file[2][256];
    int cases = 0;
    assert_non_null(list);
    while (fgets(line, sizeof line, list)) {
        char *format = strtok(line, "\t"), *status = strtok(NULL, "\t"), *names = strtok(NULL, "\t\n"),
             *words = strtok(NULL, "\n");
        const char *files[2] = { file[0], file[1] };
        char *comma = strchr(names, ',');
        if (comma) *comma = 0;
        snprintf(file[0], sizeof file[0], "tests/data-bad/%s", names);
        snprintf(file[1], sizeof file[1], "tests/data-bad/%s", comma ? comma + 1 : "");
        ds_data_settings set = ds_data_defaults();
        set.format = format, set.train = files, set.train_count = comma ? 2 : 1;
        ds_dataset *d;
        assert_fails(ctx, status_of(status), words ? words : "", ds_dataset_create(&d, ctx, &set));
        ds_dataset_free(d);
        cases++;
    }
    fclose(list);
    assert_true(cases > 50);
}

/* ---- IDX ---- */

static void big_endian(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24), p[1] = (uint8_t)(v >> 16), p[2] = (uint8_t)(v >> 8), p[3] = (uint8_t)v;
}

static const char *write_gz(const char *name, const void *bytes, unsigned n)
{
    const char *path = temporary(name);
    gzFile f = gzopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, bytes, n), (int)n);
    gzclose(f);
    return path;
}

/* Two channels, 2x3, in two rows: [N,C,H,W] becomes [N,H,W,C]; plain and gzip are one. */
static void idx_channels(void **state)
{
    ds_ctx *ctx = *state;
    uint8_t images[20 + 24], labels[8 + 2] = { 0, 0, 8, 1, 0, 0, 0, 2, 1, 0 };
    big_endian(images, 0x804), big_endian(images + 4, 2), big_endian(images + 8, 2), big_endian(images + 12, 2),
        big_endian(images + 16, 3);
    for (int i = 0; i < 24; i++) images[20 + i] = (uint8_t)i;
    const char *plain[] = { write_file("i", images, sizeof images), write_file("l", labels, sizeof labels) };
    const char *gz[] = { write_gz("i.gz", images, sizeof images), write_gz("l.gz", labels, sizeof labels) };
    uint64_t print[2];
    for (int k = 0; k < 2; k++) {
        ds_data_settings set = ds_data_defaults();
        set.format = "idx", set.train = k ? gz : plain, set.train_count = 2;
        ds_dataset *d;
        assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
        assert_true(ds_shape_equal(ds_dataset_sample(d), DS_SHAPE(2, 2, 3)));
        assert_true(ds_shape_equal(ds_dataset_layout(d), DS_SHAPE(2, 3, 2)));
        assert_int_equal(ds_dataset_classes(d), 2);
        int32_t y[2];
        double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 12, y, NULL);
        for (int n = 0; n < 2; n++)
            for (int p = 0; p < 6; p++)
                for (int c = 0; c < 2; c++) assert_true(x[n * 12 + p * 2 + c] == n * 12 + c * 6 + p);
        assert_int_equal(y[0], 1);
        assert_int_equal(y[1], 0);
        assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TEST)), 0);
        print[k] = ds_dataset_fingerprint(d);
        free(x);
        ds_dataset_free(d);
    }
    assert_true(print[0] == print[1]);
    for (int k = 0; k < 2; k++) { /* one pixel, one label */
        images[43] ^= k == 0, labels[9] ^= (uint8_t)k;
        plain[0] = write_file("i", images, sizeof images), plain[1] = write_file("l", labels, sizeof labels);
        ds_data_settings set = ds_data_defaults();
        set.format = "idx", set.train = plain, set.train_count = 2;
        ds_dataset *d;
        assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
        assert_true(print[k] != ds_dataset_fingerprint(d));
        print[1] = ds_dataset_fingerprint(d);
        ds_dataset_free(d);
    }
}

/* ---- CIFAR-10 ---- */

static void cifar10(void **state)
{
    ds_ctx *ctx = *state;
    enum { ROW = 3073 };
    uint8_t *rows = malloc(3 * ROW);
    for (int i = 0; i < 3 * ROW; i++) rows[i] = (uint8_t)(i * 7 % 251);
    for (int i = 0; i < 3; i++) rows[i * ROW] = (uint8_t)(9 - i);
    const char *last = write_file("data_batch_1.bin", rows, 2 * ROW);
    char folder[128];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(last, '/') - last), last);
    write_file("data_batch_2.bin", rows + 2 * ROW, ROW);
    write_file("test_batch.bin", rows + ROW, ROW);
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "cifar10", set.path = folder;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_true(ds_shape_equal(ds_dataset_sample(d), DS_SHAPE(3, 32, 32)));
    assert_string_equal(ds_dataset_class_name(d, 3), "cat");
    int32_t y[3];
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 3072, y, NULL);
    for (int n = 0; n < 3; n++) {
        assert_int_equal(y[n], 9 - n);
        for (int p = 0; p < 1024; p++)
            for (int c = 0; c < 3; c++) assert_true(x[n * 3072 + p * 3 + c] == rows[n * ROW + 1 + c * 1024 + p]);
    }
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TEST)), 1);
    free(x);
    free(rows);
    ds_dataset_free(d);
    set.path = "/nowhere";
    assert_fails(ctx, DS_EIO, "/nowhere: no such folder", ds_dataset_create(&d, ctx, &set));
}

/* ---- CSV ---- */

static ds_dataset *open_csv(ds_ctx *ctx, ds_data_settings set, const char *text)
{
    ds_dataset *d;
    set.format = "csv";
    set.path = write_text("table.csv", text);
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    return d;
}

static void csv_text_classes(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    set.label = "kind";
    /* Byte order mark, semicolons, quotes, \r\n, empty lines, no newline at the end. */
    ds_dataset *d = open_csv(
        ctx, set, "\xEF\xBB\xBF\"wi\"\"dth\";kind; height\r\n 1.5 ;pear;-2\r\n\r\n3e1;\"ap;ple\";4\r\n5;pear;+.25");
    assert_int_equal(ds_dataset_classes(d), 2);
    assert_string_equal(ds_dataset_class_name(d, 0), "pear"); /* order of first appearance */
    assert_string_equal(ds_dataset_class_name(d, 1), "ap;ple");
    assert_string_equal(ds_dataset_column_name(d, 0), "wi\"dth");
    assert_string_equal(ds_dataset_column_name(d, 1), "height");
    static const double wanted[] = { 1.5, -2, 30, 4, 5, 0.25 };
    static const int32_t labels[] = { 0, 1, 0 };
    int32_t y[3];
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 2, y, NULL);
    assert_memory_equal(x, wanted, sizeof wanted);
    assert_memory_equal(y, labels, sizeof labels);
    free(x);
    ds_dataset_free(d);
    set.format = "csv", set.path = temporary("table.csv"), set.label = "kimd";
    assert_fails(ctx, DS_ECONFIG, "did you mean 'kind'", ds_dataset_create(&d, ctx, &set));
    set.label = "3";
    assert_fails(ctx, DS_ECONFIG, "no such column", ds_dataset_create(&d, ctx, &set));
}

static void csv_number_classes(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    set.label = "0", set.skip = 1;
    ds_dataset *d = open_csv(ctx, set, "a line of no use\n10\t1\t2\n-1\t3\t4\n2\t5\t6\n10.0\t7\t8\n");
    assert_int_equal(ds_dataset_classes(d), 3); /* sorted by value: -1, 2, 10 */
    assert_string_equal(ds_dataset_class_name(d, 0), "-1");
    assert_string_equal(ds_dataset_class_name(d, 2), "10");
    assert_null(ds_dataset_column_name(d, 0));
    static const int32_t labels[] = { 2, 0, 1, 2 };
    int32_t y[4];
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 2, y, NULL);
    assert_memory_equal(y, labels, sizeof labels);
    assert_true(x[6] == 7 && x[7] == 8);
    free(x);
    ds_dataset_free(d);
}

static void csv_real_target(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    set.target = DS_TARGET_REAL, set.label = "-2", set.header = DS_HEADER_TRUE;
    ds_dataset *d = open_csv(ctx, set, "1,2,3\n1,0.1,2\n4,1e-3,6\n");
    assert_int_equal(ds_dataset_classes(d), 0);
    assert_int_equal(ds_dataset_targets(d), 1);
    assert_string_equal(ds_dataset_column_name(d, 1), "3");
    double y[2];
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 2, NULL, y);
    assert_true(y[0] == 0.1 && y[1] == 1e-3 && x[0] == 1 && x[3] == 6);
    free(x);
    ds_dataset_free(d);
}

static void csv_other_files(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    const char *train = write_text("train.csv", "a,b,c\n1,2,no\n3,4,yes\n"),
               *test = write_text("test.csv", "a,b,c\n5,6,yes\n");
    set.format = "csv", set.train = &train, set.train_count = 1, set.test = &test, set.test_count = 1;
    ds_dataset *d;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    int32_t y;
    double *x = read_all(ctx, ds_dataset_view(d, DS_TEST), 2, &y, NULL);
    assert_int_equal(y, 1);
    assert_true(x[0] == 5 && x[1] == 6);
    free(x);
    ds_dataset_free(d);
    write_text("test.csv", "a,b,c\n5,6,perhaps\n");
    assert_fails(ctx, DS_EFORMAT, "test.csv:2:5: found 'perhaps'", ds_dataset_create(&d, ctx, &set));
    write_text("test.csv", "b,a,c\n5,6,yes\n");
    assert_fails(ctx, DS_EFORMAT, "column 0 is 'b', in the training file 'a'", ds_dataset_create(&d, ctx, &set));
    write_text("test.csv", "a,b,d,c\n5,6,7,yes\n");
    assert_fails(ctx, DS_EFORMAT, "do not belong together", ds_dataset_create(&d, ctx, &set));
    set.test_count = 0, set.holdout = temporary("test.csv"); /* a holdout may be a file */
    write_text("test.csv", "a,b,c\n5,6,yes\n7,8,no\n");
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_VAL)), 2);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 2);
    ds_dataset_free(d);
}

/* ---- NPY ---- */

static const char *write_npy(const char *name, const char *descr, const char *shape, const void *data, size_t bytes)
{
    uint8_t file[512] = "\x93NUMPY\x01";
    int n = snprintf((char *)file + 10, 118, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    memset(file + 10 + n, ' ', (size_t)(118 - n));
    file[127] = '\n';
    file[8] = 118;
    memcpy(file + 128, data, bytes);
    return write_file(name, file, 128 + bytes);
}

static void npy(void **state)
{
    ds_ctx *ctx = *state;
    static const int32_t x4[] = { 1, -2, 3, 4, 5, 6 };
    static const float y4[] = { 0.5f, 1, 2, 3 };
    static const uint8_t y1[] = { 3, 0 };
    ds_data_settings set = ds_data_defaults();
    const char *files[] = { write_npy("x.npy", "<i4", "(2, 3)", x4, sizeof x4),
                            write_npy("y.npy", "<f4", "(2, 2)", y4, sizeof y4) };
    set.format = "npy", set.train = files, set.train_count = 2;
    ds_dataset *d;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_dataset_targets(d), 2);
    double y[4];
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 3, NULL, y);
    for (int i = 0; i < 6; i++) assert_true(x[i] == x4[i]);
    for (int i = 0; i < 4; i++) assert_true(y[i] == (double)y4[i]);
    free(x);
    ds_dataset_free(d);
    write_npy("y.npy", "|u1", "(2, 1)", y1, sizeof y1);
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_dataset_classes(d), 4);
    ds_dataset_free(d);
    /* [N,C,H,W] of f4: channels last. */
    static const float image[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
    write_npy("x.npy", "<f4", "(2, 3, 1, 2)", image, sizeof image);
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_true(ds_shape_equal(ds_dataset_sample(d), DS_SHAPE(3, 1, 2)));
    x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 6, NULL, y);
    static const double wanted[] = { 0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11 };
    assert_memory_equal(x, wanted, sizeof wanted);
    free(x);
    ds_dataset_free(d);
}

/* ---- fuzzing: random edits of good files are read or refused, never more (the sanitizer builds look on) ---- */

static size_t edit(ds_rng *r, uint8_t *bytes, size_t n, size_t room)
{
    for (uint64_t k = 1 + ds_rng_below(r, 4); k > 0 && n > 0; k--) {
        size_t at = (size_t)ds_rng_below(r, n);
        static const char digits[] = "0123456789,.-+e\"\n ";
        switch (ds_rng_below(r, 5)) {
        case 0: bytes[at] = (uint8_t)ds_rng_below(r, 256); break;
        case 1: bytes[at] = (uint8_t)digits[ds_rng_below(r, sizeof digits - 1)]; break;
        case 2: bytes[at] ^= (uint8_t)(1 << ds_rng_below(r, 8)); break;
        case 3: n = at; break;
        default:
            if (n == room) break;
            memmove(bytes + at + 1, bytes + at, n - at);
            n++;
        }
    }
    return n;
}

static void random_edits(void **state)
{
    ds_ctx *ctx = *state;
    static const char *const good[][4] = { { "idx", "good-images.idx", "good-labels.idx", NULL },
                                           { "csv", "good.csv", NULL, NULL },
                                           { "npy", "good-x.npy", "good-y.npy", NULL },
                                           { "jsonl", "good.jsonl", NULL, NULL },
                                           { "libsvm", "good.libsvm", NULL, NULL } };
    int opened = 0, refused = 0;
    ds_rng r = ds_rng_at(1, DS_FOR_TEST, 0, 0);
    for (int round = 0; round < 5000; round++) {
        const char *const *g = good[round % 5];
        const char *files[2];
        int count = g[2] ? 2 : 1, target = (int)ds_rng_below(&r, (uint64_t)count);
        for (int k = 0; k < count; k++) {
            char path[128];
            uint8_t bytes[512];
            snprintf(path, sizeof path, "tests/data-bad/%s", g[1 + k]);
            FILE *f = fopen(path, "rb");
            assert_non_null(f);
            size_t n = fread(bytes, 1, sizeof bytes - 8, f);
            fclose(f);
            if (k == target) n = edit(&r, bytes, n, sizeof bytes);
            files[k] = write_file(k ? "edited-2" : "edited-1", bytes, n);
        }
        ds_data_settings set = ds_data_defaults();
        ds_dataset *d;
        set.format = g[0], set.train = files, set.train_count = count, set.standardize = true;
        ds_status status = ds_dataset_create(&d, ctx, &set);
        if (status == DS_OK) {
            int32_t *y = malloc((size_t)(ds_view_rows(ds_dataset_view(d, DS_TRAIN)) * (ds_dataset_targets(d) + 1)) * 8);
            free(read_all(ctx, ds_dataset_view(d, DS_TRAIN), ds_shape_count(ds_dataset_layout(d)), y, NULL));
            free(y);
            opened++;
        } else {
            assert_true(status == DS_EFORMAT);
            refused++;
        }
        ds_dataset_free(d);
    }
    assert_true(opened > 300 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus),
        cmocka_unit_test(idx_channels),
        cmocka_unit_test(cifar10),
        cmocka_unit_test(csv_text_classes),
        cmocka_unit_test(csv_number_classes),
        cmocka_unit_test(csv_real_target),
        cmocka_unit_test(csv_other_files),
        cmocka_unit_test(npy),
        cmocka_unit_test(random_edits),
    };
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
