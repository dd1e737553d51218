/* descent/train.h - a session: data, model, optimizer and schedule put together; training it into a run's directory.
 *
 * Ownership  a session borrows what its settings point to (the model, text) until it is freed.
 * Errors     DS_ECONFIG, DS_ESHAPE for what the config asks and the data refuse; DS_EIO, DS_EFORMAT for files.
 * A run that stops early or diverges is an outcome, not an error. */
#ifndef DESCENT_TRAIN_H
#define DESCENT_TRAIN_H

#include "descent/data.h"
#include "descent/optim.h"
#include "descent/problem.h"
#include "descent/solve.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds_session ds_session;

/* Parse "early(watch=val.loss, patience=5)" or "target(target=val.accuracy, value=0.98)" of registry "stop". */
DS_API ds_status ds_stop_parse(ds_ctx *ctx, const char *text, ds_part *out);

/* What a loss or a gradient that is not finite does: end the run; leave the batch out; or go back to the weights and the
 * optimizer of up to 100 steps before and leave out the batches since then. */
typedef enum ds_on_nonfinite { DS_NONFINITE_STOP, DS_NONFINITE_SKIP, DS_NONFINITE_REWIND } ds_on_nonfinite;

typedef struct ds_session_settings {
    ds_data_settings data;
    const ds_model *model;
    ds_problem_settings problem; /* loss, penalties, dtype; sample, classes and targets come from the data */
    ds_optim_settings optimizer; /* rule and dialect; n and dtype come from the problem */
    ds_part solver; /* of registry "solver", in place of the rule: a step is one iteration of it; head NULL: none */
    ds_part search; /* of registry "search"; head NULL: the solver's own choice */
    double gtol;    /* a solver ends when no entry of the gradient is larger; 0: never */
    ds_clip clip;
    ds_schedule_settings schedule; /* total, epoch and lr are filled in */
    int64_t epochs, steps;         /* -1: no limit; at least one of the two must be given */
    double seconds;                /* 0 or less: no limit */
    int64_t batch;                 /* rows; 0: all */
    int64_t accumulate;            /* batches whose mean gradient makes a step; 0 is 1 */
    uint64_t seed;
    const char *order;   /* of registry "sampler"; NULL: shuffle */
    const ds_part *stop; /* of registry "stop" */
    int stops;
    const char *best;        /* number of an epoch whose best weights are kept; NULL: what the first stop rule watches,
                         val.loss, or train.loss where no rows validate */
    ds_part average;         /* of registry "average"; head NULL: none */
    double checkpoint_every; /* of checkpoint_unit; 0: at the end alone */
    ds_unit checkpoint_unit; /* steps, epochs or seconds (DS_UNIT_NONE: seconds) */
    int checkpoint_keep;     /* how many stay; at least 2 */
    ds_on_nonfinite on_nonfinite;
} ds_session_settings;

/* Open the data and build the model. DS_ECONFIG for settings that the data refuse; *key (may be NULL) then names the
 * config key at fault. */
DS_API ds_status ds_session_create(ds_session **out, ds_ctx *ctx, const ds_session_settings *settings,
                                   const char **key);
DS_API void ds_session_free(ds_session *s);
DS_API ds_dataset *ds_session_data(ds_session *s);
DS_API ds_problem *ds_session_problem(ds_session *s);
DS_API void *ds_session_theta(ds_session *s);           /* flat parameters */
DS_API int64_t ds_session_batches(const ds_session *s); /* in an epoch */
DS_API int64_t ds_session_batch(const ds_session *s);   /* rows of a full batch */
DS_API int64_t ds_session_epoch(const ds_session *s);   /* steps in an epoch: batches / accumulate, rounded up */
/* [owned] The optimizer that training begins with; NULL where a solver takes the place of rules. */
DS_API ds_status ds_session_optimizer(ds_session *s, ds_optim **out);
/* Initial weights from train.seed; reads one batch where an initializer or a bias wants data. */
DS_API ds_status ds_session_init(ds_session *s);
/* Weights and running statistics in PyTorch's layout; equal weights give equal files. */
DS_API ds_status ds_session_save(ds_session *s, const char *path);
DS_API ds_status ds_session_load(ds_session *s, const char *path);

/* Mean loss (without penalty) and metrics over a whole view in evaluation mode. */
typedef struct ds_score {
    int64_t rows;
    double loss, accuracy, error; /* accuracy and error are fractions; NaN for real targets */
} ds_score;
DS_API ds_status ds_session_score(ds_session *s, ds_split split, ds_score *score);
/* Add all rows of a view to a metric of the session's problem. */
DS_API ds_status ds_session_metric(ds_session *s, ds_split split, ds_metric *m);

/* What a watcher is told. */
typedef struct ds_progress {
    int64_t epoch, epochs, step, batch, batches;        /* epoch from 1; batch of batches in this epoch */
    double loss, rows_per_second, epoch_left, all_left; /* seconds */
} ds_progress;
typedef struct ds_epoch_report {
    int64_t epoch, epochs, step;
    double train_loss, train_error; /* over the epoch's batches as they were trained */
    ds_score val;                   /* rows 0: no validation set */
    double grad_norm, update_ratio; /* of the epoch's last step; the norm is that before clipping */
    double lr, seconds;             /* lr: NaN of solvers */
    int64_t evaluations;            /* that a solver has made so far */
    bool clips;                     /* gradients are */
    double clip_share;              /* of the epoch's steps, those whose gradient was clipped */
    ds_score average;               /* of the averaged weights on the validation rows; rows 0: none */
    bool best;
} ds_epoch_report;
/* Its numbers by name, as metrics.tsv calls them: "train.loss", "val.accuracy". */
DS_API int ds_report_columns(void);
DS_API const char *ds_report_name(int k);
/* Some are there only where weights are averaged, gradients clipped, a solver at work. */
DS_API bool ds_report_has(const ds_epoch_report *r, int k);
DS_API double ds_report_value(const ds_epoch_report *r, int k); /* NaN: none */
typedef struct ds_watcher {
    void *arg;
    void (*progress)(void *arg, const ds_progress *p);  /* every few steps; may be NULL */
    void (*epoch)(void *arg, const ds_epoch_report *r); /* may be NULL */
    bool (*stop)(void *arg);  /* asked after every step, and between the evaluations of a solver; may be NULL */
    bool (*hurry)(void *arg); /* asked between batches that are scored: leave them and stop; may be NULL */
    void (*notice)(void *arg, const char *text); /* one line about checkpoints and other incidents; may be NULL */
} ds_watcher;

