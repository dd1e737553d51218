/* file.c - atomic whole-file writes, bounded reads. POSIX rename keeps old or new (Pillai et al., OSDI 2014, on what
 * fsync adds). */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ds_status fail(ds_ctx *ctx, const char *what, const char *path)
{
    return ds_fail(ctx, DS_EIO, "%s: %s: %s", path, what, strerror(errno));
}

static bool write_all(int fd, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t n = write(fd, data, bytes < (size_t)1 << 30 ? bytes : (size_t)1 << 30);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        bytes -= (size_t)n;
    }
    return true;
}

/* Write parts to file `name` of a folder (AT_FDCWD: a path) and wait until they are on disk; what was written of a file
 * that failed is removed. Messages say path. */
static ds_status put(ds_ctx *ctx, int folder, const char *name, const char *path, int n, const ds_piece *parts)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return fail(ctx, "cannot create", path);
    bool good = true;
    for (int k = 0; k < n && good; k++) good = write_all(fd, parts[k].data, parts[k].bytes);
    good = good && fsync(fd) == 0;
    int why = errno;
    bool closed = close(fd) == 0;
    if (good && closed) return DS_OK;
    if (!good) errno = why;
    ds_status status = fail(ctx, "cannot write", path);
    unlinkat(folder, name, 0);
    return status;
}

ds_status ds_file_put(ds_ctx *ctx, const char *path, int n, const ds_piece *parts)
{
    return put(ctx, AT_FDCWD, path, path, n, parts);
}

/* Some file systems have nothing to flush for a folder and say so. */
static ds_status sync_folder(ds_ctx *ctx, int fd, const char *path)
{
    bool good = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    return good ? DS_OK : fail(ctx, "cannot flush the folder", path);
}

ds_status ds_folder_sync(ds_ctx *ctx, const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail(ctx, "cannot open the folder", folder);
    ds_status status = sync_folder(ctx, fd, folder);
    close(fd);
    return status;
}

void ds_folder_remove(const char *folder)
{
    char path[4096];
    DIR *d = opendir(folder);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < (int)sizeof path) unlink(path);
    }
    closedir(d);
    rmdir(folder);
}

ds_status ds_file_write_in(ds_ctx *ctx, int folder, const char *path, int n, const ds_piece *parts)
{
    char temporary[4096];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (snprintf(temporary, sizeof temporary, "%s.tmp", name) >= (int)sizeof temporary)
        return ds_fail(ctx, DS_EIO, "%s: the path is too long", path);
    DS_TRY(put(ctx, folder, temporary, path, n, parts));
    if (renameat(folder, temporary, folder, name)) {
        ds_status status = fail(ctx, "cannot replace the file (what was there is kept)", path);
        unlinkat(folder, temporary, 0);
        return status;
    }
    /* the rename itself is safe only once the folder's entry is on disk */
    return sync_folder(ctx, folder, path);
}

ds_status ds_file_write(ds_ctx *ctx, const char *path, int n, const ds_piece *parts)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    if (snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".") >=
        (int)sizeof folder)
        return ds_fail(ctx, DS_EIO, "%s: the path is too long", path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail(ctx, "cannot create", path);
    ds_status status = ds_file_write_in(ctx, fd, path, n, parts);
    close(fd);
    return status;
}

ds_status ds_file_read(ds_ctx *ctx, const char *path, size_t limit, char **data, size_t *bytes)
{
    *data = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(ctx, "cannot open", path);
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return ds_fail(ctx, DS_EIO, "%s: not a regular file", path);
    }
    if (st.st_size < 0 || (uint64_t)st.st_size > limit) {
        close(fd);
        return ds_fail(ctx, DS_EFORMAT, "%s: %lld bytes, at most %zu are accepted", path, (long long)st.st_size, limit);
    }
    size_t want = (size_t)st.st_size, got = 0;
    char *p = malloc(want + 1);
    if (!p) {
        close(fd);
        return ds_fail_memory(ctx, want + 1, path);
    }
    while (got < want) {
        ssize_t k = read(fd, p + got, want - got);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) break;
        if (k == 0) want = got; /* shrank meanwhile */
        got += (size_t)k;
    }
    ds_status status = got < want ? fail(ctx, "cannot read", path) : DS_OK;
    close(fd);
    if (status != DS_OK) {
        free(p);
        return status;
    }
    p[got] = 0;
    *data = p;
    *bytes = got;
    return DS_OK;
}

/* A folder that may be there. A new one is flushed with the folder that it is in, or it could be gone after a power cut
 * with all that was flushed into it; where that folder may not be read, it is left to the system. */
ds_status ds_folder_make(ds_ctx *ctx, const char *path, bool *made)
{
    char parent[4096];
    const char *slash = strrchr(path, '/');
    *made = mkdir(path, 0777) == 0;
    if (!*made) return errno == EEXIST ? DS_OK : fail(ctx, "cannot make the folder", path);
    if (snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".") >=
        (int)sizeof parent)
        return ds_fail(ctx, DS_EIO, "%s: the path is too long", path);
    return access(parent, R_OK) ? DS_OK : ds_folder_sync(ctx, parent);
}

ds_status ds_make_folders(ds_ctx *ctx, const char *path)
{
    char p[4096];
    bool made;
    if (snprintf(p, sizeof p, "%s", path) >= (int)sizeof p)
        return ds_fail(ctx, DS_EIO, "%s: the path is too long", path);
    for (char *c = p + 1; *c; c++)
        if (*c == '/') {
            *c = 0;
            DS_TRY(ds_folder_make(ctx, p, &made));
            *c = '/';
        }
    return ds_folder_make(ctx, p, &made);
}
