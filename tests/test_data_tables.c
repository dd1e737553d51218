/* test_data_tables.c - what tables share: missing values, several files and patterns, pipes; JSON lines and LIBSVM. */
#include "test_data_support.h"

#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>

static ds_data_settings of_format(const char *format)
{
    ds_data_settings set = ds_data_defaults();
    set.format = format;
    return set;
}

static ds_dataset *open_text(ds_ctx *ctx, ds_data_settings set, const char *text)
{
    ds_dataset *d;
    set.path = write_text("table", text);
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    return d;
}

static void check_rows(ds_ctx *ctx, const ds_view *v, int64_t rows, int64_t columns, const double *x, const int32_t *y)
{
    int32_t labels[64];
    assert_int_equal(ds_view_rows(v), rows);
    double *found = read_all(ctx, v, columns, labels, NULL);
    for (int64_t i = 0; i < rows * columns; i++)
        if (found[i] != x[i]) fail_msg("element %d: found %g, wanted %g", (int)i, found[i], x[i]);
    if (y) assert_memory_equal(labels, y, (size_t)rows * sizeof *y);
    free(found);
}

/* ---- missing values ---------------------------------------------------------------------------------------------- */

static const char holes[] = "a,b,kind\n1,,x\n?,4,y\n3,NaN,x\nn/a,null,y\n5,8,x\n";

static void missing_mean(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = of_format("csv");
    set.missing = "mean";
    ds_dataset *d = open_text(ctx, set, holes);
    static const double all[] = { 1, 6, 3, 4, 3, 6, 3, 6, 5, 8 }; /* means (1 + 3 + 5) / 3, (4 + 8) / 2 */
    static const int32_t labels[] = { 0, 1, 0, 1, 0 };
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 5, 2, all, labels);
    ds_dataset_free(d);
    /* The means are those of the rows that train, also for the others. */
    set.holdout = "2";
    d = open_text(ctx, set, holes);
    static const double train[] = { 1, 4, 2, 4, 3, 4 }, val[] = { 2, 4, 5, 8 };
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 3, 2, train, NULL);
    check_rows(ctx, ds_dataset_view(d, DS_VAL), 2, 2, val, NULL);
    ds_dataset_free(d);
    set.holdout = "4";
    set.path = write_text("table", holes);
    assert_fails(ctx, DS_EFORMAT, "column 1, b has no value in any training row", ds_dataset_create(&d, ctx, &set));
}

static void missing_others(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = of_format("csv");
    ds_dataset *d;
    static const double kept[] = { 5, 8 }, filled[] = { 1, -7.5, -7.5, 4, 3, -7.5, -7.5, -7.5, 5, 8 };
    set.missing = "drop";
    d = open_text(ctx, set, holes);
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 1, 2, kept, NULL);
    assert_int_equal(ds_dataset_classes(d), 1); /* of rows that are left */
    ds_dataset_free(d);
    set.missing = "-7.5";
    d = open_text(ctx, set, holes);
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 5, 2, filled, NULL);
    ds_dataset_free(d);
    set.path = write_text("table", "a,b,kind\n1,,x\n");
    set.missing = "drop";
    assert_fails(ctx, DS_EFORMAT, "no rows without a missing value", ds_dataset_create(&d, ctx, &set));
    set.missing = "middle";
    assert_fails(ctx, DS_ECONFIG, "missing is 'middle'; wanted", ds_dataset_create(&d, ctx, &set));
    set.missing = NULL;
    assert_fails(ctx, DS_EFORMAT,
                 "table:2:3: found '' in column 1 ('b'); wanted a number; set data.missing to mean, drop",
                 ds_dataset_create(&d, ctx, &set));
    /* A hole in the first row does not make it a header. */
    set.missing = "0";
    d = open_text(ctx, set, "1,,x\n2,3,y\n");
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 2);
    ds_dataset_free(d);
}

/* ---- labels ------------------------------------------------------------------------------------------------------ */

/* One label that is no number makes all of them texts, wherever it stands; numbers that are equal are one class. */
static void labels(void **state)
{
    ds_ctx *ctx = *state;
    static const char *const mixed[] = { "1,7\n2,x\n3,5\n", "1,x\n2,7\n3,5\n", "1,7\n2,5\n3,x\n" };
    for (int k = 0; k < 3; k++) {
        ds_data_settings set = of_format("csv");
        set.header = DS_HEADER_FALSE;
        ds_dataset *d = open_text(ctx, set, mixed[k]);
        static const int32_t order[] = { 0, 1, 2 };
        static const double x[] = { 1, 2, 3 };
        check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 3, 1, x, order); /* of first appearance */
        ds_dataset_free(d);
    }
    ds_dataset *d = open_text(ctx, of_format("csv"), "1,7\n2,5.0\n3,07\n4,5\n");
    static const int32_t merged[] = { 1, 0, 1, 0 };
    static const double x[] = { 1, 2, 3, 4 };
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 4, 1, x, merged);
    assert_int_equal(ds_dataset_classes(d), 2);
    assert_string_equal(ds_dataset_class_name(d, 0), "5.0");
    ds_dataset_free(d);
}

