/* experiment.h - one row of the tour: a claim of the book or the course notes, run and judged.
 * A row is one file experiments/<row>.c with one `const ds_experiment` and one line EXPERIMENT(row) in registry.def.
 * Work is counted where a claim can be counted; where chance plays a part, several seeds and a stated uncertainty. */
#ifndef DS_EXPERIMENT_H
#define DS_EXPERIMENT_H

#include <stdio.h>

#include "descent/base.h"

/* What a run is given, and what it reports. */
typedef struct ds_trial {
    ds_ctx *ctx;
    bool full;            /* --full: more seeds, larger sizes; quick stays within 20 seconds */
    bool broken;          /* run the broken variant: the mechanism off or reversed; must come out as `fails` */
    uint64_t seed;        /* --seed: base of every draw */
    const char *data_dir; /* --data: folder with mnist/ and cifar10/; NULL: generated images of the same shapes */
    FILE *talk;           /* details for people; NULL: quiet */

    double value, bar;    /* measured number and what it is held against */
    const char *relation; /* "<=", ">=", "<", ">": value relation bar is the verdict */
    int seeds;            /* how many were used */
    const char *data;     /* what was used: "digits", "mnist", "cifar10", "gaussian" ...; static text */
    char note[512];       /* the numbers behind the value, one line */
} ds_trial;

typedef struct ds_experiment {
    const char *row;    /* "A6" */
    const char *claim;  /* in our words */
    const char *run_by; /* what is run, one or two sentences */
    const char *rule;   /* how it is judged: what value is and why the bar is where it is */
    const char *source; /* book section or course notes */
    const char *broken; /* what the broken variant turns off or around */
    ds_status (*run)(ds_trial *t);
} ds_experiment;

#endif
