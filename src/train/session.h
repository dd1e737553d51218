/* session.h - inside view of a session. */
#ifndef DS_TRAIN_SESSION_H
#define DS_TRAIN_SESSION_H

#include "base/ctx.h"
#include "descent/train.h"

struct ds_session {
    ds_ctx *ctx;
    ds_session_settings set;
    ds_dataset *data;
    ds_problem *problem;
    void *theta;
    int64_t dim, batch, batches; /* batches in an epoch */
    size_t element;              /* bytes of one */
    ds_loader *scorer[3];        /* per split, made at the first score */
};

#endif
