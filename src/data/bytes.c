/* bytes.c - reading whole files through zlib, which passes plain files on as they are. */
#include "data/archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Deflate packs at most 1:1032, real data seldom beyond 1:20. */
enum { FIRST_BYTES = 1 << 16, READ_BYTES = 1 << 24, FREE_BYTES = 1 << 28, MAX_RATIO = 200 };

/* The kind of a path (S_IFDIR ...), 0 when there is nothing. */
static mode_t kind(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & S_IFMT : 0;
}

bool ds_file_exists(const char *path)
{
    return (kind(path) != 0 && kind(path) != S_IFDIR) || ds_archive_has(path, false);
}

bool ds_folder_exists(const char *path) { return kind(path) == S_IFDIR || ds_archive_has(path, true); }

static ds_status check_length(ds_ctx *ctx, int n, const char *path)
{
    if (n >= 0 && n < DS_PATH_BYTES) return DS_OK;
    return ds_fail(ctx, DS_EIO, "%.200s...: path is longer than %d bytes", path, DS_PATH_BYTES);
}

ds_status ds_path_join(ds_ctx *ctx, char *buf, const char *folder, const char *name)
{
    return check_length(ctx, snprintf(buf, DS_PATH_BYTES, "%s/%s", folder, name), folder);
}

ds_status ds_path_copy(ds_ctx *ctx, char *buf, const char *path)
{
    return check_length(ctx, snprintf(buf, DS_PATH_BYTES, "%s", path), path);
}

ds_status ds_unpacked_check(ds_ctx *ctx, const char *path, size_t packed, size_t unpacked)
{
    if (unpacked <= FREE_BYTES || unpacked / MAX_RATIO <= packed) return DS_OK;
    return ds_fail(ctx, DS_EFORMAT,
                   "%s: %zu bytes unpack to %zu and more, over %d times as many; if that is meant, unpack it yourself",
                   path, packed, unpacked, MAX_RATIO);
}

ds_status ds_bytes_grow(ds_ctx *ctx, const char *path, ds_bytes *b, size_t *room)
{
    size_t more = *room ? 2 * *room : FIRST_BYTES;
    size_t all = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *data = more > *room && *room < all ? realloc(b->data, more) : NULL;
    if (!data) return ds_fail_memory(ctx, more, path);
    b->data = data;
    *room = more;
    return DS_OK;
}

static ds_status read_all(ds_ctx *ctx, const char *path, gzFile file, ds_bytes *b)
{
    size_t room = 0;
    for (;;) {
        if (b->size + 1 >= room) DS_TRY(ds_bytes_grow(ctx, path, b, &room));
        size_t want = room - 1 - b->size;
        int got = gzread(file, b->data + b->size, (unsigned)(want < READ_BYTES ? want : READ_BYTES));
        if (got < 0) {
            int code;
            const char *text = gzerror(file, &code);
            if (code == Z_ERRNO) return ds_fail(ctx, DS_EIO, "%s: reading failed: %s", path, strerror(errno));
            return ds_fail(ctx, DS_EFORMAT, "%s: damaged gzip data after %zu bytes (%s); fetch the file again", path,
                           b->size, text);
        }
        if (got == 0) break;
        b->size += (size_t)got;
        DS_TRY(ds_unpacked_check(ctx, path, gzdirect(file) ? b->size : (size_t)gzoffset(file), b->size));
    }
    /* A gzip stream that merely stops is told apart only here. */
    int code;
    gzerror(file, &code);
    if (code == Z_BUF_ERROR)
        return ds_fail(ctx, DS_EFORMAT, "%s: gzip data ends early, after %zu bytes; fetch the file again", path,
                       b->size);
    uint8_t *fit = realloc(b->data, b->size + 1);
    if (fit) b->data = fit;
    b->data[b->size] = 0;
    return DS_OK;
}

ds_status ds_bytes_read(ds_ctx *ctx, const char *path, ds_bytes *out)
{
    *out = (ds_bytes){ 0 };
    const char *member;
    if (ds_archive_part(path, &member) && *member) return ds_archive_read(ctx, path, out);
    if (ds_folder_exists(path)) return ds_fail(ctx, DS_EIO, "%s: found a folder, wanted a file", path);
    errno = 0;
    int input = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : -1;
    gzFile file = input >= 0 ? gzdopen(input, "rb") : gzopen(path, "rbe");
    if (!file && input >= 0) close(input);
    if (!file)
        return ds_fail(ctx, DS_EIO, "%s: %s; check the paths of data", path, errno ? strerror(errno) : "out of memory");
    gzbuffer(file, 1u << 18);
    ds_status status = read_all(ctx, path, file, out);
    gzclose(file);
    if (status != DS_OK) {
        free(out->data);
        *out = (ds_bytes){ 0 };
    }
    return status;
}
