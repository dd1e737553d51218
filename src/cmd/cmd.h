/* cmd.h - what every command shares: its definition, exit codes, talk on stderr, data on stdout.
 * A command is one file with one `const ds_command` and one line in registry.def. */
#ifndef DS_CMD_CMD_H
#define DS_CMD_CMD_H

#include <stdio.h>

#include "descent/base.h"
#include "descent/option.h"

/* Exit codes, as documented in the README. */
enum {
    DS_EXIT_OK = 0,
    DS_EXIT_FAILED = 1,
    DS_EXIT_USAGE = 2,
    DS_EXIT_CONFIG = 3,
    DS_EXIT_DATA = 4,
    DS_EXIT_DIVERGED = 5,
    DS_EXIT_MISSED = 6,
    DS_EXIT_STOPPED = 75,
    DS_EXIT_INTERRUPTED = 130
};

typedef struct ds_command {
    ds_head head;      /* name, summary; options are the --flags, declared like any other option */
    const char *usage; /* what follows the name: "CONFIG [key=value...] [--out DIR]" */
    int (*run)(ds_ctx *ctx, int argc, char **argv); /* argv[0] is the command's name; returns an exit code */
    const char *about;   /* paragraphs for --help and the man page, apart by a line feed; NULL: the summary says all */
    const char *example; /* lines to type, apart by a line feed; NULL */
} ds_command;

extern const ds_command *const ds_commands[];
extern const int ds_command_count;
const ds_command *ds_command_named(const char *name); /* NULL: there is none */

/* Flags of one call, parsed by the command's table. Positional arguments stay in order.
 *   --name value, --name=value, bare --name for BOOL; unknown flags are a usage error with the nearest name. */
typedef struct ds_args {
    ds_optval flag[DS_MAX_OPTIONS];
    char *positional[256];
    int count;
} ds_args;
/* 0 when good; otherwise a message is on stderr and the exit code is returned. --help prints the command's help and
 * returns -1, which ends the command well (main.c). */
int ds_args_parse(ds_args *a, const ds_command *c, int argc, char **argv);
/* What --help prints. */
void ds_print_help(const ds_command *c);
/* What follows --name in usage texts: "DIR", "best|last"; "" for flags without a value. Returns buf. */
char *ds_flag_value(const ds_command *c, const ds_option *flag, char *buf, size_t bytes);
/* text in lines of at most 80 columns, each begun by indent spaces, the first one too unless it is begun already. */
void ds_print_wrapped(FILE *f, const char *text, int indent, int column);
const ds_optval *ds_args_flag(const ds_args *a, const ds_command *c, const char *name);

/* Print "descent: text" on stderr and return the exit code. */
int ds_complain(int code, const char *fmt, ...) DS_PRINTF(2, 3);
/* The exit code of a library failure; prints ds_error. */
int ds_complain_status(ds_ctx *ctx, ds_status s);
/* Whether f is a terminal that takes a progress bar: a tty, TERM not dumb, no CI. */
bool ds_is_terminal(FILE *f);
bool ds_wants_color(FILE *f); /* NO_COLOR, CLICOLOR_FORCE, TERM=dumb respected */
/* text as a JSON string with quotes, on f. */
void ds_print_json_text(FILE *f, const char *text);
/* x with the fewest digits that read back as the same double; NaN and infinities as null. */
void ds_print_json_number(FILE *f, double x);

#endif
