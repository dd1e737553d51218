/* cmd.c - flags, complaints, terminals, JSON scraps shared by the commands. */
#include "cmd.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ds_print_wrapped(FILE *f, const char *text, int indent, int column)
{
    enum { WIDE = 80 };
    for (bool first = true; *text; first = false) {
        int length = (int)strcspn(text, " \n");
        if (!first && (column + 1 + length > WIDE || text[-1] == '\n'))
            fputc('\n', f), column = 0;
        else if (!first)
            column += fputc(' ', f) != EOF;
        if (column == 0) column = fprintf(f, "%*s", indent, "");
        column += fprintf(f, "%.*s", length, text);
        text += length + (text[length] != 0);
    }
    fputc('\n', f);
}

char *ds_flag_value(const ds_command *c, const ds_option *flag, char *buf, size_t bytes)
{
    char name[64];
    snprintf(name, sizeof name, "--%s ", flag->name);
    const char *found = strstr(c->usage, name);
    const char *kind = flag->type == DS_OPT_REAL || flag->type == DS_OPT_INT ? "N"
                       : flag->type == DS_OPT_CHOICE                         ? flag->choices
                                                                             : "VALUE";
    if (flag->type == DS_OPT_BOOL)
        snprintf(buf, bytes, "%s", "");
    else if (found)
        snprintf(buf, bytes, "%.*s", (int)strcspn(found + strlen(name), "] "), found + strlen(name));
    else
        snprintf(buf, bytes, "%s", kind);
    return buf;
}

static void print_flag(const ds_command *c, const ds_option *o)
{
    char value[96], text[512];
    bool says = o->def && *o->def && o->type != DS_OPT_BOOL;
    ds_flag_value(c, o, value, sizeof value);
    int column = printf("  --%s%s%s", o->name, *value ? " " : "", value);
    if (column > 20) {
        putchar('\n');
        column = 0;
    }
    column += printf("%*s", 22 - column, "");
    snprintf(text, sizeof text, "%s%s%s%s", o->help, says ? " (default " : "", says ? o->def : "", says ? ")" : "");
    ds_print_wrapped(stdout, text, 22, column);
}

void ds_print_help(const ds_command *c)
{
    printf("usage: descent %s %s\n\n", c->head.name, c->usage);
    ds_print_wrapped(stdout, c->head.summary, 0, 0);
    if (c->about) {
        putchar('\n');
        ds_print_wrapped(stdout, c->about, 0, 0);
    }
    puts("\nflags");
    for (const ds_option *o = c->head.options; o && o->type != DS_OPT_END; o++) print_flag(c, o);
    puts("  --help              this text");
    if (c->example) {
        puts("\nexamples");
        ds_print_wrapped(stdout, c->example, 2, 0);
    }
    printf("\nmore: man descent-%s\n", c->head.name);
}

/* word: as typed, with its dashes. */
static int unknown_flag(const ds_command *c, const char *word)
{
    const char *names[DS_MAX_OPTIONS + 1];
    int n = 0;
    char name[64];
    word += strspn(word, "-") > 2 ? strspn(word, "-") - 2 : 0;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (const ds_option *o = c->head.options; o && o->type != DS_OPT_END && n < DS_MAX_OPTIONS; o++)
        names[n++] = o->name;
    names[n++] = "help";
    const char *near = ds_nearest(name + strspn(name, "-"), names, n);
    return near ? ds_complain(DS_EXIT_USAGE, "%s has no flag %s; did you mean --%s?", c->head.name, name, near)
                : ds_complain(DS_EXIT_USAGE, "%s has no flag %s; see descent %s --help", c->head.name, name,
                              c->head.name);
}

