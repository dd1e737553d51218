/* jsonl.c - one JSON object a line: {"age": 41, "pixels": [0, 3, ...], "label": "cat"}. The first line says which keys
 * there are; numbers and true/false are a column, arrays (of arrays) of numbers as many as they have elements. null and
 * keys that are not there are missing values. RFC 8259; jsonlines.org */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/source/table.h"

enum { MAX_KEYS = 1 << 20, MAX_COLUMNS = 1 << 24 };

static const ds_option options[] = {
    { .name = "label",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "key of the label; default \"label\", or else the last key of the first line",
      .why = "what most files call it" },
    DS_TABLE_TARGET,
    DS_TABLE_MISSING,
    { .type = DS_OPT_END },
};

/* A key of the objects and the columns that it fills. */
typedef struct key {
    const char *name; /* in the source's arena */
    int64_t first, count;
} key;

/* The source's own: the keys of the training file's first line stand for all files. */
typedef struct objects {
    ds_table table;
    key *keys; /* owned */
    int64_t count, columns;
    const char *label;
} objects;

typedef struct opening {
    ds_ctx *ctx;
    const ds_data_settings *set;
    ds_source *s;
    ds_table *t;
    objects *own;
    const objects *like; /* the training file's, once known */
    int64_t line;
} opening;

static ds_status bad(const opening *o, const char *name, const char *found, const char *wanted)
{
    return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: \"%.40s\": found %.40s; wanted %s", o->t->path, (long long)o->line,
                   name, found, wanted);
}

static const char *kind(const json_t *v)
{
    static const char *const names[] = { "an object", "an array", "a text", "a whole number",
                                         "a number",  "true",     "false",  "null" };
    return names[json_typeof(v)];
}

/* Numbers in v, arrays opened. */
static int64_t elements(const json_t *v)
{
    if (!json_is_array(v)) return 1;
    int64_t n = 0;
    for (size_t i = 0; i < json_array_size(v); i++) n += elements(json_array_get(v, i));
    return n;
}

/* ---- the first line ---------------------------------------------------------------------------------------------- */

static ds_status add_key(opening *o, const char *name, const json_t *v)
{
    objects *own = o->own;
    if (strcmp(name, own->label) == 0) return DS_OK;
    key *k = &own->keys[own->count++];
    *k = (key){ ds_arena_text(&o->s->arena, name), own->columns, elements(v) };
    if (!k->name) return ds_fail_memory(o->ctx, strlen(name), "keys");
    own->columns += k->count;
    return own->columns <= MAX_COLUMNS ? DS_OK : bad(o, name, "too many numbers", "16777216 columns at most");
}

static ds_status choose_label(opening *o, json_t *first)
{
    const char *wanted = o->set->label && *o->set->label ? o->set->label : NULL, *name, *last = NULL, *names[256];
    json_t *v;
    int n = 0;
    json_object_foreach(first, name, v)
    {
        last = name;
        if (n < 256) names[n++] = name;
    }
    if (!last) return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: an object without keys", o->t->path, (long long)o->line);
    if (wanted && !json_object_get(first, wanted)) {
        const char *near = ds_nearest(wanted, names, n);
        return ds_fail_at(o->ctx, DS_ECONFIG, "data.label", "data: label is '%s'; %s has no such key%s%s%s", wanted,
                          o->t->path, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    o->own->label = ds_arena_text(&o->s->arena, wanted ? wanted : json_object_get(first, "label") ? "label" : last);
    return o->own->label ? DS_OK : ds_fail_memory(o->ctx, 0, "keys");
}

static ds_status name_columns(opening *o)
{
    ds_source *s = o->s;
    size_t bytes = (size_t)o->own->columns * sizeof *s->column_names;
    s->column_names = ds_arena_alloc(&s->arena, bytes);
    for (int64_t k = 0; k < o->own->count; k++)
        for (int64_t i = 0; i < o->own->keys[k].count; i++) {
            ds_text name = { 0 };
            ds_text_add(&name, o->own->keys[k].count == 1 ? "%s" : "%s[%lld]", o->own->keys[k].name, (long long)i);
            char *text = ds_text_take(&name), *copy = text ? ds_arena_text(&s->arena, text) : NULL;
            free(text);
            if (!copy || !s->column_names) return ds_fail_memory(o->ctx, bytes, "column names");
            s->column_names[o->own->keys[k].first + i] = copy;
        }
    return DS_OK;
}

static ds_status learn_keys(opening *o, json_t *first)
{
    const char *name;
    json_t *v;
    objects *own = o->own;
    size_t n = json_object_size(first);
    DS_TRY(choose_label(o, first));
    own->keys = n <= MAX_KEYS ? calloc(n, sizeof *own->keys) : NULL;
    if (!own->keys) return ds_fail_memory(o->ctx, n * sizeof *own->keys, "keys");
    json_object_foreach(first, name, v) DS_TRY(add_key(o, name, v));
    if (own->columns == 0)
        return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: no key but the label '%s'; wanted features", o->t->path,
                       (long long)o->line, own->label);
    o->like = own;
    return name_columns(o);
}

/* ---- every line -------------------------------------------------------------------------------------------------- */

static ds_status no_key(const opening *o, const char *name, const char *advice)
{
    return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: found no key '%s'; wanted all keys of the first line%s", o->t->path,
                   (long long)o->line, name, advice);
}

