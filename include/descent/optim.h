/* descent/optim.h - optimizer rules, schedules and averages of the weights.
 *
 * A rule maps (theta, g, state, rate) to (theta', state') in one pass over memory, in place. A schedule gives the rate
 * of a step as a pure function of the step's number. Rules come in two dialects, "torch" and "book" (Goodfellow et al.
 * chapter 8), that differ in defaults, in where eps stands and in whether the rate is inside the velocity.
 *
 *   ds_optim_settings s = { .dialect = "torch", .n = ds_space_dim(space), .dtype = DS_F32 };
 *   ds_rule_parse(ctx, "adam(lr=1e-3, beta1=0.9)", &s.rule);
 *   ds_optim_create(&o, ctx, &s);
 *   each step: ds_optim_point(o, theta, &at); gradient at `at`; ds_optim_step(o, theta, gradient, rate);
 * Rules that need more than the gradient (ds_optim_needs) ask for it between gradient and step: ds_optim_ask.
 *
 * Ownership  _create gives, _free takes (NULL is fine). Vectors come from ds_buffer_alloc (descent/graph.h).
 * Errors     DS_ECONFIG (an option out of place), DS_EUNKNOWN (no such rule, dialect), DS_ERANGE, DS_EMEM. */
#ifndef DESCENT_OPTIM_H
#define DESCENT_OPTIM_H

#include "descent/model.h"
#include "descent/problem.h"
#include "descent/space.h"
#include "descent/state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- options of rules ------------------------------------------------------------------------------------------- */

/* Parse "name" or "name(option=value, ...)" of registry "rule". */
DS_API ds_status ds_rule_parse(ds_ctx *ctx, const char *text, ds_part *out);
/* Default of a rule's option in a dialect, as text; NULL when the option has no effect there. The tables of the
 * registry (head->options) show the defaults of dialect "torch". */
DS_API const char *ds_rule_default(const ds_head *rule, const char *dialect, const char *option);
/* Put the dialect's defaults where nothing was given, and check that the options go together.
 *   dialect  "torch" (also NULL) or "book"
 *   option   set to the name of the option at fault, NULL when it is none; may be NULL
 * DS_ECONFIG for an option that has no effect or does not go with another. */
DS_API ds_status ds_rule_resolve(ds_ctx *ctx, const char *dialect, ds_part *rule, const char **option);

/* Whether sums over all elements take part in the rule (norms, inner products): then elements see each other, and their
 * order matters to the last bits. */
DS_API bool ds_rule_couples(const ds_head *rule);
/* Whether the rule looks at matrices as such, one by one: products with their transposes, their eigenvectors. */
DS_API bool ds_rule_takes_matrices(const ds_head *rule);

/* What a step may need beside the gradient, on the same batch; asked for in this order. */
enum {
    DS_NEED_LOSS = 1,     /* its value, penalty included */
    DS_NEED_SAMPLED = 2,  /* gradient on labels drawn from the model's outputs (ds_problem_sampled), and the rows */
    DS_NEED_PRODUCT = 4,  /* Hessian times a direction */
    DS_NEED_GRADIENT = 8, /* the gradient at another point */
    DS_NEED_KINDS = 4
};
/* "the loss and Hessian products". */
DS_API const char *ds_needs_text(unsigned needs, char *text, size_t bytes);

/* ---- a rule at work --------------------------------------------------------------------------------------------- */

typedef struct ds_optim ds_optim;

/* Tensors that share a rule and its options. One named by two groups is a mistake, as is a group without any. */
typedef struct ds_group {
    const char *match; /* pattern of their names, "*.bias", where * stands for anything; NULL: any name */
    const char *role;  /* "weight", "bias", "norm" (gains and shifts), "matrix", "vector"; NULL: any role */
    bool frozen;       /* they keep their bits; the rule does not count */
    ds_part rule;      /* head NULL: as the optimizer's, options too */
    ds_part rest;      /* as the optimizer's rest */
} ds_group;

/* Every k steps slow <- slow + alpha (theta - slow), theta <- slow; slow starts as theta. k 0: never. */
typedef struct ds_lookahead {
    int64_t k;
    double alpha; /* between 0 and 1 */
} ds_lookahead;

