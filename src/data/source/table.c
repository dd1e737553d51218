/* table.c - tables in the making (table.h). Memory grows with the rows that are really there. */
#define _GNU_SOURCE /* strtod_l */
#include "data/source/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_CLASSES = 4096, FIRST_ROWS = 64 };

static ds_status read_missing(ds_table *t)
{
    const char *text = t->set->missing;
    if (!text || !*text || !strcmp(text, "error"))
        t->missing = DS_MISSING_ERROR;
    else if (!strcmp(text, "mean"))
        t->missing = DS_MISSING_MEAN;
    else if (!strcmp(text, "drop"))
        t->missing = DS_MISSING_DROP;
    else if (ds_table_number(t, text, &t->fill))
        t->missing = DS_MISSING_VALUE;
    else
        return ds_fail_at(t->ctx, DS_ECONFIG, "data.missing",
                          "data: missing is '%s'; wanted error, mean, drop or a number", text);
    return DS_OK;
}

ds_status ds_table_begin(ds_table *t, ds_ctx *ctx, const ds_data_settings *set, const ds_source *train, ds_source *s)
{
    *t = (ds_table){ .ctx = ctx, .set = set, .s = s, .known = train ? train->own : NULL, .numeric = true };
    t->locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!t->locale) return ds_fail_memory(ctx, 0, "a locale");
    if (!t->known) {
        t->classes = malloc(MAX_CLASSES * sizeof *t->classes);
        if (!t->classes) return ds_fail_memory(ctx, MAX_CLASSES * sizeof *t->classes, "classes");
    }
    s->cell = DS_CELL_F64;
    return read_missing(t);
}

ds_status ds_table_open(ds_table **out, ds_ctx *ctx, const ds_data_settings *set, const ds_source *train, ds_source *s)
{
    *out = s->own = calloc(1, sizeof **out);
    return *out ? ds_table_begin(*out, ctx, set, train, s) : ds_fail_memory(ctx, sizeof **out, "a table");
}

