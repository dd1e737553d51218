/* data.c - `descent data`: look at a set, sum it up, rewrite it. The verbs are in files of their own. */
#include "data.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const ds_option flags[] = {
    { .name = "rows", .type = DS_OPT_INT, .lo = 1, .hi = 1e15, .def = "8", .help = "show: how many rows" },
    { .name = "from", .type = DS_OPT_INT, .lo = 0, .hi = 1e15, .def = "0", .help = "show: the first of them" },
    { .name = "split",
      .type = DS_OPT_CHOICE,
      .choices = "train|val|test",
      .def = "train",
      .help = "show: rows of which split" },
    { .name = "to",
      .type = DS_OPT_CHOICE,
      .choices = "npy|csv|idx|shards",
      .def = "npy",
      .help = "convert: format of the new files" },
    { .name = "out", .type = DS_OPT_TEXT, .def = "", .help = "convert, shuffle: folder for the new files" },
    { .name = "memory",
      .type = DS_OPT_BYTES,
      .lo = 1 << 16,
      .hi = 0x1p50,
      .def = "64M",
      .help = "shuffle, convert to shards: memory for rows; no bit of the result depends on it" },
    { .name = "seed",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 9007199254740992.0,
      .def = "0",
      .help = "shuffle: of the order" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "JSON on standard output" },
    { 0 },
};

static const struct verb {
    const char *name, *flags; /* the flags that it reads */
    int (*run)(const data_call *call);
} verbs[] = { { "show", "rows,from,split,json", data_show },
              { "stats", "json", data_stats },
              { "convert", "to,out,memory,json", data_convert },
              { "shuffle", "out,memory,seed,json", data_shuffle } };
enum { VERBS = sizeof verbs / sizeof verbs[0] };

extern const ds_command ds_command_data;

const ds_optval *data_flag(const data_call *call, const char *name)
{
    return ds_args_flag(call->args, &ds_command_data, name);
}

const char *data_split_name(ds_split split) { return split == DS_TRAIN ? "train" : split == DS_VAL ? "val" : "test"; }

int data_open(const data_call *call, ds_dataset **d)
{
    ds_status status = ds_dataset_create(d, call->ctx, &call->set);
    return status == DS_OK ? 0 : ds_complain_status(call->ctx, status);
}

ds_data_settings data_as_stored(const data_call *call)
{
    ds_data_settings set = call->set;
    set.scale_given = set.standardize = false;
    set.augment = NULL;
    set.augment_count = 0;
    return set;
}

static bool has_ending(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

/* What a source is, by the files in a folder or by its ending; NULL: none can be told. */
static const char *guess_format(const char *source)
{
    static const struct {
        const char *file, *format;
    } inside[] = { { "index.json", "shards" },           { "x.npy", "npy" },
                   { "train-images-idx3-ubyte", "idx" }, { "train-images-idx3-ubyte.gz", "idx" },
                   { "train-images.idx3-ubyte", "idx" }, { "train-images.idx3-ubyte.gz", "idx" },
                   { "data_batch_1.bin", "cifar10" },    { "train.csv", "csv" } },
      endings[] = { { ".csv", "csv" }, { ".tsv", "csv" }, { ".csv.gz", "csv" }, { ".npz", "npy" } };
    char path[1200];
    if (!strcmp(source, "digits")) return "digits";
    for (size_t k = 0; k < sizeof inside / sizeof inside[0]; k++) {
        snprintf(path, sizeof path, "%s/%s", source, inside[k].file);
        if (access(path, F_OK) == 0) return inside[k].format;
    }
    for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++)
        if (has_ending(source, endings[k].file)) return endings[k].format;
    return NULL;
}

/* A config that says no more than where the rows are, so that data.* settings mean what they mean in a config. */
static char *source_config(const char *source, const char *format)
{
    static const char rest[] =
        "\nmodel: {layers: [{dense: classes}]}\noptimizer: {name: sgd, lr: 1}\ntrain: {epochs: 1}\n";
    char *text = NULL;
    size_t bytes;
    FILE *f = open_memstream(&text, &bytes);
    if (!f) return NULL;
    fputs("data: {", f);
    if (format) fprintf(f, "format: %s", format);
    if (!format || strcmp(format, "digits")) {
        fprintf(f, "%spath: ", format ? ", " : "");
        ds_print_json_text(f, source);
    }
    fprintf(f, "}%s", rest);
    if (fclose(f) == 0) return text;
    free(text);
    return NULL;
}

