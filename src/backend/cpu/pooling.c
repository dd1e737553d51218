/* pooling.c - pooling over [N,H,W,C], channels last: loops run over channels innermost. attr.i = size, stride, pad,
 * each h, w. index: place h * W + w of each window's first maximum, a NaN wins; take and put move elements by it;
 * averages count real elements. */
#include <string.h>

#include "backend/cpu/cpu.h"

typedef struct job {
    const ds_call *call;
    int64_t n, h, w, c, oh, ow, kh, kw, sh, sw, ph, pw;
    void (*image)(const struct job *j, int64_t n);
} job;

static void task(void *arg, int64_t image, int worker)
{
    const job *j = arg;
    (void)worker;
    j->image(j, image);
}

static void run(const ds_call *call, ds_shape x, ds_shape y, void (*image)(const job *j, int64_t n))
{
    const int64_t *a = call->attr->i;
    job j = { call, x.dim[0], x.dim[1], x.dim[2], x.dim[3], y.dim[1], y.dim[2],
              a[0], a[1],     a[2],     a[3],     a[4],     a[5],     image };
    ds_pool_run(call->pool, j.n, task, &j);
}

/* Real part of the window of output (oh, ow). */
typedef struct window {
    int64_t h0, h1, w0, w1;
} window;
static window window_of(const job *j, int64_t oh, int64_t ow)
{
    window v = { oh * j->sh - j->ph, 0, ow * j->sw - j->pw, 0 };
    v.h1 = v.h0 + j->kh < j->h ? v.h0 + j->kh : j->h;
    v.w1 = v.w0 + j->kw < j->w ? v.w0 + j->kw : j->w;
    if (v.h0 < 0) v.h0 = 0;
    if (v.w0 < 0) v.w0 = 0;
    return v;
}

static ds_window kernel_window(const job *j, int64_t oh, int64_t ow)
{
    window v = window_of(j, oh, ow);
    return (ds_window){ j->c, v.h1 - v.h0, v.w1 - v.w0, j->w, v.h0 * j->w + v.w0 };
}

static void index_image(const job *j, int64_t n)
{
    ds_dtype t = j->call->in[0].dtype;
    const char *x = (const char *)j->call->in[0].data + (size_t)(n * j->h * j->w * j->c) * ds_dtype_bytes(t);
    int32_t *y = (int32_t *)j->call->out.data + n * j->oh * j->ow * j->c;
    for (int64_t oh = 0; oh < j->oh; oh++)
        for (int64_t ow = 0; ow < j->ow; ow++, y += j->c) {
            ds_window w = kernel_window(j, oh, ow);
            j->call->vec->pool_index(t, &w, x + (size_t)(w.first * j->c) * ds_dtype_bytes(t), y);
        }
}

static void take_image(const job *j, int64_t n)
{
    ds_dtype t = j->call->out.dtype;
    int64_t from = n * j->h * j->w * j->c, to = n * j->oh * j->ow * j->c;
    size_t es = ds_dtype_bytes(t);
    j->call->vec->pool_take(t, j->oh * j->ow, j->c, (const char *)j->call->in[0].data + (size_t)from * es,
                            (const int32_t *)j->call->in[1].data + to, (char *)j->call->out.data + (size_t)to * es);
}

/* Windows that do not meet are written whole, so that only what lies between them has to be cleared. */
static void put_apart(const job *j, int64_t n)
{
    ds_dtype t = j->call->out.dtype;
    size_t es = ds_dtype_bytes(t), pixel = (size_t)j->c * es;
    const char *dy = (const char *)j->call->in[0].data + (size_t)(n * j->oh * j->ow) * pixel;
    const int32_t *at = (const int32_t *)j->call->in[1].data + n * j->oh * j->ow * j->c;
    char *dx = (char *)j->call->out.data + (size_t)(n * j->h * j->w) * pixel;
    bool covered = j->sh == j->kh && j->sw == j->kw && j->oh * j->sh >= j->h + j->ph && j->ow * j->sw >= j->w + j->pw;
    if (!covered) memset(dx, 0, (size_t)(j->h * j->w) * pixel);
    for (int64_t oh = 0; oh < j->oh; oh++)
        for (int64_t ow = 0; ow < j->ow; ow++, dy += pixel, at += j->c) {
            ds_window w = kernel_window(j, oh, ow);
            j->call->vec->pool_put(t, &w, dy, at, dx + (size_t)w.first * pixel);
        }
}

