/* train_step.c - our half of the benchmark: whole training steps of one workload, timed inside the process.
 *
 * usage: train_step WORKLOAD     names in the table below, "adamw-25m", "hvp"; threads by OMP_NUM_THREADS
 * stdin: one number of steps a line; stdout: "ready", then per line "MEDIAN_MS MIN_MS" ("GRADIENT_MS PRODUCT FURTHER" for
 * hvp, both products in units of the gradient). A step is forward, loss, backward, update, with the input given. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "descent/graph.h"
#include "descent/optim.h"
#include "descent/problem.h"
#include "descent/random.h"

#define RESIDUAL(channels, repeat)                                                                                     \
    "residual shortcut=identity act=relu repeat=" #repeat, "conv " #channels " kernel=3 pad=same norm=batch act=relu", \
        "conv " #channels " kernel=3 pad=same norm=batch", "end"
#define WIDEN(channels)                                                                                                \
    "residual shortcut=conv act=relu", "conv " #channels " kernel=3 pad=same stride=2 norm=batch act=relu",            \
        "conv " #channels " kernel=3 pad=same norm=batch", "end"
#define MOMENTUM "momentum(lr=1e-3, momentum=0.9)"
#define ADAM     "adam(lr=1e-4)"
#define MLP      "dense 512 act=relu", "dense 512 act=relu", "dense 10"

enum { MOST_LAYERS = 32, MOST_STEPS = 100000, CLASSES = 10 };

static const struct workload {
    const char *name;
    int64_t rows, sample[3]; /* [C,H,W]; [F] has zeros after it */
    const char *rule, *layer[MOST_LAYERS];
} workloads[] = {
    { "tiny-32", 32, { 10 }, MOMENTUM, { "dense 32 act=tanh", "dense 32 act=tanh", "dense 10" } },
    { "tiny-1", 1, { 10 }, MOMENTUM, { "dense 32 act=tanh", "dense 32 act=tanh", "dense 10" } },
    { "softmax-128", 128, { 784 }, MOMENTUM, { "dense 10" } },
    { "mlp-128", 128, { 784 }, ADAM, { MLP } },
    { "mlp-16", 16, { 784 }, ADAM, { MLP } },
    { "hvp", 128, { 784 }, ADAM, { MLP } },
    { "cnn-128",
      128,
      { 3, 32, 32 },
      MOMENTUM,
      { "conv 32 kernel=3 pad=same act=relu", "pool max size=2", "conv 64 kernel=3 pad=same act=relu",
        "pool max size=2", "conv 128 kernel=3 pad=same act=relu", "pool max size=2", "flatten", "dense 256 act=relu",
        "dense 10" } },
    { "resnet20-128",
      128,
      { 3, 32, 32 },
      MOMENTUM,
      { "conv 16 kernel=3 pad=same norm=batch act=relu", RESIDUAL(16, 3), WIDEN(32), RESIDUAL(32, 2), WIDEN(64),
        RESIDUAL(64, 2), "pool global-average", "dense 10" } },
};

/* Everything a step needs. */
typedef struct bench {
    ds_ctx *ctx;
    ds_problem *problem;
    ds_optim *optim;
    ds_batch batch;
    int64_t n;
    void *theta, *gradient, *v, *product;
    int64_t step;
} bench;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int fail(ds_ctx *ctx, const char *what)
{
    fprintf(stderr, "train_step: %s: %s\n", what, ctx ? ds_error(ctx) : "no context");
    return 1;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, ascending);
    return x[n / 2];
}

/* count standard normals, drawn by counter. */
static float *normals(int64_t count, uint32_t id)
{
    float *x = ds_buffer_alloc((size_t)count * sizeof *x);
    ds_rng rng = ds_rng_at(1, DS_FOR_TEST, 0, id);
    for (int64_t i = 0; x && i < count; i++) x[i] = (float)ds_rng_normal(&rng);
    return x;
}

static ds_status open_optim(bench *b, const char *rule)
{
    ds_optim_settings s = { .n = b->n, .dtype = DS_F32 };
    ds_status status = ds_rule_parse(b->ctx, rule, &s.rule);
    return status == DS_OK ? ds_optim_create(&b->optim, b->ctx, &s) : status;
}

static ds_status open_network(bench *b, const struct workload *w)
{
    ds_model *model = NULL;
    int rank = w->sample[1] ? 3 : 1;
    ds_problem_settings s = { .sample = { rank, { w->sample[0], w->sample[1], w->sample[2] } }, .classes = CLASSES };
    ds_status status = ds_model_create(&model, b->ctx);
    for (int k = 0; w->layer[k] && status == DS_OK; k++) status = ds_model_add(model, w->layer[k]);
    if (status == DS_OK) status = ds_problem_create(&b->problem, b->ctx, model, &s);
    ds_model_free(model);
    if (status != DS_OK) return status;
    b->n = ds_space_dim(ds_problem_space(b->problem));
    b->batch = (ds_batch){ .n = w->rows, .x = normals(w->rows * ds_shape_count(s.sample), 0) };
    b->batch.y = ds_buffer_alloc((size_t)w->rows * sizeof(int32_t));
    b->batch.ids = ds_buffer_alloc((size_t)w->rows * sizeof(int32_t));
    b->theta = ds_buffer_alloc((size_t)b->n * sizeof(float));
    b->gradient = ds_buffer_alloc((size_t)b->n * sizeof(float));
    if (!b->batch.x || !b->batch.y || !b->batch.ids || !b->theta || !b->gradient) return DS_EMEM;
    for (int32_t i = 0; i < w->rows; i++) {
        ((int32_t *)b->batch.y)[i] = i * 7 % CLASSES;
        b->batch.ids[i] = i;
    }
    unsigned want = DS_WANT_GRADIENT | (strcmp(w->name, "hvp") == 0 ? DS_WANT_HVP : 0u);
    status = ds_problem_prepare(b->problem, w->rows, DS_MODE_TRAIN, want);
    return status == DS_OK ? ds_problem_init(b->problem, 1, b->theta, NULL) : status;
}