/* CONFIG or SOURCE with its settings. */
static int read_settings(ds_config **config, ds_ctx *ctx, const ds_args *a, const ds_command *c)
{
    ds_args rest = *a;
    rest.count = a->count - 1;
    memmove(rest.positional, rest.positional + 1, (size_t)rest.count * sizeof *rest.positional);
    const char *source = rest.count ? rest.positional[0] : "";
    if (!*source || has_ending(source, ".yaml") || has_ending(source, ".yml"))
        return ds_config_from_args(config, ctx, &rest, c);
    bool named = false;
    for (int k = 1; k < rest.count; k++) named = named || !strncmp(rest.positional[k], "data.format=", 12);
    const char *format = named ? NULL : guess_format(source);
    if (!named && !format) {
        if (access(source, F_OK) != 0) return ds_complain(DS_EXIT_DATA, "%s: no such file or folder", source);
        return ds_complain(DS_EXIT_USAGE,
                           "%s: its format cannot be told; add data.format=NAME (descent explain source)", source);
    }
    char *text = source_config(source, format);
    if (!text) return ds_complain(DS_EXIT_FAILED, "out of memory");
    int code = ds_config_from_text(config, ctx, source, text, &rest);
    free(text);
    return code;
}

static int check_flags(const ds_args *a, const struct verb *v)
{
    for (int k = 0; flags[k].type != DS_OPT_END; k++)
        if (a->flag[k].given && !ds_list_has(v->flags, ',', flags[k].name, NULL))
            return ds_complain(DS_EXIT_USAGE, "--%s has no effect with data %s; remove it", flags[k].name, v->name);
    return 0;
}

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_data;
    ds_args a;
    int code = ds_args_parse(&a, c, argc, argv), which = 0;
    if (code) return code < 0 ? DS_EXIT_OK : code;
    const char *names[VERBS], *word = a.count ? a.positional[0] : "";
    for (int k = 0; k < VERBS; k++) names[k] = verbs[k].name;
    while (which < VERBS && strcmp(word, names[which])) which++;
    if (which == VERBS) {
        const char *near = ds_nearest(word, names, VERBS);
        return ds_complain(DS_EXIT_USAGE, "data wants show, stats, convert or shuffle, found \"%s\"%s%s%s", word,
                           near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    code = check_flags(&a, &verbs[which]);
    if (code) return code;
    if (a.count < 2)
        return ds_complain(DS_EXIT_USAGE, "data %s wants a CONFIG or a SOURCE: descent data %s", word, c->usage);
    ds_config *config;
    code = read_settings(&config, ctx, &a, c);
    if (code) return code;
    data_call call = { ctx, &a, a.positional[1], config->data, ds_args_flag(&a, c, "json")->integer != 0 };
    code = verbs[which].run(&call);
    ds_config_free(config);
    return code;
}

const ds_command ds_command_data = {
    .head = { .name = "data",
              .summary = "show rows, sum up, convert or shuffle a set of any format and size",
              .options = flags },
    .usage = "show|stats|convert|shuffle CONFIG|SOURCE [data.key=value...] [--out DIR] [flags]",
    .run = run,
    .about =
        "CONFIG is a file in YAML of which the data section counts; SOURCE is \"digits\", a file or a folder whose "
        "format shows in its names, or any other with data.format=NAME.\n"
        "show prints rows as training would see them: pictures, tables or JSON. stats counts rows and classes, "
        "gives mean, deviation, range and missing numbers of every column or channel, and finds rows that repeat, "
        "contradict each other, or are in the training rows too. convert writes the rows as stored in another "
        "format.\n"
        "shuffle writes the training rows in a random order as shards: checksummed files that format shards reads "
        "through a window, so that neither step needs memory for the set. A shuffle that was stopped (exit 75) or "
        "killed goes on when the same command is given again, to the same bytes.",
    .example = "descent data show digits --rows 3\n"
               "descent data stats cnn.yaml --json\n"
               "descent data convert data/mnist --to npy --out mnist-npy\n"
               "descent data shuffle big.yaml --out shards --memory 256M --seed 1",
};