/* The numbers of v into x; *n counts them. */
static ds_status numbers(opening *o, const key *k, const json_t *v, double *x, int64_t *n)
{
    const ds_table_at at = { o->line, 1, k->first + *n, k->name };
    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) DS_TRY(numbers(o, k, json_array_get(v, i), x, n));
        return DS_OK;
    }
    int64_t i = (*n)++;
    if (i >= k->count) return DS_OK; /* counted on, for the message */
    if (json_is_string(v)) return ds_table_cell(o->t, json_string_value(v), &at, &x[i]);
    if (json_is_null(v)) return ds_table_missing(o->t, "null", &at, &x[i]);
    if (json_is_object(v)) return bad(o, k->name, kind(v), "numbers or arrays of numbers");
    x[i] = json_is_number(v) ? json_number_value(v) : json_is_true(v);
    return DS_OK;
}

static ds_status feature(opening *o, const key *k, const json_t *v, double *row)
{
    int64_t n = 0;
    const ds_table_at at = { o->line, 1, k->first, k->name };
    if (!v || (json_is_null(v) && k->count > 1)) {
        ds_status status = DS_OK;
        for (int64_t i = 0; i < k->count && status == DS_OK; i++) status = ds_table_missing(o->t, "null", &at, &row[i]);
        return status == DS_OK || v ? status : no_key(o, k->name, "; set data.missing to mean, drop or a value");
    }
    DS_TRY(numbers(o, k, v, row, &n));
    char found[48], wanted[48];
    snprintf(found, sizeof found, "%lld numbers", (long long)n);
    snprintf(wanted, sizeof wanted, "%lld as in the first line", (long long)k->count);
    return n == k->count ? DS_OK : bad(o, k->name, found, wanted);
}

static ds_status label(opening *o, const json_t *v)
{
    char text[32] = "";
    const char *name = o->like->label;
    const ds_table_at at = { o->line, 1, 0, name };
    if (!v && o->t->missing != DS_MISSING_DROP) return no_key(o, name, "; data.missing: drop leaves such rows out");
    if (v && json_is_string(v)) return ds_table_label(o->t, json_string_value(v), &at);
    if (v && (json_is_array(v) || json_is_object(v))) return bad(o, name, kind(v), "a text or a number as label");
    if (v && json_is_number(v))
        ds_number_text(json_number_value(v), text, sizeof text);
    else if (v && !json_is_null(v))
        strcpy(text, json_is_true(v) ? "true" : "false");
    return ds_table_label(o->t, text, &at);
}

static ds_status read_object(opening *o, json_t *object)
{
    double *row;
    if (!json_is_object(object))
        return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld: found %s; wanted an object {\"key\": value, ...}", o->t->path,
                       (long long)o->line, kind(object));
    if (!o->like) DS_TRY(learn_keys(o, object));
    DS_TRY(ds_table_row(o->t, o->like->columns, &row));
    size_t seen = json_object_get(object, o->like->label) != NULL;
    for (int64_t k = 0; k < o->like->count; k++) {
        const key *wanted = &o->like->keys[k];
        const json_t *v = json_object_get(object, wanted->name);
        seen += v != NULL;
        DS_TRY(feature(o, wanted, v, row + wanted->first));
    }
    if (seen != json_object_size(object))
        return ds_fail(o->ctx, DS_EFORMAT,
                       "%s:%lld: found %zu keys, %zu of them known from the first line; wanted no others", o->t->path,
                       (long long)o->line, json_object_size(object), seen);
    DS_TRY(label(o, json_object_get(object, o->like->label)));
    return ds_table_commit(o->t);
}