/* Sharpness-aware minimization around any rule that needs the gradient alone: the gradient that the rule gets is taken at
 *   theta + rho g / |g|,   adaptive: theta + rho theta^2 g / |theta g|,
 * g the gradient at theta on the same batch, norms over all that is trained. */
typedef struct ds_sam {
    bool on, adaptive;
    double rho;
} ds_sam;

typedef struct ds_optim_settings {
    ds_part rule;          /* of registry "rule"; need not be resolved */
    ds_part rest;          /* of the vectors where the rule is for matrices alone; head NULL: what the rule names */
    const ds_group *group; /* their rates are their own lr times (rate of the step / lr of the rule) */
    int groups;
    ds_lookahead lookahead;
    ds_sam sam;
    uint64_t seed;         /* of rules that draw directions */
    const char *dialect;   /* "torch" (also NULL) or "book" */
    int64_t n;             /* elements of a vector */
    ds_dtype dtype;        /* DS_F32 or DS_F64 */
    const char *backend;   /* NULL: the default */
    const ds_space *space; /* whose segments are the tensors of rules that look at norms; NULL: all is one matrix */
    int64_t columns;       /* of that one matrix, which divide n; 0: one */
    bool unfused;          /* one step an operation: for tests; same bits */
} ds_optim_settings;

/* Lay the parameters of a problem out so that each group lies in one piece: once, before anything else is asked of p.
 * Files and names do not change, and without groups nothing does. DS_ECONFIG as ds_optim_create. */
DS_API ds_status ds_optim_arrange(ds_ctx *ctx, const ds_optim_settings *settings, ds_problem *p);
DS_API ds_status ds_optim_create(ds_optim **out, ds_ctx *ctx, const ds_optim_settings *settings);
DS_API void ds_optim_free(ds_optim *o);
/* Option lr of the rule: what schedules start from. */
DS_API double ds_optim_lr(const ds_optim *o);
/* Where the gradient of the next step is to be taken: theta itself, or theta + a v in memory of o for the look-ahead of
 * the book's Nesterov momentum. Valid until the next call. */
DS_API ds_status ds_optim_point(ds_optim *o, const void *theta, const void **point);
/* What any step may need beside the gradient: bits DS_NEED_*; and the same of settings, whose needs have to go together:
 * DS_ECONFIG. space as in the settings. */
DS_API unsigned ds_optim_needs(const ds_optim *o);
DS_API ds_status ds_optim_needs_of(ds_ctx *ctx, const ds_optim_settings *settings, const ds_space *space,
                                   unsigned *needs);
/* One thing that the next step needs. The caller writes a vector to `out`, the loss or the rows to `number`. */
typedef struct ds_need {
    unsigned what;  /* one of DS_NEED_*; 0: nothing (more) */
    const void *at; /* the point */
    const void *v;  /* direction of a product */
    void *out;      /* memory of o, or `gradient` where another gradient takes its place; NULL: a number is wanted */
    double number;
} ds_need;
/* Between gradient and step: begin with q zeroed, and ask again after each answer until q->what is 0. point is where
 * the gradient was taken. Nothing to do, and no call needed, where ds_optim_needs is 0. */
DS_API ds_status ds_optim_ask(ds_optim *o, const void *point, void *gradient, ds_need *q);
/* One step at rate lr: theta and the state in place. DS_EUSAGE when it was not told what it needs. gradient is read only and may be reused afterwards. */
DS_API ds_status ds_optim_step(ds_optim *o, void *theta, const void *gradient, double lr);

/* State, for checkpoints and traces: vectors of n elements by name, the numbers and the count of steps. Writing to all
 * resumes a run bit for bit. */
