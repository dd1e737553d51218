/* kernels.c - matrix products and convolutions of the networks, ours beside OpenBLAS and oneDNN, in f32, in one run.
 *
 *   kernels [THREADS [WORD]]      default 2; WORD keeps the lines whose name holds it
 *
 * Contenders alternate block by block, a block being calls for about 2 ms after one that is not counted; so a slow
 * spell falls on all. Before a block all rest until the workers of the one before have stopped spinning: OpenMP's do so for
 * some milliseconds after their last loop, OpenBLAS's for 2^26 cycles. A peer runs on 1 or THREADS threads, whichever it was faster with. Rates are those of the best
 * block, set against the peak of fused multiply-adds (peak.h) of the best of as many blocks; the ratio to the better
 * peer is the median over the blocks. Results of all must agree; exit 1 when they don't. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/seam.h"
#include "base/ctx.h"
#include "descent/graph.h"
#include "kernel/vec.h"
#include "peak.h"
#include "peers/products.h"

enum { ROUNDS = 11, PARTS = 8, PEAK_LOOPS = 20000, REST_MS = 40 };

typedef struct entry {
    const char *name;
    product p;
} entry;

#define MM(text, rows, inner, cols, a, b)                                                                              \
    {                                                                                                                  \
        text, { .kind = MATMUL, .m = rows, .k = inner, .n = cols, .ta = a, .tb = b }                                   \
    }
#define CV(text, extent, from, to, k, s)                                                                               \
    {                                                                                                                  \
        text, { .images = 128, .side = extent, .c = from, .o = to, .taps = k, .stride = s, .pad = (k) / 2 }            \
    }

/* rows x inner x columns */
static const entry matmuls[] = {
    MM("forward 128x784x512", 128, 784, 512, 0, 0),
    MM("forward 128x512x512", 128, 512, 512, 0, 0),
    MM("forward 128x512x10", 128, 512, 10, 0, 0),
    MM("forward 128x784x10", 128, 784, 10, 0, 0),
    MM("weights 784x128x512", 784, 128, 512, 1, 0),
    MM("weights 512x128x512", 512, 128, 512, 1, 0),
    MM("weights 512x128x10", 512, 128, 10, 1, 0),
    MM("input 128x512x512", 128, 512, 512, 0, 1),
    MM("input 128x10x512", 128, 10, 512, 0, 1),
    MM("forward 16x784x512", 16, 784, 512, 0, 0),
    MM("forward 16x512x512", 16, 512, 512, 0, 0),
    MM("forward 16x512x10", 16, 512, 10, 0, 0),
    MM("weights 784x16x512", 784, 16, 512, 1, 0),
    MM("input 16x512x512", 16, 512, 512, 0, 1),
    MM("forward 128x2048x256", 128, 2048, 256, 0, 0),
    MM("weights 2048x128x256", 2048, 128, 256, 1, 0),
    MM("input 128x256x2048", 128, 256, 2048, 0, 1),
    MM("forward 512x512x512", 512, 512, 512, 0, 0),
    MM("tiny 32x10x32", 32, 10, 32, 0, 0),
    MM("tiny 32x32x32", 32, 32, 32, 0, 0),
    MM("tiny weights 32x32x32", 32, 32, 32, 1, 0),
    MM("tiny input 32x32x32", 32, 32, 32, 0, 1),
    MM("tiny 1x32x32", 1, 32, 32, 0, 0),
    MM("tiny input 1x32x32", 1, 32, 32, 0, 1),
};
/* each as convolution, adjoint in the input, adjoint in the weights; batch 128 */
static const entry convolutions[] = {
    CV("32x32 3-16 3x3", 32, 3, 16, 3, 1),       CV("32x32 3-32 3x3", 32, 3, 32, 3, 1),
    CV("32x32 16-16 3x3", 32, 16, 16, 3, 1),     CV("32x32 16-32 3x3 / 2", 32, 16, 32, 3, 2),
    CV("16x16 32-32 3x3", 16, 32, 32, 3, 1),     CV("16x16 32-64 3x3", 16, 32, 64, 3, 1),
    CV("16x16 32-64 3x3 / 2", 16, 32, 64, 3, 2), CV("8x8 64-64 3x3", 8, 64, 64, 3, 1),
    CV("8x8 64-128 3x3", 8, 64, 128, 3, 1),      CV("32x32 16-32 1x1 / 2", 32, 16, 32, 1, 2),
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *x, const void *y)
{
    return (*(const double *)x > *(const double *)y) - (*(const double *)x < *(const double *)y);
}
static double median(double *x)
{
    qsort(x, ROUNDS, sizeof *x, by_size);
    return x[ROUNDS / 2];
}

