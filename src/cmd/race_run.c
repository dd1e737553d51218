/* race_run.c - one run of a race: its config, its training or what the log has of it, its line of the results. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descent/runs.h"
#include "race.h"
#include "signals.h"

void ds_race_collect(const order *t, ds_args *a, char own[2][64])
{
    race *r = t->r;
    racer *o = &r->racer[t->o];
    *a = (ds_args){ .count = 0 };
    a->positional[a->count++] = (char *)(uintptr_t)r->workload[t->w].config;
    a->positional[a->count++] = o->setting[0];
    for (int k = 0; k < r->settings; k++)
        if (ds_race_concerns(r, o, r->setting[k])) a->positional[a->count++] = r->setting[k];
    for (int k = 1; k < o->settings; k++) a->positional[a->count++] = o->setting[k];
    if (t->rate) {
        snprintf(own[0], 64, "optimizer.lr=%s", t->rate);
        a->positional[a->count++] = own[0];
    }
    if (t->seed) {
        snprintf(own[1], 64, "train.seed=%" PRIu64, t->seed);
        a->positional[a->count++] = own[1];
    }
}

void ds_race_set_budget(const race *r, ds_config *c)
{
    c->train.epochs = -1;
    c->train.steps = r->unit == DS_BUDGET_SECONDS ? -1 : (int64_t)r->budget;
    c->train.seconds = -1;
    c->train.stops = 0;
    c->train.best = "none";
}

static uint64_t key_of(const order *t, const ds_config *c)
{
    char text[256];
    const workload *w = &t->r->workload[t->w];
    snprintf(text, sizeof text, "%s %s %d", t->r->budget_text, w->metric, t->r->points);
    return ds_race_hash(ds_config_hash(c), text);
}

static int open_config(ds_config **c, const order *t)
{
    ds_args a;
    char own[2][64];
    ds_diagnostics *mistakes;
    ds_race_collect(t, &a, own);
    ds_status status =
        ds_config_read(c, t->r->ctx, a.positional[0], a.count - 1, (const char *const *)&a.positional[1], &mistakes);
    ds_diagnostics_free(mistakes);
    if (status != DS_OK) return ds_complain_status(t->r->ctx, status);
    ds_race_set_budget(t->r, *c);
    return 0;
}

ds_curve ds_race_curve(const race *r, int w)
{
    return (ds_curve){ .metric = r->workload[w].metric, .unit = r->unit, .budget = r->budget, .points = r->points };
}

static bool is_there(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static void name_run(const order *t, char *path, size_t bytes)
{
    snprintf(path, bytes, "%s/unfinished-%016" PRIx64, t->r->folder, t->key);
}

/* What a kill between the line in the log and the end of the removal left behind. */
static int remove_rest(const order *t)
{
    char path[4000];
    name_run(t, path, sizeof path);
    bool gone = !is_there(path) || rmdir(path) == 0;
    ds_status status = gone ? DS_OK : ds_run_remove(t->r->ctx, path);
    return status == DS_OK ? 0 : ds_complain_status(t->r->ctx, status);
}

/* The directory of the run: gone on with where it has a checkpoint, else begun again. */
static ds_status open_run(ds_run **run, const order *t, const ds_config *config, const char *path)
{
    ds_ctx *ctx = t->r->ctx;
    char *resolved = ds_config_write(config);
    ds_status status = resolved ? DS_OK : DS_EMEM;
    *run = NULL;
    if (status == DS_OK && is_there(path)) {
        status = ds_run_resume(run, ctx, path);
        if (status == DS_OK && ds_run_saved_config(*run)) {
            status = ds_run_continue(*run, ctx, resolved, t->key);
            free(resolved);
            return status;
        }
        ds_run_close(*run);
        *run = NULL;
        if (status == DS_OK) status = ds_run_remove(ctx, path);
    }
    if (status == DS_OK || status == DS_EUNKNOWN)
        status = ds_run_create(run, ctx, &(ds_run_text){ config->name, "", resolved, t->key }, path);
    free(resolved);
    return status;
}

/* A curve has its last point at the last step, unless the number there was not finite: no earlier one stands for it. */
static bool is_lost(const ds_curve *c, const ds_outcome *o)
{
    return o->reason == DS_DIVERGED || c->count == 0 || c->point[c->count - 1].step < (double)o->steps;
}

