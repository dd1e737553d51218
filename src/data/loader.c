/* loader.c - batches in order, assembled ahead by a thread or, without one, by the context's workers when asked.
 *
 * A ring of preallocated batches: [head] may be lent to the caller, `ready` finished ones follow, the thread fills the
 * one after them. A seek empties the ring and raises `generation`, so that a batch in the making is thrown away. What a
 * batch holds depends on (seed, epoch, index) alone, never on who makes it or when. */
#include "data/dataset.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"
#include "descent/graph.h"

enum { TASK_ROWS = 32, MAX_PREFETCH = 16, SHARE_BYTES = 1 << 21, THREAD_BYTES = 1 << 16 };

struct ds_loader {
    const ds_view *view;
    const ds_sampler_def *sampler;
    ds_dtype dtype;
    uint64_t seed;
    bool augment;
    int64_t batch, batches;
    ds_pool *pool;  /* without a thread: who shares the work; NULL: the caller alone */
    int slots;      /* prefetch + 1 */
    ds_batch *slot; /* owned */
    int64_t *rows;  /* [batch] of the batch in the making */
    char *scratch;  /* [workers, row] */
    size_t scratch_bytes, bytes;
    void *memory;         /* owned: all arrays of all slots */
    ds_order order;       /* of the epoch in the making */
    int64_t epoch, index; /* next to be made */

    bool threaded, stop, lent;
    int head, ready;
    uint64_t generation;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled, freed;
};

ds_order ds_order_at(const ds_sampler_def *def, int64_t rows, uint64_t seed, int64_t epoch)
{
    ds_order o = { .def = def, .rows = rows, .seed = seed, .epoch = epoch };
    if (def->prepare) def->prepare(&o);
    return o;
}

typedef struct job {
    ds_loader *l;
    ds_batch *b;
    int64_t n;
} job;

/* Rows task * TASK_ROWS ... of the batch. */
static void fill_task(void *arg, int64_t task, int worker)
{
    const job *j = arg;
    ds_loader *l = j->l;
    int64_t from = task * TASK_ROWS, n = j->n - from < TASK_ROWS ? j->n - from : TASK_ROWS;
    ds_moment moment = { l->seed, j->b->epoch };
    ds_batch part = { .x = (char *)j->b->x + (size_t)from * ds_view_x_bytes(l->view, l->dtype),
                      .y = (char *)j->b->y + (size_t)from * ds_view_y_bytes(l->view, l->dtype),
                      .ids = j->b->ids + from };
    ds_view_fill(l->view, l->rows + from, n, l->dtype, l->augment ? &moment : NULL,
                 l->scratch + (size_t)worker * l->scratch_bytes, &part);
}

static void make(ds_loader *l, int64_t epoch, int64_t index, ds_batch *b)
{
    int64_t rows = l->view->rows, first = index * l->batch, n = rows - first < l->batch ? rows - first : l->batch;
    int64_t base = l->view->source->endless ? epoch * rows : 0;
    if (l->order.epoch != epoch || !l->order.def) l->order = ds_order_at(l->sampler, rows, l->seed, epoch);
    for (int64_t k = 0; k < n; k++) l->rows[k] = base + l->sampler->row(&l->order, first + k);
    b->n = n, b->epoch = epoch, b->index = index, b->last = index + 1 == l->batches;
    job j = { l, b, n };
    int64_t tasks = (n + TASK_ROWS - 1) / TASK_ROWS;
    if (l->pool)
        ds_pool_run(l->pool, tasks, fill_task, &j);
    else
        for (int64_t t = 0; t < tasks; t++) fill_task(&j, t, 0);
}

static void advance(ds_loader *l)
{
    if (++l->index < l->batches) return;
    l->index = 0;
    l->epoch++;
}

static void *thread_main(void *arg)
{
    ds_loader *l = arg;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (!l->stop && l->ready + l->lent == l->slots) pthread_cond_wait(&l->freed, &l->lock);
        if (l->stop) break;
        ds_batch *b = &l->slot[(l->head + l->lent + l->ready) % l->slots];
        uint64_t generation = l->generation;
        int64_t epoch = l->epoch, index = l->index;
        pthread_mutex_unlock(&l->lock);
        make(l, epoch, index, b);
        pthread_mutex_lock(&l->lock);
        if (generation != l->generation) continue;
        l->ready++;
        advance(l);
        pthread_cond_signal(&l->filled);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static size_t round64(size_t n) { return (n + 63) & ~(size_t)63; }

/* One block for everything, 64-byte aligned parts. */
static ds_status place(ds_ctx *ctx, ds_loader *l, int workers)
{
    size_t n = (size_t)l->batch;
    size_t x = round64(n * ds_view_x_bytes(l->view, l->dtype)), y = round64(n * ds_view_y_bytes(l->view, l->dtype)),
           ids = round64(n * sizeof(int32_t));
    size_t slots = (size_t)l->slots, rows = round64(n * sizeof *l->rows);
    l->scratch_bytes = round64(ds_view_scratch_bytes(l->view));
    l->bytes = slots * (x + y + ids) + rows + (size_t)workers * l->scratch_bytes;
    l->memory = ds_buffer_alloc(l->bytes);
    l->slot = calloc(slots, sizeof *l->slot);
    if (!l->memory || !l->slot) return ds_fail_memory(ctx, l->bytes, "batches; lower train.batch");
    char *p = l->memory;
    for (size_t k = 0; k < slots; k++, p += x + y + ids) {
        l->slot[k].x = p;
        l->slot[k].y = p + x;
        l->slot[k].ids = (int32_t *)(p + x + y);
    }
    l->rows = (int64_t *)p;
    l->scratch = p + rows;
    return DS_OK;
}

static ds_status check(ds_ctx *ctx, const ds_loader_settings *s)
{
    if (s->dtype == DS_I32) return ds_fail(ctx, DS_EUSAGE, "batches are f32 or f64, not i32");
    if (s->prefetch < -1 || s->prefetch > MAX_PREFETCH)
        return ds_fail(ctx, DS_ERANGE, "prefetch is %d; wanted -1 to %d", s->prefetch, MAX_PREFETCH);
    if (s->batch < 1 || s->batch > s->view->rows)
        return ds_fail(ctx, DS_ECONFIG, "batch is %lld; wanted 1 to %lld, the number of rows", (long long)s->batch,
                       (long long)s->view->rows);
    if (!ds_sampler_find(s->sampler)) return ds_fail(ctx, DS_EUNKNOWN, "no sampler '%s'", s->sampler ? s->sampler : "");
    return DS_OK;
}

static ds_status start_thread(ds_ctx *ctx, ds_loader *l)
{
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->filled, NULL);
    pthread_cond_init(&l->freed, NULL);
    l->threaded = pthread_create(&l->thread, NULL, thread_main, l) == 0;
    return l->threaded ? DS_OK : ds_fail(ctx, DS_EMEM, "no thread to be had for prefetching; set prefetch to 0");
}

