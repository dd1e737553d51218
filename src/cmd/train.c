/* train.c - `descent train`: trains a config into a run directory; a table of epochs, and a bar on a terminal. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd.h"
#include "config_args.h"
#include "retrain.h"
#include "routing.h"
#include "signals.h"

enum { CONFIG_LIMIT = 1 << 20 };
extern const ds_command ds_command_train;

static const ds_option flags[] = {
    { .name = "out", .type = DS_OPT_TEXT, .def = "", .help = "run directory (default runs/<name>-NNNN)" },
    { .name = "resume",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "go on with a run where its newest checkpoint stands, to the same bits" },
    { .name = "from",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "begin with the weights of this file, and nothing else of it" },
    { .name = "json",
      .type = DS_OPT_BOOL,
      .def = "false",
      .help = "one JSON object per epoch and a last one, on standard output" },
    { 0 },
};

typedef struct screen {
    bool bar, json, drawn, header, averages;
    int epoch_width; /* of the table's first column */
} screen;

static int columns(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

static void wipe(screen *s)
{
    if (s->drawn) fputs("\r\033[K", stderr);
    s->drawn = false;
}

/* 65 -> "1m05s": durations for people. */
static char *duration(double seconds, char *buf, size_t bytes)
{
    long t = seconds > 1e7 || !(seconds > 0) ? 0 : (long)ceil(seconds);
    if (t < 100)
        snprintf(buf, bytes, "%lds", t);
    else if (t < 6000)
        snprintf(buf, bytes, "%ldm%02lds", t / 60, t % 60);
    else
        snprintf(buf, bytes, "%ldh%02ldm", t / 3600, t / 60 % 60);
    return buf;
}

static void on_progress(void *arg, const ds_progress *p)
{
    screen *s = arg;
    if (!s->bar) return;
    char epoch[32], rest[160], a[32], b[32];
    double share = p->batches ? (double)p->batch / (double)p->batches : 0;
    if (p->epochs)
        snprintf(epoch, sizeof epoch, "%4lld/%lld ", (long long)p->epoch, (long long)p->epochs);
    else
        snprintf(epoch, sizeof epoch, "%4lld ", (long long)p->epoch);
    snprintf(rest, sizeof rest, " %2d%%  loss %.3g  %.3gk rows/s  this epoch %s, all %s", (int)(100 * share), p->loss,
             p->rows_per_second / 1000, duration(p->epoch_left, a, sizeof a), duration(p->all_left, b, sizeof b));
    int room = columns() - 1 - (int)strlen(epoch) - 2, width = room - (int)strlen(rest);
    if (width < 6) { /* narrow: the bar first, as much of the rest as fits */
        width = room < 16 ? (room < 1 ? 1 : room) : 10;
        int left = room - width;
        rest[left > 0 ? left : 0] = 0;
    }
    if (width > 30) width = 30;
    char bar[40];
    for (int k = 0; k < width; k++) bar[k] = k < (int)(share * width) ? '#' : '-';
    bar[width] = 0;
    fprintf(stderr, "\r\033[K%s[%s]%s", epoch, bar, rest);
    fflush(stderr);
    s->drawn = true;
}

static void number_or_dash(char *buf, size_t bytes, const char *fmt, double x)
{
    if (isnan(x))
        snprintf(buf, bytes, "-");
    else
        snprintf(buf, bytes, fmt, x);
}

static void print_json_epoch(const ds_epoch_report *r)
{
    for (int k = 0, n = 0; k < ds_report_columns(); k++) {
        if (!ds_report_has(r, k)) continue;
        printf("%s\"%s\": ", n++ ? ", " : "{", ds_report_name(k));
        ds_print_json_number(stdout, ds_report_value(r, k));
    }
    puts("}");
    fflush(stdout);
}

/* A loss in 8 characters, whatever its size. */
static void loss_or_dash(char *buf, size_t bytes, double x)
{
    static const char *const format[] = { "%.4f", "%.2f", "%.2e", "%.1e", "%.0e" };
    for (size_t k = 0; k < sizeof format / sizeof *format; k++) {
        number_or_dash(buf, bytes, format[k], x);
        if (strlen(buf) <= 8) return;
    }
}

/* A line of the table, 78 characters wide; 36 where the terminal has less than 80: what else there is is in metrics.tsv. */
static void print_line(const screen *s, const char *const field[9], bool best)
{
    static const int width[] = { 0, 10, 7, 8, 7, 8, 7, 8, 6 };
    static const bool always[] = { true, true, false, true, false, false, false, false, true };
    bool narrow = s->bar && columns() < 80;
    for (int k = 0; k < 9; k++)
        if (!narrow || always[k]) fprintf(stderr, "%s%*s", k ? " " : "", k ? width[k] : s->epoch_width, field[k]);
    fprintf(stderr, "%s\n", best ? " *" : "");
}

static void on_epoch(void *arg, const ds_epoch_report *r)
{
    screen *s = arg;
    wipe(s);
    if (s->json) print_json_epoch(r);
    int digits = snprintf(NULL, 0, "%lld", (long long)(r->epochs ? r->epochs : r->epoch));
    if (!s->header) s->epoch_width = 2 * digits + 1 > 7 ? 2 * digits + 1 : 7;
    if (!s->header)
        print_line(s,
                   (const char *const[]){ "epoch", "train.loss", "error", "val.loss", "error",
                                          s->averages ? "avg.loss" : "|grad|", s->averages ? "error" : "upd/w",
                                          r->evaluations ? "evals" : "lr", "time" },
                   false);
    s->header = true;
    char epoch[32], tl[32], te[16], vl[16], ve[16], a[16], b[16], lr[16], time[32];
    if (r->epochs)
        snprintf(epoch, sizeof epoch, "%lld/%lld", (long long)r->epoch, (long long)r->epochs);
    else
        snprintf(epoch, sizeof epoch, "%lld", (long long)r->epoch);
    loss_or_dash(tl, sizeof tl, r->train_loss);
    number_or_dash(te, sizeof te, "%.2f%%", 100 * r->train_error);
    loss_or_dash(vl, sizeof vl, r->val.rows ? r->val.loss : NAN);
    number_or_dash(ve, sizeof ve, "%.2f%%", r->val.rows ? 100 * r->val.error : NAN);
    if (s->averages) { /* beside the raw weights, in the place of what metrics.tsv has too */
        loss_or_dash(a, sizeof a, r->average.rows ? r->average.loss : NAN);
        number_or_dash(b, sizeof b, "%.2f%%", r->average.rows ? 100 * r->average.error : NAN);
    } else {
        number_or_dash(a, sizeof a, "%.3g", r->grad_norm);
        number_or_dash(b, sizeof b, "%.1e", r->update_ratio);
    }
    if (r->evaluations)
        snprintf(lr, sizeof lr, "%lld", (long long)r->evaluations);
    else
        snprintf(lr, sizeof lr, "%.3g", r->lr);
    if (r->seconds < 1000)
        snprintf(time, sizeof time, "%.1fs", r->seconds);
    else
        duration(r->seconds, time, sizeof time);
    print_line(s, (const char *const[]){ epoch, tl, te, vl, ve, a, b, lr, time }, r->best);
}

static void on_notice(void *arg, const char *text)
{
    wipe(arg);
    fprintf(stderr, "note: %s\n", text);
}

static int exit_code(const ds_outcome *o)
{
    if (o->reason == DS_DIVERGED) return DS_EXIT_DIVERGED;
    if (o->reason == DS_STOPPED) return DS_EXIT_STOPPED;
    return o->missed ? DS_EXIT_MISSED : DS_EXIT_OK;
}

static int finish(ds_session *session, ds_run *run, const ds_outcome *outcome, bool json)
{
    ds_score score = { .rows = 0 };
    const char *weights = "best";
    fprintf(stderr, "%s\n", outcome->text);
    if (outcome->reason == DS_STOPPED) fprintf(stderr, "go on with: descent train --resume %s\n", ds_run_path(run));
    if (outcome->reason == DS_DIVERGED || outcome->reason == DS_STOPPED ||
        ds_session_take(session, run, &weights) != DS_OK || ds_session_score(session, DS_TEST, &score) != DS_OK)
        score.rows = 0;
    if (json) {
        fputs("{\"run\": ", stdout);
        ds_print_json_text(stdout, ds_run_path(run));
        printf(", \"reason\": \"%s\", \"text\": ", ds_reason_name(outcome->reason));
        ds_print_json_text(stdout, outcome->text);
        printf(", \"steps\": %lld, \"test.loss\": ", (long long)outcome->steps);
        ds_print_json_number(stdout, score.rows ? score.loss : NAN);
        fputs(", \"test.accuracy\": ", stdout);
        ds_print_json_number(stdout, score.rows ? score.accuracy : NAN);
        printf(", \"weights\": \"%s\", \"missed\": %s}\n", weights, outcome->missed ? "true" : "false");
    }
    if (score.rows && !isnan(score.accuracy))
        fprintf(stderr, "test: loss %.4f, accuracy %.2f%% on %lld rows, %s weights\n", score.loss, 100 * score.accuracy,
                (long long)score.rows, weights);
    else if (score.rows)
        fprintf(stderr, "test: loss %.6g on %lld rows, %s weights\n", score.loss, (long long)score.rows, weights);
    if (outcome->reason != DS_STOPPED) fprintf(stderr, "next: descent eval %s\n", ds_run_path(run));
    return exit_code(outcome);
}

/* The file as given: what config.yaml keeps. */
static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, CONFIG_LIMIT + 1);
    if (f && text && fread(text, 1, CONFIG_LIMIT, f) == 0) text[0] = 0;
    if (f) fclose(f);
    return text;
}

