/* test_data_archives.c - archives read in place: every kind gives what the folder gives, damage and bombs are refused.
 */
#include "test_data_support.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include "data/archive.h"

typedef struct member {
    const char *name;
    const void *bytes;
    size_t size;
} member;

/* Write members into name, whose ending says how. */
static const char *pack(const char *name, const member *m, int n)
{
    const char *path = temporary(name);
    struct archive *a = archive_write_new();
    if (strstr(name, ".zip") || strstr(name, ".npz"))
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a);
    if (strstr(name, "gz")) archive_write_add_filter_gzip(a);
    if (strstr(name, ".zst")) archive_write_add_filter_zstd(a);
    if (strstr(name, ".xz")) archive_write_add_filter_xz(a);
    if (strstr(name, ".bz2")) archive_write_add_filter_bzip2(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (int k = 0; k < n; k++) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, m[k].name);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, (la_int64_t)m[k].size);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, m[k].bytes, m[k].size), (la_ssize_t)m[k].size);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return path;
}

static const char train_text[] = "a,b,kind\n1,2,no\n3,4,yes\n5,6,no\n", test_text[] = "a,b,kind\n7,8,yes\n";
static const member tables[] = { { "other.txt", "x", 1 },
                                 { "train.csv", train_text, sizeof train_text - 1 },
                                 { "deep/down/train.csv", test_text, sizeof test_text - 1 },
                                 { "test.csv", test_text, sizeof test_text - 1 } };

static void check_tables(ds_ctx *ctx, const char *path, int64_t train, int64_t test)
{
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "csv", set.path = path;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), train);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TEST)), test);
    assert_string_equal(ds_dataset_column_name(d, 1), "b");
    ds_dataset_free(d);
}

/* Each kind is a folder, with folders inside; a member is a file. */
static void kinds(void **state)
{
    static const char *const names[] = { "t.tar", "t.tar.gz", "t.tgz", "t.tar.zst", "t.tar.xz", "t.tar.bz2", "t.zip" };
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char path[160];
        const char *archive = pack(names[k], tables, 4);
        check_tables(*state, archive, 3, 1);
        snprintf(path, sizeof path, "%s/deep/down", archive);
        check_tables(*state, path, 1, 0);
        snprintf(path, sizeof path, "%s/test.csv", archive);
        check_tables(*state, path, 1, 0);
    }
}

static void npz(void **state)
{
    ds_ctx *ctx = *state;
    static uint8_t x[2][128 + 24], y[128 + 2];
    for (int k = 0; k < 2; k++) {
        memcpy(x[k], "\x93NUMPY\x01\0\x76\0{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }", 70);
        double v[] = { 1.5 + k, 2, 3 };
        memcpy(x[k] + 128, v, sizeof v);
    }
    memcpy(y, "\x93NUMPY\x01\0\x76\0{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", 68);
    y[128] = 1;
    const member m[] = { { "y.npy", y, 129 },
                         { "x.npy", x[0], sizeof x[0] },
                         { "x_test.npy", x[1], sizeof x[1] },
                         { "y_test.npy", y, 129 } };
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "npy", set.path = pack("a.npz", m, 4);
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    int32_t label;
    double *v = read_all(ctx, ds_dataset_view(d, DS_TEST), 3, &label, NULL);
    assert_true(v[0] == 2.5 && v[2] == 3 && label == 1);
    free(v);
    ds_dataset_free(d);
    const char *one = temporary("a.npz");
    set.path = NULL, set.train = &one, set.train_count = 1, set.val = &one, set.val_count = 1;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 1);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_VAL)), 1);
    ds_dataset_free(d);
    set.train = set.val = NULL, set.train_count = set.val_count = 0;
    set.path = pack("half.npz", m, 1);
    assert_fails(ctx, DS_EIO, "half.npz/x.npy: the archive has no such member", ds_dataset_create(&d, ctx, &set));
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

static size_t slurp(const char *path, uint8_t *bytes, size_t room)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, room, f);
    fclose(f);
    return n;
}

