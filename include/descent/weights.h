/* descent/weights.h - tensors in files: safetensors, written atomically, read with every size checked.
 * Layout: 8 bytes little-endian header length, JSON header {name: {dtype, shape, data_offsets}}, data. */
#ifndef DESCENT_WEIGHTS_H
#define DESCENT_WEIGHTS_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds_named_tensor {
    const char *name;
    ds_dtype dtype;
    ds_shape shape;
    const void *data;
} ds_named_tensor;

/* Write n tensors in the given order. Equal tensors give equal files. DS_EIO. */
DS_API ds_status ds_tensors_write(ds_ctx *ctx, const char *path, int n, const ds_named_tensor *tensors);

typedef struct ds_tensor_file ds_tensor_file;
/* Read a file whole. DS_EIO; DS_EFORMAT with the field that is wrong. */
DS_API ds_status ds_tensors_open(ds_tensor_file **out, ds_ctx *ctx, const char *path);
DS_API void ds_tensors_close(ds_tensor_file *f);
DS_API int ds_tensors_count(const ds_tensor_file *f);
DS_API const ds_named_tensor *ds_tensors_at(const ds_tensor_file *f, int i);
/* NULL: no tensor of that name. */
DS_API const ds_named_tensor *ds_tensors_find(const ds_tensor_file *f, const char *name);

#ifdef __cplusplus
}
#endif
#endif
