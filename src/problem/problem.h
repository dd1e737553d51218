/* problem.h - inside view of an objective: what every kind of objective answers, and the definitions of losses and
 * metrics. */
#ifndef DS_PROBLEM_PROBLEM_H
#define DS_PROBLEM_PROBLEM_H

#include "base/ctx.h"
#include "base/random.h"
#include "descent/op.h"
#include "descent/problem.h"
#include "descent/registry.h"
#include "nn/nn.h"

/* What is asked of an objective in one evaluation; want is one of DS_WANT_*. */
typedef struct ds_ask {
    unsigned want;
    const ds_at *at;
    const void *v;   /* direction, for products */
    void *out;       /* gradient or product */
    bool same_point; /* only v has changed */
    double *value;   /* NULL: not wanted */
    const void **outputs;
} ds_ask;

/* One kind of objective: a network, or a function given by formula. */
typedef struct ds_problem_ops {
    void (*free)(ds_problem *p);
    ds_status (*prepare)(ds_problem *p, int64_t rows, ds_mode mode, unsigned want);
    ds_status (*init)(ds_problem *p, uint64_t seed, void *theta, const ds_init_data *from);
    ds_status (*run)(ds_problem *p, const ds_ask *ask);
    void (*commit)(ds_problem *p);
    size_t (*bytes)(const ds_problem *p);
    void (*measured)(ds_problem *p, double share); /* statistics of the last DS_WANT_OUTPUTS in DS_MODE_ROWS */
} ds_problem_ops;

/* First member of every kind's own struct. */
struct ds_problem {
    const ds_problem_ops *ops;
    ds_ctx *ctx;
    ds_dtype dtype;
    ds_space *space;
    const ds_space *stats;
    void *running;
    const void *trained; /* outputs of the latest gradient */
    int64_t trained_rows;
    int64_t width, targets;
    int classes;
    bool draws;    /* dropout */
    bool weighted; /* rows count by their classes */
    ds_part loss;
    ds_layer_summary *summary;
    int layers;
};

/* A loss: what it makes of outputs z and targets. */
typedef struct ds_loss_ask {
    const ds_optval *option;
    ds_val z, target, labels; /* [n, K], [n, K] (one-hot for classes), i32 [n] (none for real targets) */
    ds_val weight;            /* [n] by the rows' classes; none: all rows count alike */
    bool drawn;               /* labels come from the model: they are not smoothed */
} ds_loss_ask;
/* x, [n] or [n, K], times the rows' weights: every loss sends through it what it sums over rows. */
ds_val ds_loss_weighted(ds_graph *g, const ds_loss_ask *a, ds_val x);

enum { DS_FOR_CLASSES = 1, DS_FOR_REALS = 2, DS_FOR_ONE_LOGIT = 4 /* two classes may share one output */ };
typedef struct ds_loss_def {
    ds_head head;
    unsigned fits;
    ds_val (*build)(ds_graph *g, const ds_loss_ask *a); /* a scalar mean */
    /* Constant outputs that fit class frequencies p best; NULL: p itself, which are means where targets are real. */
    ds_val (*marginals)(ds_graph *g, ds_val p);
    /* Draw a row's class y[0], or its targets, from the distribution whose negative logarithm the loss of a row is, for
     * the kinds of targets that `draws` has bits of; z and y have `width` numbers. */
    unsigned draws;
    void (*draw)(const double *z, int64_t width, ds_rng *r, double *y);
} ds_loss_def;

/* A metric sees one row after another, in f64. */
typedef struct ds_metric_def {
    ds_head head;
    unsigned fits; /* DS_FOR_CLASSES, DS_FOR_REALS */
    bool table;
    void (*add)(ds_metric *m, const double *z, int label, const double *target);
    double (*value)(const ds_metric *m);
} ds_metric_def;

struct ds_metric {
    const ds_metric_def *def;
    ds_part part;
    ds_dtype dtype;
    int classes;
    int64_t width, targets, rows, hits;
    double sum;
    double *row;    /* outputs and targets of one row */
    int64_t *table; /* [classes, classes], row = true class */
};

extern const ds_registry ds_loss_registry, ds_metric_registry;

/* Predicted class of a row: the first largest output, or the sign of a lone logit; -1 when all are NaN. */
int ds_predict(const ds_metric *m, const double *z);
/* Rows of a graph value, for means over rows. */
static inline double ds_rows_of(const ds_graph *g, ds_val z) { return (double)ds_val_shape(g, z).dim[0]; }

#endif
