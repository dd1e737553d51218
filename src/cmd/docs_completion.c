/* docs_completion.c - completion for bash, zsh and fish: commands, flags and their values, keys of a config and theirs.
 * The scripts hold all words, so completing runs no
 * program: functions that print the words of a case, made here, and a file of src/cmd/completion/ that looks them up. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../experiments/experiment.h"
#include "docs.h"
#include "template.h"

static const char *const rows[] = {
#define ROW(name, claim) #name,
#include "../../experiments/rows.def"
#undef ROW
};

/* The part of a script that no table changes: a file of src/cmd/completion/. */
static void shell_text(FILE *f, const char *shell)
{
    for (const ds_template *t = ds_shells; t->name; t++)
        if (!strcmp(t->name, shell)) fputs(t->text, f);
}

/* ---- lists, the same for all shells: words apart by a space ------------------------------------------------------ */

static void commands(FILE *f)
{
    for (int k = 0; k < ds_command_count; k++) fprintf(f, "%s ", ds_commands[k]->head.name);
    fputs("help", f);
}

static void flags(FILE *f, const ds_command *c)
{
    for (const ds_option *o = c->head.options; o && o->type != DS_OPT_END; o++) fprintf(f, "--%s ", o->name);
    fputs("--help", f);
}

/* Everything that explain knows, keys apart. */
static void names(FILE *f)
{
    int n;
    const ds_section *section = ds_sections(&n);
    for (int k = 0; k < n; k++) fprintf(f, "%s ", section[k].name);
    const ds_registry *const *all = ds_registries(&n);
    for (int q = 0; q < n; q++) {
        fprintf(f, "%s ", all[q]->kind);
        for (int k = 0; k < all[q]->count; k++) fprintf(f, "%s ", all[q]->heads[k]->name);
    }
}

/* Of "show|stats CONFIG" and "list | show RUN" the words in small letters that may come first. */
static void verbs(FILE *f, const char *usage)
{
    bool begins = true;
    int depth = 0;
    if (!islower((unsigned char)*usage)) return;
    for (const char *p = usage; *p; p++) {
        size_t length = strspn(p, "abcdefghijklmnopqrstuvwxyz-");
        if (begins && depth == 0 && islower((unsigned char)*p) && strchr(" |", p[length]))
            fprintf(f, "%.*s ", (int)length, p);
        depth += (*p == '[') - (*p == ']');
        begins = *p == '|' || (begins && *p == ' ');
    }
}

/* Words for a positional argument; what else it may be (files, keys) is said by `takes`. */
static void words(FILE *f, const ds_command *c)
{
    const ds_registry *r = ds_docs_taken(c);
    verbs(f, c->usage);
    if (ds_docs_takes(c, "TEMPLATE"))
        for (const ds_template *t = ds_templates; t->name; t++) fprintf(f, "%s ", t->name);
    if (ds_docs_takes(c, "SHELL")) fputs("bash zsh fish ", f);
    if (ds_docs_takes(c, "ROW"))
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) fprintf(f, "%s ", rows[k]);
    if (ds_docs_takes(c, "|all]")) fputs("all ", f);
    if (ds_docs_takes(c, "NAME...")) names(f);
    for (int k = 0; r && k < r->count; k++) fprintf(f, "%s ", r->heads[k]->name);
}

static void takes(FILE *f, const ds_command *c)
{
    if (ds_docs_takes(c, "CONFIG") || ds_docs_takes(c, "FILE") || ds_docs_takes(c, "RUN")) fputs("file ", f);
    if (ds_docs_takes(c, "RUN")) fputs("run ", f);
    if (ds_docs_takes(c, "key=value")) fputs("key= ", f);
    if (ds_docs_takes(c, "NAME...")) fputs("key ", f);
}

/* ---- the lists as functions of sh (bash and zsh) ----------------------------------------------------------------- */

static void sh_case(FILE *f, const char *name, void (*list)(FILE *, const ds_command *))
{
    fprintf(f, "%s() {\n    case $1 in\n", name);
    for (int k = 0; k < ds_command_count; k++) {
        fprintf(f, "    %s) echo \"", ds_commands[k]->head.name);
        list(f, ds_commands[k]);
        fputs("\" ;;\n", f);
    }
    fputs("    esac\n}\n", f);
}

static bool has_values(const ds_option *o)
{
    return o->type == DS_OPT_BOOL || o->type == DS_OPT_CHOICE || o->words ||
           (o->kind && !o->list && !o->map && ds_registry_named(o->kind));
}

static void sh_tables(FILE *f, const ds_docs_keys *keys)
{
    fputs("_descent_commands() { echo \"", f);
    commands(f);
    fputs("\"; }\n", f);
    sh_case(f, "_descent_flags", flags);
    sh_case(f, "_descent_words", words);
    sh_case(f, "_descent_takes", takes);
    fputs("# Values of a flag, after its command.\n_descent_flag_values() {\n    case \"$1 $2\" in\n", f);
    for (int k = 0; k < ds_command_count; k++)
        for (const ds_option *o = ds_commands[k]->head.options; o && o->type != DS_OPT_END; o++) {
            if (o->type == DS_OPT_BOOL || !has_values(o)) continue;
            fprintf(f, "    \"%s --%s\") echo \"", ds_commands[k]->head.name, o->name);
            ds_docs_values(f, o, " ");
            fputs("\" ;;\n", f);
        }
    fputs("    esac\n}\n# Flags that take no value.\n_descent_bare() {\n    case \"$1 $2\" in\n    ", f);
    for (int k = 0; k < ds_command_count; k++)
        for (const ds_option *o = ds_commands[k]->head.options; o && o->type != DS_OPT_END; o++)
            if (o->type == DS_OPT_BOOL) fprintf(f, "\"%s --%s\" | ", ds_commands[k]->head.name, o->name);
    fputs("*\" --help\") return 0 ;;\n    esac\n    return 1\n}\n# Keys of a config; N stands for a "
          "position.\n_descent_keys() {\n    echo \"",
          f);
    for (int k = 0; k < keys->count; k++) fprintf(f, "%s%s", k ? "\n" : "", keys->list[k].path);
    fputs("\"\n}\n# Values of a key.\n_descent_key_values() {\n    case $1 in\n", f);
    for (int k = 0; k < keys->count; k++) {
        if (!has_values(keys->list[k].option)) continue;
        fprintf(f, "    %s) echo \"", keys->list[k].path);
        ds_docs_values(f, keys->list[k].option, " ");
        fputs("\" ;;\n", f);
    }
    fputs("    esac\n}\n", f);
}

