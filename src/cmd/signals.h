/* signals.h - requests to stop, for commands that end in something that can be gone on with. */
#ifndef DS_CMD_SIGNALS_H
#define DS_CMD_SIGNALS_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM, SIGUSR1 and SIGHUP are requests; a second SIGINT ends the program at once. A terminal that
 * goes away is one too, unless nohup said otherwise; a reader that goes away must not cost the run. */
void ds_catch_signals(void);
/* While data are read, maybe from a pipe that stands still, no step is under way: a request then ends the program with
 * DS_EXIT_STOPPED. */
void ds_signals_while_reading(bool on);
/* Whether there was a request; as watchers ask it. */
bool ds_asked_to_stop(void *arg);

#endif
