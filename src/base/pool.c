/* pool.c - worker threads, each with a packed counter of its own share.
 *
 * A job's tasks are cut in one stretch for each worker: tasks that follow each other touch memory side by side, and the
 * next job, cut alike, finds in a processor's cache what that processor wrote. Who has done his stretch helps with the
 * others'. A stretch is published by storing (number of the job, tasks left) in its counter; a task is claimed by lowering
 * the second half with compare-and-swap, so a worker that wakes late finds nothing to claim and harms nobody, and the
 * caller waits only for claimed tasks. Workers spin briefly between jobs (small steps follow each other within
 * microseconds), then sleep on a condition. Spinning is off when there are more workers than processors. */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() ((void)0)
#endif

enum { SPINS = 4000 };

typedef struct worker {
    ds_pool *pool;
    pthread_t thread;
    int index;
} worker;

typedef struct share {
    _Alignas(64) _Atomic uint64_t next; /* job number << 32 | tasks left */
} share;

struct ds_pool {
    _Alignas(64) _Atomic uint32_t job; /* its number */
    _Alignas(64) _Atomic int64_t done; /* tasks finished of it */
    _Alignas(64) ds_task_fn fn;
    void *arg;
    int64_t tasks;
    int threads, spins;
    _Atomic int sleepers;
    _Atomic bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    worker *workers; /* threads - 1 */
    share *shares;   /* threads */
};

/* The task behind the last of share k. */
static int64_t end_of(const ds_pool *p, int k) { return p->tasks * (k + 1) / p->threads; }

/* Take and run tasks of share k until none is left. */
static void work_on(ds_pool *p, int k, int index)
{
    _Atomic uint64_t *next = &p->shares[k].next;
    uint64_t now = atomic_load_explicit(next, memory_order_acquire);
    while (now & 0xffffffffu) {
        if (!atomic_compare_exchange_weak_explicit(next, &now, now - 1, memory_order_acquire, memory_order_acquire))
            continue;
        int64_t left = (int64_t)(now & 0xffffffffu);
        p->fn(p->arg, end_of(p, k) - left, index);
        atomic_fetch_add_explicit(&p->done, 1, memory_order_release);
        now = atomic_load_explicit(next, memory_order_acquire);
    }
}

/* The worker's own share, then the others'. */
static void work(ds_pool *p, int index)
{
    for (int k = 0; k < p->threads; k++) work_on(p, (index + k) % p->threads, index);
}

static bool idle(ds_pool *p, uint32_t seen) { return atomic_load(&p->job) == seen && !atomic_load(&p->stop); }

static void *worker_main(void *arg)
{
    worker *w = arg;
    ds_pool *p = w->pool;
    uint32_t seen = 0;
    while (!atomic_load(&p->stop)) {
        for (int spin = 0; spin < p->spins && idle(p, seen); spin++) PAUSE();
        if (idle(p, seen)) {
            pthread_mutex_lock(&p->lock);
            atomic_fetch_add(&p->sleepers, 1);
            while (idle(p, seen)) pthread_cond_wait(&p->wake, &p->lock);
            atomic_fetch_sub(&p->sleepers, 1);
            pthread_mutex_unlock(&p->lock);
        }
        seen = atomic_load(&p->job);
        work(p, w->index);
    }
    return NULL;
}

static void wake_all(ds_pool *p)
{
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

ds_pool *ds_pool_create(int threads)
{
    ds_pool *p = aligned_alloc(64, (sizeof *p + 63) / 64 * 64);
    if (!p) return NULL;
    *p = (ds_pool){ .threads = 1 };
    p->spins = threads <= sysconf(_SC_NPROCESSORS_ONLN) ? SPINS : 0;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->workers = calloc((size_t)threads, sizeof *p->workers);
    p->shares = aligned_alloc(64, (size_t)threads * sizeof *p->shares);
    if (!p->workers || !p->shares) {
        ds_pool_free(p);
        return NULL;
    }
    for (int k = 0; k < threads; k++) atomic_init(&p->shares[k].next, 0);
    for (; p->threads < threads; p->threads++) {
        worker *w = &p->workers[p->threads - 1];
        *w = (worker){ .pool = p, .index = p->threads };
        if (pthread_create(&w->thread, NULL, worker_main, w)) {
            ds_pool_free(p);
            return NULL;
        }
    }
    return p;
}

void ds_pool_free(ds_pool *p)
{
    if (!p) return;
    atomic_store(&p->stop, true);
    wake_all(p);
    for (int t = 1; t < p->threads; t++) pthread_join(p->workers[t - 1].thread, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p->shares);
    free(p);
}

int ds_pool_threads(const ds_pool *p) { return p->threads; }

void ds_pool_run(ds_pool *p, int64_t tasks, ds_task_fn fn, void *arg)
{
    if (p->threads == 1 || tasks <= 1) {
        for (int64_t t = 0; t < tasks; t++) fn(arg, t, 0);
        return;
    }
    p->fn = fn;
    p->arg = arg;
    p->tasks = tasks;
    atomic_store_explicit(&p->done, 0, memory_order_relaxed);
    const uint32_t job = atomic_load_explicit(&p->job, memory_order_relaxed) + 1;
    for (int k = 0; k < p->threads; k++) {
        int64_t count = end_of(p, k) - end_of(p, k - 1);
        atomic_store_explicit(&p->shares[k].next, (uint64_t)job << 32 | (uint64_t)count, memory_order_release);
    }
    atomic_store(&p->job, job);
    if (atomic_load(&p->sleepers)) wake_all(p);
    work(p, 0);
    for (int spin = 0; atomic_load_explicit(&p->done, memory_order_acquire) != tasks; spin++)
        if (p->spins && spin < 1 << 16)
            PAUSE();
        else
            usleep(0);
}
