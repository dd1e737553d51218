/* race.c - `descent race`: optimizers over equal budgets, each with a rate of its own, several seeds, and what can be
 * said of it.
 *
 * A run is a training of one racer on one config with one rate and one seed. Those of the search for a rate come first, on
 * a seed of their own; the runs that count follow. What is over is a line of FOLDER/results.tsv and is never done again; the
 * one under way is a run directory with checkpoints in FOLDER/unfinished-*, and goes on from them. */
#include "race.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descent/runs.h"
#include "signals.h"

static const ds_option flags[] = {
    { .name = "optimizers",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "rules and solvers apart by commas; options in brackets: momentum(momentum=0.95)" },
    { .name = "budget",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "of each run: \"500 steps\", \"2000 gradients\" (evaluations on a step's batches) or \"60 seconds\" of "
              "training" },
    { .name = "seeds",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = SEEDS,
      .def = "5",
      .help = "runs of each optimizer that count" },
    { .name = "trials",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = TRIALS,
      .def = "8",
      .help = "rates that are tried for each rule; 1: that of the config" },
    { .name = "rates", .type = DS_OPT_TEXT, .def = "3e-5:3", .help = "lowest and highest of them" },
    { .name = "target",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "count the steps to it: \"val.accuracy>=0.97\"; one, or one for each config, apart by commas" },
    { .name = "metric",
      .type = DS_OPT_TEXT,
      .def = "",
      .help =
          "what is compared: val.loss, val.accuracy, val.error, train.loss (default: the target's, else val.loss)" },
    { .name = "points", .type = DS_OPT_INT, .lo = 1, .hi = 250, .def = "20", .help = "of each curve" },
    { .name = "picture", .type = DS_OPT_CHOICE, .choices = "png|svg|none", .def = "png", .help = "curves, by gnuplot" },
    { .name = "out", .type = DS_OPT_TEXT, .def = "", .help = "folder (default races/<name>-HHHHHHHH)" },
    { .name = "resume", .type = DS_OPT_TEXT, .def = "", .help = "go on with the race in this folder" },
    { .name = "json",
      .type = DS_OPT_BOOL,
      .def = "false",
      .help = "one JSON object a run and a last one with all, on standard output" },
    { 0 },
};

extern const ds_command ds_command_race;

enum { TUNING_SEED = 1000000 }; /* above the first seed: no run that counts has it */

/* ---- numbers of a run -------------------------------------------------------------------------------------------- */

double ds_race_spent(const race *r, const ds_curve_point *p)
{
    return r->unit == DS_BUDGET_STEPS ? p->step : r->unit == DS_BUDGET_GRADIENTS ? p->gradients : p->seconds;
}

double ds_race_final(const workload *w, const ds_race_run *run)
{
    if (run->diverged || run->count == 0) return INFINITY;
    double value = run->point[run->count - 1].value;
    return w->more ? -value : value;
}

double ds_race_best(const workload *w, const ds_race_run *run)
{
    double best = INFINITY;
    for (int k = 0; k < run->count; k++) {
        double value = w->more ? -run->point[k].value : run->point[k].value;
        if (value < best) best = value;
    }
    return best;
}

const ds_curve_point *ds_race_reached(const workload *w, const ds_race_run *run)
{
    for (int k = 0; k < run->count && w->aims; k++) {
        double value = run->point[k].value;
        if (w->more ? value >= w->target : value <= w->target) return &run->point[k];
    }
    return NULL;
}

/* ---- one run ----------------------------------------------------------------------------------------------------- */

typedef struct order {
    race *r;
    int w, o;
    int64_t trial;
    uint64_t seed;
    const char *rate; /* NULL: the config's, or none */
    uint64_t key;     /* of all that its numbers depend on */
} order;

/* The config of a run: the racer, the words for all that concern it, its own. */
static void collect(const order *t, ds_args *a, char own[2][64])
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

/* A budget takes the place of all that ends a run otherwise; no weights are kept. */
static void set_budget(const race *r, ds_config *c)
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
    uint64_t h = ds_config_hash(c);
    for (const char *k = text; *k; k++) h = (h ^ (unsigned char)*k) * 1099511628211u;
    return h;
}

static int open_config(ds_config **c, const order *t)
{
    ds_args a;
    char own[2][64];
    ds_diagnostics *mistakes;
    collect(t, &a, own);
    ds_status status =
        ds_config_read(c, t->r->ctx, a.positional[0], a.count - 1, (const char *const *)&a.positional[1], &mistakes);
    ds_diagnostics_free(mistakes);
    if (status != DS_OK) return ds_complain_status(t->r->ctx, status);
    set_budget(t->r, *c);
    return 0;
}

static ds_curve curve_of(const race *r, int w)
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
                        .diverged = outcome->reason == DS_DIVERGED,
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
    ds_curve curve = curve_of(r, t->w);
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

/* The run, from the log where it is over already. */
static int obtain(order *t, const ds_race_run **out)
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

