/* npy.c - NumPy arrays: x.npy [N,F], [N,H,W] or [N,C,H,W] and y.npy [N] or [N,K].
 * x: u1 stays bytes, f4 stays f32, i4, i8 and f8 become f64. y: whole numbers are classes, real ones real targets.
 * The format is in data/npy.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/npy.h"
#include "data/stream.h"

enum { MAX_CLASSES = 1 << 16 };
static ds_status check_finite(ds_ctx *ctx, const ds_npy *a)
{
    for (int64_t i = 0; i < a->count && a->kind >= DS_NPY_F4; i++)
        if (!isfinite(ds_npy_element(a, i)))
            return ds_fail(ctx, DS_EFORMAT, "%s: row %lld, element %lld: found %g, wanted a finite number", a->path,
                           (long long)(i / (a->count / a->dim[0])), (long long)(i % (a->count / a->dim[0])),
                           ds_npy_element(a, i));
    return DS_OK;
}

/* Elements as f64 in a block of their own. */
static ds_status to_f64(ds_ctx *ctx, const ds_npy *a, double **out)
{
    *out = malloc((size_t)a->count * sizeof **out);
    if (!*out) return ds_fail_memory(ctx, (size_t)a->count * sizeof **out, a->path);
    for (int64_t i = 0; i < a->count; i++) (*out)[i] = ds_npy_element(a, i);
    return DS_OK;
}

static void describe(const ds_npy *a, ds_source *s)
{
    const int64_t *n = a->dim;
    s->rows = n[0];
    s->layout = a->rank == 1   ? DS_SHAPE(1)
                : a->rank == 2 ? DS_SHAPE(n[1])
                : a->rank == 3 ? DS_SHAPE(n[1], n[2], 1)
                               : DS_SHAPE(n[2], n[3], n[1]);
    s->elements = ds_shape_count(s->layout);
    s->cell = a->kind == DS_NPY_U1 ? DS_CELL_U8 : a->kind == DS_NPY_F4 ? DS_CELL_F32 : DS_CELL_F64;
}

static ds_status take_rows(ds_ctx *ctx, ds_npy *a, ds_source *s)
{
    DS_TRY(check_finite(ctx, a));
    describe(a, s);
    if (a->kind == DS_NPY_I4 || a->kind == DS_NPY_I8) {
        double *x;
        DS_TRY(to_f64(ctx, a, &x));
        s->memory = (uint8_t *)x;
    } else {
        s->memory = a->bytes.data;
        a->bytes.data = NULL;
    }
    s->first = s->memory;
    return a->rank == 4 ? ds_channels_last(ctx, s) : DS_OK;
}

/* The class in element i of the labels, row number `row`. */
static ds_status class_of(ds_ctx *ctx, const ds_npy *a, int64_t i, int64_t row, int32_t *out)
{
    double v = ds_npy_element(a, i);
    if (!(v >= 0 && v < MAX_CLASSES && v == floor(v)))
        return ds_fail(ctx, DS_EFORMAT, "%s: row %lld: label %g; wanted a class from 0 to %d, or set target: real",
                       a->path, (long long)row, v, MAX_CLASSES - 1);
    *out = (int32_t)v;
    return DS_OK;
}

static ds_status take_classes(ds_ctx *ctx, const ds_npy *a, ds_source *s)
{
    s->labels = malloc((size_t)s->rows * sizeof *s->labels);
    if (!s->labels) return ds_fail_memory(ctx, (size_t)s->rows * sizeof *s->labels, "labels");
    for (int64_t i = 0; i < s->rows; i++) {
        DS_TRY(class_of(ctx, a, i, i, &s->labels[i]));
        if (s->labels[i] >= s->classes) s->classes = s->labels[i] + 1;
    }
    return ds_number_classes(ctx, s);
}

/* What the labels mean, once it is clear that they belong to the rows. */
static ds_status labels_kind(ds_ctx *ctx, const ds_npy *a, const ds_source *s, ds_target *target)
{
    if (a->dim[0] != s->rows)
        return ds_fail(ctx, DS_EFORMAT, "%s: %lld rows, x has %lld; the files do not belong together", a->path,
                       (long long)a->dim[0], (long long)s->rows);
    if (*target == DS_TARGET_AUTO) *target = a->kind >= DS_NPY_F4 ? DS_TARGET_REAL : DS_TARGET_CLASS;
    if (*target == DS_TARGET_CLASS && a->count != s->rows)
        return ds_fail(ctx, DS_EFORMAT, "%s: %lld labels for %lld rows; several a row need target: real", a->path,
                       (long long)a->count, (long long)s->rows);
    return DS_OK;
}

