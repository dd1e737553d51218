/* gradient.h - the gradient of a step, or what a solver asks about its point: the mean over the step's minibatches. */
#ifndef DS_TRAIN_GRADIENT_H
#define DS_TRAIN_GRADIENT_H

#include "train/session.h"

typedef struct ds_gradient {
    ds_session *s;
    ds_metric *errors; /* of the outputs as they were trained; NULL: not wanted */
    bool trains;       /* running statistics follow the batches */
    unsigned want;     /* DS_WANT_GRADIENT; of solvers also _VALUE (no vector then), _HVP, _GNVP */
    const void *v;     /* of products */
    bool same_point;   /* of products in steps of one batch: v alone is new */
    bool asks;         /* the optimizer may need more than the gradient */
    void *mean, *part; /* over the batches so far; of one of them (NULL: a step has one batch) */

    /* of the latest step */
    bool finite;     /* false: the latest batch's loss, gradient or what else was needed is not; mean is of no use */
    int64_t batches; /* the latest one too */
    int64_t evaluations;   /* of a rule's step: the gradient, and each vector that it needed beside it */
    double rows, loss;     /* loss: the mean over the rows; when not finite, the latest batch's */
    const ds_batch *batch; /* the latest */
    const void *latest;    /* its gradient */
} ds_gradient;

ds_status ds_gradient_open(ds_gradient *g, ds_session *s);
void ds_gradient_close(ds_gradient *g);
/* The gradient at a point on the loader's next train.accumulate batches, or on those that are left of its epoch. When it
 * is not finite, running statistics are as before the step. */
ds_status ds_gradient_take(ds_gradient *g, ds_loader *loader, const void *point, int64_t step);
/* The same on the batches of the latest step once more. */
ds_status ds_gradient_again(ds_gradient *g, ds_loader *loader, const void *point, int64_t step);
/* The gradient where the optimizer wants it, and on the last batch what else it needs; nothing of that is finite: as above. */
ds_status ds_gradient_for(ds_gradient *g, ds_loader *loader, ds_optim *optim, int64_t step);

#endif
