/* lab.h - what the experiments share: rows in memory, problems on them, plain vectors, a little statistics. */
#ifndef DS_LAB_H
#define DS_LAB_H

#include "descent/data.h"
#include "descent/graph.h"
#include "descent/optim.h"
#include "descent/problem.h"
#include "descent/random.h"
#include "experiment.h"

#define LAB_TRY(call)                                                                                                  \
    do {                                                                                                               \
        ds_status lab_status = (call);                                                                                 \
        if (lab_status != DS_OK) return lab_status;                                                                    \
    } while (0)

/* Rows of one data set, as a problem takes them. */
typedef struct lab_rows {
    int64_t n, width; /* width: elements of x in a row */
    ds_shape sample;
    int classes;
    int64_t targets; /* real targets a row, 0 with classes */
    ds_dtype dtype;
    void *x, *y;
    int32_t *ids;
} lab_rows;

/* n rows (from row `from` of a split) of "mnist" or "cifar10" when the trial has a data folder, else of generated
 * images of that shape: drawn digits, or smooth class patterns with noise in three channels. Sets t->data. Pixels are
 * in 0..1. */
ds_status lab_images(ds_trial *t, lab_rows *r, const char *set, ds_split split, int64_t from, int64_t n,
                     ds_dtype dtype);
/* Settings of the set behind lab_images; path is memory for its folder. */
enum { LAB_PATH = 512 };
ds_data_settings lab_images_settings(ds_trial *t, const char *set, char path[LAB_PATH]);
/* n rows of the endless stream of digits, which no call of lab_images returns; with a data folder, rows of MNIST's
 * training set. */
ds_status lab_stream(ds_trial *t, lab_rows *r, int64_t from, int64_t n, ds_dtype dtype);
/* Linear regression: x normal in `width` dims, y = x.w + noise * normal, w drawn from the seed alone. w may be NULL.
 * f64. */
ds_status lab_regression(ds_trial *t, lab_rows *r, int64_t width, int64_t n, double noise, uint32_t stream, double *w);
ds_status lab_rows_alloc(ds_trial *t, lab_rows *r); /* memory for n, width, classes or targets, dtype as set */
void lab_rows_free(lab_rows *r);
/* Rows from..from+n as they lie. */
ds_batch lab_slice(const lab_rows *r, int64_t from, int64_t n);
/* Copy row `from` of src to row `to` of dst. */
void lab_copy_row(lab_rows *dst, int64_t to, const lab_rows *src, int64_t from);

/* A problem on rows like these; layers in the notation of ds_model_add, closed by NULL. */
ds_status lab_problem(ds_trial *t, ds_problem **p, const lab_rows *like, const char *loss, double l2,
                      const char *const *layers);
/* Gradient (and value) on all n rows of a batch, at most `chunk` rows at a time, averaged. g of the problem's dtype. */
ds_status lab_gradient(ds_trial *t, ds_problem *p, const lab_rows *r, const void *theta, void *g, double *value);
/* Share of rows that the network gets wrong, in evaluation mode. */
ds_status lab_error(ds_trial *t, ds_problem *p, const lab_rows *r, const void *theta, double *error);
/* Plain minibatch descent: `steps` steps on rows drawn with replacement (batch < n) or on all rows. rate 0 decays as
 * rate/sqrt(1+k/decay). */
ds_status lab_descend(ds_trial *t, ds_problem *p, const lab_rows *r, void *theta, int64_t batch, int64_t steps,
                      double rate, double decay, uint32_t stream);

/* Training with a rule: weights, gradient and the rule's state, from the initial weights of a seed. */
typedef struct lab_trainer {
    ds_problem *p;
    ds_optim *o;
    void *theta, *g;
    lab_rows drawn; /* one batch */
    uint64_t seed;
    int64_t steps; /* taken */
    double rate;   /* of the next steps; at first the rule's own */
} lab_trainer;
ds_status lab_trainer_open(ds_trial *t, lab_trainer *w, ds_problem *p, const lab_rows *like, const char *rule,
                           int64_t batch, uint64_t seed);
void lab_trainer_close(lab_trainer *w);
/* Steps on rows order[0..n) of r, a batch each; a short last batch is left out. order NULL: as they lie. */
ds_status lab_trainer_pass(lab_trainer *w, const lab_rows *r, const int64_t *order, int64_t n);
/* Value (with penalty) and share of wrong rows at the trainer's weights. error NULL: not wanted. */
ds_status lab_trainer_score(ds_trial *t, lab_trainer *w, const lab_rows *r, double *value, double *error);
/* A permutation of 0..n), a function of (seed, stream, pass). */
void lab_shuffle(int64_t *order, int64_t n, uint64_t seed, uint32_t stream, uint32_t pass);

/* Files of a run: a new folder for temporary files, and its end with all that it holds. */
ds_status lab_folder_make(ds_trial *t, char path[LAB_PATH]);
void lab_folder_remove(const char *path);
/* Rows as two NumPy arrays, path-x.npy [n, width] and path-y.npy. */
ds_status lab_rows_write(ds_trial *t, const lab_rows *r, const char *path);

/* Flat vectors of a problem. */
void *lab_vector(const ds_problem *p); /* zeros; ds_buffer_free */
double lab_get(const ds_problem *p, const void *v, int64_t i);
void lab_set(const ds_problem *p, void *v, int64_t i, double x);
void lab_axpy(const ds_problem *p, double a, const void *x, void *y); /* y += a x */
double lab_dot(const ds_problem *p, const void *x, const void *y);
double lab_distance(const ds_problem *p, const void *x, const void *y);

double lab_mean(const double *x, int n);
double lab_error_of_mean(const double *x, int n);           /* sample deviation over root n */
double lab_median(double *x, int n);                        /* sorts x */
double lab_paired(const double *x, const double *y, int n); /* mean of x - y in standard errors of that mean */
double lab_slope(const double *x, const double *y, int n);  /* least squares */
double lab_seconds(void);

#endif
