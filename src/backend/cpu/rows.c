/* rows.c - softmax and its kin over rows of scores, shifted by the row's maximum.
 *   m = max x;  e_c = exp(x_c - m);  s = sum of e in 16 lanes (docs/arithmetic.md);  softmax = e_c / s;  logsumexp = m
 * + ln s A row with a NaN, or whose maximum is +inf, gives NaN. */
#include <string.h>

#include "backend/cpu/cpu.h"
#include "kernel/ew_code.h"

enum { CHUNK = 512 };

typedef struct job {
    const ds_call *call;
    int64_t rows, cols, step;
    void (*row)(const struct job *j, int64_t r);
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

/* One instruction on one element, by the table's own elementwise kernel: ln of the row's sum. */
static double ln_of(const ds_call *call, double s)
{
    double in[32] = { 0 }, out[32], tile[4 * (DS_TILE + DS_LANES)];
    ds_ew_program p = {
        .dtype = call->out.dtype, .rank = 1, .dim = { 1 }, .nload = 1, .nstore = 1, .ninstr = 1, .nreg = 1
    };
    p.load[0] = (ds_ew_operand){ in, { 1 }, p.dtype };
    p.store[0] = (ds_ew_operand){ out, { 1 }, p.dtype };
    p.instr[0] = (ds_ew_instr){ DS_EW_log, 0, { -1, INT16_MIN, INT16_MIN }, { 0 } };
    put(p.dtype, in, 0, s);
    call->vec->ew(&p, 0, 1, 0, 1, tile, NULL);
    return get(p.dtype, out, 0);
}

/* Maximum of a row; NaN wins. */
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

static const void *row_of(const job *j, int64_t r)
{
    return (const char *)j->call->in[0].data + (size_t)(r * j->cols) * ds_dtype_bytes(j->call->in[0].dtype);
}

static void softmax_row(const job *j, int64_t r)
{
    ds_dtype t = j->call->out.dtype;
    const void *x = row_of(j, r);
    void *y = (char *)j->call->out.data + (size_t)(r * j->cols) * ds_dtype_bytes(t);
    double s = shifted_exp(j, x, y, row_max(t, x, j->cols));
    if (t == DS_F32)
        for (int64_t c = 0; c < j->cols; c++) ((float *)y)[c] /= (float)s;
    else
        for (int64_t c = 0; c < j->cols; c++) ((double *)y)[c] /= s;
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

/* m + ln s, and m itself, in the element type. */
static double row_lse(const job *j, const void *x)
{
    ds_dtype t = j->call->out.dtype;
    double m = row_max(t, x, j->cols), l = ln_of(j->call, exp_sum(j, x, m));
    return t == DS_F32 ? (double)((float)m + (float)l) : m + l;
}

static void logsumexp_row(const job *j, int64_t r)
{
    put(j->call->out.dtype, j->call->out.data, r, row_lse(j, row_of(j, r)));
}

/* lse - x_label; with smoothing s: (1-s) (lse - x_label) + s (lse - mean x). A label outside the classes gives NaN. */
static void cross_entropy_row(const job *j, int64_t r)
{
    ds_dtype t = j->call->out.dtype;
    const void *x = row_of(j, r);
    int32_t label = ((const int32_t *)j->call->in[1].data)[r];
    double s = j->call->attr->f[0], lse = row_lse(j, x), y = __builtin_nan("");
    if (label >= 0 && label < j->cols) {
        double mean = s > 0 ? j->call->vec->sum_row(t, j->cols, x) / (double)j->cols : 0;
        y = t == DS_F32 ? (double)((float)lse - (float)get(t, x, label)) : lse - get(t, x, label);
        if (s > 0) y = (1 - s) * y + s * (lse - mean);
    }
    put(t, j->call->out.data, r, y);
}

static void task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    (void)worker;
    int64_t last = (index + 1) * j->step < j->rows ? (index + 1) * j->step : j->rows;
    for (int64_t r = index * j->step; r < last; r++) j->row(j, r);
}

static void run(const ds_call *call, void (*row)(const job *j, int64_t r))
{
    ds_shape s = call->in[0].shape;
    job j = { .call = call, .rows = 1, .cols = s.dim[s.rank - 1], .row = row };
    for (int a = 0; a < s.rank - 1; a++) j.rows *= s.dim[a];
    int64_t threads = ds_pool_threads(call->pool);
    j.step = j.rows * j.cols < DS_SMALL_WORK / 8 || threads == 1 ? j.rows : ds_ceil_div(j.rows, 4 * threads);
    if (j.rows > 0) ds_pool_run(call->pool, ds_ceil_div(j.rows, j.step), task, &j);
}

void ds_cpu_softmax(const ds_call *call) { run(call, softmax_row); }
void ds_cpu_logsumexp(const ds_call *call) { run(call, logsumexp_row); }
void ds_cpu_cross_entropy(const ds_call *call) { run(call, cross_entropy_row); }
