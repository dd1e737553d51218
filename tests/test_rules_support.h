/* test_rules_support.h - rules made from text, vectors of random numbers, one line per step. */
#ifndef TEST_RULES_SUPPORT_H
#define TEST_RULES_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "descent/graph.h"
#include "descent/optim.h"
#include "descent/random.h"
#include "descent/registry.h"
#include "optim/rule.h"

#define OK(ctx, call)                                                                                                  \
    do {                                                                                                               \
        if ((call) != DS_OK) fail_msg("%s: %s", #call, ds_error(ctx));                                                 \
    } while (0)

static const char *const DIALECTS[] = { "torch", "book" };

/* One rule at work on one vector. */
typedef struct bench {
    ds_ctx *ctx;
    ds_optim *o;
    int64_t n;
    ds_dtype t;
    void *theta, *g;
    bool still; /* at the lowest point: no gradient anywhere */
} bench;

typedef struct setup {
    const char *rule, *dialect, *backend;
    int64_t n;
    ds_dtype t;
    int threads;
    bool unfused;
} setup;

static inline double get(ds_dtype t, const void *x, int64_t i)
{
    return t == DS_F32 ? ((const float *)x)[i] : ((const double *)x)[i];
}
static inline void put(ds_dtype t, void *x, int64_t i, double v)
{
    if (t == DS_F32)
        ((float *)x)[i] = (float)v;
    else
        ((double *)x)[i] = v;
}

static inline bench start(setup s)
{
    bench b = { .n = s.n, .t = s.t };
    assert_int_equal(ds_ctx_create(&b.ctx, s.threads ? s.threads : 1), DS_OK);
    ds_optim_settings settings = {
        .dialect = s.dialect, .n = s.n, .dtype = s.t, .backend = s.backend, .unfused = s.unfused
    };
    OK(b.ctx, ds_rule_parse(b.ctx, s.rule, &settings.rule));
    OK(b.ctx, ds_optim_create(&b.o, b.ctx, &settings));
    b.theta = ds_buffer_alloc((size_t)s.n * ds_dtype_bytes(s.t));
    b.g = ds_buffer_alloc((size_t)s.n * ds_dtype_bytes(s.t));
    assert_true(b.theta && b.g);
    return b;
}

static inline void stop(bench *b)
{
    ds_optim_free(b->o);
    ds_buffer_free(b->theta);
    ds_buffer_free(b->g);
    ds_ctx_free(b->ctx);
}

/* Random numbers of (step, element), exact in f32; step 0 is for theta. Magnitudes range over six decades. */
static inline void randomize(ds_dtype t, void *x, int64_t n, uint32_t step)
{
    static const double scale[] = { 1, 1e-3, 30, 1e-6, 0.1 };
    ds_rng r = ds_rng_at(1, DS_FOR_TEST, step, 7);
    for (int64_t i = 0; i < n; i++) put(t, x, i, (double)(float)((ds_rng_uniform(&r) - 0.5) * scale[i % 5]));
}

/* A rate that moves. */
static inline double rate_at(int step) { return 0.01 * (1 + step % 3); }

/* What the rule needs beside the gradient: a loss above 0, vectors of further random numbers that repeat after 48. */
static inline void supply(bench *b, int step)
{
    ds_need q = { 0 };
    for (;;) {
        OK(b->ctx, ds_optim_ask(b->o, b->theta, b->g, &q));
        if (!q.what) return;
        if (q.out) randomize(b->t, q.out, b->n < 48 ? b->n : 48, 100 * q.what + (uint32_t)step);
        for (int64_t i = 0; q.out && i < b->n; i++) {
            double x = b->still ? 0 : get(b->t, q.out, i % 48);
            put(b->t, q.out, i, x);
        }
        for (int64_t i = 0; q.v && i < b->n; i++) put(b->t, q.out, i, get(b->t, q.out, i) * get(b->t, q.v, i));
        q.number = q.what == DS_NEED_LOSS ? 0.25 * (1 + step % 4) : 16;
    }
}

static inline void one_step(bench *b, int step)
{
    randomize(b->t, b->g, b->n, (uint32_t)step + 1);
    supply(b, step);
    OK(b->ctx, ds_optim_step(b->o, b->theta, b->g, rate_at(step)));
}

static inline size_t vector_bytes(const bench *b) { return (size_t)b->n * ds_dtype_bytes(b->t); }

static inline void assert_same(bench *a, bench *b)
{
    assert_memory_equal(a->theta, b->theta, vector_bytes(a));
    assert_int_equal(ds_optim_states(a->o), ds_optim_states(b->o));
    for (int i = 0; i < ds_optim_states(a->o); i++)
        assert_memory_equal(ds_optim_state(a->o, i), ds_optim_state(b->o, i),
                            (size_t)ds_optim_state_count(a->o, i) * ds_dtype_bytes(a->t));
}

/* Every rule with each of its variants in a dialect: rule text from the registry, plus the options that change its shape. */
static const char *const VARIANTS[][2] = {
    { "sgd(momentum=0.5)", "torch" },
    { "sgd(weight_decay=0.1)", "book" },
    { "momentum(dampening=0.3, weight_decay=0.1)", "torch" },
    { "momentum(nesterov=true)", "torch" },
    { "momentum(nesterov=true, weight_decay=0.1)", "book" },
    { "adagrad(lr_decay=0.1, initial_accumulator_value=0.5)", "torch" },
    { "rmsprop(centered=true, momentum=0.9, weight_decay=0.1)", "torch" },
    { "rmsprop-nesterov(weight_decay=0.1)", "book" },
    { "adam(amsgrad=true, weight_decay=0.1)", "torch" },
    { "adamw(amsgrad=true)", "torch" },
    { "nadam(decoupled_weight_decay=true, weight_decay=0.1)", "torch" },
    { "radam(beta2=0.9, decoupled_weight_decay=true, weight_decay=0.1)", "torch" },
    { "lion(weight_decay=0.1)", "torch" },
    { "ademamix(alpha_warmup=4, slow_warmup=3, weight_decay=0.1)", "torch" },
    { "adopt(weight_decay=0.1)", "torch" },
    { "adam(cautious=true, weight_decay=0.1)", "torch" },
    { "momentum(cautious=true)", "torch" },
    { "adamw(weight_decay_coupling=schedule, weight_decay=0.5)", "torch" },
    { "lion(weight_decay_coupling=corrected, weight_decay=0.5, cautious=true)", "book" },
    { "schedule-free-adamw(r=1, weight_decay=0.1)", "torch" },
    { "mars(exact=true)", "torch" },
    { "mars(base=lion)", "torch" },
    { "sophia(period=3, weight_decay=0.1)", "torch" },
    { "sophia(estimator=gnb, period=2)", "torch" },
};

static inline const ds_rule_def *definition(const char *rule)
{
    for (int i = 0; i < ds_rule_registry.count; i++) {
        const ds_head *head = ds_rule_registry.heads[i];
        if (strncmp(rule, head->name, strcspn(rule, "(")) == 0 && head->name[strcspn(rule, "(")] == 0)
            return ds_rule_of(head);
    }
    fail_msg("no rule %s", rule);
    return NULL;
}

/* Whether elements see each other. */
static inline bool couples(const char *rule) { return strstr(rule, "cautious=true") || definition(rule)->couples; }

/* Run fn for every registered rule in each dialect and for every variant, in both dtypes. */
static inline void for_each_rule(void (*fn)(setup s))
{
    for (int t = 0; t < 2; t++) {
        for (int i = 0; i < ds_rule_registry.count; i++)
            for (int d = 0; d < 2; d++)
                fn((setup){
                    .rule = ds_rule_registry.heads[i]->name, .dialect = DIALECTS[d], .t = t ? DS_F64 : DS_F32 });
        for (size_t i = 0; i < sizeof VARIANTS / sizeof VARIANTS[0]; i++)
            fn((setup){ .rule = VARIANTS[i][0], .dialect = VARIANTS[i][1], .t = t ? DS_F64 : DS_F32 });
    }
}

#endif
