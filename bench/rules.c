/* rules.c - one optimizer rule on a long vector, against the memory's own speed in the same run.
 *
 *   rules RULE N THREADS      rules "adamw(lr=1e-4)" 25000000 2
 *   rules list                names of the rules that are one pass over memory, a line each
 *
 * Bytes moved: theta and each state are read and written, the gradient is read (4 (3 + 2 states) bytes a parameter in f32).
 * The triad a[i] = b[i] + s a[i] moves in place like a rule does: 12 bytes an element, all of them counted. Steps and triads
 * alternate; medians. Prints "name value" lines: ms, gbs, triad_gbs, share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ctx.h"
#include "base/pool.h"
#include "descent/graph.h"
#include "descent/optim.h"
#include "descent/registry.h"

enum { ROUNDS = 15, PARTS = 64 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

typedef struct triad {
    float *a;
    const float *b;
    int64_t n;
} triad;

static void triad_part(void *arg, int64_t task, int worker)
{
    (void)worker;
    const triad *t = arg;
    int64_t from = t->n * task / PARTS, to = t->n * (task + 1) / PARTS;
    for (int64_t i = from; i < to; i++) t->a[i] = t->b[i] + 0.5f * t->a[i];
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

static ds_status run(ds_ctx *ctx, const char *rule, int64_t n)
{
    static double step_ms[ROUNDS], triad_ms[ROUNDS];
    ds_optim_settings s = { .n = n, .dtype = DS_F32 };
    ds_optim *o = NULL;
    float *theta = ds_buffer_alloc((size_t)n * sizeof(float)), *g = ds_buffer_alloc((size_t)n * sizeof(float));
    float *a = ds_buffer_alloc((size_t)n * sizeof(float));
    ds_status status = theta && g && a ? ds_rule_parse(ctx, rule, &s.rule) : DS_EMEM;
    if (status == DS_OK) status = ds_optim_create(&o, ctx, &s);
    for (int64_t i = 0; status == DS_OK && i < n; i++) g[i] = theta[i] = (float)(i % 1021) * 1e-3f - 0.5f;
    triad t = { a, g, n };
    for (int k = -2; status == DS_OK && k < ROUNDS; k++) {
        double start = now_ms();
        status = ds_optim_step(o, theta, g, 1e-4);
        double middle = now_ms();
        ds_pool_run(ds_ctx_pool(ctx), PARTS, triad_part, &t);
        if (k >= 0) step_ms[k] = middle - start, triad_ms[k] = now_ms() - middle;
    }
    if (status == DS_OK) {
        double ms = median(step_ms), speed = (double)ds_optim_traffic(o) / ms * 1e-6,
               limit = 12.0 * (double)n / median(triad_ms) * 1e-6;
        printf("ms %.3f\ngbs %.2f\ntriad_gbs %.2f\nshare %.3f\n", ms, speed, limit, speed / limit);
    }
    ds_optim_free(o);
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_buffer_free(a);
    return status;
}

/* Rules without sums over the vector that ask for nothing but the gradient. */
static ds_status list(ds_ctx *ctx)
{
    int count;
    const ds_registry *const *all = ds_registries(&count);
    for (int i = 0; i < count; i++)
        for (int k = 0; strcmp(all[i]->kind, "rule") == 0 && k < all[i]->count; k++) {
            const ds_head *rule = all[i]->heads[k];
            ds_optim_settings s = { .n = 16, .dtype = DS_F32 };
            ds_optim *o = NULL;
            ds_status status = ds_rule_parse(ctx, rule->name, &s.rule);
            if (status == DS_OK) status = ds_optim_create(&o, ctx, &s);
            bool one_pass = status == DS_OK && !ds_optim_needs(o) && !ds_rule_couples(rule);
            ds_optim_free(o);
            if (status != DS_OK) return status;
            if (one_pass) printf("%s\n", rule->name);
        }
    return DS_OK;
}

int main(int argc, char **argv)
{
    ds_ctx *ctx;
    bool names = argc == 2 && !strcmp(argv[1], "list");
    long n = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    if (n <= 0 && !names) {
        fprintf(stderr, "usage: rules RULE N THREADS, or rules list\n");
        return 2;
    }
    if (ds_ctx_create(&ctx, names ? 1 : (int)strtol(argv[3], NULL, 10)) != DS_OK) return 1;
    ds_status status = names ? list(ctx) : run(ctx, argv[1], n);
    if (status != DS_OK) fprintf(stderr, "rules: %s: %s\n", ds_status_text(status), ds_error(ctx));
    ds_ctx_free(ctx);
    return status != DS_OK;
}
