/* file.h - whole files: written so that a reader sees the old or the new one, never a mixture. */
#ifndef DS_BASE_FILE_H
#define DS_BASE_FILE_H

#include "base/ctx.h"

typedef struct ds_piece {
    const void *data;
    size_t bytes;
} ds_piece;

/* Write parts one after another to path: temporary file beside it, fsync, rename, fsync of the folder.
 * DS_EIO names the path and the system's reason; the old file stays. */
ds_status ds_file_write(ds_ctx *ctx, const char *path, int n, const ds_piece *parts);
/* The same in a folder that is held open, whatever lies at its path by now; path ends in the file's name, and messages
 * have it. */
ds_status ds_file_write_in(ds_ctx *ctx, int folder, const char *path, int n, const ds_piece *parts);
/* Write parts to path as it is, and wait until they are on disk: for files of a folder that is renamed as a whole. A file
 * that cannot be written whole is removed. DS_EIO. */
ds_status ds_file_put(ds_ctx *ctx, const char *path, int n, const ds_piece *parts);
/* Wait until a folder's entries are on disk. DS_EIO. */
ds_status ds_folder_sync(ds_ctx *ctx, const char *folder);
/* Remove a folder of files, as far as possible. */
void ds_folder_remove(const char *folder);
/* Read a whole file of at most limit bytes; *data [owned, free()] has a 0 byte after its end. DS_EIO, DS_EFORMAT (too
 * long), DS_EMEM. */
ds_status ds_file_read(ds_ctx *ctx, const char *path, size_t limit, char **data, size_t *bytes);
/* Make a folder that may be there already, and wait until its name is on disk. DS_EIO. */
ds_status ds_folder_make(ds_ctx *ctx, const char *path, bool *made);
/* The same with its parents. */
ds_status ds_make_folders(ds_ctx *ctx, const char *path);

#endif
