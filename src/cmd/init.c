/* init.c - `descent init TEMPLATE`: a commented config to begin with. The texts are the files of src/cmd/template/,
 * which the build puts into the program; a new file there is a new template. */
#include <errno.h>
#include <string.h>

#include "cmd.h"
#include "template.h"

enum { MOST = 64 };

static const ds_option flags[] = {
    { .name = "out",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "file to write instead of standard output; never replaced" },
    { 0 },
};

static int unknown(const char *word)
{
    const char *names[MOST];
    char list[512] = "";
    int n = 0;
    for (const ds_template *t = ds_templates; t->name && n < MOST; t++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", n ? ", " : "", t->name);
        names[n++] = t->name;
    }
    const char *near = word ? ds_nearest(word, names, n) : NULL;
    if (!word) return ds_complain(DS_EXIT_USAGE, "init wants a TEMPLATE: one of %s", list);
    if (near)
        return ds_complain(DS_EXIT_USAGE, "no template \"%s\"; did you mean \"%s\"? There are %s", word, near, list);
    return ds_complain(DS_EXIT_USAGE, "no template \"%s\"; there are %s", word, list);
}

static int write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "wx");
    if (!f && errno == EEXIST)
        return ds_complain(DS_EXIT_USAGE, "%s is there already and stays as it is; give another --out", path);
    if (!f) return ds_complain(DS_EXIT_FAILED, "%s: %s", path, strerror(errno));
    bool good = fputs(text, f) >= 0;
    good = fclose(f) == 0 && good;
    if (!good) {
        int why = errno;
        remove(path);
        return ds_complain(DS_EXIT_FAILED, "%s: writing failed: %s", path, strerror(why));
    }
    fprintf(stderr, "wrote %s; next: descent check %s\n", path, path);
    return DS_EXIT_OK;
}

extern const ds_command ds_command_init;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    (void)ctx;
    const ds_command *c = &ds_command_init;
    ds_args a;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code;
    if (a.count == 0) return unknown(NULL);
    if (a.count > 1) return ds_complain(DS_EXIT_USAGE, "init writes one template, found also \"%s\"", a.positional[1]);
    const ds_template *t = ds_templates;
    while (t->name && strcmp(t->name, a.positional[0])) t++;
    if (!t->name) return unknown(a.positional[0]);
    const char *out = ds_args_flag(&a, c, "out")->text;
    if (out && *out) return write_file(out, t->text);
    fputs(t->text, stdout);
    return DS_EXIT_OK;
}

const ds_command ds_command_init = {
    .head = { .name = "init",
              .summary = "write a commented config to begin with: mlp, cnn, svm, table, stream",
              .options = flags },
    .usage = "TEMPLATE [--out FILE]",
    .run = run,
    .about = "The config runs as it is (that for tables wants a table), and its comments say what may be "
             "changed. Nothing is replaced: with --out a file that is there is an error.",
    .example = "descent init mlp --out mlp.yaml\n"
               "descent init cnn >cnn.yaml",
};
