/* eval.c - `descent eval`: loss and accuracy of a run's weights on the test rows, per class. */
#include <math.h>
#include <string.h>

#include "config_args.h"

static const ds_option flags[] = {
    { .name = "weights",
      .type = DS_OPT_CHOICE,
      .choices = "best|last|average",
      .def = "best",
      .help = "which weights; best falls back to last where none were kept" },
    { .name = "metric",
      .type = DS_OPT_TEXT,
      .help = "one metric more: top-k(k=3), mse, confusion (descent explain metric)" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object on standard output" },
    { 0 },
};

static void print_table(const int64_t *table, int classes, bool json)
{
    for (int i = 0; i < classes; i++) {
        printf("%s", json ? i ? ", [" : "[[" : "");
        for (int j = 0; j < classes; j++)
            printf(json ? "%s%lld" : "%s%7lld", json && j ? ", " : "", (long long)table[(int64_t)i * classes + j]);
        printf("%s", json ? i == classes - 1 ? "]]" : "]" : "\n");
    }
}

/* The metric of --metric and, of confusion, its table: true classes down, predicted ones across. */
static void print_metric(const ds_metric *m, bool json)
{
    int classes;
    const int64_t *table = ds_metric_table(m, &classes);
    if (json) {
        printf(", \"%s\": ", ds_metric_name(m));
        if (table)
            print_table(table, classes, true);
        else
            ds_print_json_number(stdout, ds_metric_value(m));
        return;
    }
    printf("%s  %.6g%s\n", ds_metric_name(m), ds_metric_value(m), table ? "; rows are true classes:" : "");
    if (table) print_table(table, classes, false);
}

static void print_json(const ds_score *s, const ds_metric *m, const char *weights)
{
    fputs("{\"test\": {\"loss\": ", stdout);
    ds_print_json_number(stdout, s->loss);
    fputs(", \"accuracy\": ", stdout);
    ds_print_json_number(stdout, s->accuracy);
    fputs(", \"error\": ", stdout);
    ds_print_json_number(stdout, s->error);
    if (m) print_metric(m, true);
    printf("}, \"weights\": \"%s\"}\n", weights);
}

static int evaluate(ds_ctx *ctx, const ds_config *config, ds_run *run, const char *weights, const char *metric,
                    bool json)
{
    ds_session *session;
    ds_score score;
    ds_metric *m = NULL;
    int code = ds_session_from_config(&session, ctx, config, NULL);
    if (code) return code;
    ds_status status = ds_session_take(session, run, &weights);
    if (status == DS_OK) status = ds_session_score(session, DS_TEST, &score);
    if (status == DS_OK && metric && *metric) status = ds_metric_create(&m, ds_session_problem(session), metric);
    if (status == DS_OK && m) status = ds_session_metric(session, DS_TEST, m);
    code = status == DS_OK ? DS_EXIT_OK : ds_complain_status(ctx, status);
    if (status == DS_OK && score.rows == 0) {
        ds_metric_free(m);
        ds_session_free(session);
        return ds_complain(DS_EXIT_DATA, "the run's data has no test rows; name them by data.test in %s", config->file);
    }
    if (status == DS_OK && json)
        print_json(&score, m, weights);
    else if (status == DS_OK && isnan(score.accuracy))
        printf("test  loss %.6g on %lld rows, %s weights\n", score.loss, (long long)score.rows, weights);
    else if (status == DS_OK)
        printf("test  loss %.4f  accuracy %.2f%%  error %.2f%%  on %lld rows, %s weights\n", score.loss,
               100 * score.accuracy, 100 * score.error, (long long)score.rows, weights);
    if (status == DS_OK && m && !json) print_metric(m, false);
    ds_metric_free(m);
    ds_session_free(session);
    return code;
}

extern const ds_command ds_command_eval;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_eval;
    ds_args a;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code;
    if (a.count != 1) return ds_complain(DS_EXIT_USAGE, "eval wants one run: descent eval %s", c->usage);
    ds_run *opened;
    ds_config *config;
    ds_status status = ds_run_open(&opened, ctx, a.positional[0]);
    if (status != DS_OK) return ds_complain_status(ctx, status);
    char path[4096];
    ds_args one = { .count = 1 };
    snprintf(path, sizeof path, "%s", ds_run_file(opened, "resolved.yaml"));
    one.positional[0] = path;
    code = ds_config_from_args(&config, ctx, &one, c);
    if (!code)
        code = evaluate(ctx, config, opened, ds_args_flag(&a, c, "weights")->text, ds_args_flag(&a, c, "metric")->text,
                        ds_args_flag(&a, c, "json")->integer);
    ds_config_free(config);
    ds_run_close(opened);
    return code;
}

const ds_command ds_command_eval = {
    .head = { .name = "eval", .summary = "loss and accuracy of a run on its test rows", .options = flags },
    .usage = "RUN [--weights best|last|average] [--metric NAME] [--json]",
    .run = run,
    .about = "RUN is a run directory, or a name under runs/. Its own config says which data are read. With "
             "--json the fractions are those of metrics.tsv; the table for people is in percent.",
    .example = "descent eval mlp-0001\n"
               "descent eval runs/mlp-0001 --weights last --json\n"
               "descent eval mlp-0001 --metric confusion",
};
