/* rundir.h - a run's folder: config as given and as resolved, metrics.tsv, weights, environment. Copying it copies the run. */
#ifndef DS_TRAIN_RUNDIR_H
#define DS_TRAIN_RUNDIR_H

#include <stdio.h>

#include "base/ctx.h"

typedef struct ds_rundir {
    char  path[4096];
    FILE *metrics; /* append only */
} ds_rundir;

/* Choose and make the folder: `out` as it stands, or runs/<name>-NNNN with the next free number. A folder that holds a run (its
 * last.safetensors) is refused with DS_EUSAGE; one without is begun again. */
ds_status ds_rundir_create(ds_rundir *r, ds_ctx *ctx, const char *out, const char *name);
void      ds_rundir_close(ds_rundir *r);
/* Write a small text file into it. */
ds_status ds_rundir_text(ds_rundir *r, ds_ctx *ctx, const char *file, const char *text);
/* path/file in buf; returns buf. */
char *ds_rundir_path(const ds_rundir *r, const char *file, char *buf, size_t bytes);
/* One line of tab-separated text, flushed. DS_EIO. */
ds_status ds_rundir_metrics(ds_rundir *r, ds_ctx *ctx, const char *line);
/* The folder of a run named on the command line: a path, or a name under runs/. DS_EUNKNOWN when there is none. */
ds_status ds_rundir_find(ds_rundir *r, ds_ctx *ctx, const char *name);

#endif
