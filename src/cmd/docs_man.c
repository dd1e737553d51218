/* docs_man.c - man pages in the man macros: one of the program, one a command, one of the config. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "docs.h"

static const char day[] = "2026-11-24"; /* of the version: pages differ by what they say, not by when they were made */

/* Text that the formatter takes as it stands. A control character at the beginning of a line would be a command. */
static void say(FILE *f, const char *text)
{
    bool begins = true;
    for (; *text; text++) {
        if (begins && (*text == '.' || *text == '\'')) fputs("\\&", f);
        begins = *text == '\n';
        if (*text == '\\')
            fputs("\\e", f);
        else if (*text == '-')
            fputs("\\-", f);
        else if (*text == '^')
            fputs("\\(ha", f);
        else if (*text == '~')
            fputs("\\(ti", f);
        else
            fputc(*text, f);
    }
}

static void say_line(FILE *f, const char *text)
{
    say(f, text);
    fputc('\n', f);
}

static void begin(FILE *f, const char *title, int section, const char *summary)
{
    fprintf(f, ".\\\" Made by `make docs` from the tables of the program; do not edit.\n.TH ");
    for (const char *p = title; *p; p++) fputs(*p == '-' ? "\\-" : (char[]){ (char)toupper((unsigned char)*p), 0 }, f);
    fprintf(f, " %d %s \"descent " DS_VERSION "\" \"descent manual\"\n.SH NAME\n", section, day);
    say(f, title);
    fputs(" \\- ", f);
    say_line(f, summary);
}

static void see_also(FILE *f, const ds_command *self)
{
    fputs(".SH SEE ALSO\n", f);
    if (self) fputs(".BR descent (1),\n", f);
    for (int k = 0; k < ds_command_count; k++) {
        if (ds_commands[k] == self) continue;
        fputs(".BR descent\\-", f);
        say(f, ds_commands[k]->head.name);
        fputs(" (1),\n", f);
    }
    fputs(".BR descent\\-config (5)\n", f);
}

static void exit_codes(FILE *f)
{
    static const char *const codes[][2] = { { "0", "all went well" },
                                            { "1", "failed, for a reason that is none of those below" },
                                            { "2", "the command line is wrong" },
                                            { "3", "the config is wrong" },
                                            { "4", "data cannot be read, or are wrong" },
                                            { "5", "training diverged: a loss or weight is not finite" },
                                            { "6", "a named target was not reached" },
                                            { "75", "stopped, and can be resumed" },
                                            { "130", "stopped at once by a second interrupt" } };
    fputs(".SH EXIT STATUS\n", f);
    for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++)
        fprintf(f, ".TP\n.B %s\n%s\n", codes[k][0], codes[k][1]);
}

static void environment(FILE *f)
{
    static const char *const names[][2] = {
        { "NO_COLOR", "any text: no colors" },
        { "CLICOLOR_FORCE", "anything but 0: colors also where there is no terminal" },
        { "TERM, CI", "dumb, or set at all: no progress bar" },
        { "OMP_NUM_THREADS", "number of threads; results do not depend on it" },
        { "DS_ISA", "instruction set: plain, v3, v4, neon; results do not depend on it" },
        { "DS_BACKEND", "cpu, ref (slow, defines the meaning) or check (poisons memory)" },
    };
    fputs(".SH ENVIRONMENT\n", f);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        fputs(".TP\n.B ", f);
        say_line(f, names[k][0]);
        say_line(f, names[k][1]);
    }
}

void ds_docs_man(FILE *f)
{
    begin(f, "descent", 1, "train deep models and show, measure and explain the optimization");
    fputs(".SH SYNOPSIS\n.B descent\n.I COMMAND\n.RI [ arguments ]\n.SH DESCRIPTION\n"
          "Trains deep models on processors, by a config in YAML. Results are the same bits on every machine and for\n"
          "any number of threads. Results go to standard output, talk to standard error.\n.SH COMMANDS\n",
          f);
    for (int k = 0; k < ds_command_count; k++) {
        fputs(".TP\n.BR descent\\-", f);
        say(f, ds_commands[k]->head.name);
        fputs(" (1)\n", f);
        say_line(f, ds_commands[k]->head.summary);
    }
    exit_codes(f);
    environment(f);
    fputs(".SH EXAMPLES\n.nf\n", f);
    say_line(f, "descent init mlp --out mlp.yaml\ndescent check mlp.yaml\ndescent train mlp.yaml optimizer.lr=0.05\n"
                "descent explain optimizer.lr");
    fputs(".fi\n", f);
    see_also(f, NULL);
}

