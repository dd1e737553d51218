/* stream.c - see stream.h. */
#include "data/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "data/archive.h"
#include "data/dataset.h"

enum { BUFFER_BYTES = 1 << 16, READ_BYTES = 1 << 24 };

bool ds_streamable(const char *path)
{
    const char *member;
    return ds_archive_part(path, &member) == 0;
}

ds_status ds_stream_open(ds_stream *s, ds_ctx *ctx, const char *path)
{
    *s = (ds_stream){ .ctx = ctx, .path = path };
    if (ds_folder_exists(path)) return ds_fail(ctx, DS_EIO, "%s: found a folder, wanted a file", path);
    errno = 0;
    s->file = gzopen(path, "rbe");
    if (!s->file)
        return ds_fail(ctx, DS_EIO, "%s: %s; check the paths of data", path, errno ? strerror(errno) : "out of memory");
    gzbuffer(s->file, BUFFER_BYTES);
    return DS_OK;
}

ds_status ds_stream_some(ds_stream *s, void *out, size_t n, size_t *got)
{
    int k = gzread(s->file, out, (unsigned)(n < READ_BYTES ? n : READ_BYTES)), code;
    const char *text = gzerror(s->file, &code);
    *got = k > 0 ? (size_t)k : 0;
    s->at += (int64_t)*got;
    if (k < 0 && code == Z_ERRNO) return ds_fail(s->ctx, DS_EIO, "%s: reading failed: %s", s->path, strerror(errno));
    if (k < 0 || (k == 0 && code == Z_BUF_ERROR))
        return ds_fail(s->ctx, DS_EFORMAT, "%s: damaged gzip data after %lld bytes (%s); fetch the file again", s->path,
                       (long long)s->at, text);
    return DS_OK;
}

ds_status ds_stream_read(ds_stream *s, void *out, size_t n)
{
    for (size_t got = 0, some; got < n; got += some) {
        DS_TRY(ds_stream_some(s, (char *)out + got, n - got, &some));
        if (some == 0)
            return ds_fail(s->ctx, DS_EFORMAT, "%s: it ends after %lld bytes, too early; fetch the file again", s->path,
                           (long long)s->at);
    }
    return DS_OK;
}

/* A damaged stream is not at its end: reading on says what is wrong with it. */
bool ds_stream_ended(ds_stream *s)
{
    int c = gzgetc((gzFile)s->file), code;
    if (c >= 0) gzungetc(c, s->file);
    gzerror(s->file, &code);
    return c < 0 && (code == Z_OK || code == Z_STREAM_END);
}

ds_status ds_stream_end(ds_stream *s)
{
    char next;
    if (ds_stream_ended(s)) return DS_OK;
    DS_TRY(ds_stream_read(s, &next, 1));
    return ds_fail(s->ctx, DS_EFORMAT, "%s: there is something after the data, at byte %lld", s->path,
                   (long long)s->at - 1);
}

void ds_stream_close(ds_stream *s)
{
    if (s->file) gzclose(s->file);
    s->file = NULL;
}

ds_status ds_read_at(ds_ctx *ctx, int file, const char *path, void *out, size_t n, int64_t offset)
{
    for (size_t got = 0; got < n;) {
        ssize_t k = pread(file, (char *)out + got, n - got, (off_t)(offset + (int64_t)got));
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0)
            return ds_fail(ctx, DS_EIO, "%s: offset %lld: %s", path, (long long)offset + (long long)got,
                           k ? strerror(errno) : "the file ends early");
        got += (size_t)k;
    }
    return DS_OK;
}

