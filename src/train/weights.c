/* weights.c - safetensors: writing with a header in the given order, reading with checked arithmetic.
 * The reader accepts F32, F64, I32 of at most DS_MAX_RANK dims, no holes, no overlaps, the whole file accounted for. */
#include "train/tensors.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_LIMIT = 100000000 };

static const char *const dtype_text[] = { [DS_F32] = "F32", [DS_F64] = "F64", [DS_I32] = "I32" };

static size_t tensor_bytes(const ds_named_tensor *t)
{
    return (size_t)ds_shape_count(t->shape) * ds_dtype_bytes(t->dtype);
}

static int add_entry(json_t *header, const ds_named_tensor *t, size_t offset)
{
    json_t *shape = json_array();
    if (!shape) return -1;
    for (int a = 0; a < t->shape.rank; a++) json_array_append_new(shape, json_integer(t->shape.dim[a]));
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_text[t->dtype], "shape", shape, "data_offsets",
                              (json_int_t)offset, (json_int_t)(offset + tensor_bytes(t)));
    return entry ? json_object_set_new(header, t->name, entry) : -1;
}

/* The file in pieces: length and header in one block [owned by the caller], then each tensor's data. */
static ds_status lay_out(ds_ctx *ctx, int n, const ds_named_tensor *tensors, ds_piece *part)
{
    json_t *header = json_object();
    bool good = header != NULL;
    size_t offset = 0;
    for (int k = 0; k < n && good; k++) {
        good = add_entry(header, &tensors[k], offset) == 0;
        part[k + 1] = (ds_piece){ tensors[k].data, tensor_bytes(&tensors[k]) };
        offset += tensor_bytes(&tensors[k]);
    }
    char *text = good ? json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(header);
    size_t length = text ? strlen(text) : 0, padded = (length + 7) / 8 * 8;
    char *block = text ? malloc(8 + padded) : NULL;
    if (block) {
        for (int b = 0; b < 8; b++) block[b] = (char)((uint64_t)padded >> 8 * b & 0xff);
        memcpy(block + 8, text, length);
        memset(block + 8 + length, ' ', padded - length);
        part[0] = (ds_piece){ block, 8 + padded };
    }
    free(text);
    return block ? DS_OK : ds_fail_memory(ctx, (size_t)n * 128, "the header of a weights file");
}

enum { BY_PATH = -1 };

/* sum NULL: replace the file at once, in a folder that is held open or by its path. */
static ds_status write_tensors(ds_ctx *ctx, int folder, const char *path, int n, const ds_named_tensor *tensors,
                               ds_checksum *sum)
{
    ds_piece *part = calloc((size_t)n + 1, sizeof *part);
    if (!part) return ds_fail_memory(ctx, ((size_t)n + 1) * sizeof *part, "the header of a weights file");
    ds_status status = lay_out(ctx, n, tensors, part);
    if (status == DS_OK && sum) status = ds_checksum_pieces(ctx, n + 1, part, sum);
    if (status == DS_OK && sum)
        status = ds_file_put(ctx, path, n + 1, part);
    else if (status == DS_OK)
        status = folder == BY_PATH ? ds_file_write(ctx, path, n + 1, part)
                                   : ds_file_write_in(ctx, folder, path, n + 1, part);
    free((void *)(uintptr_t)part[0].data);
    free(part);
    return status;
}

ds_status ds_tensors_write(ds_ctx *ctx, const char *path, int n, const ds_named_tensor *tensors)
{
    return write_tensors(ctx, BY_PATH, path, n, tensors, NULL);
}

ds_status ds_tensors_write_in(ds_ctx *ctx, int folder, const char *path, int n, const ds_named_tensor *tensors)
{
    return write_tensors(ctx, folder, path, n, tensors, NULL);
}

ds_status ds_tensors_put(ds_ctx *ctx, const char *path, int n, const ds_named_tensor *tensors, ds_checksum *sum)
{
    return write_tensors(ctx, BY_PATH, path, n, tensors, sum);
}

struct ds_tensor_file {
    char *bytes;
    json_t *header;
    ds_named_tensor *tensor;
    int count;
};

/* One entry of the header, checked. *from, *to: its data. */
static const char *read_entry(ds_named_tensor *t, const char *name, json_t *entry, uint64_t data_bytes, uint64_t *from,
                              uint64_t *to)
{
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
    int dtype = -1;
    for (int k = 0; k < 3; k++)
        if (type && !strcmp(type, dtype_text[k])) dtype = k;
    if (dtype < 0) return "dtype: wanted F32, F64 or I32";
    if (!json_is_array(shape) || json_array_size(shape) > DS_MAX_RANK)
        return "shape: wanted a list of at most 6 extents";
    *t = (ds_named_tensor){ .name = name, .dtype = (ds_dtype)dtype };
    uint64_t bytes = ds_dtype_bytes(t->dtype);
    for (size_t a = 0; a < json_array_size(shape); a++) {
        json_t *extent = json_array_get(shape, a);
        int64_t d = json_is_integer(extent) ? json_integer_value(extent) : -1;
        if (d < 0) return "shape: an extent is no count";
        if (__builtin_mul_overflow(bytes, (uint64_t)d, &bytes)) return "shape: the extents overflow";
        t->shape.dim[t->shape.rank++] = d;
    }
    if (json_array_size(offsets) != 2 || !json_is_integer(json_array_get(offsets, 0)) ||
        !json_is_integer(json_array_get(offsets, 1)))
        return "data_offsets: wanted two integers";
    int64_t a = json_integer_value(json_array_get(offsets, 0)), b = json_integer_value(json_array_get(offsets, 1));
    if (a < 0 || b < a || (uint64_t)b > data_bytes) return "data_offsets: outside the file";
    if ((uint64_t)(b - a) != bytes) return "data_offsets: not as long as dtype and shape say";
    *from = (uint64_t)a;
    *to = (uint64_t)b;
    return NULL;
}

