/* piece.h - the update of one rule on one piece of a stretch, planned: all of it, or one of its matrices. */
#ifndef DS_OPTIM_PIECE_H
#define DS_OPTIM_PIECE_H

#include "optim/rule.h"

typedef struct ds_piece {
    ds_rule_build build;            /* handles into the plans; its graph is gone */
    ds_plan *early, *plan, *look;   /* early states, the update, where the gradient is taken; NULL: there is none */
    int64_t from, n, rows, cols;    /* elements of theta; the last two of a matrix */
    int64_t at[DS_RULE_STATES];     /* first element of each of its states in the stretch's */
    bool aside[DS_RULE_STATES + 1]; /* a state's, at last theta's result must not lie over what it is computed from */
} ds_piece;

/* What p->from, n, rows and cols say, of rule def; segment NULL: all of the stretch. ds_piece_free after a failure too. */
ds_status ds_piece_plan(ds_piece *p, ds_ctx *ctx, const ds_optim_settings *s, const ds_rule_def *def,
                        const ds_rule_options *option, const ds_segment *segment);
void ds_piece_free(ds_piece *p);
/* Give an input or output its memory in whichever plan has it. */
ds_status ds_piece_bind(ds_piece *p, ds_val v, void *memory);
size_t ds_piece_bytes(const ds_piece *p);

#endif
