/* cmd.c - flags, complaints, terminals, JSON scraps shared by the commands. */
#include "cmd.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_help(const ds_command *c)
{
    printf("usage: descent %s %s\n\n%s\n", c->head.name, c->usage, c->head.summary);
    for (const ds_option *o = c->head.options; o && o->type != DS_OPT_END; o++)
        printf("  --%-12s %s%s%s%s\n", o->name, o->help, o->def && *o->def ? " (default " : "", o->def ? o->def : "",
               o->def && *o->def ? ")" : "");
}

static int unknown_flag(const ds_command *c, const char *name)
{
    const char *names[DS_MAX_OPTIONS];
    int n = 0;
    for (const ds_option *o = c->head.options; o && o->type != DS_OPT_END; o++) names[n++] = o->name;
    const char *near = n ? ds_nearest(name, names, n) : NULL;
    return near ? ds_complain(DS_EXIT_USAGE, "%s has no flag --%s; did you mean --%s?", c->head.name, name, near)
                : ds_complain(DS_EXIT_USAGE, "%s has no flag --%s; see descent %s --help", c->head.name, name,
                              c->head.name);
}

static int parse_flag(ds_args *a, const ds_command *c, int argc, char **argv, int *i)
{
    char name[64];
    const char *text = argv[*i] + 2, *value = strchr(text, '=');
    snprintf(name, sizeof name, "%.*s", value ? (int)(value - text) : (int)strlen(text), text);
    int k = c->head.options ? ds_option_find(c->head.options, name) : -1;
    if (k < 0) return unknown_flag(c, name);
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
            print_help(c);
            return -1;
        } else if (flags && !strncmp(argv[i], "--", 2)) {
            int code = parse_flag(a, c, argc, argv, &i);
            if (code) return code;
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
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    fputs(text, f);
}
