/* csv.c - tables of numbers with one label column: classes by name or number, or a real target (table.h). Several files
 * of one split are read one after another; their columns must be the same. */
#include <stdlib.h>
#include <string.h>

#include "data/source/csv_reader.h"
#include "data/source/table.h"

enum { MAX_COLUMNS = 1 << 20, FIRST_COLUMNS = 64 };

static const ds_option options[] = {
    { .name = "label",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "label column: name, or index from 0 (negative: from the end); default the last",
      .why = "the last: as most tables have it",
      .elsewhere = "scikit-learn and Keras take it apart from the features" },
    { .name = "header",
      .type = DS_OPT_CHOICE,
      .def = "auto",
      .choices = "auto|true|false",
      .help = "whether the first line names the columns",
      .why = "a line without a number can only be names",
      .elsewhere = "pandas read_csv(header=)" },
    { .name = "skip",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 1e9,
      .def = "0",
      .help = "lines to pass over before the header",
      .why = "the table begins at once",
      .elsewhere = "pandas read_csv(skiprows=), NumPy loadtxt(skiprows=)" },
    DS_TABLE_TARGET,
    DS_TABLE_MISSING,
    { .type = DS_OPT_END },
};

/* What is in the making while the files of a split are read. */
typedef struct opening {
    ds_ctx *ctx;
    const ds_data_settings *set;
    const char *path;
    ds_bytes bytes;
    ds_csv_reader reader;
    ds_csv_cell *cells; /* the first row of the file at hand */
    int64_t columns, label;
    bool header;
    ds_source *s;
    ds_table *t;
    bool forward; /* read in parts, rows put aside */
} opening;

static ds_status first_row(opening *o)
{
    int64_t room = 0;
    for (;;) {
        if (o->columns == room) {
            room = room ? 2 * room : FIRST_COLUMNS;
            if (room > MAX_COLUMNS)
                return ds_fail(o->ctx, DS_EFORMAT, "%s: the first row has more than %lld columns", o->path,
                               (long long)o->columns);
            ds_csv_cell *more = realloc(o->cells, (size_t)room * sizeof *more);
            if (!more) return ds_fail_memory(o->ctx, (size_t)room * sizeof *more, o->path);
            o->cells = more;
        }
        ds_csv_cell *cell = &o->cells[o->columns++];
        DS_TRY(ds_csv_cell_next(&o->reader, cell));
        if (cell->last) break;
    }
    if (o->columns < 2)
        return ds_fail(o->ctx, DS_EFORMAT,
                       "%s:%lld: found one column; wanted features and a label, separated by , ; or tab", o->path,
                       (long long)o->cells[0].line);
    for (int64_t i = 0; i < o->columns && o->forward; i++) { /* the part of the text that they are in will go */
        o->cells[i].text = ds_arena_text(&o->s->arena, o->cells[i].text);
        if (!o->cells[i].text) return ds_fail_memory(o->ctx, 0, "the first row");
    }
    return DS_OK;
}

