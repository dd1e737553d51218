/* descent/race.h - comparing optimizers: what a race notes of a training, and the statistics of its few runs.
 *
 * Smaller is better throughout; turn accuracies round first. A run that diverged counts as INFINITY, the worst of all.
 * Ownership  all memory is the caller's. Errors  DS_EUSAGE, DS_ERANGE, DS_EMEM. */
#ifndef DESCENT_RACE_H
#define DESCENT_RACE_H

#include "descent/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a training in a race ---------------------------------------------------------------------------------------- */

typedef enum ds_budget_unit { DS_BUDGET_STEPS, DS_BUDGET_GRADIENTS, DS_BUDGET_SECONDS } ds_budget_unit;

/* A point of the curve: after `step` steps, `gradients` evaluations on a step's batches and `seconds` of training,
 * scoring left out, the number that is compared had this value. */
typedef struct ds_curve_point {
    double step, gradients, seconds, value;
} ds_curve_point;

enum { DS_CURVE_POINTS = 256 };
typedef struct ds_curve {
    const char *metric; /* "val.loss", "val.accuracy", "val.error", "train.loss" (of all training rows, scored) */
    ds_budget_unit unit;
    double budget; /* in that unit; points are noted after each budget / points of it, and at the end */
    int points;    /* at most DS_CURVE_POINTS - 1 */

    /* found */
    int count;
    ds_curve_point point[DS_CURVE_POINTS];
    int64_t state_bytes; /* that the optimizer keeps from step to step */
} ds_curve;

/* Note a curve while this session trains, and end the training when the budget is used up: all of what train.steps,
 * seconds and stop rules say stands beside it. curve is the caller's and lives as long as the session. DS_EUSAGE: a number that
 * cannot be compared, with the nearest name; one that the data do not have; a budget or points out of range. */
DS_API ds_status ds_session_note(ds_session *s, ds_curve *curve);

/* Rate k of a log-uniform search by n rates from lo to hi, rounded to three digits: one draw in each of n parts of equal
 * ratio, in the order of size. A pure function. */
DS_API double ds_race_rate(int k, int n, double lo, double hi, uint64_t seed);

/* ---- what was found, on disk ------------------------------------------------------------------------------------- */

/* A training that is over. Text has no tabs and line feeds. */
typedef struct ds_race_run {
    const char *workload, *optimizer;
    int64_t trial; /* of the search for a rate, from 0; -1: a run that counts */
    uint64_t seed;
    double lr;       /* NaN: none */
    uint64_t config; /* hash of all that the numbers depend on */
    bool diverged;   /* or the number at its end is not finite */
    int64_t state_bytes;
    int count;
    const ds_curve_point *point; /* [count] */
} ds_race_run;

/* The file results.tsv of a race, one line a point: it is read when a race goes on, and is whole at any time. */
typedef struct ds_race_log ds_race_log;
/* Make the folder, and read what is there. DS_EFORMAT: the file is damaged; DS_EIO, DS_EMEM. */
DS_API ds_status ds_race_log_open(ds_race_log **out, ds_ctx *ctx, const char *folder);
DS_API void ds_race_log_close(ds_race_log *log);
DS_API int ds_race_log_count(const ds_race_log *log);
/* Valid until the log is closed. */
DS_API const ds_race_run *ds_race_log_at(const ds_race_log *log, int i);
/* The run of these four; NULL: there is none yet. */
DS_API const ds_race_run *ds_race_log_find(const ds_race_log *log, const char *workload, const char *optimizer,
                                           int64_t trial, uint64_t seed);
/* Add a run, which is copied, and write the file anew. DS_EIO: it was not written, and the log is as before. */
DS_API ds_status ds_race_log_add(ds_race_log *log, const ds_race_run *run);

/* ---- statistics of few numbers ----------------------------------------------------------------------------------- */

enum { DS_RANK_LIMIT = 64 }; /* numbers on a side of a test */

/* Quantile q of n >= 1 numbers, linear between neighbours (R's type 7, NumPy's default); q = 1/2 is the median. */
DS_API double ds_quantile(int n, const double *x, double q);
/* Two-sided p of the rank-sum test of Wilcoxon, Mann and Whitney: how often m of m + n numbers drawn without regard to their
 * size would have ranks as far to one side as x has, twice the smaller tail, at most 1. Exact: all choices are counted, equal
 * numbers share their mean rank. m and n from 1 to DS_RANK_LIMIT; NaN otherwise. */
DS_API double ds_rank_sum(int m, const double *x, int n, const double *y);
/* The least p that m and n numbers can give. */
DS_API double ds_rank_sum_least(int m, int n);
/* Holm's correction in place: of n tests, so that one or more false rejections at a level happen no more often than the level
 * says. Source: Holm, Scandinavian Journal of Statistics 6 (1979). DS_EMEM. */
DS_API ds_status ds_holm(int n, double *p);

/* A pair of racers: p of the test, after Holm over all pairs. */
typedef struct ds_duel {
    int a, b;
    double p, holm;
    int ahead; /* a, b, or -1: cannot be told apart at the level */
} ds_duel;
/* All pairs of k racers with n numbers each, value[racer * n + run]; k (k - 1) / 2 duels. Who is ahead has the smaller
 * rank sum. */
DS_API ds_status ds_duels(ds_ctx *ctx, int k, int n, const double *value, double level, ds_duel *duel);
/* The least number of runs with which any of the pairs of k racers can be told apart at the level; 0: more than
 * DS_RANK_LIMIT. */
DS_API int ds_duels_need(int k, double level);

/* Performance profiles. cost[racer * workloads + w], INFINITY: did not get there. r = cost / least cost of the workload;
 * rho(t) is the share of workloads with r <= t.
 * Source: Dolan and More, Mathematical Programming 91 (2002); the area up to 4 as in AlgoPerf (Dahl et al. 2023). */
DS_API double ds_profile_at(int racers, int workloads, const double *cost, int racer, double t);
/* Integral of rho from 1 to `to`, divided by to - 1: 1 is the best on all workloads, 0 never within `to` of the best. */
DS_API double ds_profile_area(int racers, int workloads, const double *cost, int racer, double to);

#ifdef __cplusplus
}
#endif
#endif
