/* machine.c - what bounds every timing on this machine: peak rate of fused multiply-adds and memory bandwidth.
 *
 * Peak: peak.h, on every thread.
 * Triad (McCalpin's STREAM): a[i] = b[i] + s c[i] over arrays well past the last cache, 12 bytes an element counted
 * (the line fetched before the store is not). Prints a line "name value" each; the best of several rounds. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peak.h"

enum { MAX_THREADS = 64 };
static const long FMA_LOOPS = 4000000;
static const size_t TRIAD_COUNT = (size_t)48 << 20; /* floats over all threads: 3 x 192 MiB */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct worker {
    pthread_t thread;
    pthread_barrier_t *barrier;
    float *a, *b, *c;
    size_t count;
    int triad;
    double start, end;
    double kept; /* a result that must exist, so that no loop is dropped */
} worker;

static void *work(void *arg)
{
    worker *w = arg;
    if (w->triad) /* first touch by the thread that uses the pages */
        for (size_t i = 0; i < w->count; i++) w->a[i] = w->b[i] = w->c[i] = 1.0f;
    pthread_barrier_wait(w->barrier);
    w->start = now();
    if (w->triad)
        for (size_t i = 0; i < w->count; i++) w->a[i] = w->b[i] + 0.5f * w->c[i];
    else
        w->kept = fma_run(FMA_LOOPS);
    w->end = now();
    if (w->triad) w->kept = (double)w->a[w->count / 2];
    return NULL;
}

/* Seconds from the first worker's start to the last one's end, by the workers' own clocks (the caller may be scheduled
 * late); negative when threads or memory cannot be had. */
static double timed(int threads, int triad, float *memory)
{
    worker w[MAX_THREADS];
    pthread_barrier_t barrier;
    size_t each = TRIAD_COUNT / (size_t)threads;
    if (pthread_barrier_init(&barrier, NULL, (unsigned)threads)) return -1;
    for (int i = 0; i < threads; i++) {
        float *base = memory ? memory + 3 * each * (size_t)i : NULL;
        w[i] = (worker){ .barrier = &barrier, .triad = triad, .count = each, .a = base };
        if (base) w[i].b = base + each, w[i].c = base + 2 * each;
        if (pthread_create(&w[i].thread, NULL, work, &w[i])) return -1;
    }
    double start = 1e300, end = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(w[i].thread, NULL);
        start = w[i].start < start ? w[i].start : start;
        end = w[i].end > end ? w[i].end : end;
    }
    pthread_barrier_destroy(&barrier);
    return end - start;
}

int main(int argc, char **argv)
{
    int most = argc > 1 ? atoi(argv[1]) : 2;
    float *memory = malloc(3 * TRIAD_COUNT * sizeof(float));
    if (!memory || most < 1 || most > MAX_THREADS) return 1;
    for (int threads = 1; threads <= most; threads++) {
        double fma = 1e30, triad = 1e30;
        for (int round = 0; round < 15; round++) {
            double t = timed(threads, 0, NULL), u = timed(threads, 1, memory);
            if (t < 0 || u < 0) return 1;
            fma = t < fma ? t : fma;
            triad = u < triad ? u : triad;
        }
        printf("fma_gflops_%d %.1f\n", threads, 2e-9 * lanes() * CHAINS * (double)FMA_LOOPS * threads / fma);
        printf("triad_gbs_%d %.1f\n", threads, 1e-9 * 12.0 * (double)TRIAD_COUNT / triad);
    }
    free(memory);
    return 0;
}