static int log_run(const order *t, const ds_config *config, const ds_curve *c, const ds_outcome *outcome)
{
    race *r = t->r;
    const workload *w = &r->workload[t->w];
    const char *lr = ds_config_value(config, "optimizer.lr");
    ds_race_run run = { .workload = w->name,
                        .optimizer = r->racer[t->o].text,
                        .trial = t->trial,
                        .seed = t->seed,
                        .lr = lr ? strtod(lr, NULL) : NAN,
                        .config = t->key,
                        .diverged = is_lost(c, outcome),
                        .state_bytes = c->state_bytes,
                        .count = c->count,
                        .point = c->point };
    ds_status status = ds_race_log_add(r->log, &run);
    if (status != DS_OK) return ds_complain_status(r->ctx, status);
    double value = ds_race_shown(w, ds_race_final(w, &run));
    if (ds_is_terminal(stderr)) fputs("\r\033[K", stderr);
    fprintf(stderr, "%-16s %-24s %s %-4lld", w->name, run.optimizer, t->trial < 0 ? "seed" : "rate",
            t->trial < 0 ? (long long)t->seed : (long long)t->trial + 1);
    if (!isnan(run.lr)) fprintf(stderr, "  lr %-9.3g", run.lr);
    fprintf(stderr, run.diverged ? "  diverged\n" : "  %s %.5g\n", w->metric, value);
    if (!r->json) return 0;
    printf("{\"workload\": ");
    ds_print_json_text(stdout, w->name);
    printf(", \"optimizer\": ");
    ds_print_json_text(stdout, run.optimizer);
    printf(", \"trial\": %" PRId64 ", \"seed\": %" PRIu64 ", \"lr\": ", run.trial, run.seed);
    ds_print_json_number(stdout, run.lr);
    printf(", \"diverged\": %s, \"value\": ", run.diverged ? "true" : "false");
    ds_print_json_number(stdout, value);
    printf("}\n");
    return 0;
}

static void on_notice(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "note: %s\n", text);
}

static void on_progress(void *arg, const ds_progress *p)
{
    const order *t = arg;
    fprintf(stderr, "\r\033[K%s: step %lld, loss %.4g", t->r->racer[t->o].text, (long long)p->step, p->loss);
}

static int stopped(const race *r)
{
    fprintf(stderr, "stopped on request; go on with: descent race --resume %s\n", r->folder);
    return DS_EXIT_STOPPED;
}

static int train(const order *t, ds_session *session, const ds_config *config)
{
    race *r = t->r;
    char path[4000];
    ds_run *run;
    ds_outcome outcome;
    ds_curve curve = ds_race_curve(r, t->w);
    bool bar = ds_is_terminal(stderr);
    /* nothing hurries a scoring: a point that was left out would be another one after a resume */
    ds_watcher watcher = {
        .arg = (void *)(uintptr_t)t, .progress = bar ? on_progress : NULL, .stop = ds_asked_to_stop, .notice = on_notice
    };
    name_run(t, path, sizeof path);
    ds_status status = ds_session_init(session);
    if (status == DS_OK) status = ds_session_note(session, &curve);
    if (status == DS_OK) status = open_run(&run, t, config, path);
    if (status != DS_OK) return ds_complain_status(r->ctx, status);
    status = ds_train(session, run, &watcher, &outcome);
    ds_run_close(run);
    if (status != DS_OK) return ds_complain_status(r->ctx, status);
    if (outcome.reason == DS_STOPPED) return stopped(r);
    int code = log_run(t, config, &curve, &outcome);
    if (code) return code;
    status = ds_run_remove(r->ctx, path);
    return status == DS_OK ? 0 : ds_complain_status(r->ctx, status);
}

int ds_race_obtain(order *t, const ds_race_run **out)
{
    race *r = t->r;
    ds_config *config;
    ds_session *session;
    const char *name = r->workload[t->w].name, *optimizer = r->racer[t->o].text;
    int code = open_config(&config, t);
    if (code) return code;
    t->key = key_of(t, config);
    *out = ds_race_log_find(r->log, name, optimizer, t->trial, t->seed);
    if (*out && (*out)->config != t->key) {
        code = ds_complain(DS_EXIT_USAGE,
                           "%s holds runs of %s under another config, rate, metric or budget; choose another --out, or "
                           "remove the folder",
                           r->folder, optimizer);
    } else if (*out) {
        code = remove_rest(t);
    } else if (ds_asked_to_stop(NULL)) {
        code = stopped(r);
    } else {
        ds_signals_while_reading(true);
        code = ds_session_from_config(&session, r->ctx, config, NULL);
        ds_signals_while_reading(false);
        if (!code) {
            code = train(t, session, config);
            ds_session_free(session);
        }
        if (!code) *out = ds_race_log_find(r->log, name, optimizer, t->trial, t->seed);
    }
    ds_config_free(config);
    return code;
}
