/* explain.c - `descent explain NAME`: formula, meaning, default, range, source and spelling elsewhere of anything that
 * can be chosen; and the texts made from the same tables, man pages, completion, schema and reference. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "descent/config.h"
#include "docs.h"

enum { PATH = 512 };

static const ds_option flags[] = {
    { .name = "schema",
      .type = DS_OPT_BOOL,
      .def = "false",
      .help = "the JSON Schema of a config on standard output, for editors" },
    { .name = "write",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "write man pages, completion, schema and reference below this directory" },
    { 0 },
};

/* One file below `root`: its name, and the writer that fits. */
typedef struct page {
    const char *name;
    void (*write)(FILE *f);
} page;
static const page pages[] = {
    { "man/descent.1", ds_docs_man },
    { "man/descent-config.5", ds_docs_man_config },
    { "completion/descent.bash", ds_docs_bash },
    { "completion/_descent", ds_docs_zsh },
    { "completion/descent.fish", ds_docs_fish },
    { "docs/reference/README.md", ds_docs_index },
    { "docs/reference/config.md", ds_docs_config },
    { "docs/reference/commands.md", ds_docs_commands },
};

static FILE *open_page(const char *root, const char *name)
{
    char path[PATH];
    FILE *f = snprintf(path, sizeof path, "%s/%s", root, name) < PATH ? fopen(path, "w") : NULL;
    if (!f) ds_complain(DS_EXIT_FAILED, "%s/%s: %s", root, name, strerror(errno));
    return f;
}

/* Close a page; whether all of it was written. */
static bool close_page(FILE *f, const char *root, const char *name)
{
    bool good = !ferror(f);
    good = fclose(f) == 0 && good;
    if (!good) ds_complain(DS_EXIT_FAILED, "%s/%s: writing failed", root, name);
    return good;
}

static bool write_pages(const char *root)
{
    bool good = true;
    int n;
    const ds_registry *const *all = ds_registries(&n);
    for (size_t k = 0; k < sizeof pages / sizeof pages[0] && good; k++) {
        FILE *f = open_page(root, pages[k].name);
        if (f) pages[k].write(f);
        good = f && close_page(f, root, pages[k].name);
    }
    for (int k = 0; k < ds_command_count && good; k++) {
        char name[96];
        snprintf(name, sizeof name, "man/descent-%s.1", ds_commands[k]->head.name);
        FILE *f = open_page(root, name);
        if (f) ds_docs_man_command(f, ds_commands[k]);
        good = f && close_page(f, root, name);
    }
    for (int k = 0; k < n && good; k++) {
        char name[96];
        snprintf(name, sizeof name, "docs/reference/%s.md", all[k]->kind);
        FILE *f = open_page(root, name);
        if (f) ds_docs_kind(f, all[k]);
        good = f && close_page(f, root, name);
    }
    return good;
}

static int write_all(const char *root)
{
    static const char *const folders[] = { "", "/man", "/completion", "/docs", "/docs/reference" };
    static const char schema[] = "docs/reference/config.schema.json";
    for (size_t k = 0; k < sizeof folders / sizeof folders[0]; k++) {
        char path[PATH];
        snprintf(path, sizeof path, "%s%s", root, folders[k]);
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return ds_complain(DS_EXIT_FAILED, "%s: %s", path, strerror(errno));
    }
    if (!write_pages(root)) return DS_EXIT_FAILED;
    FILE *f = open_page(root, schema);
    bool good = f && ds_docs_schema(f);
    return f && close_page(f, root, schema) && good ? DS_EXIT_OK : DS_EXIT_FAILED;
}

extern const ds_command ds_command_explain;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    (void)ctx;
    ds_args a;
    const ds_command *c = &ds_command_explain;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code;
    const char *root = ds_args_flag(&a, c, "write")->text;
    if (root && *root) return write_all(root);
    if (ds_args_flag(&a, c, "schema")->integer) return ds_docs_schema(stdout) ? DS_EXIT_OK : DS_EXIT_FAILED;
    if (a.count == 0)
        return ds_complain(DS_EXIT_USAGE,
                           "explain wants a name: a key such as optimizer.beta2, or a rule, layer, loss, source");
    for (int k = 0; k < a.count; k++) {
        bool found;
        const ds_command *of_name = ds_command_named(a.positional[k]);
        char *text = ds_explain(a.positional[k], &found);
        if (!text) return ds_complain(DS_EXIT_FAILED, "out of memory");
        if (found || !of_name)
            fputs(text, found ? stdout : stderr);
        else
            ds_print_help(of_name);
        free(text);
        if (!found && !of_name) code = DS_EXIT_USAGE;
    }
    return code;
}

const ds_command ds_command_explain = {
    .head = { .name = "explain",
              .summary = "say what an option, rule, layer, loss, source or key means",
              .options = flags },
    .usage = "NAME... | --schema | --write DIR",
    .run = run,
    .about = "NAME is a key of a config (train.batch, optimizer.beta2, model.layers.0.pad), something that is "
             "chosen by name (adam, conv, huber, csv), its option (adam.eps), a kind (rule, layer, loss, "
             "source, ...), or a section. Of each: meaning, formula, what it takes, the default and why, its "
             "source, and how PyTorch, Keras and Caffe spell it.",
    .example = "descent explain optimizer.beta2\n"
               "descent explain adam conv.pad\n"
               "descent explain layer\n"
               "descent explain --schema >config.schema.json",
};
