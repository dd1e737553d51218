/* products.c - see products.h. The build defines PEER_OPENBLAS and PEER_ONEDNN for what it found. */
#include "products.h"

#include <stdlib.h>

#if defined(PEER_OPENBLAS)
#include <cblas.h>
#endif
#if defined(PEER_ONEDNN)
#include <dnnl.h>
#include <omp.h>
enum { MEMORIES = 4 };
#endif

const char *const peer_names[PEERS] = { "OpenBLAS", "oneDNN" };

struct peer_call {
    int peer, threads;
    product p;
    const float *a, *b;
    float *y;
#if defined(PEER_ONEDNN)
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive, back; /* back: the weights' adjoint into our layout, NULL when there is none */
    dnnl_memory_t
        memory[MEMORIES]; /* image, weights as the primitive wants them, output image, weights in our layout */
    dnnl_exec_arg_t arg[3], back_arg[2];
#endif
};

#if defined(PEER_ONEDNN)
#define TRY(x)                                                                                                         \
    do {                                                                                                               \
        if ((x) != dnnl_success) return false;                                                                         \
    } while (0)

static bool descriptor(const product *p, const dnnl_memory_desc_t *d, dnnl_engine_t engine, dnnl_primitive_desc_t *out)
{
    const dnnl_dims_t stride = { p->stride, p->stride }, dilation = { 0, 0 }, pad = { p->pad, p->pad };
    const int64_t short_by = (out_side(p) - 1) * p->stride + p->taps - p->side - p->pad;
    const dnnl_dims_t end = { short_by, short_by };
    dnnl_convolution_desc_t c;
    dnnl_primitive_desc_t forward = NULL;
    TRY(dnnl_dilated_convolution_forward_desc_init(&c, dnnl_forward_training, dnnl_convolution_direct, &d[0], &d[1],
                                                   NULL, &d[2], stride, dilation, pad, end));
    TRY(dnnl_primitive_desc_create(&forward, &c, NULL, engine, NULL));
    if (p->kind == CONV) {
        *out = forward;
        return true;
    }
    dnnl_status_t s = p->kind == CONV_INPUT
                          ? dnnl_dilated_convolution_backward_data_desc_init(&c, dnnl_convolution_direct, &d[0], &d[1],
                                                                             &d[2], stride, dilation, pad, end)
                          : dnnl_dilated_convolution_backward_weights_desc_init(
                                &c, dnnl_convolution_direct, &d[0], &d[1], NULL, &d[2], stride, dilation, pad, end);
    if (s == dnnl_success) s = dnnl_primitive_desc_create(out, &c, NULL, engine, forward);
    dnnl_primitive_desc_destroy(forward);
    return s == dnnl_success;
}

static bool reorder(peer_call *q, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, dnnl_memory_t source,
                    dnnl_memory_t target, dnnl_primitive_t *out)
{
    dnnl_primitive_desc_t d;
    TRY(dnnl_reorder_primitive_desc_create(&d, from, q->engine, to, q->engine, NULL));
    dnnl_status_t s = dnnl_primitive_create(out, d);
    dnnl_primitive_desc_destroy(d);
    q->back_arg[0] = (dnnl_exec_arg_t){ DNNL_ARG_FROM, source };
    q->back_arg[1] = (dnnl_exec_arg_t){ DNNL_ARG_TO, target };
    return s == dnnl_success;
}

