/* loop.h - inside view of a training under way, and of the parts that take part in it.
 *
 * Files: train.c opens, runs and closes the loop; step.c takes one step of a rule, solve.c one of a solver; epoch.c reports an epoch and the progress;
 * trouble.c answers values that are not finite; keep.c begins and writes checkpoints; outcome.c says why it ended;
 * parts.c lists the parts.
 *
 * Memory: everything the loop needs in order to go on bit for bit is registered in `state` (descent/state.h) while it is
 * opened; checkpoints save and restore that list together with theta and the running statistics, so no part writes code
 * for it.
 *
 * Parts: best weights, stop rules, averages - whatever watches steps and epochs. A part is one file with one
 * `const ds_loop_part` and one line in parts.c. Its functions, in the order in which they are called:
 *
 * - open: leaves NULL in *own when the settings do not ask for it. Allocates, and registers what it remembers, as in
 *   ds_state_real(l->state, "best", "value", &b->value). Nothing is restored yet.
 *
 * - stepped: after each step that was taken. theta, l->step and l->batch are new.
 *
 * - epoch: after the validation rows were scored, before the row is written and anybody is told. May set members of the
 *   report, and end the run by ds_loop_end(l, reason, "why").
 *
 * - closing: once, when the run is over and its last row is written, before last.safetensors; not when it was stopped on
 *   request. May write files of the run.
 *
 * A part's decisions must follow from its registered memory and its arguments alone; then a resumed run decides as the
 * undisturbed one. Memory registered as "optim.*" and "average.*" goes back with the weights when a run rewinds
 * (trouble.c); a cache that depends on such memory asks to be told by ds_state_restored. An epoch that a budget cuts
 * short is reported too, but a run that is extended goes on from before that report. */
#ifndef DS_TRAIN_LOOP_H
#define DS_TRAIN_LOOP_H

#include "descent/graph.h"
#include "descent/state.h"
#include "train/gradient.h"
#include "train/run.h"
#include "train/session.h"

enum { DS_LOOP_PARTS = 16 };

typedef struct ds_loop {
    ds_session *s;
    ds_run *run;               /* NULL: nothing is kept */
    const ds_watcher *watcher; /* may be NULL */
    ds_loader *loader;
    ds_optim *optim;        /* NULL: a solver */
    struct ds_solve *solve; /* NULL: a rule */
    ds_metric *errors;      /* NULL: real targets */
    ds_schedule_settings schedule;
    ds_state *state;
    void *own[DS_LOOP_PARTS]; /* memory of the parts, in the order of their list; NULL: not asked for */
    ds_gradient gradient;     /* of the step under way */
    void *before;             /* theta of the measured step */
    int64_t total;            /* steps, INT64_MAX: no limit */

    /* registered */
    int64_t step, epoch, batch;         /* taken; epochs closed; batches of this epoch that are done */
    double loss_sum, wrong, rows;       /* of this epoch's batches as they were trained */
    int64_t steps, clipped;             /* of this epoch; those whose gradient was clipped */
    double spent, epoch_spent;          /* seconds before `start` and `epoch_start` */
    double lr, grad_norm, update_ratio; /* of the latest step; the last two of an epoch's last, NaN before */
    int64_t planned;                    /* total of the process that wrote the checkpoint */

    ds_weights average; /* theta NULL: none, or not begun */
    double start, epoch_start, shown;
    struct ds_job *saving; /* a checkpoint on its way to the disk; NULL: none */
    double saved_before;
    double saved, retry; /* position of the newest checkpoint; when to try again after one failed */
    bool rewind_lacking; /* the checkpoint was written without what a rewind goes back to */
    bool last;           /* last.safetensors was written */
    bool ended;
    ds_reason reason;
    char why[320];                 /* more about the reason; "" : nothing */
    int64_t best_epoch, best_step; /* of the weights in best.safetensors; 0: none */
    double best_lr;
    char missed[160]; /* a goal that was not reached; "": none */
    char kept[160];   /* files beside last.safetensors, "best.safetensors (epoch 9), "; "": none */
} ds_loop;

typedef struct ds_loop_part {
    const char *name;
    ds_status (*open)(ds_loop *l, void **own);
    void (*free)(void *own);
    ds_status (*stepped)(ds_loop *l, void *own); /* this and the following may be NULL */
    ds_status (*epoch)(ds_loop *l, void *own, ds_epoch_report *r);
    ds_status (*closing)(ds_loop *l, void *own);
} ds_loop_part;

extern const ds_loop_part *const ds_loop_parts[];
extern const int ds_loop_part_count;

double ds_loop_now(void);                 /* seconds of a clock that only goes forward */
double ds_loop_seconds(const ds_loop *l); /* spent on training since its first step, resumed or not */
void ds_loop_tick(ds_loop *l);            /* bring the seconds spent up to date */
int64_t ds_loop_epochs(const ds_loop *l); /* in all; 0: no end in sight */
/* End the run after this step or epoch; of several reasons at one step the last in ds_reason counts. */
void ds_loop_end(ds_loop *l, ds_reason reason, const char *why);
/* Name a file that is left in the run's directory, for the last line. */
void ds_loop_keeps(ds_loop *l, const char *fmt, ...) DS_PRINTF(2, 3);
/* Tell the watcher something that is neither progress nor an end. */
void ds_loop_notice(const ds_loop *l, const char *fmt, ...) DS_PRINTF(2, 3);

/* Whether a stop rule ends the run after so many steps, whatever they bring. */
bool ds_stop_at_step(const ds_session *s, int64_t steps);
/* Take one step on the next batch, or on the next train.accumulate of the epoch. */
ds_status ds_loop_step(ds_loop *l);
/* The solver of the session, from the weights at hand. Its step is one iteration: every evaluation on the step's batches,
 * counted; left in its midst when the run is to end, and gone on with later. */
ds_status ds_solve_open(ds_loop *l);
void ds_solve_close(struct ds_solve *v);
ds_status ds_solve_step(ds_loop *l);
int64_t ds_solve_evaluations(const ds_loop *l); /* so far; 0: a rule */
/* A step was taken that began where the loss was that: count it, and tell the parts. wrong: share of rows, NaN: not known. */
ds_status ds_loop_stepped(ds_loop *l, int64_t batches, double rows, double loss, double wrong);
/* A value is not finite: say what, and do what train.on_nonfinite says: end the run, or leave the step's batches so far out and
 * go on. batch NULL: the weights are not, after an epoch. */
void ds_loop_trouble(ds_loop *l, const ds_batch *batch, double loss);
/* The header of metrics.tsv. */
ds_status ds_loop_begin_table(ds_loop *l);
/* Score and report the epoch whose batches are done, or that was cut short. Asked to stop meanwhile, it reports nothing
 * and ends the run. */
ds_status ds_loop_report(ds_loop *l);
void ds_loop_show(ds_loop *l);
/* Checkpoints: begin or go on; write one when it is due; write the last. */
ds_status ds_keep_open(ds_loop *l);
void ds_keep_step(ds_loop *l);
ds_status ds_keep_end(ds_loop *l);
/* Weights as a file of the run, which must still be there. DS_EIO. */
ds_status ds_keep_weights(ds_loop *l, const ds_weights *w, const char *file);
void ds_loop_describe(const ds_loop *l, ds_outcome *o);

#endif
