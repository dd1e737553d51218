/* explain.c - `descent explain NAME`: formula, meaning, default, range, source and spelling elsewhere of anything that
 * can be chosen. */
#include <stdlib.h>

#include "cmd.h"
#include "descent/config.h"

static int run(ds_ctx *ctx, int argc, char **argv);
const ds_command ds_command_explain = {
    .head = { .name = "explain", .summary = "say what an option, rule, layer, loss, source or key means" },
    .usage = "NAME...",
    .run = run,
    .about = "NAME is a key of a config (train.batch, optimizer.beta2, model.layers.0.pad), something that is "
             "chosen by name (adam, conv, huber, csv), its option (adam.eps), a kind (rule, layer, loss, "
             "source, ...), or a section. Of each: meaning, formula, what it takes, the default and why, its "
             "source, and how PyTorch, Keras and Caffe spell it.",
    .example = "descent explain optimizer.beta2\n"
               "descent explain adam conv.pad\n"
               "descent explain layer",
};

static int run(ds_ctx *ctx, int argc, char **argv)
{
    (void)ctx;
    ds_args a;
    int code = ds_args_parse(&a, &ds_command_explain, argc, argv);
    if (code) return code;
    if (a.count == 0)
        return ds_complain(DS_EXIT_USAGE,
                           "explain wants a name: a key such as optimizer.beta2, or a rule, layer, loss, source");
    for (int k = 0; k < a.count; k++) {
        bool found;
        char *text = ds_explain(a.positional[k], &found);
        if (!text) return ds_complain(DS_EXIT_FAILED, "out of memory");
        fputs(text, found ? stdout : stderr);
        free(text);
        if (!found) code = DS_EXIT_USAGE;
    }
    return code;
}
