/* npy.h - the header of a NumPy array, and its elements in memory. */
#ifndef DS_DATA_NPY_H
#define DS_DATA_NPY_H

#include "data/bytes.h"

typedef enum ds_npy_kind { DS_NPY_U1, DS_NPY_I4, DS_NPY_I8, DS_NPY_F4, DS_NPY_F8, DS_NPY_KINDS } ds_npy_kind;

typedef struct ds_npy {
    const char *path;
    int most;       /* greatest rank that is taken, at most DS_MAX_RANK */
    ds_bytes bytes; /* after reading, the elements begin at bytes.data */
    ds_npy_kind kind;
    int rank;
    int64_t dim[DS_MAX_RANK], count;
} ds_npy;

/* Where the header's text begins and how long it is, from the first `size` bytes of a file. */
ds_status ds_npy_magic(ds_ctx *ctx, const ds_npy *a, const uint8_t *p, size_t size, size_t *at, size_t *length);
/* Kind and extents from the header's text. */
ds_status ds_npy_header(ds_ctx *ctx, ds_npy *a, const char *text);
/* A whole file; free(a->bytes.data) in any case. */
ds_status ds_npy_read(ds_ctx *ctx, const char *path, int most, ds_npy *a);
size_t ds_npy_cell(const ds_npy *a); /* bytes of an element */
double ds_npy_element(const ds_npy *a, int64_t i);

#endif
