/* index.h - inside view of the index over runs. */
#ifndef DS_TRAIN_INDEX_H
#define DS_TRAIN_INDEX_H

#include <sqlite3.h>

#include "base/ctx.h"
#include "base/text.h"
#include "descent/runs.h"

struct ds_index {
    ds_ctx *ctx;
    sqlite3 *db;
    char *folder;
    int64_t *found; /* run ids */
    char **names;
    int count;
    char *fact; /* the last one asked for */
};

/* Prepare a statement; NULL and the error in the context when that fails. */
sqlite3_stmt *ds_index_prepare(ds_index *x, const char *sql);
/* Take a step: 1 row, 0 done, -1 failed. */
int ds_index_step(ds_index *x, sqlite3_stmt *s);
ds_status ds_index_fail(ds_index *x);

/* Read the directory of one run into facts of run id. */
ds_status ds_index_read(ds_index *x, int64_t id, const char *name, const char *path);

#endif
