/* retrain.h - train.retrain: a second run on all rows after the first has found its best weights, as a config of its own in
 * RUN/retrain.
 *   anew      Goodfellow et al. algorithm 7.2: from new initial weights, as many steps as the best weights took
 *   continue  algorithm 7.3: from the best weights, until the loss on the rows held out falls to what it was on the
 *             other rows; it may never do so, hence a bound of epochs */
#ifndef DS_CMD_RETRAIN_H
#define DS_CMD_RETRAIN_H

#include "config_args.h"

enum { DS_RETRAIN_SETTINGS = 8 };

typedef struct ds_retrain_plan {
    char out[4096];   /* RUN/retrain; "": nothing is to be done */
    const char *from; /* weights to begin with, or NULL */
    char best[4096], config[4096], setting[DS_RETRAIN_SETTINGS][128];
    ds_args args; /* the first run's config and what changes */
} ds_retrain_plan;

/* 0, or an exit code when the data have no rows to give back. */
int ds_retrain_check(ds_ctx *ctx, const ds_config *config, ds_session *session);
/* After a run: what train.retrain asks for. Loads the run's best weights. */
ds_status ds_retrain_make(ds_retrain_plan *plan, const ds_config *config, ds_session *session, ds_run *run,
                          const ds_outcome *outcome);
/* Whether the finished run has begun its second run; out and from are set. */
bool ds_retrain_begun(ds_retrain_plan *plan, const ds_config *config, ds_run *run);

#endif
