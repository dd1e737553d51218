/* csv_reader.c - cutting a text into cells: quotes as in RFC 4180, lines that end in \n or \r\n. */
#include "data/source/csv_reader.h"

#include <string.h>

static char *line_end(const ds_csv_reader *r)
{
    char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
    return nl ? nl : r->end;
}

static void next_line(ds_csv_reader *r, char *nl)
{
    r->at = nl < r->end ? nl + 1 : nl;
    r->line_start = r->at;
    r->line++;
}

static char most_frequent(const char *from, const char *to)
{
    static const char candidates[] = ",;\t";
    char best = ',';
    int most = 0;
    for (const char *c = candidates; *c; c++) {
        int n = 0;
        for (const char *p = from; p < to; p++) n += *p == *c;
        if (n > most) most = n, best = *c;
    }
    return best;
}

/* ---- reading forward --------------------------------------------------------------------------------------------- */

/* The end of the last row that is whole in at..end, quotes counted as the cells do; at when there is none. */
static char *whole_rows(const ds_csv_reader *r)
{
    char *safe = r->at;
    bool start = true, inside = false;
    for (char *p = r->at; p < r->end; p++) {
        if (inside) {
            bool twice = *p == '"' && p + 1 < r->end && p[1] == '"';
            inside = *p != '"' || twice;
            p += twice;
        } else if (start && *p == '"') {
            inside = true;
            start = false;
        } else if (!(start && *p == ' ')) {
            start = *p == r->separator || *p == '\n';
            if (*p == '\n') safe = p + 1;
        }
    }
    return safe;
}

/* What is left goes to the front, and more of the file behind it. */
static ds_status read_more(ds_csv_reader *r)
{
    size_t left = (size_t)(r->end - r->at), got;
    if (left) memmove(r->bytes->data, r->at, left);
    r->bytes->size = left;
    if (left + 1 >= r->room) DS_TRY(ds_bytes_grow(r->ctx, r->path, r->bytes, &r->room));
    char *base = (char *)r->bytes->data;
    DS_TRY(ds_stream_some(r->stream, base + left, r->room - 1 - left, &got));
    r->at = r->line_start = base;
    r->end = base + left + got;
    *r->end = 0;
    r->ended = got == 0;
    const char *zero = memchr(base + left, 0, got);
    if (!zero) return DS_OK;
    return ds_fail(r->ctx, DS_EFORMAT, "%s: offset %lld: a 0 byte; this is not a text", r->path,
                   (long long)r->stream->at - (long long)(r->end - zero));
}

static ds_status refill(ds_csv_reader *r)
{
    do {
        DS_TRY(read_more(r));
        r->safe = r->ended ? r->end : whole_rows(r);
    } while (r->safe == r->at && !r->ended);
    return DS_OK;
}

/* Make sure that the line at hand is there to its end. */
static ds_status whole_line(ds_csv_reader *r)
{
    while (r->stream && !r->ended && line_end(r) == r->end) DS_TRY(read_more(r));
    return DS_OK;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static ds_status begin(ds_csv_reader *r, int64_t skip)
{
    DS_TRY(whole_line(r));
    if (r->end - r->at >= 3 && memcmp(r->at, "\xEF\xBB\xBF", 3) == 0) r->at += 3; /* byte order mark of UTF-8 */
    r->line_start = r->at;
    for (; skip > 0 && r->at < r->end; skip--) {
        next_line(r, line_end(r));
        DS_TRY(whole_line(r));
    }
    r->safe = r->stream && !r->ended ? r->at : r->end;
    if (!ds_csv_more(r) && r->status == DS_OK)
        return ds_fail(r->ctx, DS_EFORMAT, "%s: no rows%s", r->path,
                       r->line > 1 ? " after the skipped lines" : ", the file is empty");
    DS_TRY(r->status);
    r->separator = most_frequent(r->at, line_end(r));
    if (r->stream && !r->ended) { /* rows were cut without knowing the separator */
        r->safe = whole_rows(r);
        r->status = r->safe == r->at ? refill(r) : DS_OK;
    }
    return r->status;
}

ds_status ds_csv_begin(ds_csv_reader *r, ds_ctx *ctx, const char *path, ds_bytes *b, int64_t skip)
{
    *r =
        (ds_csv_reader){ .ctx = ctx, .path = path, .at = (char *)b->data, .end = (char *)b->data + b->size, .line = 1 };
    const char *zero = memchr(b->data, 0, b->size);
    if (zero)
        return ds_fail(ctx, DS_EFORMAT, "%s: offset %zu: a 0 byte; this is not a text", path,
                       (size_t)(zero - (char *)b->data));
    return begin(r, skip);
}

ds_status ds_csv_begin_stream(ds_csv_reader *r, ds_ctx *ctx, ds_stream *stream, ds_bytes *b, int64_t skip)
{
    *r = (ds_csv_reader){ .ctx = ctx, .path = stream->path, .line = 1, .stream = stream, .bytes = b };
    DS_TRY(read_more(r));
    return begin(r, skip);
}

bool ds_csv_more(ds_csv_reader *r)
{
    for (;;) {
        while (r->at < r->safe) {
            char *nl = line_end(r);
            for (char *p = r->at; p < nl; p++)
                if (*p != ' ' && *p != '\r' && *p != '\t') return true;
            next_line(r, nl);
        }
        if (!r->stream || r->ended || r->status != DS_OK) return false;
        r->status = refill(r);
        if (r->status != DS_OK) return false;
    }
}

/* The inside of quotes, moved together over doubled quotes; leaves r->at after the closing one. */
static ds_status quoted(ds_csv_reader *r, ds_csv_cell *cell, char **stop)
{
    char *out = ++r->at;
    cell->text = out;
    cell->quoted = true;
    for (; r->at < r->end; r->at++) {
        if (*r->at == '"') {
            if (r->at + 1 < r->end && r->at[1] == '"')
                r->at++;
            else
                break;
        }
        if (*r->at == '\n') {
            r->line++;
            r->line_start = r->at + 1;
        }
        *out++ = *r->at;
    }
    if (r->at == r->end)
        return ds_fail(r->ctx, DS_EFORMAT, "%s:%lld:%lld: a quote that is never closed", r->path, (long long)cell->line,
                       (long long)cell->column);
    r->at++;
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\r')) r->at++;
    if (r->at < r->end && *r->at != r->separator && *r->at != '\n')
        return ds_fail(r->ctx, DS_EFORMAT, "%s:%lld:%lld: found '%c' after a closing quote; wanted the separator '%c'",
                       r->path, (long long)r->line, (long long)(r->at - r->line_start + 1), *r->at, r->separator);
    *stop = out;
    return DS_OK;
}

ds_status ds_csv_cell_next(ds_csv_reader *r, ds_csv_cell *cell)
{
    char *stop = r->at;
    while (r->at < r->end && *r->at == ' ') r->at++;
    *cell = (ds_csv_cell){ .text = r->at, .line = r->line, .column = r->at - r->line_start + 1 };
    if (r->at < r->end && *r->at == '"') {
        DS_TRY(quoted(r, cell, &stop));
    } else {
        while (r->at < r->end && *r->at != r->separator && *r->at != '\n') r->at++;
        stop = r->at;
        while (stop > cell->text && (stop[-1] == ' ' || stop[-1] == '\r')) stop--;
    }
    cell->last = r->at == r->end || *r->at == '\n';
    char *here = r->at;
    if (cell->last)
        next_line(r, here);
    else
        r->at++;
    *stop = 0; /* at most at `here`, which has been read; the text has a 0 byte of its own after its end */
    return DS_OK;
}
