/* descent/rule.h - what a rule is (options, the scalars of a step, one statement of the update as a graph), and how to add
 * one of yours: examples/my_rule.c.
 *
 * update() gets theta and g as vectors [n] (of rules for matrices as one matrix) and says what theta and each state
 * become. A rule of elementwise operations with scalar operands is one pass over memory; one that sums over the vector
 * and keeps single numbers takes a pass more for each sum that waits for another. What depends on the step alone (rates,
 * bias corrections) is computed by scalars() on the host in f64 and rounded once to the dtype.
 *
 * Order of operations (part of the arithmetic, docs/arithmetic.md): products and sums are rounded one by one as
 * written; a rate multiplies the gradient or moment before the division by the root: theta - (lr g) / (sqrt(r) + eps).
 */
#ifndef DESCENT_RULE_H
#define DESCENT_RULE_H

#include "descent/op.h"
#include "descent/optim.h"
#include "descent/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DS_RULE_STATES = 6, DS_RULE_SCALARS = 6 };

/* Resolved options. */
typedef struct ds_rule_options {
    const ds_part *part;
    bool book; /* dialect book, else torch */
} ds_rule_options;

/* Value of a real or whole option, of a flag, by name; 0 and false when the rule has none of that name. */
DS_API double ds_rule_real(const ds_rule_options *o, const char *name);
DS_API bool ds_rule_flag(const ds_rule_options *o, const char *name);
/* Which of its choices, counted from 0. */
DS_API int ds_rule_choice(const ds_rule_options *o, const char *name);

typedef struct ds_rule_step {
    ds_rule_options option;
    int64_t t; /* counts from 1 */
    double lr;
    double loss, rows; /* where the rule needs the loss, a gradient on drawn labels */
    double *kept;      /* DS_OPTIM_NUMBERS, 0 before the first step; scalars() may change them, checkpoints keep them */
} ds_rule_step;

typedef struct ds_rule_state {
    const char *name;
    double initial;
    int64_t count; /* elements; 0: this tensor has none of it */
    bool vector;   /* as theta, element by element */
    bool early;    /* next is computed before the refresh and needs no scalars; the update reads neither now nor next */
    ds_val now, next;
} ds_rule_state;

typedef struct ds_rule_build {
    ds_graph *g;
    ds_rule_options option;
    const ds_space *space;               /* NULL: all is one matrix; not for rules that take matrices one by one */
    int64_t in, out;                     /* of rules for matrices: inputs (times the kernel's area) and outputs */
    ds_val theta, grad;                  /* given: vectors, or one matrix */
    ds_val theta_next, point;            /* set by update(); point: where the gradient is taken, none: at theta */
    ds_rule_state state[DS_RULE_STATES]; /* made by ds_rule_keep */
    ds_val scalar[DS_RULE_SCALARS];      /* made by ds_rule_scalar; none: not used */
    ds_val given[DS_NEED_KINDS];         /* made by ds_rule_given; none: not used */
    int nstates;
} ds_rule_build;

/* Declare a state vector that starts as `initial` everywhere; its value before the step. The update sets its `next`. */
DS_API ds_rule_state *ds_rule_keep(ds_rule_build *b, const char *name, double initial);
/* The same for one number of the whole vector. */
DS_API ds_rule_state *ds_rule_keep_number(ds_rule_build *b, const char *name, double initial);
/* The same for a state of any shape; unused: this tensor has none, next stays unset. */
DS_API ds_rule_state *ds_rule_keep_shaped(ds_rule_build *b, const char *name, double initial, ds_shape shape,
                                          bool unused);
/* Scalar i of the rule's scalars(). */
DS_API ds_val ds_rule_scalar(ds_rule_build *b, int i);

/* The vector that the rule asked for by one of DS_NEED_SAMPLED, _PRODUCT (which is u (H u) here, u of +1 and -1, an
 * estimate of the diagonal of H), _GRADIENT. In steps that do not ask it is an older
 * one, or zeros: finite. */
DS_API ds_val ds_rule_given(ds_rule_build *b, unsigned need);

/* Of rules that couple elements: for each element the Euclidean norm of x over its tensor; 1 in matrices and tensors of
 * higher rank, 0 in vectors and gaps; and a / c in matrices, 1 in vectors and where a or c is 0. */
DS_API ds_val ds_rule_norms(ds_rule_build *b, ds_val x);
DS_API ds_val ds_rule_means(ds_rule_build *b, ds_val x); /* the mean of x over its tensor */
DS_API ds_val ds_rule_matrices(ds_rule_build *b);
DS_API ds_val ds_rule_norm_ratio(ds_rule_build *b, ds_val a, ds_val c);