static ds_status take_targets(ds_ctx *ctx, const ds_npy *a, ds_target target, ds_source *s)
{
    DS_TRY(labels_kind(ctx, a, s, &target));
    if (target == DS_TARGET_CLASS) return take_classes(ctx, a, s);
    DS_TRY(check_finite(ctx, a));
    s->targets = a->count / a->dim[0];
    return to_f64(ctx, a, &s->reals);
}

/* [x, y] as listed, or x.npy and y.npy of the one .npz or folder listed, or (x_test.npy and y_test.npy too) of the path. ""
 * when there are none. */
static ds_status find_files(ds_ctx *ctx, const ds_data_settings *set, ds_split split, char *x, char *y)
{
    int count;
    const char *const *files = ds_split_files(set, split, &count);
    x[0] = y[0] = 0;
    if (files) {
        if (count == 1 && ds_folder_exists(files[0])) {
            DS_TRY(ds_path_join(ctx, x, files[0], "x.npy"));
            return ds_path_join(ctx, y, files[0], "y.npy");
        }
        if (count != 2)
            return ds_fail_at(ctx, DS_ECONFIG, ds_split_key(split),
                              "data: %s names %d files; npy wants [x, y], or one .npz with both", ds_split_name(split),
                              count);
        DS_TRY(ds_path_copy(ctx, x, files[0]));
        return ds_path_copy(ctx, y, files[1]);
    }
    if (!set->path || split == DS_VAL) return DS_OK;
    if (!ds_folder_exists(set->path))
        return ds_fail(ctx, DS_EIO, "%s: no such folder; data.path of npy is a folder with x.npy and y.npy", set->path);
    DS_TRY(ds_path_join(ctx, x, set->path, split == DS_TRAIN ? "x.npy" : "x_test.npy"));
    DS_TRY(ds_path_join(ctx, y, set->path, split == DS_TRAIN ? "y.npy" : "y_test.npy"));
    if (split == DS_TEST && !ds_file_exists(x) && !ds_file_exists(y)) x[0] = 0;
    return DS_OK;
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    char x[DS_PATH_BYTES], y[DS_PATH_BYTES];
    ds_npy a;
    (void)train;
    DS_TRY(find_files(ctx, set, split, x, y));
    if (!x[0]) return DS_OK;
    ds_status status = ds_npy_read(ctx, x, 4, &a);
    if (status == DS_OK) status = take_rows(ctx, &a, s);
    free(a.bytes.data);
    DS_TRY(status);
    status = ds_npy_read(ctx, y, 4, &a);
    if (status == DS_OK) status = take_targets(ctx, &a, set->target, s);
    free(a.bytes.data);
    return status;
}

static const ds_option options[] = {
    { .name = "target",
      .type = DS_OPT_CHOICE,
      .def = "auto",
      .choices = "auto|class|real",
      .help = "y as classes or as numbers; auto: by its element type" },
    { .type = DS_OPT_END },
};

/* ---- reading forward --------------------------------------------------------------------------------------------- */

typedef struct scanned {
    ds_stream file;
    ds_npy a;           /* header; bytes.data: one row */
    int64_t rows, each; /* of the whole file, elements of a row */
} scanned;

static ds_status scan_open(ds_ctx *ctx, scanned *f, const char *path, const ds_sink *sink)
{
    uint8_t magic[12] = { 0 };
    size_t at = 0, length = 0;
    f->a.path = path;
    f->a.most = 4;
    DS_TRY(ds_stream_open(&f->file, ctx, path));
    DS_TRY(ds_stream_read(&f->file, magic, 10));
    DS_TRY(ds_npy_magic(ctx, &f->a, magic, 10, &at, &length));
    if (at == 12) DS_TRY(ds_stream_read(&f->file, magic + 10, 2));
    DS_TRY(ds_npy_magic(ctx, &f->a, magic, 12, &at, &length));
    if (length > sink->memory) return ds_fail(ctx, DS_EFORMAT, "%s: offset 8: a header of %zu bytes", path, length);
    char *text = calloc(1, length + 1);
    if (!text) return ds_fail_memory(ctx, length + 1, "a header");
    ds_status status = ds_stream_read(&f->file, text, length);
    if (status == DS_OK) status = ds_npy_header(ctx, &f->a, text);
    free(text);
    DS_TRY(status);
    if (f->a.count < 0) return ds_fail(ctx, DS_EFORMAT, "%s: the extents' product exceeds 2^63", path);
    f->rows = f->a.dim[0];
    f->each = f->a.count / f->rows;
    int64_t bytes = ds_product(f->each, 8);
    if (bytes < 0 || (uint64_t)bytes > sink->memory)
        return ds_fail(ctx, DS_EFORMAT, "%s: a row of %lld elements is more than %zu bytes allow", path,
                       (long long)f->each, sink->memory);
    f->a.bytes.data = malloc((size_t)bytes);
    return f->a.bytes.data ? DS_OK : ds_fail_memory(ctx, (size_t)bytes, "one row");
}

