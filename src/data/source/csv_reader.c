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

ds_status ds_csv_begin(ds_csv_reader *r, ds_ctx *ctx, const char *path, ds_bytes *b, int64_t skip)
{
    *r =
        (ds_csv_reader){ .ctx = ctx, .path = path, .at = (char *)b->data, .end = (char *)b->data + b->size, .line = 1 };
    const char *zero = memchr(b->data, 0, b->size);
    if (zero)
        return ds_fail(ctx, DS_EFORMAT, "%s: offset %zu: a 0 byte; this is not a text", path,
                       (size_t)(zero - (char *)b->data));
    if (b->size >= 3 && memcmp(b->data, "\xEF\xBB\xBF", 3) == 0) r->at += 3; /* byte order mark of UTF-8 */
    r->line_start = r->at;
    for (; skip > 0 && r->at < r->end; skip--) next_line(r, line_end(r));
    if (!ds_csv_more(r))
        return ds_fail(ctx, DS_EFORMAT, "%s: no rows%s", path,
                       r->line > 1 ? " after the skipped lines" : ", the file is empty");
    r->separator = most_frequent(r->at, line_end(r));
    return DS_OK;
}

bool ds_csv_more(ds_csv_reader *r)
{
    while (r->at < r->end) {
        char *nl = line_end(r);
        for (char *p = r->at; p < nl; p++)
            if (*p != ' ' && *p != '\r' && *p != '\t') return true;
        next_line(r, nl);
    }
    return false;
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
