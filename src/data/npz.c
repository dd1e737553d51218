/* npz.c - named arrays as .npz: a zip whose members are stored, NAME.npy each, all with the same date, so that equal arrays
 * give equal files. Sizes are those of plain zip: 4 GiB in all. PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "descent/array.h"
#include "descent/graph.h"

enum { HEAD = 256, NAME = 64, LOCAL = 30, CENTRAL = 46, END = 22, DAY = 0x21 }; /* 1980-01-01 */

typedef struct member {
    char name[NAME], head[HEAD]; /* head: the array's own, whose length is a multiple of 64 */
    uint8_t local[LOCAL], central[CENTRAL];
    size_t head_bytes, data_bytes, at;
} member;

void ds_array_free(ds_array *a)
{
    ds_buffer_free(a->data);
    a->data = NULL;
}

static void put(uint8_t *p, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) p[i] = (uint8_t)(v >> (8 * i));
}

/* The header of a .npy file, padded by spaces and closed by a line feed. */
static void describe(member *m, const ds_named_tensor *x)
{
    char text[HEAD] = "";
    const char *kind = x->dtype == DS_F32 ? "<f4" : x->dtype == DS_F64 ? "<f8" : "<i4";
    size_t n = (size_t)snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", kind);
    for (int i = 0; i < x->shape.rank; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%lld,%s", (long long)x->shape.dim[i],
                              i + 1 < x->shape.rank ? " " : "");
    n += (size_t)snprintf(text + n, sizeof text - n, "), }");
    m->head_bytes = (10 + n + 1 + 63) / 64 * 64;
    memset(m->head, ' ', HEAD);
    memcpy(m->head, "\x93NUMPY\x01\x00", 8);
    put((uint8_t *)m->head + 8, m->head_bytes - 10, 2);
    memcpy(m->head + 10, text, n);
    m->head[m->head_bytes - 1] = '\n';
}

static uint32_t checksum(const member *m, const void *data)
{
    uLong sum = crc32(0, (const Bytef *)m->head, (uInt)m->head_bytes);
    return (uint32_t)crc32_z(sum, data, m->data_bytes);
}

static void place(member *m, const ds_named_tensor *x, size_t at)
{
    uint8_t *common = m->local + 4; /* version 2.0, stored, in both kinds of header */
    describe(m, x);
    m->at = at;
    m->data_bytes = (size_t)ds_shape_count(x->shape) * ds_dtype_bytes(x->dtype);
    put(m->local, 0x04034b50, 4);
    put(common, 20, 2);
    put(common + 8, DAY, 2);
    put(common + 10, checksum(m, x->data), 4);
    put(common + 14, m->head_bytes + m->data_bytes, 4);
    put(common + 18, m->head_bytes + m->data_bytes, 4);
    put(common + 22, strlen(m->name), 2);
    put(m->central, 0x02014b50, 4);
    put(m->central + 4, 20, 2);
    memcpy(m->central + 6, common, LOCAL - 4);
    put(m->central + 42, at, 4);
}

static size_t length(const member *m) { return LOCAL + strlen(m->name) + m->head_bytes + m->data_bytes; }

static ds_status write_members(ds_ctx *ctx, const char *path, int n, const ds_named_tensor *arrays, member *m,
                               ds_piece *piece)
{
    size_t at = 0, index = 0;
    uint8_t end[END] = { 0 };
    int pieces = 0;
    for (int i = 0; i < n; i++) {
        if ((size_t)snprintf(m[i].name, NAME, "%s.npy", arrays[i].name) >= NAME)
            return ds_fail(ctx, DS_ERANGE, "%s: the array's name \"%s\" is too long", path, arrays[i].name);
        place(&m[i], &arrays[i], at);
        at += length(&m[i]);
        piece[pieces++] = (ds_piece){ m[i].local, LOCAL };
        piece[pieces++] = (ds_piece){ m[i].name, strlen(m[i].name) };
        piece[pieces++] = (ds_piece){ m[i].head, m[i].head_bytes };
        piece[pieces++] = (ds_piece){ arrays[i].data, m[i].data_bytes };
    }
    for (int i = 0; i < n; i++) {
        index += CENTRAL + strlen(m[i].name);
        piece[pieces++] = (ds_piece){ m[i].central, CENTRAL };
        piece[pieces++] = (ds_piece){ m[i].name, strlen(m[i].name) };
    }
    if (at + index > UINT32_MAX || n > UINT16_MAX)
        return ds_fail(ctx, DS_ERANGE, "%s: %zu bytes, a .npz takes 4 GiB; trace fewer steps", path, at + index);
    put(end, 0x06054b50, 4);
    put(end + 8, (uint64_t)n, 2);
    put(end + 10, (uint64_t)n, 2);
    put(end + 12, index, 4);
    put(end + 16, at, 4);
    piece[pieces++] = (ds_piece){ end, END };
    return ds_file_write(ctx, path, pieces, piece);
}

ds_status ds_arrays_write(ds_ctx *ctx, const char *path, int n, const ds_named_tensor *arrays)
{
    member *m = calloc((size_t)n + 1, sizeof *m);
    ds_piece *piece = calloc(6 * (size_t)n + 1, sizeof *piece);
    ds_status status = m && piece ? write_members(ctx, path, n, arrays, m, piece)
                                  : ds_fail_memory(ctx, (size_t)n * sizeof *m, "the members of a .npz");
    free(m);
    free(piece);
    return status;
}