/* AdamW alone: 25 million parameters, the gradient given. */
static ds_status open_adamw(bench *b)
{
    b->n = 25000000;
    b->theta = normals(b->n, 0);
    b->gradient = normals(b->n, 1);
    return b->theta && b->gradient ? open_optim(b, "adamw(lr=1e-4)") : DS_EMEM;
}

static ds_at here(const bench *b, const void *theta)
{
    return (ds_at){ .batch = &b->batch, .theta = theta, .mode = DS_MODE_TRAIN, .seed = 1, .step = (uint64_t)b->step };
}

static ds_status train_step(bench *b)
{
    const void *point;
    double loss = 0;
    ds_status status = ds_optim_point(b->optim, b->theta, &point);
    if (status == DS_OK && b->problem) {
        ds_at at = here(b, point);
        status = ds_problem_gradient(b->problem, &at, b->gradient, &loss);
    }
    if (status == DS_OK && !isfinite(loss)) status = DS_ENONFINITE;
    if (status == DS_OK) status = ds_optim_step(b->optim, b->theta, b->gradient, ds_optim_lr(b->optim));
    if (status == DS_OK && b->problem) ds_problem_commit(b->problem);
    b->step++;
    return status;
}

static ds_status time_steps(bench *b, int steps)
{
    static double ms[MOST_STEPS];
    for (int i = 0; i < steps; i++) {
        double start = now_ms();
        ds_status status = train_step(b);
        ms[i] = now_ms() - start;
        if (status != DS_OK) return status;
    }
    double mid = median(ms, steps);
    printf("%.6f %.6f\n", mid, ms[0]);
    return DS_OK;
}

static ds_status time_products(bench *b, int steps)
{
    static double ms[3][MOST_STEPS];
    ds_at at = here(b, b->theta);
    double loss;
    for (int i = 0; i < steps; i++)
        for (int k = 0; k < 3; k++) {
            double start = now_ms();
            ds_status status = k == 0 ? ds_problem_gradient(b->problem, &at, b->gradient, &loss)
                                      : ds_problem_hvp(b->problem, &at, b->v, b->product, k == 2);
            ms[k][i] = now_ms() - start;
            if (status != DS_OK) return status;
        }
    double gradient = median(ms[0], steps);
    printf("%.6f %.4f %.4f\n", gradient, median(ms[1], steps) / gradient, median(ms[2], steps) / gradient);
    return DS_OK;
}

static ds_status open_bench(bench *b, const char *name)
{
    if (strcmp(name, "adamw-25m") == 0) return open_adamw(b);
    for (size_t k = 0; k < sizeof workloads / sizeof workloads[0]; k++) {
        const struct workload *w = &workloads[k];
        if (strcmp(w->name, name) != 0) continue;
        ds_status status = open_network(b, w);
        if (status != DS_OK) return status;
        if (strcmp(name, "hvp") == 0) {
            b->v = normals(b->n, 2);
            b->product = ds_buffer_alloc((size_t)b->n * sizeof(float));
            if (!b->v || !b->product) return DS_EMEM;
        }
        return open_optim(b, w->rule);
    }
    return DS_EUNKNOWN;
}

int main(int argc, char **argv)
{
    bench b = { 0 };
    char line[64];
    if (argc < 2) return fail(NULL, "usage: train_step WORKLOAD");
    if (ds_ctx_create(&b.ctx, 0) != DS_OK) return fail(NULL, "context");
    if (open_bench(&b, argv[1]) != DS_OK) return fail(b.ctx, argv[1]);
    bool products = strcmp(argv[1], "hvp") == 0;
    for (int i = 0; i < 3; i++)
        if (train_step(&b) != DS_OK) return fail(b.ctx, "first steps");
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        int steps = atoi(line);
        if (steps < 1 || steps > MOST_STEPS) return fail(b.ctx, "number of steps");
        if ((products ? time_products(&b, steps) : time_steps(&b, steps)) != DS_OK) return fail(b.ctx, "step");
        fflush(stdout);
    }
    ds_optim_free(b.optim);
    ds_problem_free(b.problem);
    for (int k = 0; k < 7; k++)
        ds_buffer_free((void *[]){ b.theta, b.gradient, b.v, b.product, b.batch.x, b.batch.y, b.batch.ids }[k]);
    ds_ctx_free(b.ctx);
    return 0;
}
