/* matrix_step.c - our half of the benchmark of matrix rules: the update alone, on the matrices of a network.
 *
 * usage: matrix_step RULE NETWORK     matrix_step "soap(period=10)" mlp; threads by OMP_NUM_THREADS
 * NETWORK: mlp (784-512-512-10) or resnet20: its weights without biases and norms. The gradient is drawn anew in each of
 * 16 steps and comes again. stdin: a number of steps a line; stdout: "ready", then per line "MEAN_MS": a mean, so that
 * steps with a refresh count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "descent/graph.h"
#include "descent/optim.h"
#include "descent/random.h"
#include "space/space.h"

enum { DRAWN = 16, MOST = 24 };

typedef struct bench {
    ds_ctx *ctx;
    ds_space space;
    ds_optim *optim;
    float *theta, *gradient[DRAWN];
    int64_t step;
} bench;

static ds_status dense(bench *b, const char *name, int64_t in, int64_t out)
{
    ds_segment s = { .name = name, .shape = DS_SHAPE(out, in), .order = { 1, 0 } };
    return ds_space_add(&b->space, b->ctx, &s);
}

static ds_status conv(bench *b, const char *name, int64_t in, int64_t out, int64_t k)
{
    ds_segment s = { .name = name, .shape = DS_SHAPE(out, in, k, k), .order = { 2, 3, 1, 0 } };
    return ds_space_add(&b->space, b->ctx, &s);
}

static ds_status mlp(bench *b)
{
    DS_TRY(dense(b, "0", 784, 512));
    DS_TRY(dense(b, "1", 512, 512));
    return dense(b, "2", 512, 10);
}

static ds_status resnet20(bench *b)
{
    char name[16];
    int64_t m = 16;
    DS_TRY(conv(b, "first", 3, 16, 3));
    for (int64_t n = 16; n <= 64; n *= 2)
        for (int i = 0; i < 3; i++, m = n) {
            snprintf(name, sizeof name, "%d.%d.a", (int)n, i);
            DS_TRY(conv(b, name, m, n, 3));
            name[strlen(name) - 1] = 'b';
            DS_TRY(conv(b, name, n, n, 3));
            name[strlen(name) - 1] = 's';
            if (m != n) DS_TRY(conv(b, name, m, n, 1));
        }
    return dense(b, "last", 64, 10);
}

static ds_status open_bench(bench *b, const char *rule, const char *network)
{
    DS_TRY(strcmp(network, "mlp") == 0 ? mlp(b) : resnet20(b));
    size_t n = (size_t)ds_space_dim(&b->space);
    ds_optim_settings s = { .n = (int64_t)n, .dtype = DS_F32, .space = &b->space };
    DS_TRY(ds_rule_parse(b->ctx, rule, &s.rule));
    DS_TRY(ds_optim_create(&b->optim, b->ctx, &s));
    b->theta = ds_buffer_alloc(n * sizeof(float));
    for (int k = 0; k < DRAWN; k++) {
        ds_rng r = ds_rng_at(1, DS_FOR_TEST, (uint32_t)k, 0);
        b->gradient[k] = ds_buffer_alloc(n * sizeof(float));
        for (size_t i = 0; b->gradient[k] && i < n; i++) b->gradient[k][i] = (float)ds_rng_normal(&r);
    }
    return b->theta && b->gradient[DRAWN - 1] ? DS_OK : DS_EMEM;
}

static ds_status steps(bench *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) DS_TRY(ds_optim_step(b->optim, b->theta, b->gradient[b->step++ % DRAWN], 1e-4));
    return DS_OK;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    char line[64];
    if (argc != 3 || ds_ctx_create(&b.ctx, 0) != DS_OK) return fprintf(stderr, "usage: matrix_step RULE NETWORK\n"), 2;
    ds_status status = open_bench(&b, argv[1], argv[2]);
    if (status == DS_OK) status = steps(&b, 3);
    if (status == DS_OK) puts("ready");
    fflush(stdout);
    while (status == DS_OK && fgets(line, sizeof line, stdin)) {
        int64_t n = strtol(line, NULL, 10);
        double start = now_ms();
        if (n > 0) status = steps(&b, n);
        printf("%.5f\n", (now_ms() - start) / (double)(n > 0 ? n : 1));
        fflush(stdout);
    }
    if (status != DS_OK) fprintf(stderr, "matrix_step: %s: %s\n", ds_status_text(status), ds_error(b.ctx));
    ds_optim_free(b.optim);
    ds_space_clear(&b.space);
    ds_buffer_free(b.theta);
    for (int k = 0; k < DRAWN; k++) ds_buffer_free(b.gradient[k]);
    ds_ctx_free(b.ctx);
    return status != DS_OK;
}