/* ---- peak -------------------------------------------------------------------------------------------------------- */

static void peak_part(void *arg, int64_t task, int worker)
{
    (void)worker;
    ((double *)arg)[task] = fma_run(PEAK_LOOPS); /* kept, so that no loop is dropped */
}

static double peak_gflops(ds_pool *pool)
{
    static double kept[PARTS * 64];
    int tasks = PARTS * ds_pool_threads(pool);
    ds_pool_run(pool, tasks, peak_part, kept);
    double start = now();
    ds_pool_run(pool, tasks, peak_part, kept);
    return 2e-9 * lanes() * CHAINS * PEAK_LOOPS * tasks / (now() - start);
}

/* ---- ours -------------------------------------------------------------------------------------------------------- */

typedef struct ours {
    ds_call call;
    ds_attr attr;
    const ds_kernel_def *kernel;
} ours;

static void set_shapes(const product *p, ds_call *c, ds_attr *attr)
{
    static const char *const ops[KINDS] = { "matmul", "conv", "conv_input", "conv_weight" };
    c->op = ops[p->kind];
    if (p->kind == MATMUL) {
        attr->i[0] = p->ta;
        attr->i[1] = p->tb;
        c->in[0].shape = p->ta ? DS_SHAPE(p->k, p->m) : DS_SHAPE(p->m, p->k);
        c->in[1].shape = p->tb ? DS_SHAPE(p->n, p->k) : DS_SHAPE(p->k, p->n);
        c->out.shape = DS_SHAPE(p->m, p->n);
        return;
    }
    const int64_t conv[] = { p->stride, p->stride, p->pad, p->pad, 1, 1, 1 };
    memcpy(attr->i, conv, sizeof conv);
    ds_shape x = DS_SHAPE(p->images, p->side, p->side, p->c), w = DS_SHAPE(p->taps, p->taps, p->c, p->o),
             y = DS_SHAPE(p->images, out_side(p), out_side(p), p->o);
    c->in[0].shape = p->kind == CONV_INPUT ? y : x;
    c->in[1].shape = p->kind == CONV_WEIGHT ? y : w;
    c->out.shape = p->kind == CONV ? y : p->kind == CONV_INPUT ? x : w;
}

static void *tensor(ds_tensor *t, unsigned seed)
{
    int64_t n = ds_shape_count(t->shape);
    float *x = ds_buffer_alloc((size_t)n * sizeof *x);
    for (int64_t i = 0; x && i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) * 0x1p-24f - 0.5f;
    }
    return t->data = x;
}

static bool prepare(ours *o, const product *p, ds_pool *pool)
{
    *o = (ours){ .call = { .nin = 2, .pool = pool } };
    ds_call *c = &o->call;
    const ds_backend *backend = ds_backend_get("cpu");
    set_shapes(p, c, &o->attr);
    c->attr = &o->attr;
    c->vec = backend->vec();
    o->kernel = c->vec ? ds_backend_find(backend, c) : NULL;
    if (!o->kernel || !tensor(&c->in[0], 1) || !tensor(&c->in[1], 2) || !tensor(&c->out, 3)) return false;
    c->scratch_bytes = o->kernel->scratch ? o->kernel->scratch(c, ds_pool_threads(pool)) : 0;
    c->scratch = ds_buffer_alloc(c->scratch_bytes + 1);
    return c->scratch != NULL;
}

static void release(ours *o)
{
    ds_buffer_free(o->call.in[0].data);
    ds_buffer_free(o->call.in[1].data);
    ds_buffer_free(o->call.out.data);
    ds_buffer_free(o->call.scratch);
}

/* ---- contenders -------------------------------------------------------------------------------------------------- */

static void run(const ours *o, const peer_call *peer)
{
    if (peer)
        peer_run(peer);
    else
        o->kernel->run(&o->call);
}

/* Seconds a call: peer, or ours when it is NULL. */
static double block(const ours *o, const peer_call *peer, int calls)
{
    nanosleep(&(struct timespec){ 0, REST_MS * 1000000L }, NULL);
    run(o, peer);
    double start = now();
    for (int k = 0; k < calls; k++) run(o, peer);
    return (now() - start) / calls;
}

static int calls_for(const ours *o, const peer_call *peer)
{
    double t = block(o, peer, 1);
    return t > 2e-3 ? 1 : (int)(2e-3 / (t + 1e-9)) + 1;
}

static bool agree(const float *x, const float *y, int64_t n)
{
    double size = 0, apart = 0;
    for (int64_t i = 0; i < n; i++) {
        size += (double)x[i] * x[i];
        apart += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
    }
    return apart <= 1e-8 * size;
}

