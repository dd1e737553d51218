/* stream.h - rows one after another in bounded memory, for sets that need not fit; files read forward through zlib. */
#ifndef DS_DATA_STREAM_H
#define DS_DATA_STREAM_H

#include "data/source.h"

/* A file read from its beginning, plain or gzip. */
typedef struct ds_stream {
    ds_ctx *ctx;
    const char *path;
    void *file;
    int64_t at; /* unpacked bytes read */
} ds_stream;
/* Whether a path can be read so: not a member of an archive. */
bool ds_streamable(const char *path);
ds_status ds_stream_open(ds_stream *s, ds_ctx *ctx, const char *path);
/* Exactly n bytes; DS_EFORMAT when there are fewer. */
ds_status ds_stream_read(ds_stream *s, void *out, size_t n);
/* At most n bytes, *got of them; 0 at the end. */
ds_status ds_stream_some(ds_stream *s, void *out, size_t n, size_t *got);
/* Whether nothing is left; damage shows at the next read. */
bool ds_stream_ended(ds_stream *s);
/* DS_EFORMAT unless all has been read. */
ds_status ds_stream_end(ds_stream *s);
void ds_stream_close(ds_stream *s); /* also when it was never opened, {0} */

/* The rows of a split in stored order, to `row`, which may stop it with a status of its own. `about` describes them as
 * the source's open would, but keeps none: rows, layout, cell and targets are right at the first row, classes and names
 * at the end. A format without `scan` is opened as for training, and refused when that would keep more than `memory`
 * bytes. */
struct ds_sink {
    void *arg;
    ds_status (*row)(void *arg, const ds_source *about, const void *x, int32_t label, const double *targets);
    size_t memory;
    const char *folder; /* where what has to be put aside may lie on disk */
};
ds_status ds_scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *about,
                  const ds_sink *sink);
/* The same for a format that reads whole: what `scan` does with files that cannot be read forward. */
ds_status ds_scan_whole(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *about,
                        const ds_sink *sink);
/* DS_EFORMAT when one row alone is beyond the memory: what a header promises has to be honest. */
ds_status ds_scan_room(ds_ctx *ctx, const ds_source *s, const ds_sink *sink);
/* The rows of an opened source. */
ds_status ds_scan_opened(ds_ctx *ctx, const ds_source *s, const ds_sink *sink);

/* An unnamed file in folder, for rows that are put aside; it goes with its last descriptor. */
ds_status ds_aside_open(ds_ctx *ctx, const char *folder, int *file);
/* n bytes at an offset of a file; DS_EIO names path and offset. */
ds_status ds_read_at(ds_ctx *ctx, int file, const char *path, void *out, size_t n, int64_t offset);

/* Lines of a file one after another; memory grows to the longest. {0} but for what _open sets. */
typedef struct ds_lines {
    ds_stream stream;
    ds_bytes bytes;
    size_t room, at; /* at: of the line to come */
    bool ended;
} ds_lines;
ds_status ds_lines_open(ds_lines *l, ds_ctx *ctx, const char *path);
/* The next line without its end, n bytes long; NULL: there is none. Valid until the next call. */
ds_status ds_lines_next(ds_lines *l, char **text, size_t *n);
void ds_lines_close(ds_lines *l);

#endif
