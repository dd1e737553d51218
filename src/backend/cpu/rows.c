/* rows.c - softmax and its kin over rows of scores, shifted by the row's maximum.
 *
 *   m = max x;  e_c = exp(x_c - m);  s = sum of e in 16 lanes (docs/arithmetic.md)
 *   softmax = e_c / s;  logsumexp = m + ln s
 *
 * A row with a NaN, or whose maximum is infinite, gives NaN. Rows are taken in blocks, so that short ones share the
 * vectors of exp and ln. */
#include <string.h>

#include "backend/cpu/cpu.h"

enum { CHUNK = 512, BLOCK = 64, SLACK = 32 }; /* elements of a piece, rows of a block, slack behind both in doubles */

typedef struct job {
    const ds_call *call;
    ds_dtype t;
    size_t es;
    int64_t rows, cols, step, block; /* rows of a task; rows of a block */
    void (*some)(const struct job *j, int64_t r0, int64_t rows);
} job;

static double get(ds_dtype t, const void *x, int64_t i)
{
    return t == DS_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}
static void put(ds_dtype t, void *y, int64_t i, double v)
{
    if (t == DS_F32)
        ((float *)y)[i] = (float)v;
    else
        ((double *)y)[i] = v;
}

/* Maximum of a long row; NaN wins. */
static double row_max(ds_dtype t, const void *x, int64_t n)
{
    double m = -__builtin_inf();
    for (int64_t c = 0; c < n; c++) {
        double v = get(t, x, c);
        if (v > m || v != v) m = v;
        if (m != m) break;
    }
    return m;
}

/* e = exp(x - m) into y (may be x's size), its sum returned. Differences are rounded in the element type. */
static double shifted_exp(const job *j, const void *x, void *y, double m)
{
    ds_dtype t = j->call->out.dtype;
    if (t == DS_F32)
        for (int64_t c = 0; c < j->cols; c++) ((float *)y)[c] = ((const float *)x)[c] - (float)m;
    else
        for (int64_t c = 0; c < j->cols; c++) ((double *)y)[c] = ((const double *)x)[c] - m;
    j->call->vec->exp(t, j->cols, y, y);
    return j->call->vec->sum_row(t, j->cols, y);
}

static const char *row_of(const job *j, int64_t r)
{
    return (const char *)j->call->in[0].data + (size_t)(r * j->cols) * j->es;
}

static void softmax_rows(const job *j, int64_t r0, int64_t rows)
{
    const ds_vec *vec = j->call->vec;
    double m[BLOCK], s[BLOCK]; /* room for either type */
    void *y = (char *)j->call->out.data + (size_t)(r0 * j->cols) * j->es;
    vec->rows_shift(j->t, rows, j->cols, row_of(j, r0), m, y);
    vec->exp(j->t, rows * j->cols, y, y);
    vec->rows_sum(j->t, rows, j->cols, y, s);
    vec->rows_divide(j->t, rows, j->cols, y, s);
}

/* The same sum without a place for e: rows in pieces, lanes going on, so that any length needs no memory. */
static double exp_sum(const job *j, const void *x, double m)
{
    ds_dtype t = j->call->out.dtype;
    double piece[CHUNK + 32]; /* room for either type and whole vectors */
    if (j->cols <= CHUNK) return shifted_exp(j, x, piece, m);
    double level[48];
    int depth = 0;
    for (int64_t leaf = 0; leaf * DS_ROW_LEAF < j->cols; leaf++) {
        int64_t n = j->cols - leaf * DS_ROW_LEAF < DS_ROW_LEAF ? j->cols - leaf * DS_ROW_LEAF : DS_ROW_LEAF;
        double lane[DS_LANES] = { 0 };
        for (int64_t from = 0; from < n; from += CHUNK) {
            job part = *j;
            const char *at = (const char *)x + (size_t)(leaf * DS_ROW_LEAF + from) * ds_dtype_bytes(t);
            part.cols = n - from < CHUNK ? n - from : CHUNK;
            shifted_exp(&part, at, piece, m);
            for (int64_t c = 0; c < part.cols; c++) {
                double sum = lane[c % DS_LANES] + get(t, piece, c);
                lane[c % DS_LANES] = t == DS_F32 ? (double)(float)sum : sum;
            }
        }
        for (int width = DS_LANES / 2; width > 0; width /= 2)
            for (int l = 0; l < width; l++)
                lane[l] = t == DS_F32 ? (double)((float)lane[l] + (float)lane[l + width]) : lane[l] + lane[l + width];
        level[depth++] = lane[0];
        for (int64_t k = leaf + 1; !(k & 1); k >>= 1, depth--)
            level[depth - 2] = t == DS_F32 ? (double)((float)level[depth - 2] + (float)level[depth - 1])
                                           : level[depth - 2] + level[depth - 1];
    }
    for (; depth > 1; depth--)
        level[depth - 2] = t == DS_F32 ? (double)((float)level[depth - 2] + (float)level[depth - 1])
                                       : level[depth - 2] + level[depth - 1];
    return level[0];
}