static ds_status label_missing(const opening *o)
{
    if (!o->header)
        return ds_fail_at(o->ctx, DS_ECONFIG, "data.label",
                          "data: label is '%s'; %s has no header, wanted an index from %lld to %lld", o->set->label,
                          o->path, (long long)-o->columns, (long long)o->columns - 1);
    const char *names[256];
    int n = o->columns < 256 ? (int)o->columns : 256;
    for (int i = 0; i < n; i++) names[i] = o->cells[i].text;
    const char *near = ds_nearest(o->set->label, names, n);
    return ds_fail_at(o->ctx, DS_ECONFIG, "data.label", "data: label is '%s'; %s has no such column%s%s%s",
                      o->set->label, o->path, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Column of the label: a name in the header first, then an index. */
static ds_status find_label(opening *o)
{
    const char *text = o->set->label;
    o->label = o->columns - 1;
    if (!text || !*text) return DS_OK;
    for (int64_t i = 0; o->header && i < o->columns; i++)
        if (strcmp(o->cells[i].text, text) == 0) {
            o->label = i;
            return DS_OK;
        }
    char *end;
    long long i = strtoll(text, &end, 10);
    if (end == text || *end || i < -o->columns || i >= o->columns) return label_missing(o);
    o->label = i < 0 ? i + o->columns : i;
    return DS_OK;
}

/* auto: a header has no number in it, a row of data nothing but numbers and missing values, the label apart. */
static ds_status find_header(opening *o)
{
    o->header = o->set->header == DS_HEADER_TRUE;
    if (o->set->header != DS_HEADER_AUTO) return find_label(o);
    int64_t numbers = 0, others = 0;
    double v;
    for (int64_t i = 0; i < o->columns; i++) numbers += ds_table_number(o->t, o->cells[i].text, &v);
    o->header = numbers == 0;
    DS_TRY(find_label(o));
    if (numbers == 0) return DS_OK;
    for (int64_t i = 0; i < o->columns; i++)
        others +=
            i != o->label && !ds_table_number(o->t, o->cells[i].text, &v) && !ds_table_is_missing(o->cells[i].text);
    if (others == 0) return DS_OK;
    return ds_fail(o->ctx, DS_EFORMAT,
                   "%s:%lld: %lld of %lld cells are numbers: neither a header nor a row of data; set header: true or "
                   "false, or skip the line with skip",
                   o->path, (long long)o->cells[0].line, (long long)numbers, (long long)o->columns);
}

/* One cell of a row; the label waits for the end of its row. */
static ds_status keep_cell(opening *o, const ds_csv_cell *cell, int64_t column, double *row, ds_csv_cell *label)
{
    if (column == o->label) {
        *label = *cell;
        return DS_OK;
    }
    const ds_table_at at = { cell->line, cell->column, column, o->header ? o->cells[column].text : NULL };
    return ds_table_cell(o->t, cell->text, &at, &row[column - (column > o->label)]);
}

static ds_status end_row(opening *o, const ds_csv_cell *label)
{
    const ds_table_at at = { label->line, label->column, o->label, o->header ? o->cells[o->label].text : NULL };
    DS_TRY(ds_table_label(o->t, label->text, &at));
    return ds_table_commit(o->t);
}

/* The first row, when it is one of data: its cells have been cut already. */
static ds_status kept_row(opening *o)
{
    ds_csv_cell label = { 0 };
    double *row;
    DS_TRY(ds_table_row(o->t, o->columns - 1, &row));
    for (int64_t i = 0; i < o->columns; i++) DS_TRY(keep_cell(o, &o->cells[i], i, row, &label));
    return end_row(o, &label);
}

static ds_status next_row(opening *o, bool first)
{
    ds_csv_cell cell = { .last = false }, label = { 0 };
    int64_t n = 0, line = o->reader.line;
    double *row;
    DS_TRY(ds_table_row(o->t, o->columns - 1, &row));
    ds_status status = DS_OK; /* of the first bad cell: that cells are missing explains it better */
    for (; !cell.last; n++) {
        DS_TRY(ds_csv_cell_next(&o->reader, &cell));
        if (n < o->columns && status == DS_OK) status = keep_cell(o, &cell, n, row, &label);
    }
    if (n != o->columns)
        return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: found %lld cells; wanted %lld as in line %lld%s", o->path,
                       (long long)line, (long long)n, (long long)o->columns, (long long)o->cells[0].line,
                       first ? "; if that line is neither header nor data, pass over it with skip" : "");
    DS_TRY(status);
    return end_row(o, &label);
}

/* Names of the feature columns; all files that have them must agree, and the test set's with the training set's. */
static ds_status column_names(opening *o, const ds_source *train)
{
    ds_source *s = o->s;
    if (!o->header) return DS_OK;
    const char **known = s->column_names ? s->column_names : train ? train->column_names : NULL;
    int64_t count = s->column_names ? o->columns - 1 : train ? train->elements : 0, k = 0;
    const char **names = ds_arena_alloc(&s->arena, (size_t)(o->columns - 1) * sizeof *names);
    for (int64_t i = 0; i < o->columns; i++) {
        if (i == o->label) continue;
        const char *text = names ? ds_arena_text(&s->arena, o->cells[i].text) : NULL;
        if (!text) return ds_fail_memory(o->ctx, (size_t)o->columns * sizeof *names, "column names");
        if (known && k < count && strcmp(text, known[k]) != 0)
            return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: column %lld is '%s', in the %s file '%s'", o->path,
                           (long long)o->cells[i].line, (long long)i, text, s->column_names ? "first" : "training",
                           known[k]);
        names[k++] = text;
    }
    s->column_names = names;
    return DS_OK;
}

