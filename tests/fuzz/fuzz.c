/* fuzz.c - see fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_ROWS = 64, PATHS = 8, MEMORY = 1 << 22 };

static char folder[64];

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command)) return;
}

ds_ctx *fuzz_ctx(void)
{
    static ds_ctx *ctx;
    if (ctx) return ctx;
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/descent-fuzz-XXXXXX", where);
    if (!mkdtemp(folder) || ds_ctx_create(&ctx, 1) != DS_OK) abort();
    atexit(remove_folder);
    return ctx;
}

const char *fuzz_path(const char *name)
{
    static char path[PATHS][160];
    static int next;
    fuzz_ctx();
    char *p = path[next++ % PATHS];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    const char *path = fuzz_path(name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f)) abort();
    return path;
}

void fuzz_split(const uint8_t **data, size_t *size, const uint8_t **second, size_t *second_size)
{
    size_t n = *size >= 2 ? (*data)[0] | (size_t)(*data)[1] << 8 : 0, skip = *size >= 2 ? 2 : *size;
    *data += skip;
    *size -= skip;
    if (n > *size) n = *size;
    *second = *data + n;
    *second_size = *size - n;
    *size = n;
}

void fuzz_check(ds_status status)
{
    if (status == DS_OK) return;
    bool content = status == DS_EFORMAT || status == DS_EIO || status == DS_ECONFIG;
    if (content && *ds_error(fuzz_ctx())) return;
    fprintf(stderr, "fuzz: status %s: %s\n", ds_status_text(status), ds_error(fuzz_ctx()));
    abort();
}

/* A row and its label, or targets, in memory of the caller: row_bytes of it. */
static size_t row_bytes(const ds_dataset *d)
{
    return ((size_t)ds_shape_count(ds_dataset_layout(d)) + (size_t)ds_dataset_targets(d) + 1) * sizeof(double);
}

static void read_row(const ds_dataset *d, ds_split split, int64_t row, double *out)
{
    const ds_view *v = ds_dataset_view(d, split);
    ds_batch b = { .x = out, .y = out + ds_shape_count(ds_dataset_layout(d)) };
    memset(out, 0, row_bytes(d));
    ds_status status = ds_view_read(v, &row, 1, DS_F64, &b);
    fuzz_check(status);
    if (status == DS_OK && ds_dataset_classes(d) && (*(int32_t *)b.y < 0 || *(int32_t *)b.y >= ds_dataset_classes(d)))
        abort();
}

/* Rows from both ends of every split; those of a second set must be the same. */
static void read_rows(const ds_dataset *d, const ds_dataset *second)
{
    double *x = malloc(2 * row_bytes(d)), *y = x + row_bytes(d) / sizeof *x;
    if (!x || (second && row_bytes(second) != row_bytes(d))) abort();
    for (int split = DS_TRAIN; split <= DS_TEST; split++) {
        int64_t rows = ds_view_rows(ds_dataset_view(d, (ds_split)split));
        if (second && rows != ds_view_rows(ds_dataset_view(second, (ds_split)split))) abort();
        for (int64_t k = 0; k < rows && k < MOST_ROWS; k++) {
            int64_t row = k % 2 ? rows - 1 - k / 2 : k / 2;
            read_row(d, (ds_split)split, row, x);
            if (second) read_row(second, (ds_split)split, row, y);
            if (second && memcmp(x, y, row_bytes(d)) != 0) {
                fprintf(stderr, "fuzz: row %lld is not the same read whole and read forward\n", (long long)row);
                abort();
            }
        }
    }
    free(x);
}

/* Forward reading must agree with the reading of the whole (opened; NULL: refused) about what is good and what it is;
 * but damage inside shards shows only when a row is read. */
static void rewrite(const ds_data_settings *set, const ds_dataset *opened)
{
    char out[160], command[200];
    bool stopped;
    snprintf(out, sizeof out, "%s", fuzz_path("out"));
    ds_status status = ds_shards_write(fuzz_ctx(), set, &(ds_rewrite){ out, false, 1, MEMORY, NULL, NULL }, &stopped);
    fuzz_check(status);
    if (status != DS_OK && opened && strcmp(set->format, "shards") != 0 && !strstr(ds_error(fuzz_ctx()), "memory") &&
        !strstr(ds_error(fuzz_ctx()), "allow")) {
        fprintf(stderr, "fuzz: opened, but not rewritten: %s\n", ds_error(fuzz_ctx()));
        abort();
    }
    if (status == DS_OK && opened) {
        ds_data_settings shards = ds_data_defaults();
        ds_dataset *d;
        shards.format = "shards", shards.path = out;
        if (ds_dataset_create(&d, fuzz_ctx(), &shards) != DS_OK) abort();
        read_rows(opened, d);
        ds_dataset_free(d);
    }
    snprintf(command, sizeof command, "%s/rewrite.json", out);
    unlink(command);
    static const char *const names[] = { "index.json",          "buckets.tmp",         "train-00000.shard",
                                         "val-00000.shard",     "test-00000.shard",    "train-00000.shard.tmp",
                                         "val-00000.shard.tmp", "test-00000.shard.tmp" };
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        snprintf(command, sizeof command, "%s/%s", out, names[k]);
        unlink(command);
    }
}

void fuzz_set(const ds_data_settings *set)
{
    ds_dataset *d;
    ds_status status = ds_dataset_create(&d, fuzz_ctx(), set);
    fuzz_check(status);
    if (status == DS_OK) read_rows(d, NULL);
    rewrite(set, d);
    ds_dataset_free(d);
}