/* m + ln s of a block of rows into lse, in the element type. */
static void block_lse(const job *j, int64_t r0, int64_t rows, void *lse)
{
    const ds_vec *vec = j->call->vec;
    double m[BLOCK], s[BLOCK + SLACK] = { 0 }, e[CHUNK + SLACK];
    if (j->cols <= CHUNK) {
        vec->rows_shift(j->t, rows, j->cols, row_of(j, r0), m, e);
        vec->exp(j->t, rows * j->cols, e, e);
        vec->rows_sum(j->t, rows, j->cols, e, s);
    } else { /* one row */
        double top = row_max(j->t, row_of(j, r0), j->cols);
        put(j->t, m, 0, top);
        put(j->t, s, 0, exp_sum(j, row_of(j, r0), top));
    }
    vec->log(j->t, rows, lse, s);
    vec->add(j->t, rows, lse, m);
}

static void logsumexp_rows(const job *j, int64_t r0, int64_t rows)
{
    block_lse(j, r0, rows, (char *)j->call->out.data + (size_t)r0 * j->es);
}

/* lse - x_label; with smoothing s: (1-s) (lse - x_label) + s (lse - mean x). A label outside the classes gives NaN. */
static void cross_entropy_rows(const job *j, int64_t r0, int64_t rows)
{
    double all[BLOCK], s = j->call->attr->f[0];
    block_lse(j, r0, rows, all);
    for (int64_t r = 0; r < rows; r++) {
        const void *x = row_of(j, r0 + r);
        int32_t label = ((const int32_t *)j->call->in[1].data)[r0 + r];
        double lse = get(j->t, all, r), y = __builtin_nan("");
        if (label >= 0 && label < j->cols) {
            double mean = s > 0 ? j->call->vec->sum_row(j->t, j->cols, x) / (double)j->cols : 0;
            y = j->t == DS_F32 ? (double)((float)lse - (float)get(j->t, x, label)) : lse - get(j->t, x, label);
            if (s > 0) y = (1 - s) * y + s * (lse - mean);
        }
        put(j->t, j->call->out.data, r0 + r, y);
    }
}

static void task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    (void)worker;
    int64_t last = (index + 1) * j->step < j->rows ? (index + 1) * j->step : j->rows;
    for (int64_t r = index * j->step; r < last; r += j->block) j->some(j, r, last - r < j->block ? last - r : j->block);
}

static void run(const ds_call *call, void (*some)(const job *j, int64_t r0, int64_t rows))
{
    ds_shape s = call->in[0].shape;
    job j = { .call = call,
              .t = call->out.dtype,
              .es = ds_dtype_bytes(call->out.dtype),
              .rows = 1,
              .cols = s.dim[s.rank - 1],
              .some = some };
    for (int a = 0; a < s.rank - 1; a++) j.rows *= s.dim[a];
    j.block = j.cols * BLOCK <= CHUNK ? BLOCK : j.cols <= CHUNK ? CHUNK / (j.cols > 0 ? j.cols : 1) : 1;
    int64_t threads = ds_pool_threads(call->pool);
    j.step = j.rows * j.cols < DS_SMALL_WORK / 8 || threads == 1 ? j.rows : ds_ceil_div(j.rows, 4 * threads);
    if (j.rows > 0) ds_pool_run(call->pool, ds_ceil_div(j.rows, j.step), task, &j);
}

void ds_cpu_softmax(const ds_call *call) { run(call, softmax_rows); }
void ds_cpu_logsumexp(const ds_call *call) { run(call, logsumexp_rows); }
void ds_cpu_cross_entropy(const ds_call *call) { run(call, cross_entropy_rows); }
