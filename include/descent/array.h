/* descent/array.h - NumPy's files: an array read from .npy, named arrays written as .npz.
 *
 * Ownership  ds_array_read gives data, ds_array_free takes it.
 * Errors     DS_EIO; DS_EFORMAT with the field that is wrong. */
#ifndef DESCENT_ARRAY_H
#define DESCENT_ARRAY_H

#include "descent/weights.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds_array {
    ds_dtype dtype; /* DS_F32 for f4; u1, i4, i8 and f8 become DS_F64 */
    ds_shape shape;
    void *data; /* as ds_buffer_alloc aligns */
} ds_array;

/* Read a .npy file, C order, little-endian, rank 1 to DS_MAX_RANK. */
DS_API ds_status ds_array_read(ds_ctx *ctx, const char *path, ds_array *out);
DS_API void ds_array_free(ds_array *a); /* an emptied one is fine */
/* Write n arrays as NAME.npy of a .npz (a zip of stored members), atomically. Equal arrays give equal files. */
DS_API ds_status ds_arrays_write(ds_ctx *ctx, const char *path, int n, const ds_named_tensor *arrays);

#ifdef __cplusplus
}
#endif
#endif
