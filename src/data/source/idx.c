/* idx.c - IDX files as MNIST has them, plain or gzip.
 *   images  00 00 08 D, D big-endian 32-bit extents (N, H, W), bytes;   labels  00 00 08 01, N, bytes
 * D = 3: one channel; D = 4: N, C, H, W; D = 2: a table of bytes. LeCun, Cortes, Burges: the MNIST database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/stream.h"

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Check magic and extents, of which the first `size` bytes of a file are at p: extents into dim, their product into
 * *count, offset of the first element into *at. */
static ds_status extents(ds_ctx *ctx, const char *path, const uint8_t *p, size_t size, int least, int most,
                         int64_t dim[4], size_t *at, int64_t *count)
{
    if (size < 4)
        return ds_fail(ctx, DS_EFORMAT, "%s: %zu bytes; an IDX file begins with 4 bytes of magic", path, size);
    if (p[0] || p[1] || p[2] != 8 || p[3] < least || p[3] > most)
        return ds_fail(ctx, DS_EFORMAT,
                       "%s: offset 0: magic %02x%02x%02x%02x; wanted 0000 08 (bytes) and %02x to %02x (dimensions)%s",
                       path, p[0], p[1], p[2], p[3], least, most,
                       p[0] == 0 && p[1] == 0 && p[2] == 8 ? "; are images and labels swapped?" : "");
    int rank = p[3];
    *at = 4 + 4 * (size_t)rank;
    if (size < *at) return ds_fail(ctx, DS_EFORMAT, "%s: %zu bytes; the header alone has %zu", path, size, *at);
    *count = 1;
    for (int i = 0; i < rank; i++) {
        dim[i] = big_endian(p + 4 + 4 * i);
        if (dim[i] == 0) return ds_fail(ctx, DS_EFORMAT, "%s: offset %d: extent %d is 0", path, 4 + 4 * i, i);
        *count = ds_product(*count, dim[i]);
        if (*count < 0)
            return ds_fail(ctx, DS_EFORMAT, "%s: offset %d: the extents' product exceeds 2^63", path, 4 + 4 * i);
    }
    return DS_OK;
}

/* The same for a file in memory, whose length must be what the extents promise. */
static ds_status header(ds_ctx *ctx, const char *path, const ds_bytes *b, int least, int most, int64_t dim[4],
                        size_t *at)
{
    int64_t count;
    DS_TRY(extents(ctx, path, b->data, b->size, least, most, dim, at, &count));
    if ((uint64_t)count != b->size - *at)
        return ds_fail(ctx, DS_EFORMAT, "%s: the header promises %lld bytes from offset %zu, the file has %zu; %s",
                       path, (long long)count, *at, b->size - *at,
                       (uint64_t)count > b->size - *at ? "it is cut short, fetch it again"
                                                       : "there is something after the data");
    return DS_OK;
}

static void set_layout(ds_source *s, int rank, const int64_t dim[4])
{
    s->rows = dim[0];
    s->cell = DS_CELL_U8;
    s->layout = rank == 2   ? DS_SHAPE(dim[1])
                : rank == 3 ? DS_SHAPE(dim[1], dim[2], 1)
                            : DS_SHAPE(dim[2], dim[3], dim[1]);
    s->elements = ds_shape_count(s->layout);
}

static ds_status images(ds_ctx *ctx, const char *path, ds_source *s)
{
    ds_bytes b;
    int64_t dim[4];
    size_t at;
    DS_TRY(ds_bytes_read(ctx, path, &b));
    s->memory = b.data;
    DS_TRY(header(ctx, path, &b, 2, 4, dim, &at));
    int rank = b.data[3];
    s->first = s->memory + at;
    set_layout(s, rank, dim);
    return rank == 4 ? ds_channels_last(ctx, s) : DS_OK;
}

static ds_status labels(ds_ctx *ctx, const char *path, ds_source *s)
{
    ds_bytes b;
    int64_t dim[4];
    size_t at;
    DS_TRY(ds_bytes_read(ctx, path, &b));
    ds_status status = header(ctx, path, &b, 1, 1, dim, &at);
    if (status == DS_OK && dim[0] != s->rows)
        status = ds_fail(ctx, DS_EFORMAT, "%s: %lld labels for %lld images; the files do not belong together", path,
                         (long long)dim[0], (long long)s->rows);
    if (status == DS_OK) {
        s->labels = malloc((size_t)s->rows * sizeof *s->labels);
        if (!s->labels) status = ds_fail_memory(ctx, (size_t)s->rows * sizeof *s->labels, "labels");
    }
    for (int64_t i = 0; status == DS_OK && i < s->rows; i++) {
        s->labels[i] = b.data[at + (size_t)i];
        if (s->labels[i] >= s->classes) s->classes = s->labels[i] + 1;
    }
    free(b.data);
    return status;
}

/* The file of a standard folder: with a dot or a dash before idx, plain or .gz. */
static ds_status find(ds_ctx *ctx, const char *folder, const char *stem, int rank, char *path)
{
    static const char *const forms[] = { "%s-idx%d-ubyte", "%s.idx%d-ubyte" };
    for (int f = 0; f < 4; f++) {
        char name[64];
        snprintf(name, sizeof name, forms[f / 2], stem, rank);
        if (f % 2) strcat(name, ".gz");
        DS_TRY(ds_path_join(ctx, path, folder, name));
        if (ds_file_exists(path)) return DS_OK;
    }
    path[0] = 0;
    return DS_OK;
}

