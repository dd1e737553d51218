/* outcome.c - why a training ended, in one line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "train/loop.h"

static const struct {
    const char *name, *text;
} reasons[] = {
    [DS_DONE_EPOCHS] = { "epochs", "all epochs done" },
    [DS_DONE_STEPS] = { "steps", "all steps done" },
    [DS_DONE_SECONDS] = { "seconds", "the time is used up" },
    [DS_PATIENCE] = { "patience", "stopped" },
    [DS_REACHED] = { "target", "target reached" },
    [DS_SETTLED] = { "settled", "the solver is at its end" },
    [DS_STOPPED] = { "stopped", "stopped on request" },
    [DS_DIVERGED] = { "diverged", "diverged" },
};

const char *ds_reason_name(ds_reason reason) { return reasons[reason].name; }

/* Append; what does not fit is cut. */
static void add(char *text, size_t bytes, const char *fmt, ...) DS_PRINTF(3, 4);
static void add(char *text, size_t bytes, const char *fmt, ...)
{
    size_t n = strlen(text);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text + n, bytes - n, fmt, args);
    va_end(args);
}

void ds_loop_keeps(ds_loop *l, const char *fmt, ...)
{
    char file[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(file, sizeof file, fmt, args);
    va_end(args);
    add(l->kept, sizeof l->kept, "%s, ", file);
}

void ds_loop_describe(const ds_loop *l, ds_outcome *o)
{
    *o = (ds_outcome){
        .reason = l->reason,
        .missed = *l->missed != 0,
        .best_epoch = l->best_epoch,
        .best_step = l->best_step,
        .best_lr = l->best_lr,
        .epochs = l->epoch + (l->batch > 0), /* the one that was cut short counts */
        .steps = l->step,
        .seconds = ds_loop_seconds(l),
    };
    const size_t bytes = sizeof o->text;
    if (l->reason == DS_DIVERGED) {
        add(o->text, bytes, "diverged at %s; try a smaller optimizer.lr", l->why);
    } else {
        if (o->missed) add(o->text, bytes, "target missed: %s; ", l->missed);
        add(o->text, bytes, "%s: ", reasons[o->reason].text);
        if (*l->why) add(o->text, bytes, "%s. ", l->why);
        add(o->text, bytes, "%lld epochs, %lld steps in %.1f s", (long long)o->epochs, (long long)o->steps, o->seconds);
    }
    if (l->run && l->last)
        add(o->text, bytes, ". Kept in %s: %slast.safetensors", ds_run_path(l->run), l->kept);
    else if (l->run)
        add(o->text, bytes, ". These weights are not kept%s%s", *l->run->newest ? "; the newest checkpoint is " : "",
            l->run->newest);
}