/* The peer with the number of threads that serves it better, its result checked; NULL when it has no such product. */
static peer_call *choose(int peer, const ours *o, const product *p, float *y, int threads, bool *right)
{
    const float *a = o->call.in[0].data, *b = o->call.in[1].data;
    peer_call *many = peer_prepare(peer, p, a, b, y, threads),
              *one = threads > 1 ? peer_prepare(peer, p, a, b, y, 1) : NULL;
    if (!many) return NULL;
    peer_run(many);
    peer_finish(many);
    *right = agree(o->call.out.data, y, ds_shape_count(o->call.out.shape));
    if (one) {
        double t[2] = { 1, 1 };
        int calls = calls_for(o, many);
        for (int k = 0; k < 4; k++) {
            t[0] = fmin(t[0], block(o, one, calls));
            t[1] = fmin(t[1], block(o, many, calls));
        }
        peer_call *slower = t[0] < t[1] ? many : one;
        if (t[0] < t[1]) many = one;
        peer_free(slower);
    }
    return many;
}

static double flops(const product *p)
{
    if (p->kind == MATMUL) return 2.0 * (double)(p->m * p->n) * (double)p->k;
    int64_t s = out_side(p);
    return 2.0 * (double)(p->images * s * s * p->o) * (double)(p->taps * p->taps * p->c);
}

/* One line; false when somebody computes something else. */
static bool measure(const char *kind_name, const entry *e, ds_pool *pool)
{
    ours o;
    bool right[PEERS] = { true, true };
    if (!prepare(&o, &e->p, pool)) return false;
    float *y = ds_buffer_alloc((size_t)ds_shape_count(o.call.out.shape) * sizeof *y);
    if (!y) return false;
    run(&o, NULL);
    peer_call *peer[PEERS];
    int calls[PEERS + 1] = { [PEERS] = calls_for(&o, NULL) };
    for (int k = 0; k < PEERS; k++) {
        peer[k] = choose(k, &o, &e->p, y, ds_pool_threads(pool), &right[k]);
        if (peer[k]) calls[k] = calls_for(&o, peer[k]);
    }
    double best[PEERS + 1] = { 1e30, 1e30, 1e30 }, peak = 0, ratio[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double t[PEERS + 1] = { 1e30, 1e30, 1e30 };
        peak = fmax(peak, peak_gflops(pool));
        for (int k = 0; k <= PEERS; k++)
            if (k == PEERS || peer[k]) best[k] = fmin(best[k], t[k] = block(&o, k == PEERS ? NULL : peer[k], calls[k]));
        ratio[r] = fmin(t[OPENBLAS], t[ONEDNN]) / t[PEERS];
    }
    double gflop = 1e-9 * flops(&e->p);
    printf("%-11s %-22s %9.2f us %7.1f GFLOP/s %4.0f %% of %.0f", kind_name, e->name, 1e6 * best[PEERS],
           gflop / best[PEERS], 100 * gflop / best[PEERS] / peak, peak);
    for (int k = 0; k < PEERS; k++)
        if (peer[k]) printf("  %s %6.1f%s", peer_names[k], gflop / best[k], right[k] ? "" : " (ANOTHER RESULT)");
    if (peer[OPENBLAS] || peer[ONEDNN]) printf("  %5.2fx the better", median(ratio));
    printf("\n");
    fflush(stdout);
    for (int k = 0; k < PEERS; k++) peer_free(peer[k]);
    ds_buffer_free(y);
    release(&o);
    return right[OPENBLAS] && right[ONEDNN];
}

static bool wanted(const char *kind_name, const char *name, const char *word)
{
    return !word || strstr(kind_name, word) || strstr(name, word);
}

int main(int argc, char **argv)
{
    static const char *const kinds[KINDS] = { "matmul", "conv", "conv_input", "conv_weight" };
    ds_ctx *ctx;
    int threads = argc > 1 ? atoi(argv[1]) : 2;
    const char *word = argc > 2 ? argv[2] : NULL;
    if (threads < 1 || threads > 64 || ds_ctx_create(&ctx, threads) != DS_OK) return 1;
    bool right = true;
    for (size_t k = 0; k < sizeof matmuls / sizeof *matmuls; k++)
        if (wanted(kinds[MATMUL], matmuls[k].name, word))
            right &= measure(kinds[MATMUL], &matmuls[k], ds_ctx_pool(ctx));
    for (size_t k = 0; k < sizeof convolutions / sizeof *convolutions; k++)
        for (kind t = CONV; t < KINDS; t++) {
            entry e = convolutions[k];
            e.p.kind = t;
            if (wanted(kinds[t], e.name, word)) right &= measure(kinds[t], &e, ds_ctx_pool(ctx));
        }
    ds_ctx_free(ctx);
    return right ? 0 : 1;
}
