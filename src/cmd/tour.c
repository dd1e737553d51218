/* tour.c - `descent tour`: lists the mission's rows, runs those that are built, says holds or fails with the number. */
#include <math.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "../../experiments/experiment.h"
#include "cmd.h"

#define EXPERIMENT(row) extern const ds_experiment ds_experiment_##row;
#include "../../experiments/registry.def"
#undef EXPERIMENT
static const ds_experiment *const built[] = {
#define EXPERIMENT(row) &ds_experiment_##row,
#include "../../experiments/registry.def"
#undef EXPERIMENT
    NULL
};
static const struct {
    const char *name, *claim;
} rows[] = {
#define ROW(name, claim) { #name, claim },
#include "../../experiments/rows.def"
#undef ROW
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const ds_option flags[] = {
    { .name = "quick", .type = DS_OPT_BOOL, .def = "true", .help = "within 20 seconds a row" },
    { .name = "full", .type = DS_OPT_BOOL, .def = "false", .help = "more seeds and larger sizes" },
    { .name = "seed",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 4294967295.0,
      .def = "1",
      .help = "base of every random draw" },
    { .name = "data",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "folder with the real sets (mnist/, cifar10/); otherwise generated images" },
    { .name = "broken", .type = DS_OPT_BOOL, .def = "false", .help = "run each row's broken variant, which must fail" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object a line on standard output" },
    { 0 },
};

static const ds_experiment *find_built(const char *row)
{
    for (int k = 0; built[k]; k++)
        if (!strcasecmp(built[k]->row, row)) return built[k];
    return NULL;
}

static bool judge(const ds_trial *t)
{
    if (!strcmp(t->relation, "<=")) return t->value <= t->bar;
    if (!strcmp(t->relation, ">=")) return t->value >= t->bar;
    if (!strcmp(t->relation, "<")) return t->value < t->bar;
    return t->value > t->bar;
}

static void report_json(const char *row, const char *verdict, const ds_trial *t, double seconds)
{
    printf("{\"row\": \"%s\", \"verdict\": \"%s\", \"value\": ", row, verdict);
    ds_print_json_number(stdout, t ? t->value : NAN);
    fputs(", \"bar\": ", stdout);
    ds_print_json_number(stdout, t ? t->bar : NAN);
    printf(", \"seconds\": %.2f, \"seeds\": %d, \"data\": ", seconds, t ? t->seeds : 0);
    if (t && t->data)
        ds_print_json_text(stdout, t->data);
    else
        fputs("null", stdout);
    puts("}");
}

/* Exit code of one row: 0 holds or missing, 1 fails. */
static int run_row(ds_ctx *ctx, int index, const ds_args *a, const ds_command *c)
{
    const char *row = rows[index].name;
    const ds_experiment *e = find_built(row);
    bool json = ds_args_flag(a, c, "json")->integer;
    if (!e) {
        if (json)
            report_json(row, "missing", NULL, 0);
        else
            printf("%-4s missing  %s\n", row, rows[index].claim);
        return 0;
    }
    const char *dir = ds_args_flag(a, c, "data")->text;
    ds_trial t = { .ctx = ctx,
                   .full = ds_args_flag(a, c, "full")->integer,
                   .broken = ds_args_flag(a, c, "broken")->integer,
                   .seed = (uint64_t)ds_args_flag(a, c, "seed")->integer,
                   .data_dir = dir && *dir ? dir : NULL,
                   .talk = json ? NULL : stderr,
                   .relation = "<=",
                   .value = NAN,
                   .bar = NAN };
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    ds_status status = e->run(&t);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    if (status != DS_OK) return ds_complain_status(ctx, status);
    bool holds = judge(&t);
    if (json) {
        report_json(row, holds ? "holds" : "fails", &t, seconds);
    } else {
        printf("%-4s %-7s  %s\n", row, holds ? "holds" : "fails", e->claim);
        printf("              %.4g %s %.4g; %s; %d seed%s, %s, %.1f s\n", t.value, t.relation, t.bar, t.note, t.seeds,
               t.seeds == 1 ? "" : "s", t.data ? t.data : "no data", seconds);
    }
    fflush(stdout);
    return holds ? 0 : DS_EXIT_FAILED;
}

static void list_rows(bool json)
{
    for (int k = 0; k < ROWS; k++) {
        const ds_experiment *e = find_built(rows[k].name);
        if (json) {
            printf("{\"row\": \"%s\", \"built\": %s, \"claim\": ", rows[k].name, e ? "true" : "false");
            ds_print_json_text(stdout, e ? e->claim : rows[k].claim);
            puts("}");
        } else {
            printf("%-4s %-8s %s\n", rows[k].name, e ? "" : "missing", rows[k].claim);
        }
    }
}

static void explain_row(const ds_experiment *e)
{
    fprintf(stderr, "\n%s  %s\n  run    %s\n  rule   %s\n  source %s\n  broken %s\n", e->row, e->claim, e->run_by,
            e->rule, e->source, e->broken);
}

extern const ds_command ds_command_tour;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_tour;
    ds_args a;
    int code = ds_args_parse(&a, c, argc, argv), held = 0, failed = 0, missing = 0;
    if (code) return code;
    bool json = ds_args_flag(&a, c, "json")->integer;
    if (a.count == 0) {
        list_rows(json);
        return DS_EXIT_OK;
    }
    bool all = false;
    for (int i = 0; i < a.count; i++) {
        bool known = !strcmp(a.positional[i], "all");
        all |= known;
        for (int k = 0; k < ROWS && !known; k++) known = !strcasecmp(a.positional[i], rows[k].name);
        if (!known)
            return ds_complain(DS_EXIT_USAGE, "no row \"%s\"; `descent tour` lists them, `all` runs them all",
                               a.positional[i]);
    }
    for (int k = 0; k < ROWS; k++) {
        bool chosen = all;
        for (int i = 0; i < a.count; i++) chosen |= !strcasecmp(a.positional[i], rows[k].name);
        if (!chosen) continue;
        const ds_experiment *e = find_built(rows[k].name);
        if (e && !all && !json) explain_row(e);
        int result = run_row(ctx, k, &a, c);
        if (result > DS_EXIT_FAILED) return result;
        if (!e)
            missing++;
        else if (result)
            failed++;
        else
            held++;
    }
    if (!json) printf("%d rows hold, %d fail, %d missing\n", held, failed, missing);
    return failed ? DS_EXIT_FAILED : DS_EXIT_OK;
}

const ds_command ds_command_tour = {
    .head = { .name = "tour",
              .summary = "run the book's claims, one row each, and say whether they hold",
              .options = flags },
    .usage = "[ROW...|all] [--quick|--full] [--seed n] [--data DIR] [--broken] [--json]",
    .run = run,
    .about = "Without a row all of them are listed. A row that cannot be judged yet is missing, which is no "
             "failure; exit code 1 when one fails. With --broken the part that carries the claim is turned "
             "off, and the verdict must be that it fails.",
    .example = "descent tour A1 B3\n"
               "descent tour all --full --json",
};