ds_status ds_aside_open(ds_ctx *ctx, const char *folder, int *file)
{
    char path[DS_PATH_BYTES];
    *file = -1;
    DS_TRY(ds_path_join(ctx, path, folder, "rows.tmp"));
    *file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (*file < 0) return ds_fail(ctx, DS_EIO, "%s: %s", path, strerror(errno));
    unlink(path);
    return DS_OK;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* What is left goes to the front, and more of the file behind it. */
static ds_status more_lines(ds_lines *l)
{
    size_t left = l->bytes.size - l->at, got;
    if (left) memmove(l->bytes.data, l->bytes.data + l->at, left);
    l->bytes.size = left;
    l->at = 0;
    if (left + 1 >= l->room) DS_TRY(ds_bytes_grow(l->stream.ctx, l->stream.path, &l->bytes, &l->room));
    DS_TRY(ds_stream_some(&l->stream, l->bytes.data + left, l->room - 1 - left, &got));
    l->bytes.size += got;
    l->ended = got == 0;
    return DS_OK;
}

ds_status ds_lines_open(ds_lines *l, ds_ctx *ctx, const char *path)
{
    *l = (ds_lines){ 0 };
    DS_TRY(ds_stream_open(&l->stream, ctx, path));
    return more_lines(l);
}

ds_status ds_lines_next(ds_lines *l, char **text, size_t *n)
{
    for (size_t looked = 0;;) {
        char *from = (char *)l->bytes.data + l->at;
        size_t left = l->bytes.size - l->at;
        char *stop = left > looked ? memchr(from + looked, '\n', left - looked) : NULL;
        if (stop || l->ended) {
            *n = stop ? (size_t)(stop - from) : left;
            *text = left ? from : NULL;
            l->at += *n + (stop != NULL);
            return DS_OK;
        }
        looked = left;
        DS_TRY(more_lines(l));
    }
}

void ds_lines_close(ds_lines *l)
{
    ds_stream_close(&l->stream);
    free(l->bytes.data);
    l->bytes.data = NULL;
}

/* ---- whole sets -------------------------------------------------------------------------------------------------- */

ds_status ds_scan_room(ds_ctx *ctx, const ds_source *s, const ds_sink *sink)
{
    int64_t row = ds_product(s->elements, (int64_t)ds_cell_bytes(s->cell)), targets = ds_product(s->targets, 8);
    if (row >= 0 && targets >= 0 && (uint64_t)row <= sink->memory && (uint64_t)targets <= sink->memory) return DS_OK;
    return ds_fail(ctx, DS_EFORMAT, "data: a row has %lld elements and %lld targets; more than %zu bytes allow",
                   (long long)s->elements, (long long)s->targets, sink->memory);
}

ds_status ds_scan_opened(ds_ctx *ctx, const ds_source *s, const ds_sink *sink)
{
    void *scratch = malloc(ds_source_scratch(s));
    double *targets = malloc((size_t)s->targets * sizeof *targets + 1);
    ds_status status = scratch && targets ? DS_OK : ds_fail_memory(ctx, ds_source_scratch(s), "one row");
    for (int64_t i = 0; status == DS_OK && i < s->rows; i++) {
        const void *x = s->def->row(s, i, scratch);
        int32_t label = s->classes ? s->def->label(s, i) : 0;
        if (!s->classes) ds_source_targets(s, i, targets);
        status = ds_source_fault(ctx, s);
        if (status == DS_OK) status = sink->row(sink->arg, s, x, label, targets);
    }
    free(scratch);
    free(targets);
    return status;
}

ds_status ds_scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *about,
                  const ds_sink *sink)
{
    return about->def->scan ? about->def->scan(ctx, set, split, train, about, sink)
                            : ds_scan_whole(ctx, set, split, train, about, sink);
}

ds_status ds_scan_whole(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *about,
                        const ds_sink *sink)
{
    const ds_source_def *def = about->def;
    DS_TRY(def->open(ctx, set, split, train, about));
    if (about->rows == 0) return DS_OK;
    size_t kept = about->kept;
    if (about->memory) kept += (size_t)(about->rows * about->elements) * ds_cell_bytes(about->cell);
    if (kept > sink->memory)
        return ds_fail(
            ctx, DS_ECONFIG,
            "data: rows of format %s are kept in memory and take %zu bytes, more than the %zu allowed; raise "
            "--memory, or convert them to npy first",
            def->head.name, kept, sink->memory);
    DS_TRY(ds_scan_room(ctx, about, sink));
    DS_TRY(ds_missing_fill_source(ctx, train ? train : about, about));
    return ds_scan_opened(ctx, about, sink);
}
