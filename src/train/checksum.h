/* checksum.h - XXH128 of data in pieces and of files, as `xxh128sum` prints it. */
#ifndef DS_TRAIN_CHECKSUM_H
#define DS_TRAIN_CHECKSUM_H

#include "base/file.h"

typedef struct ds_checksum {
    int64_t bytes;
    char text[33];
} ds_checksum;

ds_checksum ds_checksum_of(const void *data, size_t bytes);
ds_status ds_checksum_pieces(ds_ctx *ctx, int n, const ds_piece *parts, ds_checksum *sum); /* DS_EMEM */
ds_status ds_checksum_file(ds_ctx *ctx, const char *path, ds_checksum *sum);               /* DS_EIO, DS_EMEM */
bool ds_checksum_equal(const ds_checksum *a, const ds_checksum *b);

#endif
