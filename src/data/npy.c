/* npy.c - one NumPy array: 93 "NUMPY" major minor, header length (2 bytes little-endian, 4 from version 2 on), a Python dict
 * as text {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }, then the elements.
 * NumPy enhancement proposal 1 (the .npy format). */
#include "data/npy.h"

#include <stdlib.h>
#include <string.h>

#include "data/source.h"
#include "descent/array.h"
#include "descent/graph.h"

static const char *const kind_text[DS_NPY_KINDS] = { "|u1", "<i4", "<i8", "<f4", "<f8" };
static const size_t kind_bytes[DS_NPY_KINDS] = { 1, 4, 8, 4, 8 };

size_t ds_npy_cell(const ds_npy *a) { return kind_bytes[a->kind]; }

static const char *skip_space(const char *p)
{
    while (*p == ' ' || *p == '\n') p++;
    return p;
}

/* The value of a key of the header's dict: the text after "'key':". NULL: not there. */
static const char *value_of(const char *text, const char *key)
{
    for (const char *p = text; (p = strchr(p, '\'')); p++) {
        size_t n = strlen(key);
        if (strncmp(p + 1, key, n) != 0 || p[n + 1] != '\'') continue;
        p = skip_space(p + n + 2);
        return *p == ':' ? skip_space(p + 1) : NULL;
    }
    return NULL;
}

static ds_status read_shape(ds_ctx *ctx, ds_npy *a, const char *p)
{
    a->count = 1;
    if (!p || *p != '(') return ds_fail(ctx, DS_EFORMAT, "%s: the header has no shape", a->path);
    for (p = skip_space(p + 1); *p != ')'; p = skip_space(p)) {
        char *end;
        long long n = *p >= '0' && *p <= '9' ? strtoll(p, &end, 10) : -1;
        if (n < 0 || n == INT64_MAX || a->rank == a->most)
            return ds_fail(ctx, DS_EFORMAT, "%s: header, at '%.20s': wanted 1 to %d extents", a->path, p, a->most);
        a->dim[a->rank++] = n;
        a->count = ds_product(a->count, n);
        p = skip_space(end);
        if (*p == ',')
            p++;
        else if (*p != ')')
            return ds_fail(ctx, DS_EFORMAT, "%s: header, at '%.20s': wanted , or ) in the shape", a->path, p);
    }
    if (a->rank == 0 || a->count == 0)
        return ds_fail(ctx, DS_EFORMAT, "%s: an array without elements or rows", a->path);
    return DS_OK;
}

ds_status ds_npy_header(ds_ctx *ctx, ds_npy *a, const char *text)
{
    const char *p = value_of(text, "descr");
    if (!p || *p != '\'')
        return ds_fail(ctx, DS_EFORMAT, "%s: the header has no plain descr (records cannot be read)", a->path);
    for (a->kind = 0; a->kind < DS_NPY_KINDS; a->kind++)
        if (strncmp(p + 1, kind_text[a->kind], 3) == 0 && p[4] == '\'') break;
    if (a->kind == DS_NPY_KINDS)
        return ds_fail(ctx, DS_EFORMAT,
                       "%s: element type %.6s; wanted u1, i4, i8, f4 or f8, little-endian: save x.astype('<f4')",
                       a->path, p);
    p = value_of(text, "fortran_order");
    if (p && strncmp(p, "True", 4) == 0)
        return ds_fail(ctx, DS_EFORMAT, "%s: found Fortran order, wanted C order: save numpy.ascontiguousarray(x)",
                       a->path);
    if (!p || strncmp(p, "False", 5) != 0)
        return ds_fail(ctx, DS_EFORMAT, "%s: the header has no fortran_order", a->path);
    return read_shape(ctx, a, value_of(text, "shape"));
}

ds_status ds_npy_magic(ds_ctx *ctx, const ds_npy *a, const uint8_t *p, size_t size, size_t *at, size_t *length)
{
    if (size < 10 || memcmp(p, "\x93NUMPY", 6) != 0)
        return ds_fail(ctx, DS_EFORMAT, "%s: offset 0: not a NumPy array (no magic \\x93NUMPY)", a->path);
    if (p[6] < 1 || p[6] > 3)
        return ds_fail(ctx, DS_EFORMAT, "%s: offset 6: format version %d; wanted 1 to 3", a->path, p[6]);
    *at = p[6] == 1 ? 10 : 12, *length = p[8] | (size_t)p[9] << 8;
    if (p[6] > 1 && size >= 12) *length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    return DS_OK;
}

static ds_status read_content(ds_ctx *ctx, ds_npy *a)
{
    const uint8_t *p = a->bytes.data;
    size_t size = a->bytes.size, at = 0, length = 0;
    DS_TRY(ds_npy_magic(ctx, a, p, size, &at, &length));
    if (size < at || length > size - at)
        return ds_fail(ctx, DS_EFORMAT, "%s: offset 8: a header of %zu bytes in a file of %zu", a->path, length, size);
    char *text = calloc(1, length + 1);
    if (!text) return ds_fail_memory(ctx, length + 1, "a header");
    memcpy(text, p + at, length);
    ds_status status = ds_npy_header(ctx, a, text);
    free(text);
    DS_TRY(status);
    int64_t wanted = ds_product(a->count, (int64_t)ds_npy_cell(a));
    size_t found = size - at - length;
    if (wanted < 0 || (uint64_t)wanted != found)
        return ds_fail(
            ctx, DS_EFORMAT,
            "%s: the header promises %lld elements of %zu bytes from offset %zu, the file has %zu bytes there", a->path,
            (long long)a->count, ds_npy_cell(a), at + length, found);
    memmove(a->bytes.data, p + at + length, found); /* aligned as malloc aligns */
    a->bytes.size = found;
    return DS_OK;
}

double ds_npy_element(const ds_npy *a, int64_t i)
{
    const void *p = a->bytes.data;
    switch (a->kind) {
    case DS_NPY_U1: return ((const uint8_t *)p)[i];
    case DS_NPY_I4: return ((const int32_t *)p)[i];
    case DS_NPY_I8: return (double)((const int64_t *)p)[i];
    case DS_NPY_F4: return (double)((const float *)p)[i];
    default: return ((const double *)p)[i];
    }
}

ds_status ds_npy_read(ds_ctx *ctx, const char *path, int most, ds_npy *a)
{
    *a = (ds_npy){ .path = path, .most = most };
    DS_TRY(ds_bytes_read(ctx, path, &a->bytes));
    return read_content(ctx, a);
}

ds_status ds_array_read(ds_ctx *ctx, const char *path, ds_array *out)
{
    ds_npy a;
    *out = (ds_array){ .dtype = DS_F64 };
    ds_status status = ds_npy_read(ctx, path, DS_MAX_RANK, &a);
    if (status == DS_OK) {
        out->dtype = a.kind == DS_NPY_F4 ? DS_F32 : DS_F64;
        out->shape.rank = a.rank;
        memcpy(out->shape.dim, a.dim, sizeof a.dim);
        out->data = ds_buffer_alloc((size_t)a.count * ds_dtype_bytes(out->dtype));
        if (!out->data) status = ds_fail_memory(ctx, (size_t)a.count * ds_dtype_bytes(out->dtype), path);
    }
    for (int64_t i = 0; status == DS_OK && i < a.count; i++) {
        if (out->dtype == DS_F32)
            ((float *)out->data)[i] = (float)ds_npy_element(&a, i);
        else
            ((double *)out->data)[i] = ds_npy_element(&a, i);
    }
    free(a.bytes.data);
    return status;
}