/* The run to write: a new one, or the one that is gone on with, which is open already. */
static ds_status open_run(ds_run **run, ds_ctx *ctx, const ds_config *config, const char *out)
{
    char *given = *run ? NULL : slurp(config->file);
    char *resolved = *run ? ds_config_rewrite(config) : ds_config_write(config);
    uint64_t hash = ds_config_hash(config);
    ds_status status = DS_EMEM;
    if (resolved && *run)
        status = ds_run_continue(*run, ctx, resolved, hash);
    else if (resolved && given)
        status = ds_run_create(run, ctx, &(ds_run_text){ config->name, given, resolved, hash }, out);
    free(given);
    free(resolved);
    return status;
}

/* Which rule moves which tensor, before the first step. */
static ds_status report_routing(ds_session *session, bool json)
{
    ds_optim *o;
    ds_status status = ds_routing_open(session, &o);
    if (status != DS_OK || !o) return status;
    ds_print_routing(stderr, o);
    if (json) {
        fputs("{\"routing\": ", stdout);
        ds_print_routing_json(stdout, o);
        puts("}");
    }
    ds_optim_free(o);
    return DS_OK;
}

typedef struct order {
    const char *out, *from; /* NULL: not given */
    bool json;
} order;

static int train(ds_ctx *ctx, const ds_config *config, ds_run **run, const order *o);

