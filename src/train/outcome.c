/* outcome.c - why a training ended, in one line. */
#include <stdio.h>

#include "train/loop.h"

static const char *const why[] = {
    [DS_DONE_EPOCHS] = "all epochs done", [DS_DONE_STEPS] = "all steps done", [DS_DONE_SECONDS] = "the time is used up",
    [DS_STOPPED] = "stopped on request",  [DS_DIVERGED] = "diverged",
};

void ds_loop_describe(const ds_loop *l, ds_outcome *o)
{
    *o = (ds_outcome){
        .reason = l->reason,
        .epochs = l->epoch + (l->batch > 0), /* the one that was cut short counts */
        .steps = l->step,
        .seconds = ds_loop_seconds(l),
    };
    int n = l->reason == DS_DIVERGED
                ? snprintf(o->text, sizeof o->text, "diverged at %s; try a smaller optimizer.lr", l->why)
                : snprintf(o->text, sizeof o->text, "%s%s%s: %lld epochs, %lld steps in %.1f s", why[o->reason],
                           *l->why ? ": " : "", l->why, (long long)o->epochs, (long long)o->steps, o->seconds);
    if (l->run && n > 0 && (size_t)n < sizeof o->text)
        snprintf(o->text + n, sizeof o->text - (size_t)n, ". Kept step %lld: %s/last.safetensors", (long long)o->steps,
                 ds_run_path(l->run));
}