void ds_table_close(ds_source *s)
{
    ds_table *t = s->own;
    if (!t) return;
    if (t->locale) freelocale(t->locale);
    if (t->aside) fclose(t->aside);
    free(t->renumber);
    free(t->sum);
    free(t->values);
    free(t->classes);
    free(t);
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

ds_status ds_table_bad(const ds_table *t, const char *text, const ds_table_at *at, const char *wanted)
{
    return ds_fail(t->ctx, DS_EFORMAT, "%s:%lld:%lld: found '%.40s' in column %lld%s%s%s; wanted %s", t->path,
                   (long long)at->line, (long long)at->byte, text, (long long)at->column, at->name ? " ('" : "",
                   at->name ? at->name : "", at->name ? "')" : "", wanted);
}

/* A decimal number, or infinity where it is out of range. */
static bool decimal(const ds_table *t, const char *text, double *value)
{
    if (!*text || text[strspn(text, "0123456789+-.eE")]) return false;
    char *end;
    *value = strtod_l(text, &end, t->locale);
    return *end == 0;
}

bool ds_table_number(const ds_table *t, const char *text, double *value)
{
    return decimal(t, text, value) && isfinite(*value);
}

bool ds_table_is_missing(const char *text)
{
    static const char *const words[] = { "", "?", "na", "n/a", "nan", "null", "none" };
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        if (strcasecmp(text, words[k]) == 0) return true;
    return false;
}

ds_status ds_table_missing(ds_table *t, const char *text, const ds_table_at *at, double *value)
{
    t->gap = true;
    *value = t->missing == DS_MISSING_VALUE ? t->fill : NAN;
    if (t->missing == DS_MISSING_MEAN) t->s->holes = true;
    if (t->missing != DS_MISSING_ERROR) return DS_OK;
    return ds_table_bad(t, text, at, "a number; set data.missing to mean, drop or a value");
}

ds_status ds_table_cell(ds_table *t, const char *text, const ds_table_at *at, double *value)
{
    if (ds_table_number(t, text, value)) return DS_OK;
    if (ds_table_is_missing(text)) return ds_table_missing(t, text, at, value);
    return ds_table_bad(t, text, at,
                        decimal(t, text, value) ? "a number below 1.8e308, the largest that f64 holds"
                                                : "a number; every column but the label is a feature");
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* Where the row at hand is in memory. */
static int64_t slot(const ds_table *t) { return t->aside ? 0 : t->s->rows; }

ds_status ds_table_row(ds_table *t, int64_t features, double **row)
{
    ds_source *s = t->s;
    if (slot(t) == t->room) {
        int64_t room = t->aside ? 1 : t->room ? 2 * t->room : FIRST_ROWS;
        size_t bytes = (size_t)(room * features) * sizeof(double);
        uint8_t *memory = realloc(s->memory, bytes + 1);
        if (memory) s->memory = memory;
        bool real = t->set->target == DS_TARGET_REAL;
        void *labels = realloc(real ? (void *)s->reals : s->labels, (size_t)room * (real ? sizeof(double) : 4));
        if (labels && real) s->reals = labels;
        if (labels && !real) s->labels = labels;
        if (!memory || !labels) return ds_fail_memory(t->ctx, bytes, t->path);
        t->room = room;
    }
    s->elements = features;
    s->layout = DS_SHAPE(features);
    t->gap = false;
    *row = (double *)(void *)s->memory + slot(t) * features;
    return DS_OK;
}

ds_status ds_table_commit(ds_table *t)
{
    if (t->gap && t->missing == DS_MISSING_DROP) return DS_OK;
    DS_TRY(t->aside ? ds_table_aside(t) : DS_OK);
    t->s->rows++;
    return DS_OK;
}

/* ---- labels ------------------------------------------------------------------------------------------------------ */

/* Index of the entry, or where it would have to go (*found false). */
static int32_t search(const ds_table *t, bool by_value, const char *text, double value, bool *found)
{
    int32_t lo = 0, hi = t->count;
    *found = false;
    while (lo < hi) {
        int32_t mid = lo + (hi - lo) / 2;
        const ds_table_class *e = &t->classes[mid];
        int c = by_value ? (value > e->value) - (value < e->value) : strcmp(text, e->text);
        if (c == 0) *found = true;
        if (c == 0) return mid;
        if (c > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static ds_status known_label(ds_table *t, const char *text, const ds_table_at *at)
{
    double v = 0;
    bool found = !t->known->numeric || ds_table_number(t, text, &v);
    int32_t k = found ? search(t->known, t->known->numeric, text, v, &found) : 0;
    if (!found) return ds_table_bad(t, text, at, "a label of the training file");
    t->s->labels[slot(t)] = t->known->classes[k].index;
    return DS_OK;
}

/* Numbered by first appearance for now. */
static ds_status new_label(ds_table *t, const char *text, const ds_table_at *at)
{
    bool found;
    double v = 0;
    int32_t k = search(t, false, text, 0, &found);
    if (!found) {
        if (t->count == MAX_CLASSES)
            return ds_fail(
                t->ctx, DS_EFORMAT,
                "%s: column %lld has more than %d different labels; for numbers to be predicted set target: real",
                t->path, (long long)at->column, MAX_CLASSES);
        const char *copy = ds_arena_text(&t->s->arena, text);
        if (!copy) return ds_fail_memory(t->ctx, strlen(text), "class names");
        t->numeric = t->numeric && ds_table_number(t, text, &v);
        memmove(&t->classes[k + 1], &t->classes[k], (size_t)(t->count - k) * sizeof *t->classes);
        t->classes[k] = (ds_table_class){ copy, v, t->count++ };
    }
    t->s->labels[slot(t)] = t->classes[k].index;
    return DS_OK;
}

ds_status ds_table_label(ds_table *t, const char *text, const ds_table_at *at)
{
    if (!*text && t->missing == DS_MISSING_DROP) {
        t->gap = true;
        return DS_OK;
    }
    if (!*text) return ds_table_bad(t, text, at, "a label");
    if (t->gap && t->missing == DS_MISSING_DROP) return DS_OK;
    if (t->set->target != DS_TARGET_REAL) return t->known ? known_label(t, text, at) : new_label(t, text, at);
    if (ds_table_number(t, text, &t->s->reals[slot(t)])) return DS_OK;
    return ds_table_bad(t, text, at, "a number, for the target is real");
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const ds_table_class *p = a, *q = b;
    return p->value != q->value ? (p->value > q->value) - (p->value < q->value)
                                : (p->index > q->index) - (p->index < q->index);
}

/* Classes whose labels are numbers, by value: "1" and "1.0" are one, and called as they were first. Returns how many. */
static int32_t number_by_value(ds_table *t, int32_t *renumber)
{
    int32_t classes = 0;
    qsort(t->classes, (size_t)t->count, sizeof *t->classes, by_value);
    for (int32_t k = 0; k < t->count; k++) {
        classes += k > 0 && t->classes[k].value != t->classes[k - 1].value;
        renumber[t->classes[k].index] = classes;
    }
    for (int32_t k = 0; k < t->count; k++) t->classes[k].index = renumber[t->classes[k].index];
    for (int64_t i = 0; i < t->s->rows && !t->aside; i++) t->s->labels[i] = renumber[t->s->labels[i]];
    return classes + 1;
}

static ds_status number_classes(ds_table *t)
{
    ds_source *s = t->s;
    const ds_table *from = t->known ? t->known : t;
    s->classes = t->count;
    if (!t->known && t->numeric) {
        int32_t *renumber = malloc((size_t)t->count * sizeof *renumber);
        if (!renumber) return ds_fail_memory(t->ctx, (size_t)t->count * sizeof *renumber, "classes");
        s->classes = number_by_value(t, renumber);
        if (t->aside)
            t->renumber = renumber;
        else
            free(renumber);
    }
    if (t->known) s->classes = from->s->classes;
    s->class_names = ds_arena_alloc(&s->arena, (size_t)s->classes * sizeof *s->class_names);
    if (!s->class_names) return ds_fail_memory(t->ctx, (size_t)s->classes * sizeof *s->class_names, "class names");
    for (int32_t k = from->count - 1; k >= 0; k--) s->class_names[from->classes[k].index] = from->classes[k].text;
    return DS_OK;
}

ds_status ds_table_finish(ds_table *t)
{
    ds_source *s = t->s;
    if (s->rows == 0)
        return ds_fail(t->ctx, DS_EFORMAT, "%s: no rows%s", t->path,
                       t->room ? " without a missing value; set data.missing to mean or a value" : "");
    if (t->aside) DS_TRY(ds_table_means(t));
    void *fit = t->aside ? NULL : realloc(s->memory, (size_t)(s->rows * s->elements) * sizeof(double) + 1);
    if (fit) s->memory = fit;
    s->first = s->memory;
    t->room = slot(t);
    if (t->set->target == DS_TARGET_REAL) {
        s->targets = 1;
        return DS_OK;
    }
    return number_classes(t);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

ds_status ds_table_files(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const char *ending, char *buf,
                         const char **one, const char *const **files, int *count)
{
    char name[32];
    *files = ds_split_files(set, split, count);
    if (*files || !set->path || split == DS_VAL) return DS_OK;
    if (ds_folder_exists(set->path)) {
        strcat(strcat(strcpy(name, ds_split_name(split)), "."), ending);
        DS_TRY(ds_path_join(ctx, buf, set->path, name));
        if (split == DS_TEST && !ds_file_exists(buf)) return DS_OK;
    } else {
        if (split != DS_TRAIN) return DS_OK;
        DS_TRY(ds_path_copy(ctx, buf, set->path));
    }
    *one = buf;
    *files = one;
    *count = 1;
    return DS_OK;
}
