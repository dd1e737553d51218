/* docs_reference.c - the reference in Markdown: an index, the keys of a config, the commands, one page a kind. */
#include <stdlib.h>
#include <string.h>

#include "descent/model.h"
#include "docs.h"

static const char made[] = "<!-- Made by `make docs` from the tables of the program; do not edit. -->\n\n";

/* Text as it stands, also in a cell of a table. */
static void say(FILE *f, const char *text) { ds_docs_escaped(f, text ? text : "", "\\`*_[]<>|"); }

static void fact(FILE *f, const char *label, const char *text)
{
    if (!text) return;
    fprintf(f, "- %s: ", label);
    say(f, text);
    fputc('\n', f);
}

static void values(FILE *f, const ds_option *o)
{
    char wants[512];
    const ds_registry *r = o->kind && !o->map ? ds_registry_named(o->kind) : NULL;
    if (r && !strcmp(r->kind, "optimizer"))
        fputs("[rule](rule.md) or [solver](solver.md)", f);
    else if (r)
        fprintf(f, "[%s%s](%s.md)", o->list ? "list of " : "", r->kind, r->kind);
    else
        say(f, ds_option_wants(o, wants, sizeof wants));
}

static void row(FILE *f, const char *name, const ds_option *o)
{
    fprintf(f, "| `%s` | ", name);
    values(f, o);
    fputs(" | ", f);
    say(f, !o->def ? "must be given" : *o->def ? o->def : "absent");
    if (o->why) fputs(": ", f), say(f, o->why);
    fputs(" | ", f);
    say(f, o->help);
    if (o->aliases) fputs("; also called ", f), say(f, o->aliases);
    fputs(" | ", f);
    say(f, o->elsewhere);
    fputs(" | ", f);
    say(f, o->cite);
    fputs(" |\n", f);
}

static void table_head(FILE *f)
{
    fputs("\n| key | takes | default | meaning | elsewhere | source |\n|---|---|---|---|---|---|\n", f);
}

static void table(FILE *f, const ds_option *o)
{
    if (!o || o->type == DS_OPT_END) return;
    table_head(f);
    for (; o->type != DS_OPT_END; o++) row(f, o->name, o);
}

void ds_docs_kind(FILE *f, const ds_registry *r)
{
    fprintf(f, "%s# %s\n\n", made, r->kind);
    say(f, r->summary);
    fputs(".\n", f);
    if (!strcmp(r->kind, "layer")) {
        fputs("\nKeys of every entry, where they have an effect:\n", f);
        table(f, ds_layer_common());
    }
    for (int k = 0; k < r->count; k++) {
        const ds_head *h = r->heads[k];
        fprintf(f, "\n## %s\n\n", h->name);
        say(f, h->summary);
        fputs(".\n\n", f);
        fact(f, "formula", h->formula);
        fact(f, "source", h->cite);
        fact(f, "elsewhere", h->elsewhere);
        table(f, h->options);
    }
}

void ds_docs_config(FILE *f)
{
    int n;
    const ds_section *section = ds_sections(&n);
    ds_docs_keys *keys = ds_docs_keys_create();
    fprintf(f,
            "%s# Keys of a config\n\nPaths as the command line takes them; N is a position that counts from 0. "
            "`descent explain KEY` says the same and more.\n",
            made);
    for (int s = 0; keys && s < n; s++) {
        size_t length = strlen(section[s].name);
        fprintf(f, "\n## %s\n\n", section[s].name);
        say(f, section[s].summary);
        fputs(".\n", f);
        table_head(f);
        for (int k = 0; k < keys->count; k++)
            if (!strncmp(keys->list[k].path, section[s].name, length) && keys->list[k].path[length] == '.')
                row(f, keys->list[k].path, keys->list[k].option);
    }
    free(keys);
}

void ds_docs_commands(FILE *f)
{
    fprintf(f, "%s# Commands\n", made);
    for (int k = 0; k < ds_command_count; k++) {
        const ds_command *c = ds_commands[k];
        fprintf(f, "\n## %s\n\n    descent %s %s\n\n", c->head.name, c->head.name, c->usage);
        say(f, c->about ? c->about : c->head.summary);
        fputs("\n", f);
        if (c->head.options && c->head.options->type != DS_OPT_END) {
            fputs("\n| flag | takes | default | meaning |\n|---|---|---|---|\n", f);
            for (const ds_option *o = c->head.options; o->type != DS_OPT_END; o++) {
                fprintf(f, "| `--%s` | ", o->name);
                values(f, o);
                fputs(" | ", f);
                say(f, o->def);
                fputs(" | ", f);
                say(f, o->help);
                fputs(" |\n", f);
            }
        }
        if (!c->example) continue;
        fputs("\n```\n", f);
        fputs(c->example, f);
        fputs("\n```\n", f);
    }
}

void ds_docs_index(FILE *f)
{
    int n;
    const ds_registry *const *all = ds_registries(&n);
    fprintf(f,
            "%s# Reference\n\n- [keys of a config](config.md)\n- [commands](commands.md)\n"
            "- [JSON Schema of a config](config.schema.json), for editors\n",
            made);
    for (int k = 0; k < n; k++) {
        fprintf(f, "- [%s](%s.md): ", all[k]->kind, all[k]->kind);
        say(f, all[k]->summary);
        fputc('\n', f);
    }
    fputs("\nEditors with a YAML language server take the schema from a line at the top of a config:\n\n"
          "    # yaml-language-server: $schema=docs/reference/config.schema.json\n",
          f);
}