DS_API int ds_optim_states(const ds_optim *o);
DS_API const char *ds_optim_state_name(const ds_optim *o, int i); /* "v", "m", ...; "rest.m", "groups.0.m" */
DS_API int64_t ds_optim_state_count(const ds_optim *o, int i);    /* its elements: n, or 1 */
DS_API void *ds_optim_state(ds_optim *o, int i);
DS_API int ds_optim_state_find(const ds_optim *o, const char *name); /* -1: no such state */
DS_API int64_t ds_optim_steps(const ds_optim *o);
DS_API void ds_optim_set_steps(ds_optim *o, int64_t steps);
/* Numbers that a rule keeps beside its vectors, such as the sum of weights of schedule-free rules; unused ones are 0. */
enum { DS_OPTIM_NUMBERS = 2 };
DS_API double *ds_optim_numbers(ds_optim *o); /* of the first group */
/* Register all of it as "optim.NAME" and "optim.steps" (slow weights as "optim.slow"): what the rule declared is what checkpoints keep. */
DS_API void ds_optim_remember(ds_optim *o, ds_state *st);
/* Who moves tensor i of the space: false when there is none. What groups say is in the config's words. */
typedef struct ds_routing {
    const char *name; /* "0.weight" */
    ds_shape shape;
    const char *role;  /* "weight", "bias", "norm" */
    const char *group; /* "" for what no group names, "groups.0", "rest", "groups.0.rest" */
    const char *rule;  /* NULL: frozen */
    double lr, weight_decay;
    size_t state_bytes; /* of the states that have a number for each of its elements */
} ds_routing;
DS_API bool ds_optim_routing(const ds_optim *o, int i, ds_routing *out);
/* How many groups the tensors fall into, frozen ones too; 1: one rule moves all. */
DS_API int ds_optim_groups(const ds_optim *o);
/* Make the gradient of frozen tensors 0, so that norms count what moves. */
DS_API void ds_optim_leave_out(const ds_optim *o, void *gradient);
/* Bytes of state alone: what checkpoints keep. */
DS_API size_t ds_optim_state_bytes(const ds_optim *o);
/* Bytes held: state, scalars, work area. */
DS_API size_t ds_optim_bytes(const ds_optim *o);
/* Bytes that one step reads and writes when it is a single pass: theta and state both ways, the gradient once. */
DS_API size_t ds_optim_traffic(const ds_optim *o);

/* ---- clipping of gradients --------------------------------------------------------------------------------------- */

typedef enum ds_clip_kind { DS_CLIP_NONE, DS_CLIP_NORM, DS_CLIP_VALUE, DS_CLIP_ADAPTIVE } ds_clip_kind;

/* norm      g <- g c / max(|g|, c), |g| over all parameters together
 * value     g_i <- min(max(g_i, -c), c)
 * adaptive  for each unit i, the weights of one output or a whole vector: g_i <- g_i b / max(|g_i|, b),
 *           b = c max(|w_i|, eps) */
typedef struct ds_clip {
    ds_clip_kind kind;
    double c, eps; /* eps: of adaptive */
} ds_clip;

/* DS_ERANGE: c or eps is not a positive number. */
DS_API ds_status ds_clip_check(ds_ctx *ctx, const ds_clip *clip);
/* Clip a gradient of finite values in place; whether any of them changed. space says where the units of adaptive lie; the others take NULL with n
 * elements. */
DS_API bool ds_clip_gradient(const ds_clip *clip, const ds_space *space, ds_dtype t, int64_t n, const void *theta,
                             void *gradient);

/* ---- schedules -------------------------------------------------------------------------------------------------- */

/* A schedule in a sequence or a product. */
typedef struct ds_schedule_part {
    ds_part schedule;                    /* of registry "schedule" */
    double span;                         /* of a sequence: steps or epochs that it has; 0: to the end, of the last */
    ds_unit span_unit;                   /* DS_UNIT_STEPS or DS_UNIT_EPOCHS (DS_UNIT_NONE: steps) */
    double factor;                       /* of a sequence: times the rate that it starts from; 0: 1 */
    const struct ds_schedule_part *part; /* where it is a sequence or a product itself */
    int parts;
} ds_schedule_part;

/* What a schedule that listens to a number remembers. Begin with { .best = NAN }; save it with the rest of the state. */
typedef struct ds_schedule_memory {
    double best;        /* of the number; NaN: none yet */
    int64_t idle, rest; /* looks since then; looks to come that do not count */
    int64_t cuts;       /* how often the rate was lowered */
} ds_schedule_memory;

