/* csv.c - tables of numbers with one label column: classes by name or number, or a real target.
 * Classes: labels that are all numbers are sorted by value and numbered from 0; any other labels are numbered in the
 * order of their first appearance in the training file. Validation and test files are read with the training file's
 * classes. */
#include <stdlib.h>
#include <string.h>

#include "data/source/csv_reader.h"

enum { MAX_COLUMNS = 1 << 20, MAX_CLASSES = 4096, FIRST_COLUMNS = 64 };

static const ds_option options[] = {
    { .name = "label",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "label column: name, or index from 0 (negative: from the end); default the last" },
    { .name = "header",
      .type = DS_OPT_CHOICE,
      .def = "auto",
      .choices = "auto|true|false",
      .help = "whether the first line names the columns" },
    { .name = "skip",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 1e9,
      .def = "0",
      .help = "lines to pass over before the header" },
    { .name = "target",
      .type = DS_OPT_CHOICE,
      .def = "auto",
      .choices = "auto|class|real",
      .help = "labels as classes (auto) or as numbers" },
    { .type = DS_OPT_END },
};

/* A class: what its cell says. Kept sorted, by value when all labels are numbers, else by text. */
typedef struct class_entry {
    const char *text; /* in the source's arena */
    double value;
    int32_t index;
} class_entry;

typedef struct table {
    class_entry *classes; /* owned, [count] */
    int32_t count;
    bool numeric;           /* all labels are numbers */
    int64_t columns, label; /* of the file, the label among them */
} table;

typedef struct label_cell {
    char *text;
    int64_t line, column;
} label_cell;

/* What is in the making while one file is read. */
typedef struct opening {
    ds_ctx *ctx;
    const ds_data_settings *set;
    const char *path;
    ds_bytes bytes;
    ds_csv_reader reader;
    ds_csv_cell *cells; /* the first row */
    int64_t columns;
    bool header;
    label_cell *labels; /* [rows] */
    ds_source *s;
    table *t;
} opening;

static ds_status bad_cell(const opening *o, const char *text, int64_t line, int64_t at, int64_t column,
                          const char *wanted)
{
    const char *name = o->header ? o->cells[column].text : NULL;
    return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld:%lld: found '%.40s' in column %lld%s%s%s; wanted %s", o->path,
                   (long long)line, (long long)at, text, (long long)column, name ? " ('" : "", name ? name : "",
                   name ? "')" : "", wanted);
}

