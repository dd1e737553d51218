/* descent/problem.h - the objective: its value, gradient and curvature products at a point on a batch.
 *
 *   f(theta) = mean over rows of w_y loss(network(x; theta), y) + penalty(theta),   w_y = 1 without class weights
 *
 * A point is one flat vector (descent/space.h). Work is planned once per batch size and kept; after ds_problem_prepare
 * no call allocates. Vectors come from ds_buffer_alloc (descent/graph.h) and hold ds_space_dim elements of the
 * problem's dtype.
 *
 * Ownership  a problem borrows ctx, and nothing of the model or the settings after ds_problem_create.
 * Errors     DS_ESHAPE names the layer, what it wants and what it got; DS_ECONFIG, DS_EUNKNOWN, DS_EMEM, DS_EUSAGE. */
#ifndef DESCENT_PROBLEM_H
#define DESCENT_PROBLEM_H

#include "descent/data.h"
#include "descent/model.h"
#include "descent/space.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds_problem ds_problem;

typedef struct ds_problem_settings {
    const char *loss; /* of registry "loss": "cross-entropy(smoothing=0.1)"; NULL: cross-entropy or squared-error */
    double l1, l2;    /* coefficients of the sum of |w| and of w^2 */
    bool penalty_all; /* biases and norms too */
    ds_shape sample;  /* as the data set says: [C,H,W] or [F] */
    int classes;      /* 0: real targets */
    int64_t targets;  /* real targets a row; 0 with classes */
    const double *class_weights; /* [classes] what a row counts by its class; NULL: all alike. Read during creation */
    ds_dtype dtype;              /* DS_F32 (0) or DS_F64 */
    const char *backend;         /* NULL: the default */
} ds_problem_settings;

DS_API ds_status ds_problem_create(ds_problem **out, ds_ctx *ctx, const ds_model *model,
                                   const ds_problem_settings *settings);
DS_API void ds_problem_free(ds_problem *p);

DS_API const ds_space *ds_problem_space(const ds_problem *p); /* of theta, gradients, directions */
/* Lay segment i out by rank[i], [segments]: those of one rank in one piece, in their order, lower ranks first. Names, files
 * and initial weights stay; so does ds_space_dim. Before anything is computed and any vector is made. */
DS_API void ds_problem_arrange(ds_problem *p, const int *rank);
DS_API const ds_space *ds_problem_statistics(const ds_problem *p); /* of the running statistics; may have no segment */
DS_API void *ds_problem_running(ds_problem *p);                    /* their values: save, restore, average */
DS_API ds_dtype ds_problem_dtype(const ds_problem *p);
DS_API bool ds_problem_draws(const ds_problem *p);    /* in training it depends on seed and step too: dropout */
DS_API int64_t ds_problem_width(const ds_problem *p); /* outputs a row (the network's last extent) */
DS_API const ds_head *ds_problem_loss(const ds_problem *p);

/* What initial weights may depend on beside the seed. Members may be NULL. */
typedef struct ds_init_data {
    const double *marginals; /* class frequencies (sum 1), or means of the real targets: for `bias: marginals` */
    const ds_batch *batch;   /* one batch: for data-driven rescaling */
} ds_init_data;
/* Initial theta and running statistics (mean 0, variance 1); the same numbers for any dtype, before its rounding.
 * DS_EUSAGE when the model asks for what `from` lacks. from may be NULL. */
DS_API ds_status ds_problem_init(ds_problem *p, uint64_t seed, void *theta, const ds_init_data *from);

/* What the network does with dropout and norms. */
typedef enum ds_mode {
    DS_MODE_TRAIN, /* dropout by (seed, step, row id); norms use the batch's statistics */
    DS_MODE_ROWS,  /* no dropout; norms use the batch's statistics */
    DS_MODE_EVAL   /* no dropout; norms use the running statistics */
} ds_mode;

/* Where and on what to evaluate: x and y as in ds_batch (x [n, layout], y labels or targets; ids for dropout, NULL: the
 * position in the batch). y may be NULL where no value is wanted. */
typedef struct ds_at {
    const ds_batch *batch;
    const void *theta;
    ds_mode mode;
    uint64_t seed, step; /* of the dropout masks */
} ds_at;

