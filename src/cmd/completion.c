/* completion.c - `descent completion SHELL`: the completion script, for those who did not install it. */
#include <string.h>

#include "docs.h"

static const struct {
    const char *shell;
    void (*write)(FILE *f);
} scripts[] = { { "bash", ds_docs_bash }, { "zsh", ds_docs_zsh }, { "fish", ds_docs_fish } };
enum { SCRIPTS = sizeof scripts / sizeof scripts[0] };

extern const ds_command ds_command_completion;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    (void)ctx;
    ds_args a;
    int code = ds_args_parse(&a, &ds_command_completion, argc, argv);
    if (code) return code;
    for (int k = 0; k < SCRIPTS && a.count == 1; k++)
        if (!strcmp(scripts[k].shell, a.positional[0])) {
            scripts[k].write(stdout);
            return DS_EXIT_OK;
        }
    return ds_complain(DS_EXIT_USAGE, "completion wants a SHELL: bash, zsh or fish");
}

const ds_command ds_command_completion = {
    .head = { .name = "completion", .summary = "print the completion script of a shell: bash, zsh or fish" },
    .usage = "SHELL",
    .run = run,
    .about = "Completes commands, flags, keys of a config and their values: optimizer.na<Tab> gives optimizer.name=, "
             "and another <Tab> the rules. `cmake --install` puts the same scripts where the shells look for them.",
    .example = "source <(descent completion bash)\n"
               "descent completion zsh >~/.zfunc/_descent\n"
               "descent completion fish >~/.config/fish/completions/descent.fish",
};