/* ---- weights of classes ------------------------------------------------------------------------------------------ */

static void class_weights(void **state)
{
    ds_ctx *ctx = *state;
    static const char text[] = "1,a\n2,a\n3,b\n4,a\n5,c\n6,c\n";
    static const double given[] = { 1, 0, 2.5 };
    ds_data_settings set = of_format("csv");
    ds_dataset *d = open_text(ctx, set, text);
    assert_null(ds_dataset_class_weights(d));
    ds_dataset_free(d);
    set.balanced = true;
    d = open_text(ctx, set, text);
    const double *w = ds_dataset_class_weights(d);
    assert_true(w[0] == 6.0 / (3 * 3) && w[1] == 6.0 / 3 && w[2] == 6.0 / (3 * 2));
    ds_dataset_free(d);
    set.holdout = "2"; /* of the rows that train: three a, one b; c does not occur */
    d = open_text(ctx, set, text);
    w = ds_dataset_class_weights(d);
    assert_true(w[0] == 4.0 / (2 * 3) && w[1] == 4.0 / 2 && w[2] == 0);
    ds_dataset_free(d);
    set = of_format("csv");
    set.class_weights = given, set.class_weight_count = 3;
    d = open_text(ctx, set, text);
    assert_memory_equal(ds_dataset_class_weights(d), given, sizeof given);
    ds_dataset_free(d);
    set.path = write_text("table", text);
    set.class_weight_count = 2;
    assert_fails(ctx, DS_ECONFIG, "class_weights has 2 numbers, the data has 3 classes",
                 ds_dataset_create(&d, ctx, &set));
    set.class_weights = NULL, set.class_weight_count = 0, set.balanced = true, set.target = DS_TARGET_REAL;
    set.label = "0", set.path = write_text("table", "1,2\n3,4\n");
    assert_fails(ctx, DS_ECONFIG, "class_weights needs classes", ds_dataset_create(&d, ctx, &set));
}

/* ---- several files ----------------------------------------------------------------------------------------------- */

static void several(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = of_format("csv");
    ds_dataset *d;
    const char *files[] = { write_text("part-2.csv", "a,kind\n1,x\n"), write_text("part-10.csv", "2,y\n3,z\n") };
    write_text("part-B.csv", "a,kind\n4,x\n");
    static const double listed[] = { 1, 2, 3 }, sorted[] = { 2, 3, 1, 4 };
    static const int32_t labels[] = { 0, 1, 2 }, sorted_labels[] = { 0, 1, 2, 2 };
    set.train = files, set.train_count = 2;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set)); /* in the order of the list; a header is optional */
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 3, 1, listed, labels);
    ds_dataset_free(d);
    files[0] = temporary("part-*.csv"); /* 10, 2, B: by bytes */
    set.train_count = 1;
    for (int k = 0; k < 2; k++) {
        assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
        check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 4, 1, sorted, sorted_labels);
        ds_dataset_free(d);
        set.path = files[0], set.train = NULL, set.train_count = 0;
    }
    set.path = temporary("part-[XYZ]*.csv");
    assert_fails(ctx, DS_EIO, "part-[XYZ]*.csv: no file matches", ds_dataset_create(&d, ctx, &set));
    write_text("part-[X].csv", "a,kind\n9,x\n"); /* a file of that very name */
    set.path = temporary("part-[X].csv");
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    ds_dataset_free(d);
    write_text("part-2.csv", "b,kind\n1,x\n");
    set.path = temporary("part-[0-9B]*.csv");
    assert_fails(ctx, DS_EFORMAT, "part-B.csv:1: column 0 is 'a', in the first file 'b'",
                 ds_dataset_create(&d, ctx, &set));
    write_text("part-2.csv", "1,2,x\n");
    assert_fails(ctx, DS_EFORMAT, "part-2.csv:1: found 3 cells; the files before it have 2",
                 ds_dataset_create(&d, ctx, &set));
}

/* A named pipe is read once, from its beginning to its end. */
static void named_pipe(void **state)
{
    ds_ctx *ctx = *state;
    static const char text[] = "{\"a\": 1, \"label\": \"x\"}\n{\"a\": 2, \"label\": \"y\"}\n";
    const char *path = temporary("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        int f = open(path, O_WRONLY);
        for (size_t i = 0; i < sizeof text - 1; i++)
            if (write(f, text + i, 1) != 1) _exit(1);
        close(f);
        _exit(0);
    }
    ds_data_settings set = of_format("jsonl");
    ds_dataset *d;
    set.path = path;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    static const double x[] = { 1, 2 };
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 2, 1, x, NULL);
    ds_dataset_free(d);
    int code;
    assert_int_equal(waitpid(writer, &code, 0), writer);
    assert_int_equal(code, 0);
}

/* ---- JSON lines -------------------------------------------------------------------------------------------------- */