/* The second run of train.retrain, in the first one's directory. */
static int retrain(ds_ctx *ctx, const ds_retrain_plan *plan, bool json)
{
    const order second = { plan->out, plan->from, json };
    ds_config *config;
    ds_run *run = NULL;
    int code = ds_config_from_args(&config, ctx, &plan->args, &ds_command_train);
    if (code) return code;
    code = train(ctx, config, &run, &second);
    ds_run_close(run);
    ds_config_free(config);
    return code;
}

static int train(ds_ctx *ctx, const ds_config *config, ds_run **run, const order *o)
{
    ds_session *session;
    ds_retrain_plan again = { .out = "" };
    ds_signals_while_reading(true);
    ds_catch_signals();
    int code = ds_session_from_config(&session, ctx, config, NULL);
    if (code) return code;
    if ((code = ds_retrain_check(ctx, config, session))) {
        ds_session_free(session);
        return code;
    }
    ds_status status = o->from ? ds_session_load(session, o->from) : ds_session_init(session);
    ds_signals_while_reading(false);
    if (status == DS_OK) status = open_run(run, ctx, config, o->out);
    if (status == DS_OK) {
        screen s = { .bar = ds_is_terminal(stderr), .json = o->json, .averages = config->train.average.head };
        ds_watcher watcher = { .arg = &s,
                               .progress = on_progress,
                               .epoch = on_epoch,
                               .stop = ds_asked_to_stop,
                               .hurry = ds_asked_to_stop,
                               .notice = on_notice };
        ds_outcome outcome;
        fprintf(stderr, "run %s  seed %llu  data %016llx  config %016llx\n", ds_run_path(*run),
                (unsigned long long)config->train.seed,
                (unsigned long long)ds_dataset_fingerprint(ds_session_data(session)),
                (unsigned long long)ds_config_hash(config));
        status = report_routing(session, o->json);
        if (status == DS_OK) status = ds_train(session, *run, &watcher, &outcome);
        wipe(&s);
        code = status == DS_OK ? finish(session, *run, &outcome, o->json) : ds_complain_status(ctx, status);
        if (status == DS_OK) status = ds_retrain_make(&again, config, session, *run, &outcome);
    } else {
        code = ds_complain_status(ctx, status);
    }
    ds_session_free(session);
    if (status == DS_OK && *again.out) {
        int second = retrain(ctx, &again, o->json);
        if (second) code = second;
    }
    return code;
}

/* ---- going on ---------------------------------------------------------------------------------------------------- */

typedef struct differences {
    int allowed, refused;
} differences;

static void on_difference(void *arg, const char *key, const char *before, const char *after, bool fixed)
{
    differences *d = arg;
    before = before ? before : "not given";
    after = after ? after : "not given";
    if (fixed) {
        d->refused++;
        ds_complain(
            0,
            "%s: %s in the run's checkpoint, %s now; a run that goes on keeps it, or its bits would belong to no "
            "config",
            key, before, after);
    } else {
        d->allowed++;
        fprintf(stderr, "changed: %s %s -> %s\n", key, before, after);
    }
}

