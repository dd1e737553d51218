/* cifar10.c - CIFAR-10 in its binary layout: rows of 1 label byte and 3 planes (R, G, B) of 32x32 bytes.
 * Any number of rows a file; a folder is read as data_batch_1.bin, data_batch_2.bin, ... and test_batch.bin.
 * Krizhevsky: Learning multiple layers of features from tiny images (2009). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/stream.h"

enum { PIXEL_BYTES = 3 * 32 * 32, ROW_BYTES = 1 + PIXEL_BYTES, CLASSES = 10 };
static const char *const names[CLASSES] = { "airplane", "automobile", "bird",  "cat",  "deer",
                                            "dog",      "frog",       "horse", "ship", "truck" };

/* Append the rows of one file. */
static ds_status append(ds_ctx *ctx, const char *path, ds_source *s)
{
    ds_bytes b;
    DS_TRY(ds_bytes_read(ctx, path, &b));
    size_t n = b.size / ROW_BYTES, total = (size_t)s->rows + n;
    ds_status status = DS_OK;
    if (n == 0 || b.size % ROW_BYTES)
        status = ds_fail(ctx, DS_EFORMAT,
                         "%s: %zu bytes, found %zu rows and %zu bytes; wanted whole rows of %d bytes: fetch it again",
                         path, b.size, n, b.size % ROW_BYTES, ROW_BYTES);
    for (size_t i = 0; status == DS_OK && i < n; i++)
        if (b.data[i * ROW_BYTES] >= CLASSES)
            status = ds_fail(ctx, DS_EFORMAT, "%s: row %zu, offset %zu: label %d; wanted 0 to 9", path, i,
                             i * ROW_BYTES, b.data[i * ROW_BYTES]);
    uint8_t *memory = status == DS_OK ? realloc(s->memory, total * PIXEL_BYTES) : NULL;
    if (memory) s->memory = memory;
    int32_t *labels = memory ? realloc(s->labels, total * sizeof *labels) : NULL;
    if (labels) s->labels = labels;
    if (status == DS_OK && !labels) status = ds_fail_memory(ctx, total * PIXEL_BYTES, path);
    for (size_t i = 0; status == DS_OK && i < n; i++, s->rows++) {
        const uint8_t *row = b.data + i * ROW_BYTES;
        s->labels[s->rows] = row[0];
        ds_planes_to_pixels(row + 1, s->memory + (size_t)s->rows * PIXEL_BYTES, s->layout, 1);
    }
    free(b.data);
    return status;
}

/* What is done with each file of a split. */
typedef ds_status (*file_fn)(ds_ctx *ctx, const char *path, ds_source *s, void *arg);

static ds_status append_file(ds_ctx *ctx, const char *path, ds_source *s, void *arg)
{
    (void)arg;
    return append(ctx, path, s);
}

/* data_batch_K.bin for K = 1, 2, ... as far as they go, or test_batch.bin. */
static ds_status each_of_folder(ds_ctx *ctx, const char *folder, ds_split split, ds_source *s, file_fn fn, void *arg)
{
    char path[DS_PATH_BYTES], name[32] = "test_batch.bin";
    if (!ds_folder_exists(folder))
        return ds_fail(ctx, DS_EIO, "%s: no such folder; data.path of cifar10 is a folder with data_batch_1.bin",
                       folder);
    for (int k = 1;; k++) {
        if (split == DS_TRAIN) snprintf(name, sizeof name, "data_batch_%d.bin", k);
        DS_TRY(ds_path_join(ctx, path, folder, name));
        bool there = ds_file_exists(path);
        if (!there && split == DS_TRAIN && k == 1)
            return ds_fail(ctx, DS_EIO, "%s: no such file; wanted the binary version of CIFAR-10", path);
        if (!there) return DS_OK;
        DS_TRY(fn(ctx, path, s, arg));
        if (split == DS_TEST) return DS_OK;
    }
}

/* What both ways of reading say of the rows. */
static ds_status describe(ds_ctx *ctx, ds_source *s)
{
    s->layout = DS_SHAPE(32, 32, 3);
    s->elements = PIXEL_BYTES;
    s->cell = DS_CELL_U8;
    s->classes = CLASSES;
    s->class_names = ds_arena_alloc(&s->arena, sizeof names);
    if (!s->class_names) return ds_fail_memory(ctx, sizeof names, "class names");
    memcpy(s->class_names, names, sizeof names);
    return DS_OK;
}

static ds_status each_file(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *s, file_fn fn,
                           void *arg)
{
    int count;
    const char *const *files = ds_split_files(set, split, &count);
    for (int i = 0; i < count; i++) DS_TRY(fn(ctx, files[i], s, arg));
    return !files && set->path && split != DS_VAL ? each_of_folder(ctx, set->path, split, s, fn, arg) : DS_OK;
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    (void)train;
    DS_TRY(describe(ctx, s));
    DS_TRY(each_file(ctx, set, split, s, append_file, NULL));
    s->first = s->memory;
    return DS_OK;
}

/* Read a file forward: count its rows (sink NULL), or hand them on. */
static ds_status scan_file(ds_ctx *ctx, const char *path, ds_source *s, void *arg)
{
    const ds_sink *sink = arg;
    uint8_t row[ROW_BYTES], pixels[PIXEL_BYTES];
    ds_stream f;
    int64_t n = 0;
    ds_status status = ds_stream_open(&f, ctx, path);
    while (status == DS_OK && (n == 0 || !ds_stream_ended(&f))) {
        status = ds_stream_read(&f, row, ROW_BYTES);
        if (status == DS_OK && row[0] >= CLASSES)
            status = ds_fail(ctx, DS_EFORMAT, "%s: row %lld, offset %lld: label %d; wanted 0 to 9", path, (long long)n,
                             (long long)n * ROW_BYTES, row[0]);
        n++;
        if (status != DS_OK || !sink) continue;
        ds_planes_to_pixels(row + 1, pixels, s->layout, 1);
        status = sink->row(sink->arg, s, pixels, row[0], NULL);
    }
    ds_stream_close(&f);
    if (!sink) s->rows += n;
    return status;
}

static ds_status scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *s,
                      const ds_sink *sink)
{
    (void)train;
    DS_TRY(describe(ctx, s));
    DS_TRY(each_file(ctx, set, split, s, scan_file, NULL));
    return each_file(ctx, set, split, s, scan_file, (void *)(uintptr_t)sink);
}

const ds_source_def ds_source_cifar10 = {
    .head = { .name = "cifar10",
              .summary = "CIFAR-10 binary files: data_batch_*.bin, test_batch.bin",
              .cite = "Krizhevsky 2009",
              .elsewhere = "torchvision CIFAR10, keras.datasets.cifar10, Caffe convert_cifar_data" },
    .open = open,
    .row = ds_memory_row,
    .label = ds_memory_label,
    .scan = scan,
};
