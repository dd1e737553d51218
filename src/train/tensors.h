/* tensors.h - inside view of weights files: in a folder that is held open, and with a checksum for checkpoints. */
#ifndef DS_TRAIN_TENSORS_H
#define DS_TRAIN_TENSORS_H

#include "descent/weights.h"
#include "train/checksum.h"

/* As ds_tensors_write, in a folder that is held open (base/file.h). DS_EIO, DS_EMEM. */
ds_status ds_tensors_write_in(ds_ctx *ctx, int folder, const char *path, int n, const ds_named_tensor *tensors);
/* Write into a folder that is renamed as a whole later; *sum is that of the file's bytes. DS_EIO, DS_EMEM. */
ds_status ds_tensors_put(ds_ctx *ctx, const char *path, int n, const ds_named_tensor *tensors, ds_checksum *sum);
/* Read a file whose bytes must have the checksum. DS_EFORMAT when they have another. */
ds_status ds_tensors_open_checked(ds_tensor_file **out, ds_ctx *ctx, const char *path, const ds_checksum *sum);

#endif