/* Bits for ds_problem_prepare: what to plan for batches of this many rows. */
enum {
    DS_WANT_VALUE = 1,
    DS_WANT_GRADIENT = 2,
    DS_WANT_OUTPUTS = 4,
    DS_WANT_HVP = 8,
    DS_WANT_GNVP = 16,
    DS_WANT_SAMPLED = 32
};
DS_API ds_status ds_problem_prepare(ds_problem *p, int64_t rows, ds_mode mode, unsigned want);

/* Value with penalty. */
DS_API ds_status ds_problem_value(ds_problem *p, const ds_at *at, double *value);
/* Value and gradient; in the modes that use batch statistics these wait for ds_problem_commit. */
DS_API ds_status ds_problem_gradient(ds_problem *p, const ds_at *at, void *gradient, double *value);
/* Outputs [n, width] of the network in the latest gradient; valid until the next call. NULL before the first. */
DS_API const void *ds_problem_trained_outputs(const ds_problem *p);
/* Move the running statistics by those of the last gradient (momentum 0.1, unbiased variance). Call it when the step
 * is taken; nothing to do for models without norms. */
DS_API void ds_problem_commit(ds_problem *p);
/* One forward pass without dropout, and the running statistics moved by those of this batch (unbiased variance):
 * r + share (b - r). With share 1, 1/2, 1/3, ... over batches they become the batches' mean: statistics that fit theta
 * where no training has measured them, as for averaged weights. */
DS_API ds_status ds_problem_measure(ds_problem *p, const ds_batch *batch, const void *theta, double share);
/* H v and Gauss-Newton G v (its loss Hessian is that of the loss without penalty; the penalty's own is added).
 * same_point: only v has changed since the last such call with this batch size. */
DS_API ds_status ds_problem_hvp(ds_problem *p, const ds_at *at, const void *v, void *out, bool same_point);
DS_API ds_status ds_problem_gnvp(ds_problem *p, const ds_at *at, const void *v, void *out, bool same_point);
/* Gradient of the loss without penalty on labels drawn from the outputs of the latest ds_problem_gradient, which must have
 * been at the same `at`; draws are pure functions of (seed, step, row id). The mean of the rows' gradients multiplied with
 * themselves is the Gauss-Newton matrix. */
DS_API ds_status ds_problem_sampled(ds_problem *p, const ds_at *at, void *gradient);
/* DS_ECONFIG with the key at fault: the loss is no negative log-likelihood whose labels can be drawn, or rows are weighted. */
DS_API ds_status ds_problem_can_sample(const ds_problem *p);
/* Outputs [n, width] of the network (logits; valid until the next call) and the loss without penalty (NULL: not
 * wanted). */
DS_API ds_status ds_problem_outputs(ds_problem *p, const ds_at *at, const void **outputs, double *loss);

/* One line per layer, for `check`. */
typedef struct ds_layer_summary {
    const char *name, *kind; /* "4", "conv"; inner layers follow their block: "4.0" */
    ds_shape output;         /* per row, as the user sees it: [C,H,W] or [F] */
    int64_t parameters;
    double flops; /* forward, per row: two for a multiply-add */
} ds_layer_summary;
DS_API int ds_problem_layers(const ds_problem *p);
DS_API const ds_layer_summary *ds_problem_layer(const ds_problem *p, int i);
/* Work memory of all plans made so far. */
DS_API size_t ds_problem_bytes(const ds_problem *p);

/* A metric over any number of batches: registry "metric" ("accuracy", "error", "top-k(k=5)", "mse", "confusion"). */
typedef struct ds_metric ds_metric;
DS_API ds_status ds_metric_create(ds_metric **out, const ds_problem *p, const char *text);
DS_API void ds_metric_free(ds_metric *m);
DS_API const char *ds_metric_name(const ds_metric *m);
DS_API void ds_metric_reset(ds_metric *m);
/* Count n rows of outputs (problem's dtype) with their labels or targets. */
DS_API void ds_metric_add(ds_metric *m, const void *outputs, const void *y, int64_t n);
DS_API double ds_metric_value(const ds_metric *m); /* NaN before the first row */
/* Counts behind the value: confusion gives [classes, classes], row = true class; NULL for others. */
DS_API const int64_t *ds_metric_table(const ds_metric *m, int *classes);

#ifdef __cplusplus
}
#endif
#endif