#define MOVES(T)                                                                                                       \
    static void put_##T(const job *j, int64_t n)                                                                       \
    {                                                                                                                  \
        const T *dy = (const T *)j->call->in[0].data + n * j->oh * j->ow * j->c;                                       \
        const int32_t *at = (const int32_t *)j->call->in[1].data + n * j->oh * j->ow * j->c;                           \
        T *dx = (T *)j->call->out.data + n * j->h * j->w * j->c;                                                       \
        memset(dx, 0, (size_t)(j->h * j->w * j->c) * sizeof(T));                                                       \
        for (int64_t p = 0; p < j->oh * j->ow; p++)                                                                    \
            for (int64_t c = 0; c < j->c; c++) dx[(int64_t)at[p * j->c + c] * j->c + c] += dy[p * j->c + c];           \
    }                                                                                                                  \
    static void average_##T(const job *j, int64_t n)                                                                   \
    {                                                                                                                  \
        const T *x = (const T *)j->call->in[0].data + n * j->h * j->w * j->c;                                          \
        T *y = (T *)j->call->out.data + n * j->oh * j->ow * j->c;                                                      \
        for (int64_t oh = 0; oh < j->oh; oh++)                                                                         \
            for (int64_t ow = 0; ow < j->ow; ow++, y += j->c) {                                                        \
                window v = window_of(j, oh, ow);                                                                       \
                T share = (T)1 / (T)((v.h1 - v.h0) * (v.w1 - v.w0));                                                   \
                memset(y, 0, (size_t)j->c * sizeof(T));                                                                \
                for (int64_t h = v.h0; h < v.h1; h++)                                                                  \
                    for (int64_t w = v.w0; w < v.w1; w++)                                                              \
                        for (int64_t c = 0; c < j->c; c++) y[c] += x[(h * j->w + w) * j->c + c];                       \
                for (int64_t c = 0; c < j->c; c++) y[c] *= share;                                                      \
            }                                                                                                          \
    }                                                                                                                  \
    static void spread_##T(const job *j, int64_t n)                                                                    \
    {                                                                                                                  \
        const T *dy = (const T *)j->call->in[0].data + n * j->oh * j->ow * j->c;                                       \
        T *dx = (T *)j->call->out.data + n * j->h * j->w * j->c;                                                       \
        memset(dx, 0, (size_t)(j->h * j->w * j->c) * sizeof(T));                                                       \
        for (int64_t oh = 0; oh < j->oh; oh++)                                                                         \
            for (int64_t ow = 0; ow < j->ow; ow++, dy += j->c) {                                                       \
                window v = window_of(j, oh, ow);                                                                       \
                T share = (T)1 / (T)((v.h1 - v.h0) * (v.w1 - v.w0));                                                   \
                for (int64_t h = v.h0; h < v.h1; h++)                                                                  \
                    for (int64_t w = v.w0; w < v.w1; w++)                                                              \
                        for (int64_t c = 0; c < j->c; c++) dx[(h * j->w + w) * j->c + c] += dy[c] * share;             \
            }                                                                                                          \
    }
MOVES(float)
MOVES(double)

void ds_cpu_max_pool_index(const ds_call *call) { run(call, call->in[0].shape, call->out.shape, index_image); }
void ds_cpu_pool_take(const ds_call *call) { run(call, call->in[0].shape, call->out.shape, take_image); }
void ds_cpu_pool_put(const ds_call *call)
{
    const int64_t *a = call->attr->i;
    bool apart = a[2] >= a[0] && a[3] >= a[1];
    run(call, call->out.shape, call->in[0].shape,
        apart                       ? put_apart
        : call->out.dtype == DS_F32 ? put_float
                                    : put_double);
}
void ds_cpu_avg_pool(const ds_call *call)
{
    run(call, call->in[0].shape, call->out.shape, call->out.dtype == DS_F32 ? average_float : average_double);
}
void ds_cpu_avg_pool_adjoint(const ds_call *call)
{
    run(call, call->out.shape, call->in[0].shape, call->out.dtype == DS_F32 ? spread_float : spread_double);
}