static ds_status read_line(opening *o, const char *text, size_t n)
{
    json_error_t e;
    while (n && strchr(" \t\r", text[n - 1])) n--;
    if (n == 0) return DS_OK;
    json_t *object = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &e);
    if (!object)
        return ds_fail(o->ctx, DS_EFORMAT, "%s:%lld:%d: %s; wanted a JSON object, numbers in it below 1.8e308",
                       o->t->path, (long long)o->line, e.column, e.text);
    ds_status status = read_object(o, object);
    json_decref(object);
    return status;
}

static ds_status read_file(opening *o, const char *path)
{
    ds_bytes b;
    ds_status status = DS_OK;
    o->t->path = strcmp(path, "-") ? path : "standard input";
    DS_TRY(ds_bytes_read(o->ctx, path, &b));
    const char *at = (char *)b.data, *end = at + b.size;
    for (o->line = 1; status == DS_OK && at < end; o->line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        status = read_line(o, at, (size_t)(stop - at));
        at = stop + 1;
    }
    free(b.data);
    return status;
}

/* The same in bounded memory. */
static ds_status read_lines(opening *o, const char *path)
{
    ds_lines l;
    char *text = NULL;
    size_t n = 0;
    o->t->path = path;
    o->line = 1;
    ds_status status = ds_lines_open(&l, o->ctx, path);
    while (status == DS_OK && (status = ds_lines_next(&l, &text, &n)) == DS_OK && text) {
        status = read_line(o, text, n);
        o->line++;
    }
    ds_lines_close(&l);
    return status;
}

static ds_status begin(opening *o, const ds_source *train)
{
    ds_source *s = o->s;
    s->own = o->own = calloc(1, sizeof *o->own);
    if (!o->own) return ds_fail_memory(o->ctx, sizeof *o->own, "a table");
    o->t = &o->own->table;
    o->like = train ? train->own : NULL;
    if (train) s->column_names = train->column_names;
    return ds_table_begin(o->t, o->ctx, o->set, train, s);
}

static ds_status scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *s,
                      const ds_sink *sink)
{
    char buf[DS_PATH_BYTES];
    const char *one, *const *files;
    int count;
    opening o = { .ctx = ctx, .set = set, .s = s };
    DS_TRY(ds_table_files(ctx, set, split, "jsonl", buf, &one, &files, &count));
    if (!files) return DS_OK;
    if (!ds_table_forward(files, count)) return ds_scan_whole(ctx, set, split, train, s, sink);
    DS_TRY(begin(&o, train));
    DS_TRY(ds_table_put_aside(o.t, sink->folder));
    for (int k = 0; k < count; k++) DS_TRY(read_lines(&o, files[k]));
    DS_TRY(ds_table_finish(o.t));
    return ds_table_replay(o.t, train, sink);
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    char buf[DS_PATH_BYTES];
    const char *one, *const *files;
    int count;
    opening o = { .ctx = ctx, .set = set, .s = s };
    DS_TRY(ds_table_files(ctx, set, split, "jsonl", buf, &one, &files, &count));
    if (!files) return DS_OK;
    DS_TRY(begin(&o, train));
    for (int k = 0; k < count; k++) DS_TRY(read_file(&o, files[k]));
    return ds_table_finish(o.t);
}

static void close(ds_source *s)
{
    objects *own = s->own;
    if (own) free(own->keys);
    ds_table_close(s);
}

const ds_source_def ds_source_jsonl = {
    .head = { .name = "jsonl",
              .summary = "JSON objects, one a line: numbers, arrays of numbers and a label",
              .cite = "RFC 8259",
              .options = options,
              .elsewhere = "pandas read_json(lines=True); PyTorch, Keras and Caffe none" },
    .open = open,
    .row = ds_memory_row,
    .label = ds_memory_label,
    .close = close,
    .scan = scan,
};
