/* descent/runs.h - many runs at a time: an index over a folder of run directories, to search and compare them.
 *
 * The directories are the truth; the index (SQLite, FOLDER/index.sqlite) is a cache that is brought up to date whenever it
 * is opened and can be deleted at any time. Trainers never touch it. What is known of a run are facts, a key and a value:
 *
 *   settings     "optimizer.lr", "train.batch", ... as in resolved.yaml
 *   numbers      "val.accuracy", ... of the last epoch in metrics.tsv, "best.val.accuracy" the best one of all epochs
 *   the run      "run" (its name), "status" (running, finished, stopped, empty, damaged), "reason", "started", "tag" (any
 *                number of)
 *
 * Ownership  _open gives, _close takes (NULL is fine). Text in facts is valid during the call that gets it. */
#ifndef DESCENT_RUNS_H
#define DESCENT_RUNS_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds_index ds_index;

/* Open the index of a folder and bring it up to date; anew: read every run again. A folder that cannot be written gets an
 * index in memory. DS_EIO: no such folder. */
DS_API ds_status ds_index_open(ds_index **out, ds_ctx *ctx, const char *folder, bool anew);
DS_API void ds_index_close(ds_index *index);

/* Choose the runs that satisfy all conditions: KEY=VALUE, !=, <, <=, >, >=, ~ (contains). A KEY without a point may leave
 * out what stands before its last point, or ".name": optimizer=adam, lr<0.1. sort: a key, "-KEY" from the largest down,
 * NULL: by name. DS_EUSAGE for what is no condition, or a key that no run has. */
DS_API ds_status ds_index_find(ds_index *index, int conditions, const char *const *condition, const char *sort);
/* The runs that were chosen. */
DS_API int ds_index_count(const ds_index *index);
DS_API const char *ds_index_name(const ds_index *index, int i);
/* A fact of run i, several values apart by commas; NULL: none. Valid until the next call. */
DS_API const char *ds_index_fact(ds_index *index, int i, const char *key);
typedef void ds_fact_visitor(void *arg, const char *key, const char *value);
/* All facts of run i: the run, its settings, its numbers, its tags. */
DS_API ds_status ds_index_each(ds_index *index, int i, ds_fact_visitor *visit, void *arg);

/* Add or take away a tag: a line of RUN/tags. DS_EUSAGE: a tag with spaces or signs of conditions. */
DS_API ds_status ds_run_tag(ds_ctx *ctx, const char *path, const char *tag, bool on);
/* Remove a run: what a run writes, and its folder when nothing else is in it. DS_EUSAGE: a trainer is at work there;
 * DS_EIO: other files stay, and are named. */
DS_API ds_status ds_run_remove(ds_ctx *ctx, const char *path);

#ifdef __cplusplus
}
#endif
#endif
