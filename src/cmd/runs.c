/* runs.c - `descent runs`: list, show, compare, tag and remove runs. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config_args.h"
#include "descent/runs.h"

static const ds_option flags[] = {
    { .name = "dir", .type = DS_OPT_TEXT, .def = "runs", .help = "the folder of runs" },
    { .name = "sort", .type = DS_OPT_TEXT, .help = "for list: a key, or -KEY from the largest down; default by name" },
    { .name = "columns", .type = DS_OPT_TEXT, .help = "for list: keys, apart by commas" },
    { .name = "remove", .type = DS_OPT_BOOL, .def = "false", .help = "for tag: take the tags away" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object a line on standard output" },
    { 0 },
};

extern const ds_command ds_command_runs;

enum { COLUMNS = 32, WIDTH = 64 };

typedef struct call {
    ds_ctx *ctx;
    ds_args *a;
    ds_index *index;
    const char *folder;
    bool json;
} call;

static const char *text_flag(const call *c, const char *name)
{
    const char *text = ds_args_flag(c->a, &ds_command_runs, name)->text;
    return text && *text ? text : NULL;
}

static int open_index(call *c, bool anew)
{
    struct stat st;
    if (strcmp(c->folder, "runs") == 0 && stat("runs", &st)) {
        fprintf(stderr, "no runs yet: descent train CONFIG makes the folder runs/\n");
        return -1; /* said, and nothing is wrong */
    }
    ds_status status = ds_index_open(&c->index, c->ctx, c->folder, anew);
    return status == DS_OK ? DS_EXIT_OK : ds_complain_status(c->ctx, status);
}

/* ---- list -------------------------------------------------------------------------------------------------------- */

/* A fact as a table shows it: numbers in six digits, the share of classes in percent. */
static void cell(call *c, int i, const char *key, char *to)
{
    const char *fact = ds_index_fact(c->index, i, key);
    char *end;
    double x = fact ? strtod(fact, &end) : 0;
    const char *last = strrchr(key, '.');
    last = last ? last + 1 : key;
    if (!fact)
        snprintf(to, WIDTH, "-");
    else if (*end || !*fact)
        snprintf(to, WIDTH, "%.60s", fact);
    else if (strcmp(last, "accuracy") == 0 || strcmp(last, "error") == 0)
        snprintf(to, WIDTH, "%.2f%%", 100 * x);
    else
        snprintf(to, WIDTH, "%.6g", x);
}

static int split(char *text, char **column)
{
    int n = 0;
    char *rest;
    for (char *k = strtok_r(text, ",", &rest); k && n < COLUMNS; k = strtok_r(NULL, ",", &rest)) column[n++] = k;
    return n;
}

static void print_table(call *c, char **column, int columns)
{
    int width[COLUMNS];
    char to[WIDTH];
    for (int k = 0; k < columns; k++) {
        width[k] = (int)strlen(column[k]);
        for (int i = 0; i < ds_index_count(c->index); i++) {
            cell(c, i, column[k], to);
            if ((int)strlen(to) > width[k]) width[k] = (int)strlen(to);
        }
    }
    for (int i = -1; i < ds_index_count(c->index); i++)
        for (int k = 0; k < columns; k++) {
            if (i >= 0) cell(c, i, column[k], to);
            const char *end = k == columns - 1 ? "\n" : "  ";
            if (k == columns - 1)
                printf("%s%s", i < 0 ? column[k] : to, end);
            else
                printf("%-*s%s", width[k], i < 0 ? column[k] : to, end);
        }
}

static void print_value(const char *value)
{
    char *end;
    double x = strtod(value, &end);
    if (*value && !*end)
        ds_print_json_number(stdout, x);
    else
        ds_print_json_text(stdout, value);
}

static void print_objects(call *c, char **column, int columns)
{
    for (int i = 0; i < ds_index_count(c->index); i++)
        for (int k = 0; k < columns; k++) {
            const char *fact = ds_index_fact(c->index, i, column[k]);
            printf("%s", k ? ", " : "{");
            ds_print_json_text(stdout, column[k]);
            printf(": ");
            if (fact)
                print_value(fact);
            else
                printf("null");
            if (k == columns - 1) printf("}\n");
        }
}