/* Pieces that rules share. */
/* g + l x with l of option weight_decay; g itself for l = 0. */
DS_API ds_val ds_rule_decayed(ds_rule_build *b, ds_val x);
/* a x + b y */
DS_API ds_val ds_rule_mix(ds_rule_build *b, double a, ds_val x, double c, ds_val y);
/* Where a step from x ends: x - step. With option cautious only elements whose step goes against the gradient move, longer:
 * x - step mask / max(mean of mask, 1e-3), mask = [step grad > 0], the mean of each tensor. */
DS_API ds_val ds_rule_moved(ds_rule_build *b, ds_val x, ds_val step);
/* 1 - f l with l of option weight_decay and f of weight_decay_coupling: what decay apart from the gradient leaves of theta. */
DS_API double ds_rule_shrink(const ds_rule_step *s);
/* theta times scalar i, which is ds_rule_shrink: decay apart from the gradient; theta itself for l = 0. */
DS_API ds_val ds_rule_shrunk(ds_rule_build *b, int i);
/* max(x, least) */
DS_API ds_val ds_rule_least(ds_rule_build *b, ds_val x, double least);
/* x + eps, for a root or what is under it. With eps = 0 a zero becomes tiny: where no gradient has come there is no
 * step. */
DS_API ds_val ds_rule_above(ds_rule_build *b, ds_val x, double eps);

/* What a graph cannot say (eigenvectors, QR): host code on the state of one matrix, between the early states and the
 * update. tasks(): how many independent pieces of work step t has, 0 where it has none; each has scratch() bytes to
 * itself, 64-byte aligned; run() does one, the same bits on any thread. false: the state is not finite. */
typedef struct ds_rule_refresh {
    ds_rule_options option;
    int64_t t, rows, cols; /* of the matrix as it lies in memory */
    ds_dtype dtype;
    const struct ds_product *product; /* of f64 */
    void *state[DS_RULE_STATES];
} ds_rule_refresh;

typedef struct ds_rule_stage {
    int64_t (*tasks)(const ds_rule_refresh *r);
    size_t (*scratch)(const ds_rule_refresh *r);
    bool (*run)(const ds_rule_refresh *r, int64_t task, double *scratch);
} ds_rule_stage;

/* n numbers of a state from element `at` on, to f64 and back. */
DS_API void ds_rule_load(const ds_rule_refresh *r, int state, int64_t at, int64_t n, double *to);
DS_API void ds_rule_store(const ds_rule_refresh *r, int state, int64_t at, int64_t n, const double *from);

/* A default that dialect book has instead of the table's; value NULL: the option has no effect there. */
typedef struct ds_rule_default_def {
    const char *option, *value;
} ds_rule_default_def;

typedef struct ds_rule_def {
    ds_head head;                    /* the table has the defaults of dialect torch */
    const ds_rule_default_def *book; /* closed by option NULL; NULL: none */
    /* Options that do not go together: the name of one at fault and in *why what is wrong; NULL: fine. NULL: any go. */
    const char *(*conflict)(const ds_rule_options *o, const char **why);
    const char *number[DS_OPTIM_NUMBERS]; /* names of the numbers that scalars() keeps, from the first on */
    const char *rest; /* of rules for matrices alone: the rule that moves vectors, "adamw"; NULL: any tensor */
    /* update() is called for each matrix: theta and g are [rows, cols] as they lie in memory, a kernel of a convolution all
     * its axes but the last by the last. */
    bool each;
    const ds_rule_stage *refresh; /* of such rules; NULL: none */
    /* What step t needs beside the gradient, bits DS_NEED_*; t = 0: what any step may. NULL: nothing. DS_NEED_GRADIENT is
     * asked for where theta was before the latest step, everything else where the gradient is taken. */
    unsigned (*needs)(const ds_rule_options *o, int64_t t);
    bool couples; /* sums over the vector take part: more passes than one, and elements see each other */
    void (*scalars)(const ds_rule_step *s, double *out);
    void (*update)(ds_rule_build *b);
} ds_rule_def;

/* ---- rules of yours ---------------------------------------------------------------------------------------------- */

enum { DS_OWN_RULES = 32 };
/* Make a rule known to this process under its name: to ds_rule_parse, configs, explain, the laws. def is not copied: let it
 * be static. Before other threads look at rules. Registering it again is nothing. DS_EUSAGE: it lacks something (a name, an
 * option lr, its functions), or there is another rule of this name; DS_ERANGE: too many. */
