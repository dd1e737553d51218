/* checkpoint_job.h - a checkpoint on its way to the disk, with all it is made of. */
#ifndef DS_TRAIN_CHECKPOINT_JOB_H
#define DS_TRAIN_CHECKPOINT_JOB_H

#include <pthread.h>
#include <stdatomic.h>

#include "train/checkpoint.h"

typedef struct ds_job {
    ds_ctx *ctx;     /* for its messages: a context of its own beside training */
    const char *run; /* path */
    char name[DS_CHECKPOINT_NAME], part[DS_CHECKPOINT_NAME];
    int metrics, keep; /* file to flush first; how many stay */
    ds_tensor_list weights, state;
    json_t *manifest;
    /* beside training */
    pthread_t thread;
    atomic_bool done;
    ds_status status;
} ds_job;

/* The whole way. */
ds_status ds_job_write(ds_job *j);
int ds_manifest_add_files(json_t *manifest, const ds_checksum *weights, const ds_checksum *state); /* 0: done */
ds_status ds_manifest_put(ds_ctx *ctx, const char *path, json_t *manifest, bool replace, ds_checksum *sum);

#endif
