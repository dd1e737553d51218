/* stop.h - what a stop rule is: a test of one watched number after each epoch, with a little memory; or of the step.
 *
 * The name of a rule's first option is the key that chooses it in a config, and its value the number that is watched:
 * {watch: val.loss, patience: 5}. A number that is not finite is worse than any other. */
#ifndef DS_TRAIN_STOP_STOP_H
#define DS_TRAIN_STOP_STOP_H

#include "descent/model.h"
#include "train/columns.h"

/* Registered for checkpoints, whatever the rule makes of it. */
typedef struct ds_stop_memory {
    double best;         /* of the watched number; NaN: none yet */
    int64_t epoch, idle; /* where the best was; evaluations since then */
} ds_stop_memory;

typedef struct ds_stop_at {
    const ds_part *rule;
    const char *name; /* of the watched number */
    bool more;        /* larger is better */
    double value;
    int64_t epoch; /* from 1 */
} ds_stop_at;

typedef struct ds_stop_def {
    ds_head head;
    ds_reason reason; /* of a run that it ends */
    bool once;        /* at most one in a run */
    bool goal;        /* a run that ends otherwise has missed it */
    /* Without a number to watch: whether the run ends after this step; epoch: steps of one. NULL: it watches. */
    bool (*ends)(const ds_part *rule, int64_t step, int64_t epoch);
    /* Look at a new value; and whether the run is over by what the memory says, also when it was just put back. */
    void (*look)(const ds_stop_at *a, ds_stop_memory *m);
    bool (*over)(const ds_stop_at *a, const ds_stop_memory *m);
    /* Why it ended, or, for a goal, how it was missed: one clause. */
    void (*describe)(const ds_stop_at *a, const ds_stop_memory *m, char *out, size_t bytes);
} ds_stop_def;

extern const ds_registry ds_stop_registry;
const ds_stop_def *ds_stop_of(const ds_head *head); /* NULL: not a stop rule */
/* The rule whose first option is called key; NULL: none. */
const ds_head *ds_stop_chosen_by(const char *key);

double ds_stop_real(const ds_stop_at *a, const char *option);
int64_t ds_stop_integer(const ds_stop_at *a, const char *option);
/* What the rule watches, and whether larger is better: option mode, or the number's own. NULL: no such number. */
const ds_column *ds_stop_watches(const ds_part *rule, bool *more);
/* Whether x is better than y by more than delta; a finite number is better than none. */
bool ds_stop_better(bool more, double x, double y, double delta);

#define DS_STOP_MODE                                                                                                   \
    {                                                                                                                  \
        .name = "mode", .type = DS_OPT_CHOICE, .choices = "auto|min|max", .def = "auto",                               \
        .help = "which way is better; auto: up for accuracies, down for all else", .why = "the number's name says it", \
        .elsewhere = "Keras and Lightning mode"                                                                        \
    }

#endif
