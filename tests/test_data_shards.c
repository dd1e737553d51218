/* test_data_shards.c - sets on disk: the order is that of the keys and depends on nothing else, stopped and killed
 * rewrites end with the same bytes, what is damaged is named, and rows read through a small window are the rows. */
#include "test_data_support.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "data/source.h"

enum { ROWS = 6000, COLUMNS = 9, TEST_ROWS = 70, SEED = 11 };

static char base[64];

static int setup(void **state)
{
    strcpy(base, "/tmp/descent-shards-XXXXXX");
    return mkdtemp(base) ? ctx_setup(state) : -1;
}

static int teardown(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command) ? -1 : ctx_teardown(state);
}

static const char *at(const char *name)
{
    static char path[256][256];
    static int next;
    char *p = path[next++ % 256];
    snprintf(p, sizeof path[0], "%s/%s", base, name);
    return p;
}

static void write_npy(const char *path, const char *kind, int64_t rows, int64_t columns, const void *data, size_t bytes)
{
    char head[128] = "\x93NUMPY\x01\x00\x76\x00", shape[64];
    snprintf(shape, sizeof shape, columns ? "(%lld, %lld)" : "(%lld,)", (long long)rows, (long long)columns);
    int n =
        snprintf(head + 10, sizeof head - 10, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", kind, shape);
    memset(head + 10 + n, ' ', sizeof head - 10 - (size_t)n);
    head[127] = '\n';
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(head, 1, sizeof head, f), sizeof head);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    assert_int_equal(fclose(f), 0);
}

/* x.npy and y.npy: column 0 is the row's number, the others draws. classes: y = row % 7, else two real targets. */
static const char *make_set(const char *name, bool classes)
{
    const char *folder = at(name);
    static float x[ROWS][COLUMNS];
    static int32_t c[ROWS];
    static double y[ROWS][2];
    assert_int_equal(mkdir(folder, 0777), 0);
    for (int i = 0; i < ROWS; i++) {
        for (uint32_t k = 0; k < COLUMNS; k++)
            x[i][k] = k ? (float)(ds_draw(5, DS_FOR_TEST, 0, (uint32_t)i, k).u[0] >> 8) : (float)i;
        c[i] = i % 7, y[i][0] = i + 0.25, y[i][1] = -i;
    }
    char path[512];
    for (int test = 0; test < 2; test++) {
        int rows = test ? TEST_ROWS : ROWS;
        snprintf(path, sizeof path, "%s/x%s.npy", folder, test ? "_test" : "");
        write_npy(path, "<f4", rows, COLUMNS, x, (size_t)rows * sizeof x[0]);
        snprintf(path, sizeof path, "%s/y%s.npy", folder, test ? "_test" : "");
        if (classes)
            write_npy(path, "<i4", rows, 0, c, (size_t)rows * sizeof c[0]);
        else
            write_npy(path, "<f8", rows, 2, y, (size_t)rows * sizeof y[0]);
    }
    return folder;
}

static ds_data_settings npy(const char *folder)
{
    ds_data_settings set = ds_data_defaults();
    set.format = "npy", set.path = folder;
    return set;
}

static ds_dataset *open_shards(ds_ctx *ctx, const char *folder, size_t window)
{
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "shards", set.path = folder, set.window = window;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    return d;
}

static void shuffle(ds_ctx *ctx, const char *from, const char *to, size_t memory, uint64_t seed)
{
    ds_data_settings set = npy(from);
    bool stopped;
    assert_ok(ctx, ds_shards_write(ctx, &set, &(ds_rewrite){ to, true, seed, memory, NULL, NULL }, &stopped));
    assert_false(stopped);
}

/* All files of two folders are equal, and there are no others. */
static void assert_same(const char *a, const char *b)
{
    char command[600];
    snprintf(command, sizeof command, "diff -r %s %s >&2", a, b);
    assert_int_equal(system(command), 0);
}

typedef struct keyed {
    uint32_t key[4];
    int32_t row;
} keyed;

static int by_key(const void *p, const void *q)
{
    const keyed *a = p, *b = q;
    for (int k = 0; k < 4; k++)
        if (a->key[k] != b->key[k]) return a->key[k] < b->key[k] ? -1 : 1;
    return a->row - b->row;
}

