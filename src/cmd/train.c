/* train.c - `descent train`: trains a config into a run directory; a table of epochs, and a bar on a terminal. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd.h"
#include "config_args.h"

enum { CONFIG_LIMIT = 1 << 20 };

static const ds_option flags[] = {
    { .name = "out", .type = DS_OPT_TEXT, .def = "", .help = "run directory (default runs/<name>-NNNN)" },
    { .name = "json",
      .type = DS_OPT_BOOL,
      .def = "false",
      .help = "one JSON object per epoch and a last one, on standard output" },
    { 0 },
};

typedef struct screen {
    bool bar, json, drawn, averages;
    double last_loss;
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
        if (ds_report_averaged(k) && !r->average.rows) continue;
        printf("%s\"%s\": ", n++ ? ", " : "{", ds_report_name(k));
        ds_print_json_number(stdout, ds_report_value(r, k));
    }
    puts("}");
    fflush(stdout);
}

static void on_epoch(void *arg, const ds_epoch_report *r)
{
    screen *s = arg;
    wipe(s);
    s->last_loss = r->train_loss;
    if (s->json) print_json_epoch(r);
    if (r->epoch == 1)
        fprintf(stderr, "%7s %11s %8s %9s %8s %9s %8s %9s %7s\n", "epoch", "train.loss", "error", "val.loss", "error",
                s->averages ? "avg.loss" : "|grad|", s->averages ? "error" : "upd/w", "lr", "time");
    char epoch[32], te[16], vl[16], ve[16], a[16], b[16];
    if (r->epochs)
        snprintf(epoch, sizeof epoch, "%lld/%lld", (long long)r->epoch, (long long)r->epochs);
    else
        snprintf(epoch, sizeof epoch, "%lld", (long long)r->epoch);
    number_or_dash(te, sizeof te, "%.2f%%", 100 * r->train_error);
    number_or_dash(vl, sizeof vl, "%.4f", r->val.rows ? r->val.loss : NAN);
    number_or_dash(ve, sizeof ve, "%.2f%%", r->val.rows ? 100 * r->val.error : NAN);
    if (s->averages) { /* beside the raw weights, in the place of what metrics.tsv has too */
        number_or_dash(a, sizeof a, "%.4f", r->average.rows ? r->average.loss : NAN);
        number_or_dash(b, sizeof b, "%.2f%%", r->average.rows ? 100 * r->average.error : NAN);
    } else {
        number_or_dash(a, sizeof a, "%.3g", r->grad_norm);
        number_or_dash(b, sizeof b, "%.1e", r->update_ratio);
    }
    fprintf(stderr, "%7s %11.4f %8s %9s %8s %9s %8s %9.3g %6.1fs%s\n", epoch, r->train_loss, te, vl, ve, a, b, r->lr,
            r->seconds, r->best ? "  *" : "");
}

static volatile sig_atomic_t signals;
static void on_signal(int number)
{
    (void)number;
    if (++signals > 1) _exit(DS_EXIT_INTERRUPTED);
}
static bool on_stop(void *arg)
{
    (void)arg;
    return signals > 0;
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
    if (outcome->reason == DS_DIVERGED || ds_session_take(session, run, &weights) != DS_OK ||
        ds_session_score(session, DS_TEST, &score) != DS_OK)
        score.rows = 0;
    if (json) {
        fputs("{\"run\": ", stdout);
        ds_print_json_text(stdout, ds_run_path(run));
        fputs(", \"reason\": ", stdout);
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
    fprintf(stderr, "next: descent eval %s\n", ds_run_path(run));
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

static ds_status open_run(ds_run **run, ds_ctx *ctx, const ds_config *config, const char *out)
{
    char *given = slurp(config->file), *resolved = ds_config_write(config);
    ds_status status = given && resolved ? ds_run_create(run, ctx, config->name, out, given, resolved) : DS_EMEM;
    free(given);
    free(resolved);
    return status;
}

static int train(ds_ctx *ctx, const ds_config *config, const char *out, bool json)
{
    ds_session *session;
    ds_run *run = NULL;
    int code = ds_session_from_config(&session, ctx, config, NULL);
    if (code) return code;
    ds_status status = ds_session_init(session);
    if (status == DS_OK) status = open_run(&run, ctx, config, out);
    if (status == DS_OK) {
        screen s = { .bar = ds_is_terminal(stderr), .json = json, .averages = config->train.average.head };
        ds_watcher watcher = { &s, on_progress, on_epoch, on_stop };
        ds_outcome outcome;
        fprintf(stderr, "run %s  seed %llu  data %016llx  config %016llx\n", ds_run_path(run),
                (unsigned long long)config->train.seed,
                (unsigned long long)ds_dataset_fingerprint(ds_session_data(session)),
                (unsigned long long)ds_config_hash(config));
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        status = ds_train(session, run, &watcher, &outcome);
        wipe(&s);
        code = status == DS_OK ? finish(session, run, &outcome, json) : ds_complain_status(ctx, status);
    } else {
        code = ds_complain_status(ctx, status);
    }
    ds_run_close(run);
    ds_session_free(session);
    return code;
}

extern const ds_command ds_command_train;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_train;
    ds_args a;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code < 0 ? DS_EXIT_OK : code;
    ds_config *config;
    code = ds_config_from_args(&config, ctx, &a, c);
    if (code) return code;
    const char *out = ds_args_flag(&a, c, "out")->text;
    code = train(ctx, config, out && *out ? out : NULL, ds_args_flag(&a, c, "json")->integer);
    ds_config_free(config);
    return code;
}

const ds_command ds_command_train = {
    .head = { .name = "train", .summary = "train a config into a run directory", .options = flags },
    .usage = "CONFIG [key=value...] [--out DIR] [--json]",
    .run = run,
    .about = "CONFIG is a file in YAML; descent-config(5) lists its keys. key=value changes one of them for "
             "this run: optimizer.lr=0.05, model.layers.1.dense=64, data.scale=[0,1]. All mistakes of the "
             "config are shown at once, each at its place, and nothing is started.\n"
             "The run directory keeps the config as given and with every default, the metrics, the weights. "
             "Without --out it is runs/NAME-NNNN. On a terminal a bar shows the epoch; otherwise there is one "
             "line an epoch.",
    .example = "descent train mlp.yaml\n"
               "descent train mlp.yaml optimizer.name=adam optimizer.lr=1e-3 --out runs/adam",
};
