/* signals.c - see signals.h. */
#include "signals.h"

#include <signal.h>
#include <unistd.h>

#include "cmd.h"

static volatile sig_atomic_t signals;
static volatile sig_atomic_t reading;

static void on_signal(int number)
{
    static const char text[] = "\nstopped while the data were read; no step was taken: give the same command again\n";
    if (reading && write(STDERR_FILENO, text, sizeof text - 1) != 0) _exit(DS_EXIT_STOPPED);
    if (signals && number == SIGINT) _exit(DS_EXIT_INTERRUPTED);
    signals = 1;
}

void ds_signals_while_reading(bool on) { reading = on; }

bool ds_asked_to_stop(void *arg)
{
    (void)arg;
    return signals > 0;
}

void ds_catch_signals(void)
{
    const int stop[] = { SIGINT, SIGTERM, SIGUSR1, SIGHUP };
    for (size_t k = 0; k < sizeof stop / sizeof stop[0]; k++) {
        struct sigaction before, action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
        for (size_t j = 0; j < sizeof stop / sizeof stop[0]; j++) sigaddset(&action.sa_mask, stop[j]);
        if (sigaction(stop[k], NULL, &before) == 0 && before.sa_handler == SIG_IGN && stop[k] == SIGHUP) continue;
        sigaction(stop[k], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error of writing like any other */
}