DS_API ds_status ds_rule_register(ds_ctx *ctx, const ds_rule_def *def);

/* Laws of a rule, in both dialects, f32 and f64, over fixed random gradients:
 *   still      no gradient, fresh state: nothing moves (where no decay is on by itself)
 *   buffer     the gradient is only read
 *   order      permuted numbers move as the numbers do (to rounding where the rule sums over all), equal ones stay equal; of
 *              rules for matrices permuted rows and columns
 *   negate     weights and gradients of the other sign move to the weights of the other sign: to maximize is to negate
 *   resume     saved and put back into a fresh one after each step, it goes on to the same bits
 *   fused      one pass over memory gives the same bits as one operation at a time
 *   threads    the threads of `many` give the same bits as those of ctx */
enum { DS_LAWS = 8 };
typedef struct ds_laws {
    const char *law[DS_LAWS];
    bool kept[DS_LAWS];
    int count;
} ds_laws;
/* Add what is found to *laws, which begins as {0}. A rule that cannot be run at all is an error, a broken law none. */
DS_API ds_status ds_rule_laws(ds_ctx *ctx, ds_ctx *many, const ds_head *rule, ds_laws *laws);
/* A law is kept when all judgements of it are. */
DS_API void ds_laws_judge(ds_laws *laws, const char *law, bool kept);

/* Lines of option tables. */
#define DS_RULE_LR(value)                                                                                              \
    {                                                                                                                  \
        .name = "lr", .type = DS_OPT_REAL, .hi = 1e9, .def = value, .aliases = "learning_rate",                        \
        .help = "rate epsilon that the schedule starts from",                                                          \
        .why = "PyTorch's; no key matters more, so try others (a factor of 3 each way first)",                         \
        .cite = "Goodfellow et al. 8.3.1, 11.4.1", .elsewhere = "PyTorch lr, Keras learning_rate, Caffe base_lr"       \
    }
#define DS_RULE_MOMENTUM(value)                                                                                        \
    {                                                                                                                  \
        .name = "momentum", .type = DS_OPT_REAL, .hi = 1, .def = value,                                                \
        .help = "share alpha of the velocity that is kept",                                                            \
        .why = "without it this is plain descent; 0.9 lets about the last 10 gradients count, 1 / (1 - alpha)",        \
        .cite = "Goodfellow et al. 8.3.2; Polyak 1964",                                                                \
        .elsewhere = "PyTorch momentum, Keras momentum, Caffe momentum"                                                \
    }
#define DS_RULE_DAMPENING                                                                                              \
    {                                                                                                                  \
        .name = "dampening", .type = DS_OPT_REAL, .hi = 1, .def = "0",                                                 \
        .help = "share of the gradient kept out of the velocity after the first step",                                 \
        .why = "PyTorch's: the velocity is a sum, not a mean",                                                         \
        .elsewhere = "PyTorch dampening, Keras none, Caffe none"                                                       \
    }
#define DS_RULE_NESTEROV(value)                                                                                        \
    {                                                                                                                  \
        .name = "nesterov", .type = DS_OPT_BOOL, .def = value,                                                         \
        .help = "correct the step by the new velocity (book: look ahead)",                                             \
        .why = "the correction helps in smooth curved valleys, less with noisy gradients",                             \
        .cite = "Goodfellow et al. 8.3.3; Sutskever et al. 2013",                                                      \
        .elsewhere = "PyTorch nesterov, Keras nesterov, Caffe type: Nesterov"                                          \
    }
#define DS_RULE_DECAY(value, text)                                                                                     \
    {                                                                                                                  \
        .name = "weight_decay", .type = DS_OPT_REAL, .hi = 1e9, .def = value, .help = text, .why = "PyTorch's",        \
        .cite = "Goodfellow et al. 7.1.1; Loshchilov and Hutter 2019",                                                 \
        .elsewhere = "PyTorch weight_decay, Keras weight_decay (always decoupled), Caffe weight_decay"                 \
    }
#define DS_RULE_L2(value) DS_RULE_DECAY(value, "coefficient lambda; lambda theta is added to the gradient")
#define DS_RULE_EPS(value, text)                                                                                       \
    {                                                                                                                  \
        .name = "eps", .type = DS_OPT_REAL, .hi = 1, .def = value, .aliases = "delta", .help = text,                   \
        .why = "small against the root of usual squares, so that it only keeps 0 / 0 away",                            \
        .elsewhere = "PyTorch eps, Keras epsilon, Caffe delta"                                                         \
    }