typedef struct ds_schedule_settings {
    ds_part schedule;             /* of registry "schedule"; head NULL: constant */
    const ds_schedule_part *part; /* of a sequence or a product; outlive the settings */
    int parts;
    const ds_schedule_memory *memory; /* of one that listens; NULL: it has heard nothing yet */
    double warmup;                    /* rate rises as (step + 1) / warmup over this many warmup_unit; 0: none */
    ds_unit warmup_unit;              /* DS_UNIT_STEPS or DS_UNIT_EPOCHS (DS_UNIT_NONE: steps) */
    double floor;                     /* least rate after the warm-up; cosine ends there */
    double lr;                        /* the rate it starts from */
    int64_t total;                    /* steps of the run; -1: unknown */
    int64_t epoch;                    /* steps an epoch; 0: unknown */
} ds_schedule_settings;

/* Parse "name" or "name(option=value, ...)" of registry "schedule". Texts among the values live as long as ctx. */
DS_API ds_status ds_schedule_parse(ds_ctx *ctx, const char *text, ds_part *out);
/* Whether the settings say all that the rate depends on. DS_ECONFIG: what is missing, or a span in seconds. */
DS_API ds_status ds_schedule_check(ds_ctx *ctx, const ds_schedule_settings *s);
/* Rate of a step, counted from 0, for settings that passed the check: a pure function of step and memory. The schedule proper begins after
 * the warm-up and has total - warmup steps; beyond its end it stays at its last value. */
DS_API double ds_schedule_rate(const ds_schedule_settings *s, int64_t step);
/* The number that the schedule listens to, "val.loss"; NULL: none. */
DS_API const char *ds_schedule_watches(const ds_schedule_settings *s);
/* Tell it the number after an epoch; more: larger is better, unless the schedule's options say which way is. Rates change
 * once memory is that of the settings. */
DS_API void ds_schedule_look(const ds_schedule_settings *s, ds_schedule_memory *memory, double value, bool more);

/* ---- averages of the weights ------------------------------------------------------------------------------------ */

/* A vector x beside theta that follows it; reading it changes nothing of the training. */
typedef struct ds_average ds_average;

typedef enum ds_average_norms { DS_NORMS_AVERAGE, DS_NORMS_RECALIBRATE, DS_NORMS_KEEP } ds_average_norms;

typedef struct ds_average_settings {
    ds_part average;     /* of registry "average" */
    int64_t n;           /* elements of a vector */
    ds_dtype dtype;      /* DS_F32 or DS_F64 */
    int64_t total;       /* steps of the run; -1: unknown */
    int64_t epoch;       /* steps an epoch; 0: unknown */
    const char *backend; /* NULL: the default */
} ds_average_settings;

/* Parse "name" or "name(option=value, ...)" of registry "average". */
DS_API ds_status ds_average_parse(ds_ctx *ctx, const char *text, ds_part *out);
/* DS_ECONFIG: what the settings leave open, a span in seconds, a start that the run does not reach. */
DS_API ds_status ds_average_check(ds_ctx *ctx, const ds_average_settings *s);
/* Checks first. */
DS_API ds_status ds_average_create(ds_average **out, ds_ctx *ctx, const ds_average_settings *settings);
DS_API void ds_average_free(ds_average *a);
/* Whether the weights after step `step` (from 1) count. */
DS_API bool ds_average_counts(const ds_average *a, int64_t step);
/* Count theta, in one pass. */
DS_API ds_status ds_average_add(ds_average *a, const void *theta);
/* How many were counted, and the average of them (zeros before the first); the vector is a's. */
DS_API int64_t ds_average_count(const ds_average *a);
DS_API const void *ds_average_values(const ds_average *a);
/* What is to become of running statistics: option norms. */
DS_API ds_average_norms ds_average_norms_of(const ds_average *a);

/* Register what a checkpoint has to keep (descent/state.h), under `group`. */
DS_API void ds_average_remember(ds_average *a, ds_state *st, const char *group);

#ifdef __cplusplus
}
#endif
#endif