static int parse_flag(ds_args *a, const ds_command *c, int argc, char **argv, int *i)
{
    char name[64];
    const char *text = argv[*i] + 2, *value = strchr(text, '=');
    snprintf(name, sizeof name, "%.*s", value ? (int)(value - text) : (int)strlen(text), text);
    int k = c->head.options ? ds_option_find(c->head.options, name) : -1;
    if (k < 0) return unknown_flag(c, argv[*i]);
    const ds_option *o = &c->head.options[k];
    if (value)
        value++;
    else if (o->type == DS_OPT_BOOL)
        value = "true";
    else if (*i + 1 < argc)
        value = argv[++*i];
    else
        return ds_complain(DS_EXIT_USAGE, "--%s wants a value: %s", name, o->help);
    char why[256];
    if (ds_option_parse(o, value, &a->flag[k], why, sizeof why) != DS_OK)
        return ds_complain(DS_EXIT_USAGE, "--%s: %s", name, why);
    a->flag[k].given = true;
    return 0;
}

int ds_args_parse(ds_args *a, const ds_command *c, int argc, char **argv)
{
    char why[256];
    memset(a, 0, sizeof *a);
    if (c->head.options && ds_option_defaults(c->head.options, a->flag, why, sizeof why) != DS_OK)
        return ds_complain(DS_EXIT_FAILED, "%s: %s", c->head.name, why);
    bool flags = true;
    for (int i = 1; i < argc; i++) {
        if (flags && !strcmp(argv[i], "--")) {
            flags = false;
        } else if (flags && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))) {
            ds_print_help(c);
            return -1;
        } else if (flags && !strncmp(argv[i], "--", 2)) {
            int code = parse_flag(a, c, argc, argv, &i);
            if (code) return code;
        } else if (flags && argv[i][0] == '-' && isalpha((unsigned char)argv[i][1])) {
            return unknown_flag(c, argv[i]);
        } else if (a->count < (int)(sizeof a->positional / sizeof a->positional[0])) {
            a->positional[a->count++] = argv[i];
        } else {
            return ds_complain(DS_EXIT_USAGE, "too many arguments");
        }
    }
    return 0;
}

const ds_optval *ds_args_flag(const ds_args *a, const ds_command *c, const char *name)
{
    return &a->flag[ds_option_find(c->head.options, name)];
}

int ds_complain(int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("descent: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

int ds_complain_status(ds_ctx *ctx, ds_status s)
{
    int code = s == DS_EUSAGE || s == DS_EUNKNOWN                    ? DS_EXIT_USAGE
               : s == DS_ECONFIG || s == DS_ESHAPE || s == DS_ERANGE ? DS_EXIT_CONFIG
               : s == DS_EIO || s == DS_EFORMAT                      ? DS_EXIT_DATA
               : s == DS_ENONFINITE                                  ? DS_EXIT_DIVERGED
                                                                     : DS_EXIT_FAILED;
    const char *text = ds_error(ctx);
    return ds_complain(code, "%s", *text ? text : ds_status_text(s));
}

bool ds_is_terminal(FILE *f)
{
    const char *term = getenv("TERM");
    return isatty(fileno(f)) && term && strcmp(term, "dumb") && !getenv("CI");
}

bool ds_wants_color(FILE *f)
{
    const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    if (no && *no) return false;
    if (force && *force && strcmp(force, "0")) return true;
    return ds_is_terminal(f);
}

void ds_print_json_text(FILE *f, const char *text)
{
    fputc('"', f);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c == '"' || *c == '\\')
            fprintf(f, "\\%c", *c);
        else if (*c < 0x20)
            fprintf(f, "\\u%04x", *c);
        else
            fputc(*c, f);
    fputc('"', f);
}

void ds_print_json_number(FILE *f, double x)
{
    char text[32];
    if (!isfinite(x)) {
        fputs("null", f);
        return;
    }
    for (int digits = fabs(x) < 1e15 && x == rint(x) ? 15 : 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    if (strchr(text, 'e') && x == rint(x) && fabs(x) < 1e15) snprintf(text, sizeof text, "%.0f", x); /* 20, not 2e+01 */
    fputs(text, f);
}
