/* first_step.c - the way of `descent train CONFIG` from process start to the end of the first step, and out at once.
 * The caller times the process; prints the peak resident memory so far in MB. usage: first_step CONFIG [key=value...]
 */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/config_args.h"

/* Asked after every step. */
static bool leave(void *arg)
{
    struct rusage used;
    (void)arg;
    getrusage(RUSAGE_SELF, &used);
    printf("%.1f\n", (double)used.ru_maxrss / 1024);
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv)
{
    static const ds_command self = { .head = { .name = "first_step" }, .usage = "CONFIG [key=value...]" };
    ds_ctx *ctx;
    ds_config *config;
    ds_session *session;
    ds_outcome outcome;
    ds_args args = { .count = 0 };
    for (int k = 1; k < argc && k < 32; k++) args.positional[args.count++] = argv[k];
    if (ds_ctx_create(&ctx, 0) != DS_OK || ds_config_from_args(&config, ctx, &args, &self) ||
        ds_session_from_config(&session, ctx, config, NULL) || ds_session_init(session) != DS_OK)
        return 1;
    ds_watcher watcher = { .stop = leave };
    ds_train(session, NULL, &watcher, &outcome);
    return 1; /* no step was made */
}