#define DS_RULE_BETAS                                                                                                  \
    { .name = "beta1",                                                                                                 \
      .type = DS_OPT_REAL,                                                                                             \
      .hi = 0.9999999999,                                                                                              \
      .def = "0.9",                                                                                                    \
      .aliases = "rho1",                                                                                               \
      .help = "decay rho1 of the first moment",                                                                        \
      .why = "about the last 10 gradients count, 1 / (1 - rho1)",                                                      \
      .cite = "Goodfellow et al. 8.5.3; Kingma and Ba 2015",                                                           \
      .elsewhere = "PyTorch betas[0], Keras beta_1, Caffe momentum" },                                                 \
    {                                                                                                                  \
        .name = "beta2", .type = DS_OPT_REAL, .hi = 0.9999999999, .def = "0.999", .aliases = "rho2",                   \
        .help = "decay rho2 of the second moment",                                                                     \
        .why = "about the last 1000 squares count, as a scale changes slowly and should be quiet",                     \
        .cite = "Goodfellow et al. 8.5.3; Kingma and Ba 2015",                                                         \
        .elsewhere = "PyTorch betas[1], Keras beta_2, Caffe momentum2"                                                 \
    }
#define DS_RULE_BETA(which, value, text)                                                                               \
    {                                                                                                                  \
        .name = "beta" #which, .type = DS_OPT_REAL, .hi = 0.9999999999, .def = value, .aliases = "rho" #which,         \
        .help = text, .why = "its paper's", .elsewhere = "PyTorch betas, Keras beta_" #which                           \
    }
#define DS_RULE_SHRINK(value)                                                                                          \
    DS_RULE_DECAY(value, "coefficient lambda; theta shrinks by 1 - epsilon lambda before the step")
#define DS_RULE_DECOUPLED                                                                                              \
    {                                                                                                                  \
        .name = "decoupled_weight_decay", .type = DS_OPT_BOOL, .def = "false",                                         \
        .help = "shrink theta by 1 - epsilon lambda instead of adding lambda theta to the gradient",                   \
        .why = "PyTorch's", .cite = "Loshchilov and Hutter 2019", .elsewhere = "PyTorch decoupled_weight_decay"        \
    }
#define DS_RULE_COUPLING                                                                                               \
    {                                                                                                                  \
        .name = "weight_decay_coupling", .type = DS_OPT_CHOICE, .choices = "lr|schedule|fixed|corrected", .def = "lr", \
        .help =                                                                                                        \
            "what lambda is multiplied by before theta shrinks: the rate epsilon; epsilon / lr, the schedule alone; "  \
            "1; or epsilon^2 / lr",                                                                                    \
        .why = "PyTorch's; the paper's own is schedule, where decay and rate can be chosen apart",                     \
        .cite = "Loshchilov and Hutter 2019, algorithm 2; corrected: Defazio 2025",                                    \
        .elsewhere = "PyTorch lr, optax.adamw lr, Distributed Shampoo WeightDecayType"                                 \
    }
#define DS_RULE_CAUTIOUS                                                                                               \
    {                                                                                                                  \
        .name = "cautious", .type = DS_OPT_BOOL, .def = "false",                                                       \
        .help =                                                                                                        \
            "leave out the elements whose step goes with the gradient, not against it, and lengthen the others of "    \
            "the tensor by as much",                                                                                   \
        .why = "it costs two passes over memory more", .cite = "Liang et al. 2024, algorithm 1",                       \
        .elsewhere = "timm CAdamW, pytorch_optimizer cautious=True"                                                    \
    }
#define DS_RULE_FREE_R                                                                                                 \
    {                                                                                                                  \
        .name = "r", .type = DS_OPT_REAL, .hi = 100, .def = "0", .help = "power of t in the weights of the average",   \
        .why = "its paper's: iterates at one rate count alike", .cite = "Defazio et al. 2024",                         \
        .elsewhere = "schedulefree r"                                                                                  \
    }
#define DS_RULE_AMSGRAD                                                                                                \
    {                                                                                                                  \
        .name = "amsgrad", .type = DS_OPT_BOOL, .def = "false",                                                        \
        .help = "divide by the root of the largest second moment so far",                                              \
        .why = "it mends the proof of convergence and seldom helps in practice", .cite = "Reddi et al. 2018",          \
        .elsewhere = "PyTorch amsgrad, Keras amsgrad, Caffe none"                                                      \
    }
#define DS_RULE_END                                                                                                    \
    {                                                                                                                  \
        NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL                                                                 \
    }

#ifdef __cplusplus
}
#endif
#endif