static ds_status paths(ds_ctx *ctx, const ds_data_settings *set, ds_split split, char *image_path, char *label_path)
{
    int count;
    const char *const *files = ds_split_files(set, split, &count);
    image_path[0] = label_path[0] = 0;
    if (files) {
        if (count != 2)
            return ds_fail_at(ctx, DS_ECONFIG, ds_split_key(split),
                              "data: %s names %d files; idx wants [images, labels]", ds_split_name(split), count);
        DS_TRY(ds_path_copy(ctx, image_path, files[0]));
        return ds_path_copy(ctx, label_path, files[1]);
    }
    if (split == DS_VAL || !set->path) return DS_OK;
    if (!ds_folder_exists(set->path))
        return ds_fail(ctx, DS_EIO,
                       "%s: no such folder; data.path of idx is a folder with train-images-idx3-ubyte[.gz]", set->path);
    const char *stem = split == DS_TRAIN ? "train" : "t10k";
    char name[32];
    snprintf(name, sizeof name, "%s-images", stem);
    DS_TRY(find(ctx, set->path, name, 3, image_path));
    snprintf(name, sizeof name, "%s-labels", stem);
    DS_TRY(find(ctx, set->path, name, 1, label_path));
    bool none = !image_path[0] && !label_path[0];
    if (none && split == DS_TEST) return DS_OK;
    if (!image_path[0] || !label_path[0])
        return ds_fail(ctx, DS_EIO, "%s/%s-%s-ubyte: no such file, with or without .gz; fetch it, or set data.path",
                       set->path, stem, image_path[0] ? "labels-idx1" : "images-idx3");
    return DS_OK;
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    char image_path[DS_PATH_BYTES], label_path[DS_PATH_BYTES];
    DS_TRY(paths(ctx, set, split, image_path, label_path));
    if (!image_path[0]) return DS_OK;
    DS_TRY(images(ctx, image_path, s));
    DS_TRY(labels(ctx, label_path, s));
    if (train && s->classes > train->classes)
        return ds_fail(ctx, DS_EFORMAT, "%s: label %d; the training labels are 0 to %d", label_path, s->classes - 1,
                       train->classes - 1);
    return ds_number_classes(ctx, s);
}

/* Open a file to read forward; *rank: its dimensions. */
static ds_status open_stream(ds_stream *f, ds_ctx *ctx, const char *path, int least, int most, int64_t dim[4],
                             int *rank)
{
    uint8_t p[20] = { 0 };
    size_t at;
    int64_t count;
    DS_TRY(ds_stream_open(f, ctx, path));
    DS_TRY(ds_stream_read(f, p, 4));
    *rank = p[3] >= 1 && p[3] <= 4 ? p[3] : 1;
    DS_TRY(ds_stream_read(f, p + 4, 4 * (size_t)*rank));
    return extents(ctx, path, p, sizeof p, least, most, dim, &at, &count);
}

static ds_status scan_files(ds_ctx *ctx, ds_stream f[2], ds_source *s, const ds_sink *sink, uint8_t *row)
{
    bool planes = s->layout.rank == 3 && s->layout.dim[2] > 1;
    size_t bytes = (size_t)s->elements;
    for (int64_t i = 0; i < s->rows; i++) {
        uint8_t label;
        DS_TRY(ds_stream_read(&f[0], row, bytes));
        DS_TRY(ds_stream_read(&f[1], &label, 1));
        if (label >= s->classes) s->classes = label + 1;
        if (planes) ds_planes_to_pixels(row, row + bytes, s->layout, 1);
        DS_TRY(sink->row(sink->arg, s, planes ? row + bytes : row, label, NULL));
    }
    DS_TRY(ds_stream_end(&f[0]));
    DS_TRY(ds_stream_end(&f[1]));
    return ds_number_classes(ctx, s);
}

static ds_status scan_open(ds_ctx *ctx, const char *path[2], ds_stream f[2], ds_source *s, const ds_sink *sink)
{
    int64_t dim[4], labelled[4];
    int rank;
    DS_TRY(open_stream(&f[0], ctx, path[0], 2, 4, dim, &rank));
    set_layout(s, rank, dim);
    DS_TRY(open_stream(&f[1], ctx, path[1], 1, 1, labelled, &rank));
    if (labelled[0] != s->rows)
        return ds_fail(ctx, DS_EFORMAT, "%s: %lld labels for %lld images; the files do not belong together", path[1],
                       (long long)labelled[0], (long long)s->rows);
    s->classes = 1;
    return ds_scan_room(ctx, s, sink);
}

static ds_status scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *s,
                      const ds_sink *sink)
{
    char image_path[DS_PATH_BYTES], label_path[DS_PATH_BYTES];
    DS_TRY(paths(ctx, set, split, image_path, label_path));
    if (!image_path[0]) return DS_OK;
    if (!ds_streamable(image_path) || !ds_streamable(label_path)) return ds_scan_whole(ctx, set, split, train, s, sink);
    ds_stream f[2] = { { 0 } };
    ds_status status = scan_open(ctx, (const char *[]){ image_path, label_path }, f, s, sink);
    uint8_t *row = status == DS_OK ? malloc(2 * (size_t)s->elements) : NULL;
    if (status == DS_OK)
        status = row ? scan_files(ctx, f, s, sink, row) : ds_fail_memory(ctx, 2 * (size_t)s->elements, "one row");
    free(row);
    ds_stream_close(&f[0]);
    ds_stream_close(&f[1]);
    return status;
}

const ds_source_def ds_source_idx = {
    .head = { .name = "idx",
              .summary = "IDX images and labels as MNIST has them, plain or .gz",
              .cite = "LeCun, Cortes, Burges: MNIST",
              .elsewhere = "torchvision MNIST, keras.datasets.mnist, Caffe convert_mnist_data" },
    .open = open,
    .row = ds_memory_row,
    .label = ds_memory_label,
    .scan = scan,
};
