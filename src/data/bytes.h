/* bytes.h - whole files in memory: plain, gzip, members of an archive (data/archive.h) or from a pipe ("-" is standard
 * input); and paths made of a folder and a name. */
#ifndef DS_DATA_BYTES_H
#define DS_DATA_BYTES_H

#include "base/ctx.h"

typedef struct ds_bytes {
    uint8_t *data; /* followed by a 0 byte that size does not count; free() it */
    size_t size;
} ds_bytes;

/* Read path, unpacking gzip by content. Memory grows with what is really there, never by what a header claims. */
ds_status ds_bytes_read(ds_ctx *ctx, const char *path, ds_bytes *out);
bool ds_file_exists(const char *path);   /* anything but a folder */
bool ds_folder_exists(const char *path); /* or an archive */

/* A packed file may unpack to so much and no more, so that a small one cannot fill the memory. */
ds_status ds_unpacked_check(ds_ctx *ctx, const char *path, size_t packed, size_t unpacked);
/* More room for b, twice *room; DS_EMEM also when that is more than the machine has. */
ds_status ds_bytes_grow(ds_ctx *ctx, const char *path, ds_bytes *b, size_t *room);

#define DS_PATH_BYTES 1024
/* folder/name into buf (DS_PATH_BYTES long). DS_EIO when it is too long. */
ds_status ds_path_join(ds_ctx *ctx, char *buf, const char *folder, const char *name);
/* A path as it is, with the same limit. */
ds_status ds_path_copy(ds_ctx *ctx, char *buf, const char *path);

#endif