static bool prepare_convolution(peer_call *q)
{
    const product *p = &q->p;
    const dnnl_dims_t x = { p->images, p->c, p->side, p->side }, w = { p->o, p->c, p->taps, p->taps },
                      y = { p->images, p->o, out_side(p), out_side(p) };
    dnnl_memory_desc_t d[3], plain;
    TRY(dnnl_engine_create(&q->engine, dnnl_cpu, 0));
    TRY(dnnl_stream_create(&q->stream, q->engine, dnnl_stream_default_flags));
    TRY(dnnl_memory_desc_init_by_tag(&d[0], 4, x, dnnl_f32, dnnl_nhwc));
    TRY(dnnl_memory_desc_init_by_tag(&d[1], 4, w, dnnl_f32, dnnl_format_tag_any));
    TRY(dnnl_memory_desc_init_by_tag(&plain, 4, w, dnnl_f32, dnnl_hwio));
    TRY(dnnl_memory_desc_init_by_tag(&d[2], 4, y, dnnl_f32, dnnl_nhwc));
    dnnl_primitive_desc_t pd;
    if (!descriptor(p, d, q->engine, &pd)) return false;
    const dnnl_memory_desc_t *liked = dnnl_primitive_desc_query_md(
        pd, p->kind == CONV_WEIGHT ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    dnnl_memory_desc_t own = *liked;
    dnnl_status_t s = dnnl_primitive_create(&q->primitive, pd);
    dnnl_primitive_desc_destroy(pd);
    TRY(s);
    /* a, b and y of the three kinds: (x, w, y), (dy, w, dx), (x, dy, dw) */
    void *a = (void *)(uintptr_t)q->a, *b = (void *)(uintptr_t)q->b;
    TRY(dnnl_memory_create(&q->memory[0], &d[0], q->engine, p->kind == CONV_INPUT ? (void *)q->y : a));
    TRY(dnnl_memory_create(&q->memory[1], &own, q->engine, DNNL_MEMORY_ALLOCATE));
    TRY(dnnl_memory_create(&q->memory[2], &d[2], q->engine,
                           p->kind == CONV         ? (void *)q->y
                           : p->kind == CONV_INPUT ? a
                                                   : b));
    TRY(dnnl_memory_create(&q->memory[3], &plain, q->engine, p->kind == CONV_WEIGHT ? (void *)q->y : b));
    static const int place[KINDS][3] = { [CONV] = { DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST },
                                         [CONV_INPUT] = { DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST },
                                         [CONV_WEIGHT] = { DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST } };
    for (int k = 0; k < 3; k++) q->arg[k] = (dnnl_exec_arg_t){ place[p->kind][k], q->memory[k] };
    if (p->kind == CONV_WEIGHT) return reorder(q, &own, &plain, q->memory[1], q->memory[3], &q->back);
    dnnl_primitive_t in;
    if (!reorder(q, &plain, &own, q->memory[3], q->memory[1], &in)) return false;
    s = dnnl_primitive_execute(in, q->stream, 2, q->back_arg);
    dnnl_stream_wait(q->stream);
    dnnl_primitive_destroy(in);
    return s == dnnl_success;
}
#endif

peer_call *peer_prepare(int peer, const product *p, const float *a, const float *b, float *y, int threads)
{
    peer_call *q = calloc(1, sizeof *q);
    if (!q) return NULL;
    *q = (peer_call){ .peer = peer, .threads = threads, .p = *p, .a = a, .b = b, .y = y };
    bool ready = false;
#if defined(PEER_OPENBLAS)
    if (peer == OPENBLAS) ready = p->kind == MATMUL;
#endif
#if defined(PEER_ONEDNN)
    omp_set_num_threads(threads); /* a primitive is made for a number of threads */
    if (peer == ONEDNN) ready = p->kind == MATMUL || prepare_convolution(q);
#endif
    if (ready) return q;
    peer_free(q);
    return NULL;
}

void peer_run(const peer_call *q)
{
    const product *p = &q->p;
    const int lda = (int)(p->ta ? p->m : p->k), ldb = (int)(p->tb ? p->k : p->n);
    (void)lda, (void)ldb;
#if defined(PEER_OPENBLAS)
    if (q->peer == OPENBLAS) {
        openblas_set_num_threads(q->threads);
        cblas_sgemm(CblasRowMajor, p->ta ? CblasTrans : CblasNoTrans, p->tb ? CblasTrans : CblasNoTrans, (int)p->m,
                    (int)p->n, (int)p->k, 1, q->a, lda, q->b, ldb, 0, q->y, (int)p->n);
    }
#endif
#if defined(PEER_ONEDNN)
    if (q->peer != ONEDNN) return;
    omp_set_num_threads(q->threads);
    if (p->kind == MATMUL) {
        dnnl_sgemm(p->ta ? 'T' : 'N', p->tb ? 'T' : 'N', p->m, p->n, p->k, 1, q->a, lda, q->b, ldb, 0, q->y, p->n);
        return;
    }
    dnnl_primitive_execute(q->primitive, q->stream, 3, q->arg);
    dnnl_stream_wait(q->stream);
#endif
}

void peer_finish(const peer_call *q)
{
    (void)q;
#if defined(PEER_ONEDNN)
    if (!q->back) return;
    dnnl_primitive_execute(q->back, q->stream, 2, q->back_arg);
    dnnl_stream_wait(q->stream);
#endif
}

void peer_free(peer_call *q)
{
    if (!q) return;
#if defined(PEER_ONEDNN)
    if (q->primitive) dnnl_primitive_destroy(q->primitive);
    if (q->back) dnnl_primitive_destroy(q->back);
    for (int k = 0; k < MEMORIES; k++)
        if (q->memory[k]) dnnl_memory_destroy(q->memory[k]);
    if (q->stream) dnnl_stream_destroy(q->stream);
    if (q->engine) dnnl_engine_destroy(q->engine);
#endif
    free(q);
}
