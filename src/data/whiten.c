/* whiten.c - rows turned into uncorrelated ones of equal variance, by the covariance of the training rows.
 *   C = 1/n sum (x - m)(x - m)' = V' diag(l) V,   s_k = 1 / sqrt(l_k + eps mean(l))
 *   pca  y_k = s_k v_k'(x - m), the K largest l_k first       zca  y = V' diag(s) V (x - m), as near to x as can be
 * x is what scale and standardize make of a row. Sums run in f64 in row order, eigenvectors are our own (kernel/eigen.h):
 * the same bits always.   Goodfellow sec. 8.7.1 (whitening of inputs), 2.12; Bell, Sejnowski 1997; Krizhevsky 2009 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "data/dataset.h"
#include "kernel/eigen.h"

enum { MAX_ELEMENTS = 4096, BLOCK = 64 };

typedef struct covariance {
    int64_t E, rows; /* of the block at hand */
    const double *mean;
    double *C;     /* [E, E], the lower half */
    double *block; /* [BLOCK, E] of rows, their mean taken off */
} covariance;

/* Row i of C, over the rows of the block in order, four in a go. */
static void covariance_task(void *arg, int64_t i, int worker)
{
    (void)worker;
    const covariance *v = arg;
    int64_t E = v->E, r = 0;
    double *c = v->C + i * E;
    for (; r + 4 <= v->rows; r += 4) {
        const double *x0 = v->block + r * E, *x1 = x0 + E, *x2 = x1 + E, *x3 = x2 + E;
        double a0 = x0[i], a1 = x1[i], a2 = x2[i], a3 = x3[i];
        for (int64_t j = 0; j <= i; j++) c[j] = c[j] + a0 * x0[j] + a1 * x1[j] + a2 * x2[j] + a3 * x3[j];
    }
    for (; r < v->rows; r++)
        for (int64_t j = 0; j <= i; j++) c[j] += v->block[r * E + i] * v->block[r * E + j];
}

/* Two passes over the training rows: mean, then products around it. */
static void measure(ds_dataset *d, covariance *v, double *mean, void *scratch)
{
    const ds_view *view = &d->view[DS_TRAIN];
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t r = 0; r < view->rows; r += BLOCK) {
            v->rows = view->rows - r < BLOCK ? view->rows - r : BLOCK;
            for (int64_t k = 0; k < v->rows; k++) {
                double *x = v->block + k * v->E;
                ds_view_plain_row(view, r + k, DS_F64, scratch, x);
                for (int64_t i = 0; i < v->E; i++)
                    if (pass)
                        x[i] -= mean[i];
                    else
                        mean[i] += x[i];
            }
            if (pass) ds_pool_run(ds_ctx_pool(d->ctx), v->E, covariance_task, v);
        }
        for (int64_t i = 0; i < v->E && !pass; i++) mean[i] /= (double)view->rows;
    }
    for (int64_t i = 0; i < v->E; i++)
        for (int64_t j = 0; j <= i; j++)
            v->C[i * v->E + j] = v->C[j * v->E + i] = v->C[i * v->E + j] / (double)view->rows;
}

/* The matrix [E, out] from the eigenvectors (rows of V) and values. */
static void make_matrix(ds_whiten *w, const double *V, const double *value, double eps, bool zca)
{
    int64_t E = w->in;
    double total = 0;
    for (int64_t k = 0; k < E; k++) total += value[k] > 0 ? value[k] : 0;
    for (int64_t k = 0; k < (zca ? E : w->out); k++) {
        double spread = (value[k] > 0 ? value[k] : 0) + eps * total / (double)E, s = spread > 0 ? 1 / sqrt(spread) : 0;
        const double *v = V + k * E;
        for (int64_t i = 0; i < E; i++)
            if (zca)
                for (int64_t j = 0; j < E; j++) w->matrix64[i * E + j] += s * v[i] * v[j];
            else
                w->matrix64[i * w->out + k] = s * v[i];
    }
    for (int64_t i = 0; i < E * w->out; i++) w->matrix32[i] = (float)w->matrix64[i];
    for (int64_t i = 0; i < E; i++) w->mean32[i] = (float)w->mean64[i];
}