void ds_docs_bash(FILE *f)
{
    ds_docs_keys *keys = ds_docs_keys_create();
    fputs("# Completion of descent for bash. Made by `make docs` from the tables of the program; do not edit.\n"
          "# shellcheck shell=bash disable=SC2001,SC2207\n",
          f);
    if (keys) sh_tables(f, keys);
    shell_text(f, "bash");
    free(keys);
}

void ds_docs_zsh(FILE *f)
{
    ds_docs_keys *keys = ds_docs_keys_create();
    fputs("#compdef descent\n# Completion of descent for zsh. Made by `make docs` from the tables of the program; do "
          "not edit.\n",
          f);
    if (keys) sh_tables(f, keys);
    shell_text(f, "zsh");
    free(keys);
}

/* ---- fish -------------------------------------------------------------------------------------------------------- */

static void fish_quoted(FILE *f, const char *text)
{
    fputc('\'', f);
    ds_docs_escaped(f, text, "\\'");
    fputc('\'', f);
}

static void fish_keys(FILE *f, const ds_docs_keys *keys)
{
    fputs(
        "# Keys of a config, each with its values once it is typed; N stands for a position.\nfunction __descent_keys\n"
        "    printf '%s\\n'",
        f);
    for (int k = 0; k < keys->count; k++) fprintf(f, " %s", keys->list[k].path);
    fputs("\nend\nfunction __descent_key_values\n    switch $argv[1]\n", f);
    for (int k = 0; k < keys->count; k++) {
        if (!has_values(keys->list[k].option)) continue;
        fprintf(f, "        case %s\n            printf '%%s\\n' ", keys->list[k].path);
        ds_docs_values(f, keys->list[k].option, " ");
        fputc('\n', f);
    }
    fputs("    end\nend\n", f);
    shell_text(f, "fish");
}

static void fish_flags(FILE *f, const ds_command *c)
{
    for (const ds_option *o = c->head.options; o && o->type != DS_OPT_END; o++) {
        fprintf(f, "complete -c descent -n '__descent_command %s' -l %s", c->head.name, o->name);
        if (o->type != DS_OPT_BOOL && has_values(o)) {
            fputs(" -x -a '", f);
            ds_docs_values(f, o, " ");
            fputc('\'', f);
        } else if (o->type != DS_OPT_BOOL) {
            fputs(" -r -F", f);
        }
        fputs(" -d ", f);
        fish_quoted(f, o->help);
        fputc('\n', f);
    }
    fprintf(f, "complete -c descent -n '__descent_command %s' -l help -d 'show help and exit'\n", c->head.name);
}

void ds_docs_fish(FILE *f)
{
    ds_docs_keys *keys = ds_docs_keys_create();
    fputs("# Completion of descent for fish. Made by `make docs` from the tables of the program; do not edit.\n", f);
    if (keys) fish_keys(f, keys);
    free(keys);
    fputs("complete -c descent -f\ncomplete -c descent -n __fish_use_subcommand -l help -d 'show help and exit'\n"
          "complete -c descent -n __fish_use_subcommand -l version -d 'show the version and exit'\n"
          "complete -c descent -n __fish_use_subcommand -a help -d 'show help of a command'\n"
          "complete -c descent -n '__descent_command help' -a '",
          f);
    commands(f);
    fputs("'\n", f);
    for (int k = 0; k < ds_command_count; k++) {
        const ds_command *c = ds_commands[k];
        const char *name = c->head.name;
        fprintf(f, "complete -c descent -n __fish_use_subcommand -a %s -d ", name);
        fish_quoted(f, c->head.summary);
        fputc('\n', f);
        fish_flags(f, c);
        fprintf(f, "complete -c descent -n '__descent_command %s' -a '", name);
        words(f, c);
        fputs("'\n", f);
        if (ds_docs_takes(c, "key=value"))
            fprintf(f, "complete -c descent -n '__descent_command %s' -a '(__descent_settings)'\n", name);
        if (ds_docs_takes(c, "NAME..."))
            fprintf(f, "complete -c descent -n '__descent_command %s' -a '(__descent_keys)'\n", name);
        if (ds_docs_takes(c, "RUN"))
            fprintf(f, "complete -c descent -n '__descent_command %s' -a '(path basename runs/* 2>/dev/null)'\n", name);
        if (ds_docs_takes(c, "CONFIG") || ds_docs_takes(c, "FILE") || ds_docs_takes(c, "RUN"))
            fprintf(f, "complete -c descent -n '__descent_command %s' -F\n", name);
    }
}