static ds_status read_entries(ds_tensor_file *f, ds_ctx *ctx, const char *path, char *data, uint64_t data_bytes)
{
    f->tensor = calloc(json_object_size(f->header) + 1, sizeof *f->tensor);
    if (!f->tensor) return ds_fail_memory(ctx, json_object_size(f->header) * sizeof *f->tensor, path);
    const char *name;
    json_t *entry;
    uint64_t covered = 0;
    json_object_foreach(f->header, name, entry)
    {
        if (!strcmp(name, "__metadata__")) continue;
        uint64_t from = 0, to = 0;
        const char *wrong = read_entry(&f->tensor[f->count], name, entry, data_bytes, &from, &to);
        if (!wrong && from != covered) wrong = "data_offsets: a hole or an overlap before it";
        if (wrong) return ds_fail(ctx, DS_EFORMAT, "%s: tensor \"%s\": %s", path, name, wrong);
        f->tensor[f->count++].data = data + from;
        covered = to;
    }
    if (covered != data_bytes)
        return ds_fail(ctx, DS_EFORMAT, "%s: %llu bytes of data, its header accounts for %llu", path,
                       (unsigned long long)data_bytes, (unsigned long long)covered);
    return DS_OK;
}

static ds_status read_header(ds_tensor_file *f, ds_ctx *ctx, const char *path, size_t bytes)
{
    uint64_t length = 0;
    if (bytes < 8) return ds_fail(ctx, DS_EFORMAT, "%s: %zu bytes, too short for a weights file", path, bytes);
    for (int b = 7; b >= 0; b--) length = length << 8 | (unsigned char)f->bytes[b];
    if (length > HEADER_LIMIT || length > bytes - 8)
        return ds_fail(ctx, DS_EFORMAT,
                       "%s: byte 0: header of %llu bytes in a file of %zu; truncated or not a weights file", path,
                       (unsigned long long)length, bytes);
    json_error_t error;
    f->header = json_loadb(f->bytes + 8, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(f->header))
        return ds_fail(ctx, DS_EFORMAT, "%s: byte %d of the header: %s", path, error.position, error.text);
    /* data begins at any byte: move it to an aligned place at the front, the header text is no longer needed */
    memmove(f->bytes, f->bytes + 8 + length, bytes - 8 - length);
    return read_entries(f, ctx, path, f->bytes, bytes - 8 - length);
}

static ds_status open_tensors(ds_tensor_file **out, ds_ctx *ctx, const char *path, const ds_checksum *sum)
{
    *out = NULL;
    ds_tensor_file *f = calloc(1, sizeof *f);
    if (!f) return ds_fail_memory(ctx, sizeof *f, path);
    size_t bytes = 0;
    ds_status status = ds_file_read(ctx, path, (size_t)1 << 40, &f->bytes, &bytes);
    if (status == DS_OK && sum) {
        ds_checksum found = ds_checksum_of(f->bytes, bytes);
        if (!ds_checksum_equal(&found, sum))
            status = ds_fail(ctx, DS_EFORMAT, "%s: found %lld bytes with checksum %s, wanted %lld with %s", path,
                             (long long)found.bytes, found.text, (long long)sum->bytes, sum->text);
    }
    if (status == DS_OK) status = read_header(f, ctx, path, bytes);
    if (status != DS_OK) {
        ds_tensors_close(f);
        return status;
    }
    *out = f;
    return DS_OK;
}

ds_status ds_tensors_open(ds_tensor_file **out, ds_ctx *ctx, const char *path)
{
    return open_tensors(out, ctx, path, NULL);
}

ds_status ds_tensors_open_checked(ds_tensor_file **out, ds_ctx *ctx, const char *path, const ds_checksum *sum)
{
    return open_tensors(out, ctx, path, sum);
}

void ds_tensors_close(ds_tensor_file *f)
{
    if (!f) return;
    json_decref(f->header);
    free(f->tensor);
    free(f->bytes);
    free(f);
}

int ds_tensors_count(const ds_tensor_file *f) { return f->count; }
const ds_named_tensor *ds_tensors_at(const ds_tensor_file *f, int i)
{
    return i >= 0 && i < f->count ? &f->tensor[i] : NULL;
}

const ds_named_tensor *ds_tensors_find(const ds_tensor_file *f, const char *name)
{
    for (int i = 0; i < f->count; i++)
        if (!strcmp(f->tensor[i].name, name)) return &f->tensor[i];
    return NULL;
}
