/* run.h - inside view of a run's directory. */
#ifndef DS_TRAIN_RUN_H
#define DS_TRAIN_RUN_H

#include <stdio.h>

#include "base/ctx.h"
#include "descent/train.h"

struct ds_run {
    char path[3800], file[4096];
    FILE *metrics; /* append only; NULL in a run that was opened */
};

/* One line of tab-separated text, flushed. DS_EIO. */
ds_status ds_run_metrics(ds_run *r, ds_ctx *ctx, const char *line);

#endif
