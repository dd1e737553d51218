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

static void read_rows(const ds_dataset *d, ds_split split)
{
    const ds_view *v = ds_dataset_view(d, split);
    int64_t n = ds_view_rows(v) < MOST_ROWS ? ds_view_rows(v) : MOST_ROWS, rows[MOST_ROWS];
    size_t x = (size_t)ds_shape_count(ds_dataset_layout(d)), y = (size_t)ds_dataset_targets(d) + 1;
    if (n == 0) return;
    for (int64_t k = 0; k < n; k++) rows[k] = k % 2 ? ds_view_rows(v) - 1 - k / 2 : k / 2;
    ds_batch b = { .x = malloc(x * sizeof(double)), .y = malloc(y * sizeof(double)) };
    if (!b.x || !b.y) abort();
    for (int64_t k = 0; k < n; k++) {
        ds_status status = ds_view_read(v, &rows[k], 1, DS_F64, &b);
        fuzz_check(status);
        if (status == DS_OK && ds_dataset_classes(d) &&
            (*(int32_t *)b.y < 0 || *(int32_t *)b.y >= ds_dataset_classes(d)))
            abort();
    }
    free(b.x);
    free(b.y);
}

/* Forward reading must agree with the reading of the whole about what is good. */
static void rewrite(const ds_data_settings *set, bool opened)
{
    char out[160], command[200];
    bool stopped;
    snprintf(out, sizeof out, "%s", fuzz_path("out"));
    ds_status status = ds_shards_write(fuzz_ctx(), set, &(ds_rewrite){ out, true, 1, MEMORY, NULL, NULL }, &stopped);
    fuzz_check(status);
    if (status != DS_OK && opened && !strstr(ds_error(fuzz_ctx()), "memory") &&
        !strstr(ds_error(fuzz_ctx()), "allow")) {
        fprintf(stderr, "fuzz: opened, but not rewritten: %s\n", ds_error(fuzz_ctx()));
        abort();
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
    for (int split = DS_TRAIN; status == DS_OK && split <= DS_TEST; split++) read_rows(d, (ds_split)split);
    ds_dataset_free(d);
    rewrite(set, status == DS_OK);
}
