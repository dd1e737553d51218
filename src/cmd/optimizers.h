/* optimizers.h - "momentum(momentum=0.95),lbfgs" on a command line: rules and solvers by name, several at a time. */
#ifndef DS_CMD_OPTIMIZERS_H
#define DS_CMD_OPTIMIZERS_H

#include <stdbool.h>

#include "descent/option.h"

typedef struct ds_named_optimizer {
    const ds_head *head;
    bool rule;      /* else a solver */
    char text[192]; /* by its own name: "schedule-free-sgd(lr=1)" */
    char list[160]; /* what is in the brackets: "lr=1"; "" : nothing */
} ds_named_optimizer;

/* The next word of a list apart by commas that are in no brackets, without the spaces around it; *rest moves on. NULL: the
 * list is at its end. */
char *ds_next_optimizer(char **rest);
/* What a word names, hyphens and underscores being alike. An exit code once it is said what is wrong with it. */
int ds_name_optimizer(ds_named_optimizer *out, const char *flag, const char *word);

#endif
