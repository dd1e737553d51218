/* columns.h - numbers of an epoch's report by name: columns of metrics.tsv, what stop rules and keep.best watch. */
#ifndef DS_TRAIN_COLUMNS_H
#define DS_TRAIN_COLUMNS_H

#include "descent/registry.h"
#include "train/session.h"

typedef struct ds_column {
    ds_head head;
    size_t offset;      /* of a double in the report, or of an int64_t */
    bool whole, more;   /* int64_t; larger is better */
    bool val, classes;  /* only where rows validate; only where the data has classes */
    bool average, clip; /* only where weights are averaged, gradients clipped */
    bool solver;        /* only of solvers */
} ds_column;

extern const ds_registry ds_column_registry;
const ds_column *ds_column_named(const char *name); /* NULL: none */
/* Whether the session's runs have column k. */
bool ds_column_there(int k, const ds_session *s);
double ds_column_value(const ds_column *c, const ds_epoch_report *r);
/* What the session lacks for the column, in words with a remedy; NULL: nothing. */
const char *ds_column_lacks(const ds_column *c, const ds_session *s);

#endif
