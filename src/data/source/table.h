/* table.h - rows of numbers with a label each, put together one by one: what the formats of tables share.
 * Classes: labels that are all numbers are sorted by value and numbered from 0; any other labels are numbered in the
 * order of their first appearance in the training files. Other splits are read with the training set's classes. */
#ifndef DS_DATA_SOURCE_TABLE_H
#define DS_DATA_SOURCE_TABLE_H

#include <locale.h>
#include <stdio.h>

#include "data/stream.h"

typedef enum ds_missing { DS_MISSING_ERROR, DS_MISSING_MEAN, DS_MISSING_DROP, DS_MISSING_VALUE } ds_missing;

typedef struct ds_table_class {
    const char *text; /* in the source's arena */
    double value;
    int32_t index;
} ds_table_class;

/* Kept as the source's own. */
typedef struct ds_table {
    ds_ctx *ctx;
    const ds_data_settings *set;
    ds_source *s;
    const struct ds_table *known; /* the training set's; NULL: this is it */
    const char *path;             /* of the file at hand, for messages */
    ds_missing missing;
    double fill;
    bool gap; /* the row at hand lacks a value */
    int64_t room;
    ds_table_class *classes; /* owned; sorted by text, once finished by value if all are numbers */
    int32_t count;
    bool numeric;
    locale_t locale; /* numbers have a point, whatever the program's locale */
    /* Rows read forward are put aside on disk until the last label is known; memory holds one. NULL: they are kept. */
    FILE *aside;
    int32_t *renumber; /* owned: class of each label as it was put aside; NULL: itself */
    double *sum;       /* owned, [elements]: of each column, and how many values */
    int64_t *values;
} ds_table;

/* Where a cell stands. */
typedef struct ds_table_at {
    int64_t line, byte, column;
    const char *name; /* of the column; NULL: none */
} ds_table_at;

/* As the source's own, or (begin) as the first member of what the caller has made that. */
ds_status ds_table_open(ds_table **out, ds_ctx *ctx, const ds_data_settings *set, const ds_source *train, ds_source *s);
ds_status ds_table_begin(ds_table *t, ds_ctx *ctx, const ds_data_settings *set, const ds_source *train, ds_source *s);
void ds_table_close(ds_source *s);
/* `path:line:byte: found 'text' in column ...; wanted ...` */
ds_status ds_table_bad(const ds_table *t, const char *text, const ds_table_at *at, const char *wanted);
/* A finite decimal number (no hexadecimal, no nan): true and *value. */
bool ds_table_number(const ds_table *t, const char *text, double *value);
/* Whether text is one of the words for a value that is missing: "", ?, NA, n/a, nan, null, none. */
bool ds_table_is_missing(const char *text);
/* The settings as to what takes the place of a missing value, or the error that there is one. */
ds_status ds_table_missing(ds_table *t, const char *text, const ds_table_at *at, double *value);
/* A feature's cell: a number or missing. */
ds_status ds_table_cell(ds_table *t, const char *text, const ds_table_at *at, double *value);
/* Room for one more row of `features` numbers: s->rows counts it after ds_table_commit. */
ds_status ds_table_row(ds_table *t, int64_t features, double **row);
ds_status ds_table_label(ds_table *t, const char *text, const ds_table_at *at);
ds_status ds_table_commit(ds_table *t); /* or drop it, when a value is missing and the settings say so */
/* The row at hand and its label to the file; the training columns' means, once all are there: of ds_table_commit and
 * ds_table_finish (table_aside.c). */
ds_status ds_table_aside(ds_table *t);
ds_status ds_table_means(ds_table *t);
/* Whether all files can be read forward. */
bool ds_table_forward(const char *const *files, int count);
/* From the first row on, put rows aside in an unnamed file in folder. */
ds_status ds_table_put_aside(ds_table *t, const char *folder);
/* After ds_table_finish: the rows put aside, missing values filled in by the training rows' means. */
ds_status ds_table_replay(ds_table *t, const ds_source *train, const ds_sink *sink);
/* After the last row: number the classes, fit the memory. */
ds_status ds_table_finish(ds_table *t);
/* The files of a split: listed, or the path itself, or NAME.ending in the folder it names. At most one of the last two,
 * in buf. */
ds_status ds_table_files(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const char *ending, char *buf,
                         const char **one, const char *const **files, int *count);

/* Options of every table. */
#define DS_TABLE_TARGET                                                                                                \
    {                                                                                                                  \
        .name = "target", .type = DS_OPT_CHOICE, .def = "auto", .choices = "auto|class|real",                          \
        .help = "labels as classes (auto) or as numbers", .why = "numbers may be classes too, and only the user knows" \
    }
#define DS_TABLE_MISSING                                                                                               \
    {                                                                                                                  \
        .name = "missing", .type = DS_OPT_TEXT, .def = "error",                                                        \
        .help = "a missing value is an error, the column's mean over the training rows, a number, or drop: the row",   \
        .why = "nothing is made up in silence",                                                                        \
        .elsewhere = "scikit-learn SimpleImputer(strategy=, fill_value=), pandas dropna"                               \
    }

#endif