static void paragraphs(FILE *f, const char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            fputs("\n.PP\n", f);
        else
            say(f, (char[]){ *text, 0 });
    fputc('\n', f);
}

/* What an option takes and its default, as one line. */
static void facts(FILE *f, const ds_option *o)
{
    char wants[512];
    bool plain = o->type == DS_OPT_TEXT && !o->kind, off = o->type == DS_OPT_BOOL && o->def && !strcmp(o->def, "false");
    if (off || (plain && o->def && !*o->def)) return;
    const ds_registry *r = o->kind && !o->map ? ds_registry_named(o->kind) : NULL;
    fputs(".br\n", f);
    say(f, ds_option_wants(o, wants, sizeof wants));
    for (int k = 0; r && k < r->count; k++) {
        fputs(k ? ", " : ": ", f);
        say(f, r->heads[k]->name);
    }
    if (!o->def)
        fputs("; must be given", f);
    else if (*o->def)
        fputs("; default ", f), say(f, o->def);
    fputc('\n', f);
}

void ds_docs_man_command(FILE *f, const ds_command *c)
{
    char title[64], value[96];
    snprintf(title, sizeof title, "descent-%s", c->head.name);
    begin(f, title, 1, c->head.summary);
    fputs(".SH SYNOPSIS\n.B descent ", f);
    say_line(f, c->head.name);
    say_line(f, c->usage);
    fputs(".SH DESCRIPTION\n", f);
    paragraphs(f, c->about ? c->about : c->head.summary);
    fputs(".SH OPTIONS\n", f);
    for (const ds_option *o = c->head.options; o && o->type != DS_OPT_END; o++) {
        ds_flag_value(c, o, value, sizeof value);
        fputs(".TP\n", f);
        fputs(*value ? ".BI \\-\\-" : ".B \\-\\-", f);
        say(f, o->name);
        if (*value) fputs(" \" ", f), say(f, value), fputs("\"", f);
        fputc('\n', f);
        say_line(f, o->help);
        facts(f, o);
    }
    fputs(".TP\n.B \\-\\-help\nshow this and exit\n", f);
    if (c->example) {
        fputs(".SH EXAMPLES\n.nf\n", f);
        say_line(f, c->example);
        fputs(".fi\n", f);
    }
    fputs(".SH EXIT STATUS\nAs in\n.BR descent (1).\n", f);
    see_also(f, c);
}

void ds_docs_man_config(FILE *f)
{
    ds_docs_keys *keys = ds_docs_keys_create();
    int sections;
    const ds_section *section = ds_sections(&sections);
    begin(f, "descent-config", 5, "keys of a config");
    fputs(".SH DESCRIPTION\nA config is one map in YAML, without anchors, tags and merges. Its keys are those below; "
          "on a\n"
          "command line their paths are written with dots, N being a position that counts from 0. More about a key:\n"
          ".BR \"descent explain\" .\nA key that cannot have an effect is an error.\n",
          f);
    for (int s = 0; keys && s < sections; s++) {
        fputs(".SH ", f);
        for (const char *p = section[s].name; *p; p++) fputc(toupper((unsigned char)*p), f);
        fputc('\n', f);
        say_line(f, section[s].summary);
        size_t length = strlen(section[s].name);
        for (int k = 0; k < keys->count; k++) {
            if (strncmp(keys->list[k].path, section[s].name, length) || keys->list[k].path[length] != '.') continue;
            fputs(".TP\n.B ", f);
            say_line(f, keys->list[k].path);
            say_line(f, keys->list[k].option->help);
            facts(f, keys->list[k].option);
        }
    }
    free(keys);
    fputs(".SH SEE ALSO\n.BR descent (1),\n.BR descent\\-explain (1)\n", f);
}