/* ---- the race ---------------------------------------------------------------------------------------------------- */

/* Try rates on the tuning seed; the best final number has it, the lower rate of equals. */
static int tune(race *r, int w, int o)
{
    result *found = result_of(r, w, o);
    const workload *at = &r->workload[w];
    int best = 0;
    for (int k = 0; k < r->trials; k++) {
        char rate[32];
        const ds_race_run *run;
        snprintf(rate, sizeof rate, "%.3g", ds_race_rate(k, r->trials, r->lo, r->hi, at->seed));
        order t = { .r = r, .w = w, .o = o, .trial = k, .seed = at->seed + TUNING_SEED, .rate = rate };
        int code = obtain(&t, &run);
        if (code) return code;
        found->trial_rate[k] = strtod(rate, NULL);
        found->trial_value[k] = ds_race_final(at, run);
        if (k == 0 || found->trial_value[k] < found->trial_value[best]) {
            best = k;
            snprintf(found->rate, sizeof found->rate, "%s", rate);
        }
    }
    found->tried = r->trials;
    found->edge = best == 0 ? -1 : best == r->trials - 1;
    return 0;
}

static int race_one(race *r, int w, int o)
{
    result *found = result_of(r, w, o);
    bool tuned = r->racer[o].tuned;
    int code = tuned ? tune(r, w, o) : 0;
    for (int s = 0; s < r->seeds && !code; s++) {
        order t = { .r = r,
                    .w = w,
                    .o = o,
                    .trial = -1,
                    .seed = r->workload[w].seed + (uint64_t)s,
                    .rate = tuned ? found->rate : NULL };
        code = obtain(&t, &found->run[s]);
        if (!code && !tuned && isnan(found->run[s]->lr)) snprintf(found->rate, sizeof found->rate, "-");
        if (!code && !tuned && !isnan(found->run[s]->lr))
            snprintf(found->rate, sizeof found->rate, "%.3g", found->run[s]->lr);
    }
    return code;
}

static void list_dropped(const race *r)
{
    for (int o = 0; o < r->racers; o++)
        for (int k = 0; k < r->settings; k++)
            if (!ds_race_concerns(r, &r->racer[o], r->setting[k]))
                fprintf(stderr, "note: %s is dropped: %s \"%s\" does not know it\n", r->setting[k],
                        r->racer[o].rule ? "rule" : "solver", r->racer[o].head->name);
}

/* Every config with every racer, before anything is started: all mistakes, and what was dropped with a changed rule. */
static int check(race *r, const ds_command *c)
{
    for (int w = 0; w < r->workloads; w++)
        for (int o = 0; o < r->racers; o++) {
            ds_args a;
            char own[2][64];
            ds_config *config;
            ds_session *session;
            ds_curve curve = curve_of(r, w);
            order t = { .r = r, .w = w, .o = o };
            collect(&t, &a, own);
            int code = ds_config_from_args(&config, r->ctx, &a, c);
            if (code) return code;
            r->workload[w].seed = config->train.seed;
            if (o == 0 && config->train.average.head)
                fprintf(stderr, "note: %s: a race compares the weights themselves; train.average has no part in it\n",
                        r->workload[w].config);
            set_budget(r, config);
            code = ds_session_from_config(&session, r->ctx, config, NULL);
            ds_config_free(config);
            if (code) return code;
            ds_status status = ds_session_note(session, &curve);
            ds_session_free(session);
            if (status != DS_OK) return ds_complain_status(r->ctx, status);
        }
    return 0;
}

/* The words of this call, for --resume: the file is the old or the new one. */
static int keep_words(const race *r, int argc, char **argv)
{
    char path[4000], new[4100];
    snprintf(path, sizeof path, "%s/arguments", r->folder);
    snprintf(new, sizeof new, "%s.new", path);
    for (int i = 1; i < argc; i++)
        if (strchr(argv[i], '\n')) return ds_complain(DS_EXIT_USAGE, "an argument has a line feed");
    FILE *f = fopen(new, "w");
    for (int i = 1; i < argc && f; i++) fprintf(f, "%s\n", argv[i]);
    bool good = f && !ferror(f);
    if (f && fclose(f)) good = false;
    good = good && rename(new, path) == 0;
    return good ? 0 : ds_complain(DS_EXIT_DATA, "%s: cannot be written", path);
}

