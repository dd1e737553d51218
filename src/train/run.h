/* run.h - inside view of a run's directory. */
#ifndef DS_TRAIN_RUN_H
#define DS_TRAIN_RUN_H

#include "base/ctx.h"
#include "base/text.h"
#include "descent/train.h"

struct ds_run {
    char path[3800], file[4096];
    int folder;            /* RUN itself, so that nothing is written into another that takes its path; as lock */
    int lock;              /* of the file RUN/lock; -1: opened for reading alone */
    int metrics;           /* metrics.tsv; -1 in a run opened for reading */
    int64_t metrics_bytes; /* written to it; part of a checkpoint */
    ds_text pending;       /* rows that could not be written yet */
    char *resolved;        /* the config with every default */
    uint64_t hash;         /* of the config */
    int serial;            /* of the newest checkpoint, good or not; 0: none */
    char newest[64];       /* its folder, once it was written or restored by this process; "" before */
    char *saved_config;    /* config of the newest checkpoint with a whole manifest; NULL: there is none */
    char *finished;        /* why the run is over, as that checkpoint has it; NULL: it is not */
};

/* Whether a trainer is at work in a run directory. */
bool ds_run_busy(const char *path);
/* Open for reading, with what its newest checkpoint says; a trainer may be at work in it. DS_EUNKNOWN. */
ds_status ds_run_look(ds_run **run, ds_ctx *ctx, const char *name);

/* DS_EIO when the folder that was locked is no longer the one at this path: removed, replaced, or its disk is gone. */
ds_status ds_run_present(ds_run *r, ds_ctx *ctx);
/* Write the config at hand: that of a run that goes on only once it is known that it can. DS_EIO. */
ds_status ds_run_write_config(ds_run *run, ds_ctx *ctx);
/* Append one line of tab-separated text. DS_EIO: it could not be written, and waits for the next flush. DS_EMEM. */
ds_status ds_run_metrics(ds_run *r, ds_ctx *ctx, const char *line);
/* Write the rows that wait. DS_EIO; what a failed write left behind is cut off. */
ds_status ds_run_flush(ds_run *r, ds_ctx *ctx);
/* Cut metrics.tsv to the rows that a checkpoint knows of. *missing: it was shorter. DS_EIO. */
ds_status ds_run_rewind(ds_run *r, ds_ctx *ctx, bool *missing);

#endif