static void jsonl(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = of_format("jsonl");
    ds_dataset *d = open_text(ctx, set,
                              "{\"label\": 2, \"a\": 1e-3, \"grid\": [[1, 2], [3, 4]], \"on\": true}\r\n"
                              "  \n{\"on\": false, \"grid\": [5, 6, 7, 8], \"a\": -12345678901, \"label\": 10}");
    static const double x[] = { 1e-3, 1, 2, 3, 4, 1, -12345678901.0, 5, 6, 7, 8, 0 };
    static const int32_t y[] = { 0, 1 };
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 2, 6, x, y);
    assert_string_equal(ds_dataset_column_name(d, 0), "a");
    assert_string_equal(ds_dataset_column_name(d, 2), "grid[1]");
    assert_string_equal(ds_dataset_class_name(d, 1), "10");
    ds_dataset_free(d);

    /* Keys in any order, in other splits too; missing ones; a real target. */
    const char *train = write_text("train.jsonl", "{\"a\": 1, \"b\": null, \"t\": 0.5}\n{\"t\": 1.5, \"b\": 4}\n"),
               *test = write_text("test.jsonl", "{\"t\": 2, \"b\": 9, \"a\": 8}\n");
    set.train = &train, set.train_count = 1, set.test = &test, set.test_count = 1;
    set.label = "t", set.target = DS_TARGET_REAL, set.missing = "mean";
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    double t[2], *found = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 2, NULL, t);
    assert_true(found[0] == 1 && found[1] == 4 && found[2] == 1 && found[3] == 4 && t[0] == 0.5 && t[1] == 1.5);
    free(found);
    found = read_all(ctx, ds_dataset_view(d, DS_TEST), 2, NULL, t);
    assert_true(found[0] == 8 && found[1] == 9 && t[0] == 2);
    free(found);
    ds_dataset_free(d);
    set.label = "tt";
    assert_fails(ctx, DS_ECONFIG, "no such key; did you mean 't'?", ds_dataset_create(&d, ctx, &set));
    write_text("test.jsonl", "{\"t\": 2, \"b\": 9, \"c\": 8}\n");
    set.label = "t";
    assert_fails(ctx, DS_EFORMAT, "test.jsonl:1: found 3 keys, 2 of them known", ds_dataset_create(&d, ctx, &set));
}

/* ---- LIBSVM ------------------------------------------------------------------------------------------------------ */

static void libsvm(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = of_format("libsvm");
    const char *train = write_text("a.txt", "+1 1:0.5 4:2 # first\r\n-1\n\n+1 2:-1e-3"),
               *test = write_text("b.txt", "-1 3:7\n1 4:1\n");
    ds_dataset *d;
    set.train = &train, set.train_count = 1, set.test = &test, set.test_count = 1, set.standardize = false;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    static const double x[] = { 0.5, 0, 0, 2, 0, 0, 0, 0, 0, -1e-3, 0, 0 }, z[] = { 0, 0, 7, 0, 0, 0, 0, 1 };
    static const int32_t y[] = { 1, 0, 1 }, w[] = { 0, 1 };
    check_rows(ctx, ds_dataset_view(d, DS_TRAIN), 3, 4, x, y);
    check_rows(ctx, ds_dataset_view(d, DS_TEST), 2, 4, z, w); /* "1" is "+1" */
    uint64_t print = ds_dataset_fingerprint(d);
    ds_dataset_free(d);
    write_text("a.txt", "+1 1:0.5 4:2.5\n-1\n+1 2:-1e-3\n");
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_true(print != ds_dataset_fingerprint(d));
    ds_dataset_free(d);
    write_text("b.txt", "-1 5:7\n");
    assert_fails(ctx, DS_EFORMAT, "b.txt:1:4: found '5:7'; wanted an index of the training files; set data.features",
                 ds_dataset_create(&d, ctx, &set));
    set.features = 6, set.target = DS_TARGET_REAL, set.standardize = true;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_dataset_layout(d).dim[0], 6);
    assert_int_equal(ds_dataset_targets(d), 1);
    ds_dataset_free(d);
    /* One far column in each of many rows: spread out they would take 16 GiB. */
    FILE *f = fopen(temporary("far.txt"), "w");
    for (int i = 0; i < 200; i++) fprintf(f, "%d 10000000:1\n", i % 2);
    fclose(f);
    set = of_format("libsvm");
    set.path = temporary("far.txt");
    assert_fails(ctx, DS_EFORMAT, "far.txt:1:3: found '10000000:1'; wanted an index up to 1048576",
                 ds_dataset_create(&d, ctx, &set));
    set.features = 10000000;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_dataset_layout(d).dim[0], 10000000);
    ds_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_mean), cmocka_unit_test(missing_others), cmocka_unit_test(class_weights),
        cmocka_unit_test(labels),       cmocka_unit_test(several),        cmocka_unit_test(named_pipe),
        cmocka_unit_test(jsonl),        cmocka_unit_test(libsvm),
    };
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