/* argc 0: the words are kept already. */
static int hold(race *r, const ds_command *c, int argc, char **argv)
{
    list_dropped(r);
    int code = check(r, c);
    if (code) return code;
    ds_status status = ds_race_log_open(&r->log, r->ctx, r->folder);
    if (status != DS_OK) return ds_complain_status(r->ctx, status);
    code = argc ? keep_words(r, argc, argv) : 0;
    fprintf(stderr, "race in %s: %d optimizers, %s, %d seeds\n", r->folder, r->racers, r->budget_text, r->seeds);
    ds_catch_signals();
    for (int w = 0; w < r->workloads; w++)
        for (int o = 0; o < r->racers && !code; o++) code = race_one(r, w, o);
    if (!code) code = ds_race_report(r);
    if (!code) code = ds_race_draw(r);
    return code;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static int go(ds_ctx *ctx, const ds_command *c, const ds_args *a, int argc, char **argv)
{
    race *r = calloc(1, sizeof *r);
    if (!r) return ds_complain(DS_EXIT_FAILED, "out of memory");
    r->ctx = ctx;
    int code = ds_race_read(r, a);
    if (!code) {
        r->result = calloc((size_t)r->workloads * (size_t)r->racers, sizeof *r->result);
        code = r->result ? hold(r, c, argc, argv) : ds_complain(DS_EXIT_FAILED, "out of memory");
    }
    ds_race_log_close(r->log);
    free(r->result);
    free(r);
    return code;
}

/* The race in a folder: its own words, and that folder. */
static int resume(ds_ctx *ctx, const ds_command *c, const char *folder, bool json)
{
    enum { WORDS = 400, BYTES = 1 << 16 };
    static char text[BYTES], path[4200];
    static char *words[WORDS];
    ds_args a;
    int count = 1;
    snprintf(path, sizeof path, "%s/arguments", folder);
    FILE *f = fopen(path, "r");
    if (!f) return ds_complain(DS_EXIT_USAGE, "%s holds no race: there is no %s", folder, path);
    size_t n = fread(text, 1, BYTES - 1, f);
    fclose(f);
    text[n] = 0;
    words[0] = (char *)(uintptr_t)c->head.name;
    for (char *rest = text, *word; (word = strtok_r(rest, "\n", &rest)) && count < WORDS - 3;) words[count++] = word;
    words[count++] = (char *)(uintptr_t) "--out";
    words[count++] = (char *)(uintptr_t)folder;
    if (json) words[count++] = (char *)(uintptr_t) "--json";
    int code = ds_args_parse(&a, c, count, words);
    return code ? code : go(ctx, c, &a, 0, NULL);
}

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_race;
    ds_args a;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code;
    const char *folder = ds_args_flag(&a, c, "resume")->text;
    if (!folder || !*folder) return go(ctx, c, &a, argc, argv);
    for (const ds_option *o = flags; o->name; o++)
        if (ds_args_flag(&a, c, o->name)->given && strcmp(o->name, "resume") && strcmp(o->name, "json"))
            return ds_complain(DS_EXIT_USAGE, "--resume goes on with the words of that race; leave out --%s", o->name);
    if (a.count)
        return ds_complain(DS_EXIT_USAGE, "--resume goes on with the words of that race; leave out %s",
                           a.positional[0]);
    return resume(ctx, c, folder, ds_args_flag(&a, c, "json")->integer);
}

const ds_command ds_command_race = {
    .head = { .name = "race", .summary = "optimizers against each other, over equal budgets", .options = flags },
    .usage =
        "CONFIG... [key=value...] --optimizers NAME,... --budget N [--seeds N] [--trials N] [--rates LOW:HIGH] "
        "[--target VALUE] [--metric NAME] [--points N] [--picture png|svg|none] [--out DIR] [--json] | --resume DIR "
        "[--json]",
    .run = run,
    .about =
        "Trains each CONFIG with each optimizer over the same budget. A budget is counted in steps, in gradients "
        "(evaluations on a step's batches, so that solvers with line searches pay for them) or in seconds of training, "
        "scoring left out; it takes the place of train.epochs, steps, seconds and stop. Keys of the section optimizer "
        "that a racer does not know are dropped and listed. Each rule has its rate chosen among --trials rates, drawn "
        "log-uniformly from --rates, the same ones for all, on a seed that is used for nothing else; then --seeds runs "
        "from train.seed upward count. A racer with lr in its brackets keeps it, as do all with --trials 1.\n"
        "The table has the last and the best number of the runs, the steps to the target and how many runs got "
        "there, the optimizer's memory and the time of a step. Exact rank-sum tests over all pairs, corrected by Holm, "
        "say who is "
        "ahead at the level 0.05, and when the seeds are too few for any verdict. With several CONFIGs and a target "
        "there is a performance profile (Dolan and More), its area up to four times the best.\n"
        "DIR has results.tsv (every point of every curve), table.tsv and a picture of each config's curves when "
        "gnuplot is "
        "installed. The same command, or --resume DIR, goes on with a race that was stopped, to the same numbers, "
        "times aside; more seeds or optimizers extend it.",
    .example = "descent race examples/digits.yaml --optimizers sgd,momentum,adam --budget \"300 steps\" --seeds 5\n"
               "descent race a.yaml b.yaml --optimizers adam,lion --budget \"1000 gradients\" --target "
               "\"val.loss<=0.2\"\n"
               "descent race --resume races/digits-0123abcd",
};
