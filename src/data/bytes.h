/* bytes.h - whole files in memory, plain or gzip, and paths made of a folder and a name. */
#ifndef DS_DATA_BYTES_H
#define DS_DATA_BYTES_H

#include "base/ctx.h"

typedef struct ds_bytes {
    uint8_t *data; /* followed by a 0 byte that size does not count; free() it */
    size_t size;
} ds_bytes;

/* Read path, unpacking gzip by content. Memory grows with what is really there, never by what a header claims. */
ds_status ds_bytes_read(ds_ctx *ctx, const char *path, ds_bytes *out);
bool ds_file_exists(const char *path); /* anything but a folder */
bool ds_folder_exists(const char *path);

#define DS_PATH_BYTES 1024
/* folder/name into buf (DS_PATH_BYTES long). DS_EIO when it is too long. */
ds_status ds_path_join(ds_ctx *ctx, char *buf, const char *folder, const char *name);
/* A path as it is, with the same limit. */
ds_status ds_path_copy(ds_ctx *ctx, char *buf, const char *path);

#endif