/* The first three are budgets. */
typedef enum ds_reason {
    DS_DONE_EPOCHS,
    DS_DONE_STEPS,
    DS_DONE_SECONDS,
    DS_PATIENCE, /* a watched number has stopped improving */
    DS_REACHED,  /* the target of train.stop */
    DS_SETTLED,  /* the solver is at its end: a small gradient, or no step lowers the loss */
    DS_STOPPED,
    DS_DIVERGED
} ds_reason;
/* In one word for programs: epochs, steps, seconds, patience, target, stopped, diverged. */
DS_API const char *ds_reason_name(ds_reason reason);
typedef struct ds_outcome {
    ds_reason reason;
    bool missed;        /* a target was named and not reached */
    int64_t best_epoch; /* whose weights best.safetensors has; 0: none */
    int64_t best_step;
    double best_lr; /* rate of that step */
    int64_t epochs, steps;
    double seconds;
    char text[1024]; /* one line for people: why it ended, and where the run is */
} ds_outcome;

typedef struct ds_run ds_run;
typedef struct ds_run_text {
    const char *name;             /* of the config, for runs/<name>-NNNN */
    const char *given, *resolved; /* the config as given, and with every default */
    uint64_t hash;                /* of its values */
} ds_run_text;
/* Make runs/<name>-NNNN, or `path` when it is not NULL, lock it and write the two config texts into it. A folder without
 * weights and checkpoints is begun again. DS_EUSAGE: it holds a run already, or another trainer is at work in it. */
DS_API ds_status ds_run_create(ds_run **run, ds_ctx *ctx, const ds_run_text *text, const char *path);
/* Open the directory of a run for reading: a path or a name under runs/. DS_EUNKNOWN. */
DS_API ds_status ds_run_open(ds_run **run, ds_ctx *ctx, const char *name);
/* Open and lock it to go on with its training: then ds_run_continue, ds_train. DS_EUNKNOWN, DS_EUSAGE as above. */
DS_API ds_status ds_run_resume(ds_run **run, ds_ctx *ctx, const char *name);
/* The resolved config that the newest checkpoint was written under; NULL: there is no checkpoint. */
DS_API const char *ds_run_saved_config(const ds_run *run);
/* Why it is over, in words; NULL: it is not. */
DS_API const char *ds_run_finished(const ds_run *run);
/* Take the config to go on with: its resolved text and its hash. DS_EIO. */
DS_API ds_status ds_run_continue(ds_run *run, ds_ctx *ctx, const char *resolved, uint64_t hash);
DS_API void ds_run_close(ds_run *run);
DS_API const char *ds_run_path(const ds_run *run);
/* path/file; the text is valid until the next call. */
DS_API const char *ds_run_file(ds_run *run, const char *file);
/* Train from the session's weights, or, in a run that was resumed, from its newest good checkpoint to the same bits as a
 * run that was never stopped. run and watcher may be NULL. */
DS_API ds_status ds_train(ds_session *s, ds_run *run, const ds_watcher *watcher, ds_outcome *outcome);

/* ---- choosing a rate --------------------------------------------------------------------------------------------- */

/* A short training at one rate. */
typedef struct ds_rate_trial {
    double lr, loss; /* of the sweep: mean of the latest losses; of a trial: mean over its last quarter */
    bool good;       /* finite, and not above four times the first loss */
} ds_rate_trial;
typedef struct ds_range_settings {
    double from, to;                            /* of the sweep */
    int64_t steps;                              /* of the sweep, and of each trial; at least 8 */
    void (*progress)(void *arg, int64_t steps); /* after each step; may be NULL */
    void *arg;
} ds_range_settings;
enum { DS_RANGE_TRIALS = 24 };
typedef struct ds_range {
    ds_rate_trial *sweep; /* [owned, ds_range_free] */
    int64_t count;        /* of them; fewer than steps when the loss blew up */
    ds_rate_trial trial[DS_RANGE_TRIALS];
    int trials;
    double first;        /* loss of the initial weights */
    double best, chosen; /* rates; 0: none made progress */
    char reason[320];
} ds_range;
/* Choose the rate that training starts from, on a copy: the session's weights, statistics and files stay as they are.
 * A sweep raises the rate exponentially, a step each, to find where the loss falls and where it blows up. Trials then
 * take `steps` steps each from the same weights over the same batches at a constant rate, halving and doubling from the
 * sweep's lowest loss until the best rate is enclosed. Chosen is 1.5 times the best rate if a trial there keeps
 * nine tenths of its progress, else the best itself.
 * Source: Goodfellow et al. 8.3.1 (a rate higher than the one that performs best in the first 100 or so iterations, yet
 * not unstable); Smith, Cyclical learning rates (2017), for the sweep. */
DS_API ds_status ds_range_test(ds_session *s, const ds_range_settings *settings, ds_range *range);
DS_API void ds_range_free(ds_range *range);

#ifdef __cplusplus
}
#endif
#endif