/* Say what differs from the config of the newest checkpoint. *changed: something that may differ does. */
static int compare_saved(ds_ctx *ctx, const ds_run *run, const ds_config *config, bool *changed)
{
    const char *text = ds_run_saved_config(run);
    ds_config *saved;
    ds_diagnostics *mistakes;
    differences d = { 0 };
    *changed = false;
    if (!text) return DS_EXIT_OK;
    ds_status status = ds_config_parse(&saved, ctx, "the checkpoint's config", text, strlen(text), 0, NULL, &mistakes);
    ds_diagnostics_free(mistakes);
    if (status != DS_OK) return ds_complain_status(ctx, status);
    ds_config_compare(saved, config, on_difference, &d);
    ds_config_free(saved);
    *changed = d.allowed > 0;
    if (d.refused == 0) return DS_EXIT_OK;
    return ds_complain(DS_EXIT_CONFIG, "begin a new run with that: descent train CONFIG --from %s/last.safetensors",
                       ds_run_path(run));
}

static int resume(ds_ctx *ctx, const ds_args *a, const ds_command *c, const char *name, const order *o)
{
    ds_run *run;
    ds_config *config;
    bool changed;
    ds_status status = ds_run_resume(&run, ctx, name);
    if (status != DS_OK) return ds_complain_status(ctx, status);
    static char path[4200];
    static ds_args with_config;
    snprintf(path, sizeof path, "%s/resolved.yaml", ds_run_path(run));
    with_config.positional[0] = path;
    for (int k = 0; k < a->count && k < 255; k++) with_config.positional[k + 1] = a->positional[k];
    with_config.count = a->count + 1;
    int code = ds_config_from_args(&config, ctx, &with_config, c);
    if (!code) code = compare_saved(ctx, run, config, &changed);
    ds_retrain_plan again;
    bool finished = !code && ds_run_finished(run) && !changed;
    if (finished && ds_retrain_begun(&again, config, run))
        code = resume(ctx, &(ds_args){ 0 }, c, again.out, &(order){ .from = again.from, .json = o->json });
    else if (finished && config->train.retrain)
        code = train(ctx, config, &run, o); /* ends at once, and has its second run */
    else if (finished)
        fprintf(stderr, "%s is finished: %s\nto extend it: descent train --resume %s train.epochs=N\n",
                ds_run_path(run), ds_run_finished(run), ds_run_path(run));
    else if (!code)
        code = train(ctx, config, &run, o);
    ds_config_free(config);
    ds_run_close(run);
    return code;
}

static const char *text_of(const ds_args *a, const char *flag)
{
    const char *text = ds_args_flag(a, &ds_command_train, flag)->text;
    return text && *text ? text : NULL;
}

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_train;
    ds_args a;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code;
    const order o = { text_of(&a, "out"), text_of(&a, "from"), ds_args_flag(&a, c, "json")->integer };
    const char *name = text_of(&a, "resume");
    if (name && (o.out || o.from))
        return ds_complain(DS_EXIT_USAGE, "--resume goes on in its own folder with its own weights; leave out --%s",
                           o.out ? "out" : "from");
    if (name) return resume(ctx, &a, c, name, &o);
    ds_config *config;
    ds_run *new = NULL;
    code = ds_config_from_args(&config, ctx, &a, c);
    if (code) return code;
    code = train(ctx, config, &new, &o);
    ds_run_close(new);
    ds_config_free(config);
    return code;
}

const ds_command ds_command_train = {
    .head = { .name = "train", .summary = "train a config into a run directory", .options = flags },
    .usage = "CONFIG [key=value...] [--out DIR] [--from WEIGHTS] [--json] | --resume RUN [train.epochs=N...] [--json]",
    .run = run,
    .about = "CONFIG is a file in YAML; descent-config(5) lists its keys. key=value changes one of them for "
             "this run: optimizer.lr=0.05, model.layers.1.dense=64, data.scale=[0,1]. All mistakes of the "
             "config are shown at once, each at its place, and nothing is started.\n"
             "The run directory keeps the config as given and with every default, the metrics, the weights. "
             "Without --out it is runs/NAME-NNNN. On a terminal a bar shows the epoch; otherwise there is one "
             "line an epoch.\n"
             "Ctrl-C, SIGTERM, SIGUSR1 and SIGHUP save the run within a step and end it with exit code 75; a second "
             "Ctrl-C ends "
             "it at once, with 130. --resume goes on from the newest checkpoint that is whole, to the bits of a run "
             "that was "
             "never stopped; train.epochs, steps, seconds, checkpoint, on_nonfinite and the limits of stop rules may "
             "change. "
             "--from begins a new run with the weights of a file.",
    .example = "descent train mlp.yaml\n"
               "descent train --resume runs/mlp-0001 train.epochs=40\n"
               "descent train mlp.yaml optimizer.name=adam optimizer.lr=1e-3 --out runs/adam",
};
