/* affine.c - scale and standardization, joined to y = mul x + add per element.
 *   scale        bytes: x' = lo + x (hi - lo) / 255;  other numbers: x' = lo + (x - min) (hi - lo) / (max - min)
 *   standardize  y = (x' - mean) / deviation, deviation^2 = mean of (x' - mean)^2; a constant column is only centred
 * min, max, mean and deviation are those of the training rows, per group: a channel of images, a column of tables.
 * Elements are channels last, so element i belongs to group i mod groups. Sums of bytes are exact integers; other sums
 * run in f64 in row order, around the mean of a first pass: the same bits always. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "data/dataset.h"

enum { BLOCK = 256 }; /* rows a task: fixed, though sums of bytes would not notice */

typedef struct statistics {
    const ds_view *view;
    int64_t rows, groups;
    double *mean, *square, *lo, *hi; /* [groups]; square: sum of squares around the mean */
    uint64_t *sums;                  /* bytes: [workers, groups, 2] sum and sum of squares */
    uint8_t *scratch;                /* [workers, row] */
    bool around;                     /* second pass */
} statistics;

static double cell_value(const void *row, ds_cell c, int64_t i)
{
    return c == DS_CELL_U8    ? ((const uint8_t *)row)[i]
           : c == DS_CELL_F32 ? (double)((const float *)row)[i]
                              : ((const double *)row)[i];
}

/* One block of rows of bytes into this worker's sums. */
static void sum_bytes(void *arg, int64_t task, int worker)
{
    const statistics *st = arg;
    const ds_source *s = st->view->source;
    uint64_t *sums = st->sums + worker * st->groups * 2;
    uint8_t *scratch = st->scratch + (size_t)worker * (size_t)s->elements;
    int64_t to = (task + 1) * BLOCK < st->rows ? (task + 1) * BLOCK : st->rows;
    for (int64_t r = task * BLOCK; r < to; r++) {
        const uint8_t *x = s->def->row(s, ds_view_source_row(st->view, r), scratch);
        for (int64_t g = 0; g < st->groups; g++) {
            uint64_t sum = 0, square = 0;
            for (int64_t i = g; i < s->elements; i += st->groups) sum += x[i], square += (uint32_t)x[i] * x[i];
            sums[2 * g] += sum;
            sums[2 * g + 1] += square;
        }
    }
}

static void bytes_statistics(statistics *st, ds_pool *pool)
{
    const ds_source *s = st->view->source;
    double count = (double)st->rows * (double)(s->elements / st->groups);
    ds_pool_run(pool, (st->rows + BLOCK - 1) / BLOCK, sum_bytes, st);
    for (int64_t g = 0; g < st->groups; g++) {
        uint64_t sum = 0, square = 0;
        for (int w = 0; w < ds_pool_threads(pool); w++)
            sum += st->sums[(w * st->groups + g) * 2], square += st->sums[(w * st->groups + g) * 2 + 1];
        st->mean[g] = (double)sum / count;
        /* n sum x^2 - (sum x)^2 in 128 bits: no cancellation. */
        __int128 n = (__int128)st->rows * (s->elements / st->groups);
        st->square[g] = (double)(n * square - (__int128)sum * sum) / count;
    }
}

/* One pass in row order: sums and ranges first, then squares around the mean. */
static void real_pass(statistics *st)
{
    const ds_source *s = st->view->source;
    double count = (double)st->rows * (double)(s->elements / st->groups);
    for (int64_t r = 0; r < st->rows; r++) {
        const void *x = s->def->row(s, ds_view_source_row(st->view, r), st->scratch);
        for (int64_t i = 0; i < s->elements; i++) {
            int64_t g = i % st->groups;
            double v = cell_value(x, s->cell, i);
            if (st->around) {
                st->square[g] += (v - st->mean[g]) * (v - st->mean[g]);
            } else {
                st->mean[g] += v;
                if (v < st->lo[g]) st->lo[g] = v;
                if (v > st->hi[g]) st->hi[g] = v;
            }
        }
    }
    if (!st->around)
        for (int64_t g = 0; g < st->groups; g++) st->mean[g] /= count;
    st->around = true;
}