static ds_status first_row(opening *o)
{
    int64_t room = 0;
    for (;;) {
        if (o->columns == room) {
            room = room ? 2 * room : FIRST_COLUMNS;
            ds_csv_cell *more = room <= MAX_COLUMNS ? realloc(o->cells, (size_t)room * sizeof *more) : NULL;
            if (!more)
                return ds_fail(o->ctx, DS_EFORMAT, "%s: the first row has more than %lld columns", o->path,
                               (long long)o->columns);
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
    return DS_OK;
}

static ds_status label_missing(const opening *o)
{
    if (!o->header)
        return ds_fail(o->ctx, DS_ECONFIG, "data: label is '%s'; %s has no header, wanted an index from %lld to %lld",
                       o->set->label, o->path, (long long)-o->columns, (long long)o->columns - 1);
    const char *names[256];
    int n = o->columns < 256 ? (int)o->columns : 256;
    for (int i = 0; i < n; i++) names[i] = o->cells[i].text;
    const char *near = ds_nearest(o->set->label, names, n);
    return ds_fail(o->ctx, DS_ECONFIG, "data: label is '%s'; %s has no such column%s%s%s", o->set->label, o->path,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Column of the label: a name in the header first, then an index. */
static ds_status find_label(opening *o)
{
    const char *text = o->set->label;
    o->t->label = o->columns - 1;
    if (!text || !*text) return DS_OK;
    for (int64_t i = 0; o->header && i < o->columns; i++)
        if (strcmp(o->cells[i].text, text) == 0) {
            o->t->label = i;
            return DS_OK;
        }
    char *end;
    long long i = strtoll(text, &end, 10);
    if (end == text || *end || i < -o->columns || i >= o->columns) return label_missing(o);
    o->t->label = i < 0 ? i + o->columns : i;
    return DS_OK;
}

/* auto: a header has no number in it, a row of data nothing else but in the label column. */
static ds_status find_header(opening *o)
{
    o->header = o->set->header == DS_HEADER_TRUE;
    if (o->set->header != DS_HEADER_AUTO) return find_label(o);
    int64_t numbers = 0;
    double v;
    for (int64_t i = 0; i < o->columns; i++) numbers += ds_csv_number(&o->reader, o->cells[i].text, &v);
    o->header = numbers == 0;
    DS_TRY(find_label(o));
    if (numbers == 0) return DS_OK;
    bool label_is_number = ds_csv_number(&o->reader, o->cells[o->t->label].text, &v);
    if (numbers - label_is_number == o->columns - 1) return DS_OK;
    return ds_fail(o->ctx, DS_EFORMAT,
                   "%s:%lld: %lld of %lld cells are numbers: neither a header nor a row of data; set header: true or "
                   "false, or skip the line with skip",
                   o->path, (long long)o->cells[0].line, (long long)numbers, (long long)o->columns);
}

/* Every row takes two bytes a cell at least, so memory is bounded by the file's size. */
static ds_status make_room(opening *o)
{
    size_t rows = (o->bytes.size + 1) / (2 * (size_t)o->columns) + 1, features = (size_t)o->columns - 1;
    o->s->cell = DS_CELL_F64;
    o->s->elements = (int64_t)features;
    o->s->layout = DS_SHAPE((int64_t)features);
    o->s->memory = malloc(rows * features * sizeof(double));
    o->labels = malloc(rows * sizeof *o->labels);
    if (!o->s->memory || !o->labels) return ds_fail_memory(o->ctx, rows * features * sizeof(double), o->path);
    o->s->first = o->s->memory;
    return DS_OK;
}

static ds_status keep_cell(opening *o, const ds_csv_cell *cell, int64_t column)
{
    ds_source *s = o->s;
    if (column == o->t->label) {
        o->labels[s->rows] = (label_cell){ cell->text, cell->line, cell->column };
        return *cell->text ? DS_OK : bad_cell(o, cell->text, cell->line, cell->column, column, "a label");
    }
    double *row = (double *)(void *)s->memory + s->rows * s->elements;
    if (!ds_csv_number(&o->reader, cell->text, &row[column - (column > o->t->label)]))
        return bad_cell(o, cell->text, cell->line, cell->column, column,
                        "a number; every column but the label is a feature");
    return DS_OK;
}

static ds_status rows(opening *o)
{
    for (int64_t i = 0; !o->header && i < o->columns; i++) DS_TRY(keep_cell(o, &o->cells[i], i));
    o->s->rows = !o->header;
    while (ds_csv_more(&o->reader)) {
        ds_csv_cell cell = { .last = false };
        int64_t n = 0, line = o->reader.line;
        for (; !cell.last; n++) {
            DS_TRY(ds_csv_cell_next(&o->reader, &cell));
            if (n < o->columns) DS_TRY(keep_cell(o, &cell, n));
        }
        if (n != o->columns)
            return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: found %lld cells; wanted %lld as in line %lld%s", o->path,
                           (long long)line, (long long)n, (long long)o->columns, (long long)o->cells[0].line,
                           o->s->rows == 0 ? "; if that line is neither header nor data, pass over it with skip" : "");
        o->s->rows++;
    }
    return o->s->rows ? DS_OK : ds_fail(o->ctx, DS_EFORMAT, "%s: a header and no rows", o->path);
}

static int compare(const table *t, const char *text, double value, const class_entry *e)
{
    return t->numeric ? (value > e->value) - (value < e->value) : strcmp(text, e->text);
}

/* Index of the entry, or where it would have to go (*found false). */
static int32_t search(const table *t, const char *text, double value, bool *found)
{
    int32_t lo = 0, hi = t->count;
    *found = false;
    while (lo < hi) {
        int32_t mid = lo + (hi - lo) / 2;
        int c = compare(t, text, value, &t->classes[mid]);
        if (c == 0) *found = true;
        if (c == 0) return mid;
        if (c > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The distinct labels of the training file. */
static ds_status collect_classes(opening *o)
{
    table *t = o->t;
    double v = 0;
    t->numeric = true;
    for (int64_t i = 0; t->numeric && i < o->s->rows; i++)
        t->numeric = ds_csv_number(&o->reader, o->labels[i].text, &v);
    t->classes = malloc(MAX_CLASSES * sizeof *t->classes);
    if (!t->classes) return ds_fail_memory(o->ctx, MAX_CLASSES * sizeof *t->classes, "classes");
    for (int64_t i = 0; i < o->s->rows; i++) {
        bool found;
        if (t->numeric) ds_csv_number(&o->reader, o->labels[i].text, &v);
        int32_t at = search(t, o->labels[i].text, v, &found);
        if (found) continue;
        if (t->count == MAX_CLASSES)
            return ds_fail(
                o->ctx, DS_EFORMAT,
                "%s: column %lld has more than %d different labels; for numbers to be predicted set target: real",
                o->path, (long long)t->label, MAX_CLASSES);
        const char *text = ds_arena_text(&o->s->arena, o->labels[i].text);
        if (!text) return ds_fail_memory(o->ctx, strlen(o->labels[i].text), "class names");
        memmove(&t->classes[at + 1], &t->classes[at], (size_t)(t->count - at) * sizeof *t->classes);
        t->classes[at] = (class_entry){ text, v, t->count++ };
    }
    for (int32_t k = 0; t->numeric && k < t->count; k++) t->classes[k].index = k;
    return DS_OK;
}

static ds_status class_labels(opening *o, const table *known)
{
    ds_source *s = o->s;
    s->classes = known->count;
    s->labels = malloc((size_t)s->rows * sizeof *s->labels);
    s->class_names = ds_arena_alloc(&s->arena, (size_t)known->count * sizeof *s->class_names);
    if (!s->labels || !s->class_names) return ds_fail_memory(o->ctx, (size_t)s->rows * sizeof *s->labels, "labels");
    for (int32_t k = 0; k < known->count; k++) s->class_names[known->classes[k].index] = known->classes[k].text;
    for (int64_t i = 0; i < s->rows; i++) {
        const label_cell *cell = &o->labels[i];
        double v = 0;
        bool found = !known->numeric || ds_csv_number(&o->reader, cell->text, &v);
        int32_t at = found ? search(known, cell->text, v, &found) : 0;
        if (!found)
            return bad_cell(o, cell->text, cell->line, cell->column, o->t->label, "a label of the training file");
        s->labels[i] = known->classes[at].index;
    }
    return DS_OK;
}

static ds_status real_labels(opening *o)
{
    ds_source *s = o->s;
    s->targets = 1;
    s->reals = malloc((size_t)s->rows * sizeof *s->reals);
    if (!s->reals) return ds_fail_memory(o->ctx, (size_t)s->rows * sizeof *s->reals, "targets");
    for (int64_t i = 0; i < s->rows; i++) {
        const label_cell *cell = &o->labels[i];
        if (!ds_csv_number(&o->reader, cell->text, &s->reals[i]))
            return bad_cell(o, cell->text, cell->line, cell->column, o->t->label, "a number, for the target is real");
    }
    return DS_OK;
}

/* Names of the feature columns; where the training file has names too they must be the same. */
static ds_status column_names(opening *o, const ds_source *train)
{
    ds_source *s = o->s;
    if (!o->header) return DS_OK;
    s->column_names = ds_arena_alloc(&s->arena, (size_t)s->elements * sizeof *s->column_names);
    for (int64_t i = 0, k = 0; i < o->columns; i++) {
        if (i == o->t->label) continue;
        const char *text = s->column_names ? ds_arena_text(&s->arena, o->cells[i].text) : NULL;
        if (!text) return ds_fail_memory(o->ctx, (size_t)s->elements * sizeof *s->column_names, "column names");
        if (train && train->column_names && k < train->elements && strcmp(text, train->column_names[k]) != 0)
            return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: column %lld is '%s', in the training file '%s'", o->path,
                           (long long)o->cells[i].line, (long long)i, text, train->column_names[k]);
        s->column_names[k++] = text;
    }
    return DS_OK;
}

static ds_status read_file(opening *o, const ds_source *train)
{
    DS_TRY(ds_bytes_read(o->ctx, o->path, &o->bytes));
    DS_TRY(ds_csv_begin(&o->reader, o->ctx, o->path, &o->bytes, o->set->skip));
    DS_TRY(first_row(o));
    DS_TRY(find_header(o));
    DS_TRY(make_room(o));
    DS_TRY(rows(o));
    DS_TRY(column_names(o, train));
    void *fit = realloc(o->s->memory, (size_t)(o->s->rows * o->s->elements) * sizeof(double));
    if (fit) o->s->memory = o->s->first = fit;
    if (o->set->target == DS_TARGET_REAL) return real_labels(o);
    if (!train) DS_TRY(collect_classes(o));
    return class_labels(o, train ? train->own : o->t);
}

/* The one file of a split: listed, the path itself, or NAME.csv in the folder it names. "" when there is none. */
static ds_status find_file(ds_ctx *ctx, const ds_data_settings *set, ds_split split, char *path)
{
    int count;
    const char *const *files = ds_split_files(set, split, &count);
    path[0] = 0;
    if (count > 1)
        return ds_fail(ctx, DS_ECONFIG, "data: %s names %d files; csv wants one", ds_split_name(split), count);
    if (files) return ds_path_copy(ctx, path, files[0]);
    if (!set->path || split == DS_VAL) return DS_OK;
    if (!ds_folder_exists(set->path)) return split == DS_TRAIN ? ds_path_copy(ctx, path, set->path) : DS_OK;
    DS_TRY(ds_path_join(ctx, path, set->path, split == DS_TRAIN ? "train.csv" : "test.csv"));
    if (split == DS_TEST && !ds_file_exists(path)) path[0] = 0;
    return DS_OK;
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    char path[DS_PATH_BYTES];
    DS_TRY(find_file(ctx, set, split, path));
    if (!path[0]) return DS_OK;
    table *t = s->own = calloc(1, sizeof *t);
    if (!t) return ds_fail_memory(ctx, sizeof *t, "a table");
    opening o = { .ctx = ctx, .set = set, .path = path, .s = s, .t = t };
    ds_status status = read_file(&o, train);
    ds_csv_end(&o.reader);
    free(o.cells);
    free(o.labels);
    free(o.bytes.data);
    return status;
}

static void close(ds_source *s)
{
    table *t = s->own;
    if (t) free(t->classes);
    free(t);
}

const ds_source_def ds_source_csv = {
    .head = { .name = "csv",
              .summary = "a table of numbers with a label column, separated by , ; or tab",
              .options = options },
    .open = open,
    .row = ds_memory_row,
    .label = ds_memory_label,
    .close = close,
};
