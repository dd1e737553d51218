/* data_shuffle.c - `descent data shuffle`: any set into shards in a random order, in bounded memory; goes on where it was
 * stopped or killed. `convert --to shards` writes them in stored order. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data.h"

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

typedef struct bar {
    bool shown;
    double last;
    const char *what;
} bar;

static bool progress(void *arg, const char *what, int64_t done, int64_t rows)
{
    bar *b = arg;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    double now = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    if (b->shown && now - b->last > 0.1 && rows > 0) {
        b->last = now;
        fprintf(stderr, "\r%-11s %3.0f %%", what, 100 * (double)done / (double)rows);
    }
    return !interrupted;
}

static int report(const data_call *call, const char *out)
{
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "shards", set.path = out;
    ds_status status = ds_dataset_create(&d, call->ctx, &set);
    if (status != DS_OK) return ds_complain_status(call->ctx, status);
    long long n[3];
    for (int k = 0; k < 3; k++) n[k] = (long long)ds_view_rows(ds_dataset_view(d, (ds_split)k));
    if (call->json) {
        fputs("{\"out\": ", stdout);
        ds_print_json_text(stdout, out);
        printf(", \"train\": %lld, \"val\": %lld, \"test\": %lld, \"fingerprint\": \"%016llx\"}\n", n[0], n[1], n[2],
               (unsigned long long)ds_dataset_fingerprint(d));
    } else {
        printf(
            "%s: %lld training, %lld validation, %lld test rows; train on them with data: {format: shards, path: %s}\n",
            out, n[0], n[1], n[2], out);
    }
    ds_dataset_free(d);
    return DS_EXIT_OK;
}

int data_shuffle(const data_call *call)
{
    const char *out = data_flag(call, "out")->text;
    bool shuffle = !strcmp(call->args->positional[0], "shuffle"), stopped = false;
    bar b = { .shown = ds_is_terminal(stderr) };
    if (!*out) return ds_complain(DS_EXIT_USAGE, "data %s wants --out DIR", call->args->positional[0]);
    ds_data_settings set = data_as_stored(call);
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    ds_rewrite how = { .out = out,
                       .shuffle = shuffle,
                       .seed = (uint64_t)data_flag(call, "seed")->integer,
                       .memory = (size_t)data_flag(call, "memory")->integer,
                       .progress = progress,
                       .arg = &b };
    ds_status status = ds_shards_write(call->ctx, &set, &how, &stopped);
    if (b.shown && b.last > 0) fputs("\r                  \r", stderr);
    if (status != DS_OK) return ds_complain_status(call->ctx, status);
    if (stopped) return ds_complain(DS_EXIT_STOPPED, "stopped; the same command goes on from here");
    return report(call, out);
}
