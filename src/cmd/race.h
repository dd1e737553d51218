/* race.h - inside view of `descent race`.
 *
 * Files: race_args.c reads the command line, race.c has the course, race_run.c one run of it, race_report.c tells who is
 * ahead, race_curves.c draws. */
#ifndef DS_CMD_RACE_H
#define DS_CMD_RACE_H

#include "config_args.h"
#include "descent/race.h"

enum { RACERS = 24, WORKLOADS = 32, SEEDS = DS_RANK_LIMIT, TRIALS = 64, OPTIONS = 16, SETTINGS = 200 };

typedef struct racer {
    char text[192]; /* "momentum(momentum=0.95)", as it is called in tables and files */
    const ds_head *head;
    bool rule;                  /* else a solver */
    char setting[OPTIONS][192]; /* "optimizer.name=momentum", "optimizer.momentum=0.95" */
    int settings;
    bool tuned; /* its rate is searched for: a rule with lr, none given here */
} racer;

typedef struct workload {
    const char *config;
    char name[64];
    char metric[32];
    bool more; /* larger is better */
    bool aims; /* there is a target */
    double target;
    uint64_t seed; /* train.seed: the first of the runs' */
} workload;

/* What became of a racer on a workload. */
typedef struct result {
    char rate[32]; /* "-": none */
    int edge;      /* -1, 1: the rate is the lowest or highest one tried */
    int tried;
    double trial_rate[TRIALS], trial_value[TRIALS];
    const ds_race_run *run[SEEDS];
} result;

typedef struct race {
    ds_ctx *ctx;
    char folder[3800];
    workload workload[WORKLOADS];
    racer racer[RACERS];
    char *setting[SETTINGS]; /* key=value words, for all; with those of a racer they are one command line */
    int workloads, racers, settings;
    int seeds, trials, points;
    double budget, lo, hi;
    ds_budget_unit unit;
    char budget_text[64];
    const char *picture; /* "png", "svg", "none" */
    bool json;
    ds_race_log *log;
    result *result; /* [workloads * racers] */
} race;

static inline result *result_of(const race *r, int w, int o) { return &r->result[w * r->racers + o]; }

/* A hash (FNV-1a, 64 bits) with a text more. */
static inline uint64_t ds_race_hash(uint64_t h, const char *text)
{
    for (; *text; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

/* What is compared: smaller is better, INFINITY for a run that diverged. */
double ds_race_final(const workload *w, const ds_race_run *run);
double ds_race_best(const workload *w, const ds_race_run *run);
/* The first point that reaches the target; NULL: none. */
const ds_curve_point *ds_race_reached(const workload *w, const ds_race_run *run);
/* Back to the number as it is called. */
static inline double ds_race_shown(const workload *w, double value) { return w->more ? -value : value; }
/* Position of a point in the unit of the budget. */
double ds_race_spent(const race *r, const ds_curve_point *p);

/* What is to be run. */
typedef struct order {
    race *r;
    int w, o;
    int64_t trial;
    uint64_t seed;
    const char *rate; /* NULL: the config's, or none */
    uint64_t key;     /* of all that its numbers depend on */
} order;

/* The config of a run: the racer, the words for all that concern it, its own. */
void ds_race_collect(const order *t, ds_args *a, char own[2][64]);
/* The budget takes the place of all that ends a run otherwise; no weights are kept. */
void ds_race_set_budget(const race *r, ds_config *c);
ds_curve ds_race_curve(const race *r, int w);
/* The run, from the log where it is over already. */
int ds_race_obtain(order *t, const ds_race_run **out);

/* Whether a key=value word for all speaks of something that this racer has: a solver has no schedule, a rule not the options
 * of others. */
bool ds_race_concerns(const race *r, const racer *o, const char *setting);

/* The command line; an exit code once what is wrong has been said. */
int ds_race_read(race *r, const ds_args *a);
int ds_race_report(const race *r);
int ds_race_draw(const race *r);

#endif
