/* archive.h - tar and zip archives read in place: a path may lead through one as if it were a folder
 * ("set.tar.zst/train/a.png", "arrays.npz/x.npy"), and the files below a folder or archive can be walked over. */
#ifndef DS_DATA_ARCHIVE_H
#define DS_DATA_ARCHIVE_H

#include "data/bytes.h"

/* The files below a root: of folders by name, of archives as they are stored. */
typedef enum ds_want { DS_PASS, DS_TAKE, DS_STOP } ds_want;
typedef struct ds_visitor {
    void *arg;
    ds_want (*want)(void *arg, const char *name); /* name: of a file, from the root on, parts separated by / */
    /* The content of a file that was wanted; sets bytes->data to NULL to keep it. */
    ds_status (*take)(void *arg, const char *name, ds_bytes *bytes);
} ds_visitor;

/* Visit the files below root: a folder (links are followed, names that begin with a dot are not), an archive, or a
 * folder inside an archive. */
ds_status ds_walk(ds_ctx *ctx, const char *root, const ds_visitor *v);

/* Length of the part of path that names an archive, 0 when none does; *member is the rest, "" for the archive itself.
 */
size_t ds_archive_part(const char *path, const char **member);
/* Whether the archive of a path that leads through one has a file (folder false) or a folder there. */
bool ds_archive_has(const char *path, bool folder);
ds_status ds_archive_read(ds_ctx *ctx, const char *path, ds_bytes *out);

#endif