static int list(call *c)
{
    char usual[] = "run,status,epoch,best.val.loss,best.val.accuracy,optimizer.name,optimizer.lr,train.batch,tag";
    const char *asked = text_flag(c, "columns");
    char *given = asked ? strdup(asked) : NULL, *column[COLUMNS];
    if (asked && !given) return ds_complain(DS_EXIT_FAILED, "no memory for the columns");
    int columns = split(given ? given : usual, column);
    int code = open_index(c, false);
    if (!code) {
        ds_status status =
            ds_index_find(c->index, c->a->count - 1, (const char *const *)c->a->positional + 1, text_flag(c, "sort"));
        code = status == DS_OK ? DS_EXIT_OK : ds_complain_status(c->ctx, status);
    }
    if (!code && ds_index_count(c->index) == 0)
        fprintf(stderr, "no runs in %s%s\n", c->folder, c->a->count > 1 ? " satisfy that" : "");
    if (!code && c->json)
        print_objects(c, column, columns);
    else if (!code)
        print_table(c, column, columns);
    free(given);
    return code;
}

/* ---- one run ----------------------------------------------------------------------------------------------------- */

/* The run's place among all, by its name in the folder. */
static int find(call *c, const char *name, int *at)
{
    const char *slash = strrchr(name, '/');
    size_t n = strlen(c->folder);
    if (slash && !(strncmp(name, c->folder, n) == 0 && name + n == slash))
        return ds_complain(DS_EXIT_USAGE, "%s: not in the folder %s; say --dir FOLDER and the run's name", name,
                           c->folder);
    if (slash) name = slash + 1;
    for (int i = 0; i < ds_index_count(c->index); i++)
        if (strcmp(ds_index_name(c->index, i), name) == 0) {
            *at = i;
            return DS_EXIT_OK;
        }
    const char **names = calloc((size_t)ds_index_count(c->index) + 1, sizeof *names);
    for (int i = 0; names && i < ds_index_count(c->index); i++) names[i] = ds_index_name(c->index, i);
    const char *nearest = names ? ds_nearest(name, names, ds_index_count(c->index)) : NULL;
    int code = ds_complain(DS_EXIT_USAGE, "no run \"%s\" in %s%s%s", name, c->folder,
                           nearest ? "; the nearest is " : "", nearest ? nearest : "");
    free(names);
    return code;
}

typedef struct printing {
    bool json;
    int count;
} printing;

static void print_fact(void *arg, const char *key, const char *value)
{
    printing *p = arg;
    if (p->json) {
        printf("%s", p->count++ ? ", " : "{");
        ds_print_json_text(stdout, key);
        printf(": ");
        print_value(value);
        return;
    }
    printf("%-34s  %s\n", key, value);
}

static int show(call *c)
{
    int at, code = open_index(c, false);
    if (!code) code = find(c, c->a->positional[1], &at);
    if (code) return code;
    printing p = { .json = c->json };
    ds_status status = ds_index_each(c->index, at, print_fact, &p);
    if (status != DS_OK) return ds_complain_status(c->ctx, status);
    if (p.json) printf("}\n");
    return DS_EXIT_OK;
}

/* ---- diff -------------------------------------------------------------------------------------------------------- */

static void print_difference(void *arg, const char *key, const char *before, const char *after, bool fixed)
{
    (void)fixed;
    printing *p = arg;
    p->count++;
    if (!p->json) {
        printf("%-34s  %-20s  %s\n", key, before ? before : "-", after ? after : "-");
        return;
    }
    printf("{\"key\": ");
    ds_print_json_text(stdout, key);
    for (int k = 0; k < 2; k++) {
        printf(", \"%s\": ", k ? "b" : "a");
        const char *value = k ? after : before;
        if (value)
            print_value(value);
        else
            printf("null");
    }
    printf("}\n");
}

static int read_config(call *c, const char *name, ds_config **config)
{
    int at, code = find(c, name, &at);
    if (code) return code;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/resolved.yaml", c->folder, ds_index_name(c->index, at));
    ds_args one = { .count = 1, .positional = { path } };
    return ds_config_from_args(config, c->ctx, &one, &ds_command_runs);
}

/* Settings that differ, then the numbers of both. */
static int diff(call *c)
{
    static const char *const numbers[] = { "epoch", "step", "best.train.loss", "best.val.loss", "best.val.accuracy" };
    ds_config *a = NULL, *b = NULL;
    int code = open_index(c, false);
    if (!code) code = read_config(c, c->a->positional[1], &a);
    if (!code) code = read_config(c, c->a->positional[2], &b);
    printing p = { .json = c->json };
    if (!code) {
        int i = 0, j = 0;
        find(c, c->a->positional[1], &i);
        find(c, c->a->positional[2], &j);
        if (!p.json) printf("%-34s  %-20s  %s\n", "", ds_index_name(c->index, i), ds_index_name(c->index, j));
        ds_config_compare(a, b, print_difference, &p);
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            const char *fact = ds_index_fact(c->index, i, numbers[k]);
            char *first = fact ? strdup(fact) : NULL;
            const char *second = ds_index_fact(c->index, j, numbers[k]);
            if (first || second) print_difference(&p, numbers[k], first, second, false);
            free(first);
        }
    }
    ds_config_free(a);
    ds_config_free(b);
    return code;
}

