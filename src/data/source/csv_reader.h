/* csv_reader.h - cells of a CSV text one after another, with their places. */
#ifndef DS_DATA_SOURCE_CSV_READER_H
#define DS_DATA_SOURCE_CSV_READER_H

#include "data/stream.h"

typedef struct ds_csv_cell {
    char *text;     /* ends with a 0 byte; spaces around it and quotes are gone */
    int64_t line;   /* from 1 */
    int64_t column; /* byte in the line, from 1 */
    bool quoted;
    bool last; /* of its row */
} ds_csv_cell;

typedef struct ds_csv_reader {
    ds_ctx *ctx;
    const char *path;
    char *at, *end, *line_start; /* the text is changed in place: cells are cut out of it */
    int64_t line;
    char separator;
    /* Reading forward: at..end is a part of the text, up to safe in whole rows. NULL: at..end is all there is. */
    ds_stream *stream;
    ds_bytes *bytes;
    size_t room;
    char *safe;
    bool ended;
    ds_status status; /* of the reading */
} ds_csv_reader;

/* Read the text of b (owned by the caller) after `skip` lines. The separator is the one of , ; tab that the first line
 * has most. */
ds_status ds_csv_begin(ds_csv_reader *r, ds_ctx *ctx, const char *path, ds_bytes *b, int64_t skip);
/* The same for a text that is read forward into b, which grows to the longest row. */
ds_status ds_csv_begin_stream(ds_csv_reader *r, ds_ctx *ctx, ds_stream *stream, ds_bytes *b, int64_t skip);
/* Pass empty lines; false at the end of the text, or where it could not be read on (status). */
bool ds_csv_more(ds_csv_reader *r);
ds_status ds_csv_cell_next(ds_csv_reader *r, ds_csv_cell *cell);

#endif
