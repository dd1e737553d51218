/* race.c - `descent race`: optimizers over equal budgets, each with a rate of its own, several seeds, and what can be
 * said of it.
 *
 * A run is a training of one racer on one config with one rate and one seed. Those of the search for a rate come first, on
 * a seed of their own; the runs that count follow. What is over is a line of FOLDER/results.tsv and is never done again; the
 * one under way is a run directory with checkpoints in FOLDER/unfinished-*, and goes on from them. */
#include "race.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
        int code = ds_race_obtain(&t, &run);
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
        code = ds_race_obtain(&t, &found->run[s]);
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
            ds_curve curve = ds_race_curve(r, w);
            order t = { .r = r, .w = w, .o = o };
            ds_race_collect(&t, &a, own);
            int code = ds_config_from_args(&config, r->ctx, &a, c);
            if (code) return code;
            r->workload[w].seed = config->train.seed;
            if (o == 0 && config->train.average.head)
                fprintf(stderr, "note: %s: a race compares the weights themselves; train.average has no part in it\n",
                        r->workload[w].config);
            ds_race_set_budget(r, config);
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
