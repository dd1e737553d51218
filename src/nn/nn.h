/* nn.h - definitions of layers, activations, norms and initializers, and the network that layers make.
 *
 * A network is laid out once (shapes checked, parameters declared, names given) and then built into as many graphs as
 * needed. Shapes here are those of one row: [F] or, channels last, [H, W, C]. */
#ifndef DS_NN_NN_H
#define DS_NN_NN_H

#include "base/arena.h"
#include "base/ctx.h"
#include "descent/model.h"
#include "descent/op.h"
#include "descent/registry.h"
#include "space/space.h"

/* Which of the common keys have an effect. */
enum { DS_TAKES_ACT = 1, DS_TAKES_NORM = 2, DS_TAKES_WEIGHT = 4 /* init and bias */, DS_TAKES_LAYERS = 8 };

typedef struct ds_layer ds_layer;
typedef struct ds_net ds_net;
typedef struct ds_build ds_build;

/* A layer: how a row's shape changes and what parameters it has (lay), what it computes (build). Norm and activation of
 * the entry follow by themselves. Option 0 bears the layer's name and holds the value of the entry's first key. */
typedef struct ds_layer_def {
    ds_head head;
    unsigned takes;
    /* Read an option of type DS_OPT_OTHER into the spec. NULL: there is none. */
    ds_status (*read)(ds_model *m, ds_layer_spec *s, int option, const char *text);
    /* From l->in set l->out (and l->flops); declare parameters. NULL: the shape stays and nothing is computed. */
    ds_status (*lay)(ds_net *net, ds_layer *l);
    ds_val (*build)(ds_build *b, const ds_layer *l, ds_val x);
} ds_layer_def;

typedef struct ds_activation_def {
    ds_head head;
    bool rectifier; /* halves the second moment of its input, about: He's initializer is the default */
    ds_val (*build)(ds_graph *g, const ds_optval *o, ds_val x);
} ds_activation_def;

typedef struct ds_norm_def {
    ds_head head;
    bool batch; /* statistics over the batch, so there are running ones */
} ds_norm_def;
enum { DS_NORM_EPS, DS_NORM_MOMENTUM }; /* options of every norm, in this order */

/* What an initializer is asked for: one weight, count elements in file order, in f64. */
typedef struct ds_init_ask {
    ds_ctx *ctx;
    uint64_t seed;
    uint32_t id; /* of the parameter */
    const ds_segment *segment;
    const ds_optval *option;
} ds_init_ask;

typedef struct ds_initializer_def {
    ds_head head;
    bool data_driven; /* option 0 names another initializer; the objective rescales after it */
    ds_status (*fill)(const ds_init_ask *a, double *w);
} ds_initializer_def;

/* Uniform in [0,1) and standard normal of (seed, parameter, element); see base/random.h. */
double ds_init_uniform(const ds_init_ask *a, int64_t element);
double ds_init_normal(const ds_init_ask *a, int64_t element);
void ds_init_fill_uniform(const ds_init_ask *a, double lo, double hi, double *w);
void ds_init_fill_normal(const ds_init_ask *a, double mean, double std, double *w);
void ds_init_fill_scaled(const ds_init_ask *a, bool normal, double std,
                         double *w); /* normal or uniform of this deviation */

/* DS_ECONFIG for read(). */
ds_status ds_model_fail(ds_model *m, const char *fmt, ...) DS_PRINTF(2, 3);
extern const ds_layer_def ds_layer_conv, ds_layer_norm_entry; /* the shortcut's, the entry that is a norm */
extern const ds_registry ds_layer_registry, ds_activation_registry, ds_norm_registry, ds_initializer_registry;
/* Parse "name" or "name(key=value, ...)" by a registry; text it keeps goes to the arena (NULL: there is none to keep).
 * `where` starts the message. */
ds_status ds_part_parse(ds_ctx *ctx, ds_arena *arena, const ds_registry *r, const char *where, const char *text,
                        ds_part *out);
/* DS_ECONFIG when an option without default is not given. */
ds_status ds_part_complete(ds_ctx *ctx, const char *where, const ds_part *part);
ds_status ds_part_copy(ds_ctx *ctx, ds_arena *arena, const ds_part *in, ds_part *out);

/* ---- a network that is laid out ---------------------------------------------------------------------------------- */

typedef struct ds_norm_slots {
    int gain, shift, mean, var;
} ds_norm_slots; /* segments; -1: none */

struct ds_layer {
    const ds_layer_def *def;
    ds_layer_spec spec; /* a copy; child and next are NULL */
    const char *name;   /* what parameter names begin with: "4", "4.0", "head" */
    ds_shape in, out;   /* of a row */
    int weight, bias;   /* segments, -1: none */
    ds_norm_slots norm;
    int site; /* of a dropout */
    int row;  /* in the summary */
    double flops;
    ds_layer *child, *shortcut, *next;
};

/* How parameter i is filled at the start. */
typedef struct ds_param {
    const ds_layer *layer;
    ds_part init; /* weights; head NULL: constant */
    double value;
    bool marginals;
} ds_param;

struct ds_net {
    ds_ctx *ctx;
    ds_arena arena;
    ds_layer *first;
    ds_layer **row;                /* every layer, in the order of the summary */
    int rows, row_capacity, sites; /* sites: dropouts */
    ds_shape in, out;
    int64_t classes; /* what `dense: classes` stands for */
    ds_space params, stats;
    ds_param *param; /* one per segment of params */
    int param_capacity;
};

/* Lay out the model for rows of shape `sample` as the user sees it ([C,H,W] or [F]). */
ds_status ds_net_create(ds_net **out, ds_ctx *ctx, const ds_model *model, ds_shape sample, int64_t classes);
void ds_net_free(ds_net *net);

/* One graph of the network. product and batch_stat are filled while building. */
struct ds_build {
    ds_graph *g;
    const ds_val *param; /* per segment of params */
    const ds_val *stat;  /* running statistics, per segment of stats; NULL: the batch's own are used */
    ds_val *batch_stat;  /* mean and biased variance of this batch, per segment of stats; NULL: not wanted */
    ds_val *product;     /* per segment of params: the product made with this weight; NULL: not wanted */
    ds_val rng, ids;     /* none: dropout is off */
};
ds_val ds_net_build(ds_build *b, const ds_net *net, ds_val x);
/* One layer with its norm and activation; a chain of them: the network itself or the inside of a block. */
ds_val ds_layer_build(ds_build *b, const ds_layer *l, ds_val x);
ds_val ds_chain_build(ds_build *b, const ds_layer *first, ds_val x);

/* For lay(): children, parameters, messages. */
ds_status ds_lay_chain(ds_net *net, const ds_layer_spec *spec, const char *prefix, ds_shape in, ds_layer **first,
                       ds_shape *out);
ds_status ds_lay_one(ds_net *net, const ds_layer_spec *spec, const char *name, ds_shape in, ds_layer **out);
/* Weight of the file shape given, and its bias of `outputs` elements as the entry says. */
ds_status ds_lay_weight(ds_net *net, ds_layer *l, ds_segment weight, int64_t outputs);
/* DS_ESHAPE: `layer 6 "dense" wants ... but receives 128x16x16; hint`. */
ds_status ds_lay_fail(ds_net *net, const ds_layer *l, const char *wants, const char *hint);
/* A row's shape as the user sees it: [H,W,C] -> [C,H,W]. */
ds_shape ds_user_shape(ds_shape s);
/* Text of an integer "12", false when text is none or out of lo..hi. */
bool ds_text_integer(const char *text, int64_t lo, int64_t hi, int64_t *out);

#endif
