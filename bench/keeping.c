/* keeping.c - what keeping a run costs: epochs of an MLP 784-512-512-10 (Adam, batch 128, generated digits) trained with
 * nothing kept, with metrics, best weights, progress and a checkpoint at the end, and with a checkpoint an epoch besides.
 * The ways take turns; printed, in wall time and in processor time (which other work on the machine moves less): the median
 * epoch, medians of the turns' ratios, the cost of a checkpoint, and what one a minute comes to. Usage: keeping [turns] [folder] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "train/session.h"

enum { EPOCHS = 4, MOST = 64 };

static FILE *nowhere;

static void on_progress(void *arg, const ds_progress *p)
{
    (void)arg;
    fprintf(nowhere, "\r%lld %lld %g", (long long)p->epoch, (long long)p->batch, p->loss);
}

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *x, int n)
{
    double sorted[MOST];
    memcpy(sorted, x, (size_t)n * sizeof *x);
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

static ds_status open_session(ds_ctx *ctx, ds_model *model, ds_session **s)
{
    ds_session_settings set = { .data = ds_data_defaults(),
                                .model = model,
                                .epochs = EPOCHS,
                                .steps = -1,
                                .batch = 128,
                                .seed = 1,
                                .checkpoint_unit = DS_UNIT_EPOCHS };
    set.data.holdout = "5000";
    DS_TRY(ds_model_add(model, "flatten true"));
    DS_TRY(ds_model_add(model, "dense 512 act=relu init=he"));
    DS_TRY(ds_model_add(model, "dense 512 act=relu init=he"));
    DS_TRY(ds_model_add(model, "dense classes"));
    set.model = model;
    DS_TRY(ds_rule_parse(ctx, "adam", &set.optimizer.rule));
    DS_TRY(ds_session_create(s, ctx, &set, NULL));
    return ds_session_init(*s);
}

typedef struct spent {
    double wall, cpu;
} spent;

/* Seconds an epoch. way 0: nothing kept; 1: all but checkpoints on the way; 2: one an epoch. */
static ds_status epoch_of(ds_ctx *ctx, ds_session *s, int way, const char *folder, spent *out)
{
    char path[512], command[600];
    ds_run *run = NULL;
    ds_outcome outcome;
    const ds_watcher watcher = { .progress = on_progress };
    snprintf(path, sizeof path, "%s/descent-keeping", folder);
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command)) return DS_EIO;
    if (way) DS_TRY(ds_run_create(&run, ctx, &(ds_run_text){ "keeping", "", "", 0 }, path));
    s->set.checkpoint_every = way == 2;
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    ds_status status = ds_train(s, run, way ? &watcher : NULL, &outcome);
    *out = (spent){ (now(CLOCK_MONOTONIC) - start) / EPOCHS, (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / EPOCHS };
    ds_run_close(run);
    return system(command) ? DS_EIO : status;
}

static void print(const char *clock, double epoch[3][MOST], int turns)
{
    double ratio[2][MOST];
    for (int t = 0; t < turns; t++) {
        ratio[0][t] = epoch[1][t] / epoch[0][t];
        ratio[1][t] = epoch[2][t] / epoch[1][t];
    }
    double kept = median(epoch[1], turns), each = median(epoch[2], turns);
    /* the last of the run's EPOCHS checkpoints is the one that the other way writes too */
    double one = (each - kept) * EPOCHS / (EPOCHS - 1);
    printf("%s: epoch %.3f s with nothing kept; metrics, best weights, progress: x %.3f; a checkpoint an epoch: x %.3f "
           "more\n",
           clock, median(epoch[0], turns), median(ratio[0], turns), median(ratio[1], turns));
    printf("%s: a checkpoint %.1f ms; one a minute %.2f %%\n", clock, 1e3 * one, 100 * one / 60);
}

static ds_status measure(ds_ctx *ctx, ds_session *s, int turns, const char *folder)
{
    static double wall[3][MOST], cpu[3][MOST];
    spent one;
    DS_TRY(epoch_of(ctx, s, 0, folder, &one)); /* warm */
    for (int t = 0; t < turns; t++)
        for (int k = 0; k < 3; k++) {
            int way = (t + k) % 3;
            DS_TRY(epoch_of(ctx, s, way, folder, &one));
            wall[way][t] = one.wall;
            cpu[way][t] = one.cpu;
        }
    print("wall", wall, turns);
    print("processor", cpu, turns);
    return DS_OK;
}

int main(int argc, char **argv)
{
    int turns = argc > 1 ? atoi(argv[1]) : 9;
    ds_ctx *ctx;
    ds_model *model = NULL;
    ds_session *s = NULL;
    nowhere = fopen("/dev/null", "w");
    if (!nowhere || turns < 1 || turns > MOST || ds_ctx_create(&ctx, 0) != DS_OK) return 1;
    ds_status status = ds_model_create(&model, ctx);
    if (status == DS_OK) status = open_session(ctx, model, &s);
    if (status == DS_OK) status = measure(ctx, s, turns, argc > 2 ? argv[2] : ".");
    if (status != DS_OK) fprintf(stderr, "keeping: %s\n", ds_error(ctx));
    ds_session_free(s);
    ds_model_free(model);
    ds_ctx_free(ctx);
    fclose(nowhere);
    return status != DS_OK;
}
