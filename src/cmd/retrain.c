/* retrain.c - see retrain.h. */
#include "retrain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

int ds_retrain_check(ds_ctx *ctx, const ds_config *config, ds_session *session)
{
    if (!config->train.retrain || ds_dataset_holds_out(ds_session_data(session))) return 0;
    return ds_config_refuse(ctx, config, "train.retrain",
                            "retrain gives rows back that were held out of the training files, and none were; set "
                            "data.holdout to a count or a share");
}

static void locate(ds_retrain_plan *p, const ds_config *config, ds_run *run)
{
    snprintf(p->out, sizeof p->out, "%s", ds_run_file(run, "retrain"));
    snprintf(p->best, sizeof p->best, "%s", ds_run_file(run, "best.safetensors"));
    snprintf(p->config, sizeof p->config, "%s", ds_run_file(run, "resolved.yaml"));
    p->from = config->train.retrain == DS_RETRAIN_CONTINUE ? p->best : NULL;
}

static void set(ds_retrain_plan *p, const char *fmt, ...) DS_PRINTF(2, 3);
static void set(ds_retrain_plan *p, const char *fmt, ...)
{
    char *text = p->setting[p->args.count - 1];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof p->setting[0], fmt, args);
    va_end(args);
    p->args.positional[p->args.count++] = text;
}

ds_status ds_retrain_make(ds_retrain_plan *p, const ds_config *config, ds_session *session, ds_run *run,
                          const ds_outcome *o)
{
    const char *weights = "best";
    ds_score score;
    *p->out = 0;
    bool over = o->reason <= DS_SETTLED && o->reason != DS_DONE_SECONDS; /* no time is left for a second run */
    if (!config->train.retrain || !over || o->best_step == 0) return DS_OK;
    ds_status status = ds_session_take(session, run, &weights);
    if (status == DS_OK) status = ds_session_score(session, DS_TRAIN, &score);
    if (status != DS_OK) return status;
    locate(p, config, run);
    p->args = (ds_args){ .count = 1 };
    p->args.positional[0] = p->config;
    set(p, "train.retrain={strategy: none}");
    set(p, "train.keep={best: none}"); /* no rows are left to judge by: the last weights are the result */
    if (config->train.retrain == DS_RETRAIN_ANEW) {
        set(p, "data.holdout=0");
        set(p, "train.stop={after: %lld steps}", (long long)o->best_step);
        fprintf(stderr, "retraining anew on all rows for %lld steps, as many as the best weights took\n",
                (long long)o->best_step);
        return DS_OK;
    }
    int64_t epochs = config->train.retrain_epochs > 0 ? config->train.retrain_epochs : o->epochs;
    set(p, "data.holdout_trains=true");
    set(p, "train.stop={target: val.loss, value: %.17g, mode: min}", score.loss);
    if (!isnan(o->best_lr)) { /* NaN: a solver, which has no rate */
        set(p, "schedule={name: constant}");
        set(p, "optimizer.lr=%.17g", o->best_lr);
    }
    set(p, "train.epochs=%lld", (long long)epochs);
    if (config->train.steps >= 0) set(p, "train.steps=1000000000000");
    fprintf(stderr,
            "retraining: on from the best weights with all rows, until val.loss falls to the %.4g that the other rows "
            "have, at most %lld epochs\n",
            score.loss, (long long)epochs);
    return DS_OK;
}

bool ds_retrain_begun(ds_retrain_plan *p, const ds_config *config, ds_run *run)
{
    if (!config->train.retrain) return false;
    FILE *f = fopen(ds_run_file(run, "retrain/resolved.yaml"), "rb");
    if (f) fclose(f);
    locate(p, config, run);
    return f;
}
