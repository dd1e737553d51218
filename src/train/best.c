/* best.c - the best epoch so far: the least validation loss, or training loss where no rows validate. */
#include <math.h>
#include <stdlib.h>

#include "train/parts.h"

typedef struct best {
    double value;
} best;

static ds_status open_best(ds_loop *l, void **own)
{
    best *b = calloc(1, sizeof *b);
    if (!b) return ds_fail_memory(l->s->ctx, sizeof *b, "the best epoch");
    b->value = INFINITY;
    ds_state_real(l->state, "best", "value", &b->value);
    *own = b;
    return DS_OK;
}

static ds_status judge(ds_loop *l, void *own, ds_epoch_report *r)
{
    (void)l;
    best *b = own;
    double judged = r->val.rows ? r->val.loss : r->train_loss;
    r->best = judged < b->value;
    if (r->best) b->value = judged;
    return DS_OK;
}

const ds_loop_part ds_best_part = { .name = "best", .open = open_best, .free = free, .epoch = judge };