static ds_status begin(opening *o, const char *path, ds_stream *stream)
{
    if (o->forward) {
        DS_TRY(ds_stream_open(stream, o->ctx, path));
        return ds_csv_begin_stream(&o->reader, o->ctx, stream, &o->bytes, o->set->skip);
    }
    DS_TRY(ds_bytes_read(o->ctx, path, &o->bytes));
    return ds_csv_begin(&o->reader, o->ctx, o->path, &o->bytes, o->set->skip);
}

static ds_status read_content(opening *o, const char *path, const ds_source *train, ds_stream *stream)
{
    DS_TRY(begin(o, path, stream));
    DS_TRY(first_row(o));
    DS_TRY(find_header(o));
    if (o->s->elements && o->columns - 1 != o->s->elements)
        return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: found %lld cells; the files before it have %lld", o->path,
                       (long long)o->cells[0].line, (long long)o->columns, (long long)o->s->elements + 1);
    DS_TRY(column_names(o, train));
    if (!o->header) DS_TRY(kept_row(o));
    bool first = true;
    for (; ds_csv_more(&o->reader); first = false) DS_TRY(next_row(o, first && o->header));
    DS_TRY(o->reader.status);
    return first && o->header ? ds_fail(o->ctx, DS_EFORMAT, "%s: a header and no rows", o->path) : DS_OK;
}

static ds_status read_file(opening *o, const char *path, const ds_source *train)
{
    o->path = o->t->path = strcmp(path, "-") ? path : "standard input";
    o->bytes = (ds_bytes){ 0 };
    o->cells = NULL;
    o->columns = 0;
    ds_stream stream = { 0 };
    ds_status status = read_content(o, path, train, &stream);
    ds_stream_close(&stream);
    free(o->cells);
    free(o->bytes.data);
    return status;
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    char buf[DS_PATH_BYTES];
    const char *one, *const *files;
    int count;
    DS_TRY(ds_table_files(ctx, set, split, "csv", buf, &one, &files, &count));
    if (!files) return DS_OK;
    opening o = { .ctx = ctx, .set = set, .s = s };
    DS_TRY(ds_table_open(&o.t, ctx, set, train, s));
    for (int k = 0; k < count; k++) DS_TRY(read_file(&o, files[k], train));
    return ds_table_finish(o.t);
}

static ds_status scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *s,
                      const ds_sink *sink)
{
    char buf[DS_PATH_BYTES];
    const char *one, *const *files;
    int count;
    DS_TRY(ds_table_files(ctx, set, split, "csv", buf, &one, &files, &count));
    if (!files) return DS_OK;
    if (!ds_table_forward(files, count)) return ds_scan_whole(ctx, set, split, train, s, sink);
    opening o = { .ctx = ctx, .set = set, .s = s, .forward = true };
    DS_TRY(ds_table_open(&o.t, ctx, set, train, s));
    DS_TRY(ds_table_put_aside(o.t, sink->folder));
    for (int k = 0; k < count; k++) DS_TRY(read_file(&o, files[k], train));
    DS_TRY(ds_table_finish(o.t));
    return ds_table_replay(o.t, train, sink);
}

const ds_source_def ds_source_csv = {
    .head = { .name = "csv",
              .summary = "tables of numbers with a label column, separated by , ; or tab",
              .options = options,
              .elsewhere = "pandas read_csv with PyTorch TensorDataset, Keras tf.data CsvDataset, Caffe HDF5Data after "
                           "conversion" },
    .open = open,
    .row = ds_memory_row,
    .label = ds_memory_label,
    .close = ds_table_close,
    .scan = scan,
};