static ds_status fill(ds_dataset *d, const ds_data_settings *set, covariance *v, double *work, void *scratch)
{
    ds_whiten *w = &d->whiten;
    measure(d, v, w->mean64, scratch);
    if (!ds_symmetric_eigen(v->E, v->C, work, work + v->E))
        return ds_fail(d->ctx, DS_EFORMAT,
                       "data: the covariance of the training rows is not finite; set data.standardize");
    make_matrix(w, v->C, work, set->whiten_eps, set->whiten == DS_WHITEN_ZCA);
    return DS_OK;
}

static ds_status check(ds_dataset *d, const ds_data_settings *set)
{
    int64_t E = d->elements;
    if (E > MAX_ELEMENTS)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.whiten",
                          "data: whiten takes rows of up to %d elements, these have %lld", MAX_ELEMENTS, (long long)E);
    if (d->source[DS_TRAIN].endless)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.whiten",
                          "data: whiten needs rows that can be gone through; a stream has no end");
    if (set->components > E)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.components",
                          "data: components is %lld; wanted at most %lld, a row's elements", (long long)set->components,
                          (long long)E);
    return DS_OK;
}

ds_status ds_whiten_create(ds_dataset *d, const ds_data_settings *set)
{
    const ds_source *s = &d->source[DS_TRAIN];
    ds_whiten *w = &d->whiten;
    d->elements = s->elements;
    d->layout = s->layout;
    if (set->whiten == DS_WHITEN_NONE) return DS_OK;
    DS_TRY(check(d, set));
    int64_t E = s->elements, K = set->components && set->whiten == DS_WHITEN_PCA ? set->components : E;
    size_t cells = (size_t)E * (size_t)K, bytes = (cells + (size_t)E) * (sizeof(double) + sizeof(float));
    covariance v = { .E = E };
    double *work = malloc((size_t)(E * E + 4 * E) * sizeof *work);
    void *scratch = malloc(ds_view_scratch_bytes(&d->view[DS_TRAIN]));
    v.C = calloc((size_t)(E * E), sizeof *v.C);
    v.block = malloc((size_t)(BLOCK * E) * sizeof *v.block);
    w->mean64 = calloc(1, bytes);
    ds_status status = DS_OK;
    if (work && scratch && v.C && v.block && w->mean64) {
        w->in = E, w->out = K;
        w->matrix64 = w->mean64 + E;
        w->matrix32 = (float *)(w->matrix64 + cells);
        w->mean32 = w->matrix32 + cells;
        v.mean = w->mean64;
        status = fill(d, set, &v, work, scratch);
        w->ready = status == DS_OK;
        d->elements = K;
        if (set->whiten == DS_WHITEN_PCA) d->layout = DS_SHAPE(K);
    } else {
        status = ds_fail_memory(d->ctx, bytes + (size_t)(2 * E * E) * sizeof(double), "whitening");
    }
    free(work);
    free(scratch);
    free(v.C);
    free(v.block);
    return status;
}

void ds_whiten_free(ds_whiten *w) { free(w->mean64); }

/* y_r = sum over i, in order, of (x_ri - m_i) W_i: the rows share each line of W on its way through the cache. */
#define WHITEN(real, matrix, mean)                                                                                     \
    for (int r = 0; r < n; r++) memset((real *)out + r * w->out, 0, (size_t)w->out * sizeof(real));                    \
    for (int64_t i = 0; i < w->in; i++)                                                                                \
        for (int r = 0; r < n; r++) {                                                                                  \
            const real a = ((const real *)in)[r * w->in + i] - (mean)[i], *restrict line = (matrix) + i * w->out;      \
            real *restrict y = (real *)out + r * w->out;                                                               \
            for (int64_t k = 0; k < w->out; k++) y[k] += a * line[k];                                                  \
        }

void ds_whiten_rows(const ds_whiten *w, ds_dtype t, int n, const void *in, void *out)
{
    if (t == DS_F64) {
        WHITEN(double, w->matrix64, w->mean64)
    } else {
        WHITEN(float, w->matrix32, w->mean32)
    }
}
