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

static int help(FILE *f)
{
    fprintf(f, "descent trains deep models and shows, measures and explains the optimization while it runs.\n\n"
               "usage: descent COMMAND [arguments]\n\ncommands\n");
    for (int k = 0; k < ds_command_count; k++)
        fprintf(f, "  %-10s %s\n", ds_commands[k]->head.name, ds_commands[k]->head.summary);
    fprintf(
        f,
        "\n`descent COMMAND --help` says more about one; `descent explain NAME` about any option, rule, layer or key.\n"
        "exit codes: 0 ok, 1 failed, 2 usage, 3 bad config, 4 bad data, 5 diverged, 6 target not reached,\n"
        "            75 stopped but resumable, 130 second Ctrl-C\n");
    return DS_EXIT_OK;
}

static int unknown(const char *word)
{
    const char *names[64];
    for (int k = 0; k < ds_command_count; k++) names[k] = ds_commands[k]->head.name;
    const char *near = ds_nearest(word, names, ds_command_count);
    return near ? ds_complain(DS_EXIT_USAGE, "no command \"%s\"; did you mean \"%s\"?", word, near)
                : ds_complain(DS_EXIT_USAGE, "no command \"%s\"; `descent help` lists them", word);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return DS_EXIT_USAGE;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) return help(stdout);
    if (!strcmp(argv[1], "--version")) {
        printf("descent %s\n", DS_VERSION);
        return DS_EXIT_OK;
    }
    for (int k = 0; k < ds_command_count; k++) {
        if (strcmp(argv[1], ds_commands[k]->head.name)) continue;
        ds_ctx *ctx;
        ds_status status = ds_ctx_create(&ctx, 0);
        if (status != DS_OK) return ds_complain(DS_EXIT_FAILED, "%s", ds_status_text(status));
        int code = ds_commands[k]->run(ctx, argc - 1, argv + 1);
        ds_ctx_free(ctx);
        if (fflush(stdout) != 0 && code == DS_EXIT_OK)
            code = ds_complain(DS_EXIT_FAILED, "writing to standard output failed");
        return code;
    }
    return unknown(argv[1]);
}