/* Rows come in the order of their keys, each once, with its own columns and label; test rows stay in order. */
static void order(void **state)
{
    ds_ctx *ctx = *state;
    const char *from = make_set("set", true);
    shuffle(ctx, from, at("a"), 1 << 20, SEED);
    static keyed k[ROWS];
    for (int i = 0; i < ROWS; i++) {
        ds_draw4 d = ds_draw(SEED, DS_FOR_SHUFFLE, UINT32_MAX, 1, (uint64_t)i);
        memcpy(k[i].key, d.u, sizeof d.u);
        k[i].row = i;
    }
    qsort(k, ROWS, sizeof k[0], by_key);
    ds_data_settings set = npy(from);
    ds_dataset *plain, *d = open_shards(ctx, at("a"), 1 << 21);
    assert_ok(ctx, ds_dataset_create(&plain, ctx, &set));
    static int32_t labels[2][ROWS];
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), COLUMNS, labels[0], NULL);
    double *y = read_all(ctx, ds_dataset_view(plain, DS_TRAIN), COLUMNS, labels[1], NULL);
    int fixed = 0;
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(x[i * COLUMNS], k[i].row);
        assert_memory_equal(x + i * COLUMNS, y + k[i].row * COLUMNS, COLUMNS * sizeof *x);
        assert_int_equal(labels[0][i], labels[1][k[i].row]);
        fixed += k[i].row == i;
    }
    assert_true(fixed < 10);
    free(x), free(y);
    x = read_all(ctx, ds_dataset_view(d, DS_TEST), COLUMNS, labels[0], NULL);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TEST)), TEST_ROWS);
    for (int i = 0; i < TEST_ROWS; i++) assert_int_equal(x[i * COLUMNS], i);
    assert_int_equal(ds_dataset_classes(d), 7);
    assert_string_equal(ds_dataset_class_name(d, 6), "6");
    free(x);
    ds_dataset_free(d);
    ds_dataset_free(plain);
}

/* One bucket, several, many: the same files. Another seed: other files. */
static void memory_changes_nothing(void **state)
{
    ds_ctx *ctx = *state;
    shuffle(ctx, at("set"), at("b"), 0, SEED);
    shuffle(ctx, at("set"), at("c"), 60000, SEED);
    assert_same(at("a"), at("b"));
    assert_same(at("a"), at("c"));
    shuffle(ctx, at("set"), at("other"), 1 << 20, SEED + 1);
    char command[600];
    snprintf(command, sizeof command, "cmp -s %s %s", at("a/train-00000.shard"), at("other/train-00000.shard"));
    assert_int_not_equal(system(command), 0);
    ds_data_settings set = npy(at("set"));
    bool stopped;
    assert_fails(ctx, DS_ECONFIG, "set --memory to",
                 ds_shards_write(ctx, &set, &(ds_rewrite){ at("d"), true, SEED, 4000, NULL, NULL }, &stopped));
}

typedef struct brake {
    int left;
    bool kill;
} brake;

static bool count_down(void *arg, const char *what, int64_t done, int64_t rows)
{
    brake *b = arg;
    assert_true(done <= rows && *what);
    if (b->left-- > 0) return true;
    if (b->kill) raise(SIGKILL);
    return false;
}