/* mul and add of each group, from statistics (count numbers a group). */
static void coefficients(const statistics *st, const ds_data_settings *set, ds_cell cell, double count, double *mul,
                         double *add)
{
    for (int64_t g = 0; g < st->groups; g++) {
        double m = 1, a = 0;
        if (set->scale_given) {
            double lo = set->scale[0], from = cell == DS_CELL_U8 ? 0 : st->lo[g],
                   to = cell == DS_CELL_U8 ? 255 : st->hi[g];
            m = to > from ? (set->scale[1] - lo) / (to - from) : 0;
            a = lo - from * m;
        }
        if (set->standardize) {
            double deviation = sqrt(st->square[g] / count) * m, mean = st->mean[g] * m + a;
            double inverse = deviation > 0 ? 1 / deviation : 1;
            m *= inverse;
            a = (a - mean) * inverse;
        }
        mul[g] = m;
        add[g] = a;
    }
}

static ds_status statistics_fill(statistics *st, const ds_data_settings *set, ds_pool *pool)
{
    const ds_source *s = st->view->source;
    if (s->cell == DS_CELL_U8) {
        if (set->standardize) bytes_statistics(st, pool);
        return DS_OK;
    }
    if (!set->standardize && !set->scale_given) return DS_OK;
    for (int64_t g = 0; g < st->groups; g++) st->lo[g] = INFINITY, st->hi[g] = -INFINITY;
    real_pass(st);
    if (set->standardize) real_pass(st);
    return DS_OK;
}

static ds_status affine_fill(ds_dataset *d, const ds_data_settings *set, statistics *st, double *mul, double *add)
{
    const ds_source *s = st->view->source;
    ds_affine *a = &d->affine;
    DS_TRY(statistics_fill(st, set, ds_ctx_pool(d->ctx)));
    coefficients(st, set, s->cell, (double)st->rows * (double)(s->elements / st->groups), mul, add);
    for (int64_t i = 0; i < s->elements; i++) {
        a->mul64[i] = mul[i % st->groups];
        a->add64[i] = add[i % st->groups];
        a->mul32[i] = (float)a->mul64[i];
        a->add32[i] = (float)a->add64[i];
    }
    return DS_OK;
}

ds_status ds_affine_create(ds_dataset *d, const ds_data_settings *set)
{
    const ds_view *view = &d->view[DS_TRAIN];
    const ds_source *s = view->source;
    statistics st = { .view = view, .rows = view->rows, .groups = s->layout.dim[s->layout.rank - 1] };
    size_t E = (size_t)s->elements, G = (size_t)st.groups, W = (size_t)ds_ctx_threads(d->ctx);
    ds_affine *a = &d->affine;
    a->mul64 = calloc(E, 2 * sizeof(double) + 2 * sizeof(float));
    double *work = calloc(G * (6 + 2 * W), sizeof *work);
    st.scratch = malloc(W * E * ds_cell_bytes(s->cell) + 1);
    ds_status status = DS_OK;
    if (a->mul64 && work && st.scratch) {
        a->add64 = a->mul64 + E;
        a->mul32 = (float *)(a->add64 + E);
        a->add32 = a->mul32 + E;
        st.mean = work, st.square = work + G, st.lo = work + 2 * G, st.hi = work + 3 * G;
        st.sums = (uint64_t *)(work + 6 * G);
        status = affine_fill(d, set, &st, work + 4 * G, work + 5 * G);
    } else {
        status = ds_fail_memory(d->ctx, E * 24, "scale and standardization");
    }
    free(work);
    free(st.scratch);
    return status;
}

void ds_affine_free(ds_affine *a) { free(a->mul64); }
