/* session.h - inside view of a session. */
#ifndef DS_TRAIN_SESSION_H
#define DS_TRAIN_SESSION_H

#include "base/ctx.h"
#include "descent/train.h"
#include "descent/weights.h"

struct ds_session {
    ds_ctx *ctx;
    ds_session_settings set;
    ds_dataset *data;
    ds_problem *problem;
    void *theta;
    int64_t dim, batch, batches; /* batches in an epoch */
    int64_t accumulate, epoch;   /* batches in a step, steps in an epoch */
    size_t element;              /* bytes of one */
    unsigned needs;              /* of the optimizer beside the gradient, DS_NEED_* */
    ds_loader *scorer[3];        /* per split, made at the first score */
    ds_loader *measurer;         /* training rows for ds_session_measure, made at the first */
    void *aside;                 /* running statistics of training while others are in their place */
    const ds_watcher *watcher;   /* whose request ends a scoring early; NULL: none */
    bool interrupted;            /* the latest scoring was ended early */
    struct ds_curve *curve;      /* what a race wants noted; NULL: nothing */
};

/* Weights other than those in training: an average, the best so far. running NULL: the statistics of training. */
typedef struct ds_weights {
    const void *theta, *running;
} ds_weights;
ds_status ds_session_score_of(ds_session *s, ds_split split, const ds_weights *w, ds_score *score);
/* Into a folder that is held open; path ends in the file's name. */
ds_status ds_session_save_of(ds_session *s, const ds_weights *w, int folder, const char *path);
/* Statistics of batch norm that fit theta, measured on the training rows without augmentation, into `running`: one
 * forward pass. Those of training stay as they are. */
ds_status ds_session_measure(ds_session *s, const void *theta, void *running);
/* Bytes of running statistics; 0: the model has none. */
size_t ds_session_running_bytes(const ds_session *s);
/* Training batches in the order and with the augmentation of the config; the problem is prepared for them. */
ds_status ds_session_loader(ds_session *s, ds_loader **loader);
/* The solver's settings but for its start. */
ds_solver_settings ds_session_solver(const ds_session *s);
/* Steps that epochs and steps allow; INT64_MAX: any number. */
int64_t ds_session_steps(const ds_session *s);

/* Weights and running statistics in PyTorch's layout, as files hold them. */
typedef struct ds_tensor_list {
    int count;
    ds_named_tensor *tensor;
    void *block; /* their values */
} ds_tensor_list;
ds_status ds_session_gather(ds_session *s, const void *theta, ds_tensor_list *list);
void ds_session_drop(ds_tensor_list *list);
/* The other way, from an open file; path is for messages. */
ds_status ds_session_import(ds_session *s, const ds_tensor_file *f, const char *path);

#endif