/* Stop, or die, at every moment that progress sees, with other amounts of memory in between; go on until it is done. */
static void resumes(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = npy(at("set"));
    char name[16];
    for (int k = 0; k < 12; k++) {
        snprintf(name, sizeof name, "r%d", k);
        brake first = { k, k % 2 };
        ds_rewrite how = { at(name), true, SEED, k % 3 ? 100000 : 60000, count_down, &first };
        bool stopped = false;
        pid_t child = fork();
        if (child == 0) {
            ds_status status = ds_shards_write(ctx, &set, &how, &stopped);
            _exit(status == DS_OK && stopped ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        assert_true(k % 2 ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
        how.progress = NULL;
        how.memory = 100000;
        set.label = "another";
        assert_fails(ctx, DS_EUSAGE, "other data", ds_shards_write(ctx, &set, &how, &stopped));
        set.label = NULL;
        assert_ok(ctx, ds_shards_write(ctx, &set, &how, &stopped));
        assert_same(at("a"), at(name));
        assert_fails(ctx, DS_EUSAGE, "holds a set already", ds_shards_write(ctx, &set, &how, &stopped));
    }
}

/* Real targets, stored order, and what scale and holdout make of shards: as if the rows lay in memory. */
static void straight(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = npy(make_set("real", false));
    bool stopped;
    assert_ok(ctx, ds_shards_write(ctx, &set, &(ds_rewrite){ at("s"), false, 0, 0, NULL, NULL }, &stopped));
    static double targets[2][ROWS][2];
    double *x[2];
    for (int k = 0; k < 2; k++) {
        ds_dataset *d;
        if (k) set.format = "shards", set.path = at("s"), set.window = 1 << 21;
        set.standardize = true, set.holdout = "1000", set.scale_given = true, set.scale[0] = -1, set.scale[1] = 1;
        assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
        const ds_view *v = ds_dataset_view(d, DS_VAL);
        assert_int_equal(ds_view_rows(v), 1000);
        x[k] = read_all(ctx, v, COLUMNS, NULL, &targets[k][0][0]);
        ds_dataset_free(d);
    }
    assert_memory_equal(x[0], x[1], 1000 * COLUMNS * sizeof **x);
    assert_memory_equal(targets[0], targets[1], 1000 * sizeof targets[0][0]);
    free(x[0]), free(x[1]);
}

/* Batches in shuffled order through a window far smaller than the set, read ahead by a thread: the same rows. */
static void window(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = npy(at("set"));
    static uint8_t pixels[4000][1500];
    static int32_t c[4000];
    for (int i = 0; i < 4000; i++) {
        for (uint32_t k = 0; k < 1500; k += 4)
            memcpy(&pixels[i][k], &(uint32_t){ ds_draw(6, DS_FOR_TEST, 0, (uint32_t)i, k).u[0] }, 4);
        c[i] = i % 3;
    }
    assert_int_equal(mkdir(at("wide"), 0777), 0);
    write_npy(at("wide/x.npy"), "|u1", 4000, 1500, pixels, sizeof pixels);
    write_npy(at("wide/y.npy"), "<i4", 4000, 0, c, sizeof c);
    bool stopped;
    set = npy(at("wide"));
    assert_ok(ctx, ds_shards_write(ctx, &set, &(ds_rewrite){ at("w"), false, 0, 0, NULL, NULL }, &stopped));
    ds_dataset *d[2] = { NULL, open_shards(ctx, at("w"), 1 << 21) };
    assert_ok(ctx, ds_dataset_create(&d[0], ctx, &set));
    ds_loader *l[2];
    for (int k = 0; k < 2; k++) {
        ds_loader_settings s = {
            .view = ds_dataset_view(d[k], DS_TRAIN), .sampler = "shuffle", .batch = 96, .seed = 3, .prefetch = k * 2
        };
        assert_ok(ctx, ds_loader_create(&l[k], ctx, &s));
    }
    for (int b = 0; b < 50; b++) {
        const ds_batch *p = ds_loader_next(l[0]), *q = ds_loader_next(l[1]);
        assert_non_null(q);
        assert_memory_equal(p->x, q->x, (size_t)p->n * 1500 * sizeof(float));
        assert_memory_equal(p->y, q->y, (size_t)p->n * sizeof(int32_t));
    }
    for (int k = 0; k < 2; k++) ds_loader_free(l[k]), ds_dataset_free(d[k]);
}

/* Rows of a table into a file: quotes, line ends inside them, blank lines, missing values, and a row longer than what is
 * read at once. */
static const char *make_lines(const char *name, int rows)
{
    const char *path = at(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (int i = 0; i < rows; i++) {
        uint32_t u = ds_draw(8, DS_FOR_TEST, 0, (uint32_t)i, 0).u[0];
        fprintf(f, i % 11 == 5 ? "{\"one\": null, " : "{\"one\": %d.5, ", (int)(u % 1000));
        fprintf(f, "\"two;\\n2\": %*d, \"kind\": \"a %d\"}%s\n", i == 700 ? 100000 : 1, i, (int)(u >> 8) % 5,
                i % 9 ? "" : "\n \r");
    }
    assert_int_equal(fclose(f), 0);
    return path;
}

static const char *make_table(const char *name, int rows, bool numbers)
{
    static char pad[100000];
    const char *path = at(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    memset(pad, ' ', sizeof pad - 1);
    fputs("\xEF\xBB\xBFone;\"two;\n2\";kind\r\n", f);
    for (int i = 0; i < rows; i++) {
        uint32_t u = ds_draw(8, DS_FOR_TEST, 0, (uint32_t)i, 0).u[0];
        fprintf(f, i % 11 == 5 ? "NA;" : "%d.5;", (int)(u % 1000));
        fprintf(f, i == 700 ? "%d%s;" : "\"%d\"%.0s;", i, pad);
        if (numbers)
            fprintf(f, u % 3 ? "%d\n" : "%d.0\n", (int)(u >> 8) % 4);
        else
            fprintf(f, "\"a \"\"%d\"\";\n\"\r\n%s", (int)(u >> 8) % 5, i % 9 ? "" : "\n  \n");
    }
    assert_int_equal(fclose(f), 0);
    return path;
}

/* A table far beyond memory comes out as it is read whole: numbering of classes, means, names. */
static void tables(void **state)
{
    ds_ctx *ctx = *state;
    for (int k = 0; k < 5; k++) {
        char name[4][16];
        for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "t%d-%d", k, i);
        const char *train[] = { make_table(name[0], 9000, k % 2), make_table(name[1], 500, k % 2) },
                   *test[] = { make_table(name[2], 300, k % 2) };
        ds_data_settings set = ds_data_defaults();
        if (k == 4) train[0] = make_lines(name[0], 9000), train[1] = make_lines(name[1], 500);
        if (k == 4) test[0] = make_lines(name[2], 300);
        set.format = k == 4 ? "jsonl" : "csv", set.train = train, set.train_count = 2, set.test = test,
        set.test_count = 1;
        set.missing = k == 3 ? "drop" : "mean", set.target = k == 1 ? DS_TARGET_REAL : DS_TARGET_AUTO;
        ds_rewrite how = { at(name[3]), false, 0, 1 << 17, NULL, NULL };
        bool stopped;
        assert_ok(ctx, ds_shards_write(ctx, &set, &how, &stopped));
        ds_dataset *d[2] = { NULL, open_shards(ctx, at(name[3]), 0) };
        assert_ok(ctx, ds_dataset_create(&d[0], ctx, &set));
        for (int split = DS_TRAIN; split <= DS_TEST; split += 2) {
            static int32_t labels[2][9500];
            static double reals[2][9500];
            double *x[2];
            int64_t n = ds_view_rows(ds_dataset_view(d[0], (ds_split)split));
            assert_int_equal(ds_view_rows(ds_dataset_view(d[1], (ds_split)split)), n);
            for (int i = 0; i < 2; i++)
                x[i] = read_all(ctx, ds_dataset_view(d[i], (ds_split)split), 2, k == 1 ? NULL : labels[i], reals[i]);
            assert_memory_equal(x[0], x[1], (size_t)n * 2 * sizeof **x);
            assert_memory_equal(labels[0], labels[1], (size_t)n * sizeof labels[0][0]);
            assert_memory_equal(reals[0], reals[1], (size_t)n * sizeof reals[0][0]);
            free(x[0]), free(x[1]);
        }
        for (int c = 0; c < ds_dataset_classes(d[0]); c++)
            assert_string_equal(ds_dataset_class_name(d[0], c), ds_dataset_class_name(d[1], c));
        assert_string_equal(ds_dataset_column_name(d[1], 1), "two;\n2");
        ds_dataset_free(d[0]), ds_dataset_free(d[1]);
    }
}

/* Blocks of 4096 positions hold 4096 consecutive rows, each once; neither blocks nor rows stay where they were. */
static void window_is_a_bijection(void **state)
{
    (void)state;
    static const int64_t rows[] = { 1, 5, 4095, 4096, 4097, 12288, 30000 };
    static uint8_t seen[30000];
    const ds_sampler_def *def = ds_sampler_find("window");
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        int64_t n = rows[k], still = 0, in_place = 0;
        memset(seen, 0, sizeof seen);
        for (int64_t epoch = 0; epoch < 3; epoch++) {
            ds_order o = ds_order_at(def, n, 9, epoch);
            for (int64_t p = 0; p < n; p++) {
                int64_t row = def->row(&o, p), first = def->row(&o, p / 4096 * 4096);
                assert_in_range(row, 0, n - 1);
                assert_int_equal(seen[row]++, epoch);
                assert_int_equal(row / 4096, first / 4096);
                still += row == p;
                in_place += p % 4096 == 0 && row / 4096 == p / 4096;
            }
        }
        if (n > 20) assert_true(still < 60);
        if (n == 30000) assert_true(in_place < 15);
    }
}

static void poke(const char *path, long offset, int value)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
    int old = fgetc(f);
    assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
    fputc(value < 0 ? old ^ -value : value, f);
    assert_int_equal(fclose(f), 0);
}

static ds_status read_set(ds_ctx *ctx, const char *folder)
{
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "shards", set.path = folder;
    ds_status status = ds_dataset_create(&d, ctx, &set);
    static double x[ROWS * COLUMNS];
    static int64_t rows[ROWS];
    for (int i = 0; i < ROWS; i++) rows[i] = i;
    if (status == DS_OK) status = ds_view_read(ds_dataset_view(d, DS_TRAIN), rows, ROWS, DS_F64, &(ds_batch){ .x = x });
    ds_dataset_free(d);
    return status;
}

/* One bit anywhere is found, by the file's name; a fault stops a loader. */
static void damage(void **state)
{
    ds_ctx *ctx = *state;
    const char *shard = at("b/train-00000.shard");
    assert_int_equal(read_set(ctx, at("b")), DS_OK);
    static const struct {
        long offset;
        const char *words;
    } spots[] = { { 3, "offset 0: the head" },
                  { 9, "offset 0: the head" },
                  { 40, "the index wants" },
                  { 1000, "rows 0 to " },
                  { -1, "to 5999 (offset " } };
    for (size_t k = 0; k < sizeof spots / sizeof spots[0]; k++) {
        poke(shard, spots[k].offset, -4);
        assert_fails(ctx, DS_EFORMAT, "b/train-00000.shard", read_set(ctx, at("b")));
        assert_non_null(strstr(ds_error(ctx), spots[k].words));
        poke(shard, spots[k].offset, -4);
    }
    assert_int_equal(read_set(ctx, at("b")), DS_OK);
    for (long offset = 5; offset < 200; offset += 13) {
        poke(at("b/index.json"), offset, -1);
        assert_fails(ctx, DS_EFORMAT, "b/index.json", read_set(ctx, at("b")));
        poke(at("b/index.json"), offset, -1);
    }
    poke(shard, -1, -4);
    ds_dataset *d = open_shards(ctx, at("b"), 0);
    ds_loader_settings s = { .view = ds_dataset_view(d, DS_TRAIN), .sampler = "sequential", .batch = 100 };
    for (int ahead = 0; ahead < 2; ahead++) {
        ds_loader *l;
        s.prefetch = ahead;
        assert_ok(ctx, ds_loader_create(&l, ctx, &s));
        int good = 0;
        while (good < 60 && ds_loader_next(l)) good++;
        assert_true(good < 60);
        assert_non_null(strstr(ds_error(ctx), "damaged"));
        ds_loader_free(l);
    }
    ds_dataset_free(d);
    assert_int_equal(truncate(shard, 50000), 0);
    assert_fails(ctx, DS_EFORMAT, "found 50000 bytes", read_set(ctx, at("b")));
    assert_int_equal(remove(shard), 0);
    assert_fails(ctx, DS_EIO, "train-00000.shard", read_set(ctx, at("b")));
    assert_fails(ctx, DS_EIO, "index.json", read_set(ctx, at("nothing")));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(order),
                                        cmocka_unit_test(memory_changes_nothing),
                                        cmocka_unit_test(resumes),
                                        cmocka_unit_test(straight),
                                        cmocka_unit_test(window),
                                        cmocka_unit_test(tables),
                                        cmocka_unit_test(window_is_a_bijection),
                                        cmocka_unit_test(damage) };
    return cmocka_run_group_tests(tests, setup, teardown);
}