/* ---- tag, rm, reindex -------------------------------------------------------------------------------------------- */

static int path_of(call *c, const char *name, char *path, size_t bytes)
{
    int at, code = find(c, name, &at);
    if (!code) snprintf(path, bytes, "%s/%s", c->folder, ds_index_name(c->index, at));
    return code;
}

static int tag(call *c)
{
    char path[4096];
    bool on = !ds_args_flag(c->a, &ds_command_runs, "remove")->integer;
    int code = open_index(c, false);
    if (!code) code = path_of(c, c->a->positional[1], path, sizeof path);
    for (int k = 2; k < c->a->count && !code; k++) {
        ds_status status = ds_run_tag(c->ctx, path, c->a->positional[k], on);
        if (status != DS_OK) code = ds_complain_status(c->ctx, status);
    }
    return code;
}

static int rm(call *c)
{
    char path[4096];
    int code = open_index(c, false);
    for (int k = 1; k < c->a->count && !code; k++) code = path_of(c, c->a->positional[k], path, sizeof path);
    for (int k = 1; k < c->a->count && !code; k++) { /* all are there: now they go */
        path_of(c, c->a->positional[k], path, sizeof path);
        ds_status status = ds_run_remove(c->ctx, path);
        if (status != DS_OK)
            code = ds_complain_status(c->ctx, status);
        else
            fprintf(stderr, "removed %s\n", path);
    }
    return code;
}

static int reindex(call *c)
{
    int code = open_index(c, true);
    if (!code) fprintf(stderr, "%d runs in %s\n", ds_index_count(c->index), c->folder);
    return code;
}

static const struct {
    const char *name;
    int least, most; /* words that follow */
    int (*run)(call *c);
    const char *wants;
} verbs[] = {
    { "list", 0, 200, list, "list [KEY=VALUE...]" },
    { "show", 1, 1, show, "show RUN" },
    { "diff", 2, 2, diff, "diff RUN RUN" },
    { "tag", 2, 200, tag, "tag RUN TAG..." },
    { "rm", 1, 200, rm, "rm RUN..." },
    { "reindex", 0, 0, reindex, "reindex" },
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static int run(ds_ctx *ctx, int argc, char **argv)
{
    ds_args a;
    int code = ds_args_parse(&a, &ds_command_runs, argc, argv), v = 0;
    if (code) return code;
    call c = { .ctx = ctx, .a = &a, .json = ds_args_flag(&a, &ds_command_runs, "json")->integer };
    c.folder = ds_args_flag(&a, &ds_command_runs, "dir")->text;
    const char *names[VERBS];
    for (int k = 0; k < VERBS; k++) names[k] = verbs[k].name;
    while (a.count && v < VERBS && strcmp(verbs[v].name, a.positional[0])) v++;
    if (v == VERBS || !a.count) {
        const char *nearest = a.count ? ds_nearest(a.positional[0], names, VERBS) : NULL;
        return ds_complain(DS_EXIT_USAGE, "runs wants list, show, diff, tag, rm or reindex%s%s%s",
                           nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    }
    if (a.count - 1 < verbs[v].least || a.count - 1 > verbs[v].most)
        return ds_complain(DS_EXIT_USAGE, "wanted: descent runs %s", verbs[v].wants);
    code = verbs[v].run(&c);
    ds_index_close(c.index);
    return code;
}

const ds_command ds_command_runs = {
    .head = { .name = "runs", .summary = "list, show, compare, tag and remove runs", .options = flags },
    .usage = "list [KEY=VALUE...] | show RUN | diff RUN RUN | tag RUN TAG... | rm RUN... | reindex",
    .run = run,
    .about = "Runs are the directories in --dir. They are found by their settings, the numbers of their last epoch "
             "(val.accuracy), the best of all epochs (best.val.accuracy), their status (running, finished, stopped, "
             "empty, damaged) and tags; a condition is KEY=VALUE or has != < <= > >= or ~ for \"contains\" in its "
             "place, and "
             "a key may leave out its section or \".name\".\n"
             "The index, index.sqlite in that folder, only saves reading: it is brought up to date by every call and "
             "can be deleted at any time. diff shows only settings that differ. rm takes away what a run wrote and "
             "nothing else, and refuses while a trainer is at work.",
    .example = "descent runs list 'val.accuracy>0.9' optimizer=adam --sort -val.accuracy\n"
               "descent runs diff digits-0001 digits-0002\n"
               "descent runs tag digits-0002 keep",
};
