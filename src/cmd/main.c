/* main.c - the program: finds the command and runs it. */
#include <string.h>

#include "cmd.h"

#define COMMAND(name) extern const ds_command ds_command_##name;
#include "registry.def"
#undef COMMAND
const ds_command *const ds_commands[] = {
#define COMMAND(name) &ds_command_##name,
#include "registry.def"
#undef COMMAND
};
const int ds_command_count = (int)(sizeof ds_commands / sizeof ds_commands[0]);

const ds_command *ds_command_named(const char *name)
{
    for (int k = 0; k < ds_command_count; k++)
        if (!strcmp(name, ds_commands[k]->head.name)) return ds_commands[k];
    return NULL;
}

static int help(FILE *f)
{
    fputs("descent trains deep models and shows, measures and explains the optimization while it runs.\n\n"
          "usage: descent COMMAND [arguments]\n\ncommands\n",
          f);
    for (int k = 0; k < ds_command_count; k++) {
        int column = fprintf(f, "  %-10s ", ds_commands[k]->head.name);
        ds_print_wrapped(f, ds_commands[k]->head.summary, 13, column);
    }
    fputs("\nbegin with\n"
          "  descent init mlp --out mlp.yaml && descent check mlp.yaml && descent train mlp.yaml\n"
          "\nlearn more\n"
          "  descent help COMMAND    its arguments, flags and examples; also man descent-COMMAND\n"
          "  descent explain NAME    formula, default and why, range, source of anything\n"
          "\nexit codes\n"
          "  0 ok, 1 failed, 2 usage, 3 bad config, 4 bad data or failed reading or writing, 5 diverged,\n"
          "  6 target not reached, 75 stopped but resumable, 130 second Ctrl-C\n",
          f);
    return DS_EXIT_OK;
}

static int unknown(const char *word)
{
    const char *names[64];
    for (int k = 0; k < ds_command_count; k++) names[k] = ds_commands[k]->head.name;
    const char *near = ds_nearest(word, names, ds_command_count);
    if (*word == '-')
        return ds_complain(DS_EXIT_USAGE, "no flag %s before a command; there are --help and --version", word);
    return near ? ds_complain(DS_EXIT_USAGE, "no command \"%s\"; did you mean \"%s\"?", word, near)
                : ds_complain(DS_EXIT_USAGE, "no command \"%s\"; `descent help` lists them", word);
}

static int run(const ds_command *c, int argc, char **argv)
{
    ds_ctx *ctx;
    ds_status status = ds_ctx_create(&ctx, 0);
    if (status != DS_OK) return ds_complain(DS_EXIT_FAILED, "%s", ds_status_text(status));
    int code = c->run(ctx, argc, argv);
    ds_ctx_free(ctx);
    return code < 0 ? DS_EXIT_OK : code; /* below 0: the help that was asked for is printed */
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return DS_EXIT_USAGE;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        if (argc == 2) return help(stdout);
        if (!ds_command_named(argv[2])) return unknown(argv[2]);
        ds_print_help(ds_command_named(argv[2]));
        return DS_EXIT_OK;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("descent %s\n", DS_VERSION);
        return DS_EXIT_OK;
    }
    const ds_command *c = ds_command_named(argv[1]);
    return c ? run(c, argc - 1, argv + 1) : unknown(argv[1]);
}

int main(int argc, char **argv)
{
    int code = dispatch(argc, argv);
    if ((ferror(stdout) || fflush(stdout) != 0) && code == DS_EXIT_OK)
        code = ds_complain(DS_EXIT_DATA, "writing to standard output failed");
    return code;
}