/* The next row of a file, checked. */
static ds_status scan_row(ds_ctx *ctx, scanned *f, int64_t row)
{
    DS_TRY(ds_stream_read(&f->file, f->a.bytes.data, (size_t)f->each * ds_npy_cell(&f->a)));
    for (int64_t i = 0; i < f->each && f->a.kind >= DS_NPY_F4; i++)
        if (!isfinite(ds_npy_element(&f->a, i)))
            return ds_fail(ctx, DS_EFORMAT, "%s: row %lld, element %lld: found %g, wanted a finite number", f->a.path,
                           (long long)row, (long long)i, ds_npy_element(&f->a, i));
    return DS_OK;
}

static ds_status scan_files(ds_ctx *ctx, scanned f[2], ds_target target, ds_source *s, const ds_sink *sink,
                            uint8_t *work, double *reals)
{
    bool wide = f[0].a.kind == DS_NPY_I4 || f[0].a.kind == DS_NPY_I8, planes = f[0].a.rank == 4;
    size_t cell = ds_cell_bytes(s->cell), bytes = (size_t)s->elements * cell;
    for (int64_t r = 0; r < s->rows; r++) {
        int32_t label = 0;
        DS_TRY(scan_row(ctx, &f[0], r));
        DS_TRY(scan_row(ctx, &f[1], r));
        const uint8_t *x = f[0].a.bytes.data;
        for (int64_t i = 0; wide && i < s->elements; i++) ((double *)(void *)work)[i] = ds_npy_element(&f[0].a, i);
        if (wide) x = work;
        if (planes) ds_planes_to_pixels(x, work + bytes, s->layout, cell);
        if (planes) x = work + bytes;
        if (target == DS_TARGET_CLASS) DS_TRY(class_of(ctx, &f[1].a, 0, r, &label));
        if (label >= s->classes && s->classes) s->classes = label + 1;
        for (int64_t k = 0; k < s->targets; k++) reals[k] = ds_npy_element(&f[1].a, k);
        DS_TRY(sink->row(sink->arg, s, x, label, reals));
    }
    DS_TRY(ds_stream_end(&f[0].file));
    DS_TRY(ds_stream_end(&f[1].file));
    return s->classes ? ds_number_classes(ctx, s) : DS_OK;
}

static ds_status scan_pair(ds_ctx *ctx, scanned f[2], const char *x, const char *y, ds_target target, ds_source *s,
                           const ds_sink *sink)
{
    DS_TRY(scan_open(ctx, &f[0], x, sink));
    describe(&f[0].a, s);
    DS_TRY(scan_open(ctx, &f[1], y, sink));
    DS_TRY(labels_kind(ctx, &f[1].a, s, &target));
    s->classes = target == DS_TARGET_CLASS;
    s->targets = s->classes ? 0 : f[1].each;
    size_t bytes = (size_t)s->elements * ds_cell_bytes(s->cell);
    uint8_t *work = malloc(2 * bytes);
    double *reals = malloc((size_t)s->targets * sizeof *reals + 1);
    ds_status status =
        work && reals ? scan_files(ctx, f, target, s, sink, work, reals) : ds_fail_memory(ctx, 2 * bytes, "one row");
    free(work);
    free(reals);
    return status;
}

static ds_status scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *s,
                      const ds_sink *sink)
{
    char x[DS_PATH_BYTES], y[DS_PATH_BYTES];
    DS_TRY(find_files(ctx, set, split, x, y));
    if (!x[0]) return DS_OK;
    if (!ds_streamable(x) || !ds_streamable(y)) return ds_scan_whole(ctx, set, split, train, s, sink);
    scanned f[2] = { { .rows = 0 } };
    ds_status status = scan_pair(ctx, f, x, y, set->target, s, sink);
    for (int k = 0; k < 2; k++) {
        ds_stream_close(&f[k].file);
        free(f[k].a.bytes.data);
    }
    return status;
}

const ds_source_def ds_source_npy = {
    .head = { .name = "npy",
              .summary = "NumPy arrays x.npy and y.npy, in a folder or an .npz: u1, i4, i8, f4, f8 in C order",
              .options = options,
              .elsewhere = "numpy load with PyTorch TensorDataset, Keras fit(x, y), Caffe HDF5Data after conversion" },
    .open = open,
    .row = ds_memory_row,
    .label = ds_memory_label,
    .scan = scan,
};