static void damage(void **state)
{
    ds_ctx *ctx = *state;
    static uint8_t bytes[1 << 16];
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "csv";
    static const char *const names[] = { "cut.tar", "cut.tar.gz", "cut.tar.zst", "cut.tar.xz", "cut.zip" };
    for (size_t k = 0; k < sizeof names / sizeof names[0];
         k++) { /* every length: refused or, once all is there, read */
        size_t n = slurp(pack(names[k], tables, 4), bytes, sizeof bytes);
        for (size_t cut = 0; cut < n; cut += 1 + n / 61) {
            set.path = write_file(names[k], bytes, cut);
            ds_status status = ds_dataset_create(&d, ctx, &set);
            if (status == DS_OK) ds_dataset_free(d);
            if (status == DS_OK) continue;
            assert_true(status == DS_EFORMAT || status == DS_EIO);
            assert_non_null(strstr(ds_error(ctx), names[k]));
        }
    }
    size_t n = slurp(pack("flip.zip", tables, 4), bytes, sizeof bytes);
    uint8_t *at = memmem(bytes, n, "train.csv", 9);
    assert_non_null(at);
    at[9 + at[-2] + 4] ^= 1; /* beyond name and extra field, in the packed data: its checksum does not fit any more */
    set.path = write_file("flip.zip", bytes, n);
    assert_int_equal(ds_dataset_create(&d, ctx, &set), DS_EFORMAT);
    assert_non_null(strstr(ds_error(ctx), "member train.csv"));
    set.path = write_text("no.zip", "this is no archive");
    assert_fails(ctx, DS_EFORMAT, "no.zip: near offset", ds_dataset_create(&d, ctx, &set));
    set.path = "/nowhere/a.tar.gz";
    assert_fails(ctx, DS_EIO, "/nowhere/a.tar.gz: No such file", ds_dataset_create(&d, ctx, &set));
}

/* 512 MiB of zeros in some ten kB, plain and as a member. */
static void bombs(void **state)
{
    ds_ctx *ctx = *state;
    enum { BYTES = 1 << 29 };
    void *zeros = calloc(BYTES, 1);
    assert_non_null(zeros);
    const member m = { "train.csv", zeros, BYTES };
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "csv", set.path = pack("bomb.tar.zst", &m, 1);
    assert_fails(ctx, DS_EFORMAT, "over 200 times as many", ds_dataset_create(&d, ctx, &set));
    free(zeros);
}

/* ---- walking ----------------------------------------------------------------------------------------------------- */

static ds_want note(void *arg, const char *name)
{
    strcat(strcat(arg, name), " ");
    return strcmp(name, "last") ? DS_TAKE : DS_STOP;
}

static ds_status check(void *arg, const char *name, ds_bytes *bytes)
{
    (void)arg;
    assert_int_equal(bytes->size, strlen(name));
    assert_memory_equal(bytes->data, name, strlen(name) + 1);
    return DS_OK;
}

static void walk(void **state)
{
    ds_ctx *ctx = *state;
    char seen[256] = "", path[160];
    const ds_visitor v = { seen, note, check };
    const member m[] = {
        { "./a/b", "b", 1 }, { "ab/b", "?", 1 }, { "a/c/d", "c/d", 3 }, { "a/last", "?", 1 }, { "a/e", "?", 1 }
    };
    snprintf(path, sizeof path, "%s/a/", pack("walk.tar", m, 5));
    assert_ok(ctx, ds_walk(ctx, path, &v));
    assert_string_equal(seen, "b c/d last ");
    seen[0] = 0;
    mkdir(temporary("top"), 0777);
    mkdir(temporary("top/s"), 0777);
    write_text("top/.hidden", "?");
    assert_int_equal(symlink("..", temporary("top/s/loop")), 0);
    assert_fails(ctx, DS_EIO, "link in a circle", ds_walk(ctx, temporary("top"), &v));
    unlink(temporary("top/s/loop"));
    write_text("top/s/x", "s/x");
    seen[0] = 0;
    assert_ok(ctx, ds_walk(ctx, temporary("top"), &v));
    assert_string_equal(seen, "s/x ");
    assert_fails(ctx, DS_EIO, "/nowhere", ds_walk(ctx, "/nowhere", &v));
}

/* ---- standard input ---------------------------------------------------------------------------------------------- */

static void pipes(void **state)
{
    ds_ctx *ctx = *state;
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], train_text, sizeof train_text - 1), sizeof train_text - 1);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    check_tables(ctx, "-", 3, 0);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds), cmocka_unit_test(npz),  cmocka_unit_test(damage),
        cmocka_unit_test(bombs), cmocka_unit_test(walk), cmocka_unit_test(pipes),
    };
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