/* A thread pays when a processor would idle otherwise and a batch is more work than waking it. */
static int default_prefetch(ds_ctx *ctx, const ds_loader *l, size_t bytes)
{
    bool work = bytes >= THREAD_BYTES || l->augment || l->view->source->identity;
    return work && ds_ctx_threads(ctx) < sysconf(_SC_NPROCESSORS_ONLN) ? 2 : 0;
}

ds_status ds_loader_create(ds_loader **out, ds_ctx *ctx, const ds_loader_settings *s)
{
    *out = NULL;
    DS_TRY(check(ctx, s));
    ds_loader *l = calloc(1, sizeof *l);
    if (!l) return ds_fail_memory(ctx, sizeof *l, "the loader");
    l->view = s->view, l->sampler = ds_sampler_find(s->sampler), l->dtype = s->dtype, l->seed = s->seed;
    l->augment = s->augment && s->view->data->transforms > 0;
    l->batch = s->batch;
    l->batches = (s->view->rows - 1) / s->batch + 1;
    size_t bytes = (size_t)s->batch * ds_view_x_bytes(s->view, s->dtype);
    int prefetch = s->prefetch < 0 ? default_prefetch(ctx, l, bytes) : s->prefetch;
    l->slots = prefetch + 1;
    if (prefetch == 0 && (bytes >= SHARE_BYTES || l->augment || s->view->source->identity)) l->pool = ds_ctx_pool(ctx);
    ds_status status = place(ctx, l, l->pool ? ds_ctx_threads(ctx) : 1);
    if (status == DS_OK && prefetch) status = start_thread(ctx, l);
    if (status == DS_OK)
        *out = l;
    else
        ds_loader_free(l);
    return status;
}

void ds_loader_free(ds_loader *l)
{
    if (!l) return;
    if (l->threaded) {
        pthread_mutex_lock(&l->lock);
        l->stop = true;
        pthread_cond_signal(&l->freed);
        pthread_mutex_unlock(&l->lock);
        pthread_join(l->thread, NULL);
        pthread_mutex_destroy(&l->lock);
        pthread_cond_destroy(&l->filled);
        pthread_cond_destroy(&l->freed);
    }
    ds_buffer_free(l->memory);
    free(l->slot);
    free(l);
}

int64_t ds_loader_batches(const ds_loader *l) { return l->batches; }
size_t ds_loader_bytes(const ds_loader *l) { return l->bytes; }

void ds_loader_seek(ds_loader *l, int64_t epoch, int64_t index)
{
    if (l->threaded) pthread_mutex_lock(&l->lock);
    l->epoch = epoch + index / l->batches;
    l->index = index % l->batches;
    l->ready = 0;
    l->generation++;
    if (!l->threaded) return;
    pthread_cond_signal(&l->freed);
    pthread_mutex_unlock(&l->lock);
}

ds_status ds_loader_status(const ds_loader *l) { return ds_source_fault(l->view->data->ctx, l->view->source); }

static const ds_batch *deliver(const ds_loader *l, const ds_batch *b)
{
    return ds_loader_status(l) == DS_OK ? b : NULL;
}

const ds_batch *ds_loader_next(ds_loader *l)
{
    if (!l->threaded) {
        make(l, l->epoch, l->index, &l->slot[0]);
        advance(l);
        return deliver(l, &l->slot[0]);
    }
    pthread_mutex_lock(&l->lock);
    if (l->lent) l->head = (l->head + 1) % l->slots;
    l->lent = false;
    pthread_cond_signal(&l->freed);
    while (l->ready == 0) pthread_cond_wait(&l->filled, &l->lock);
    l->ready--;
    l->lent = true;
    const ds_batch *b = &l->slot[l->head];
    pthread_mutex_unlock(&l->lock);
    return deliver(l, b);
}
