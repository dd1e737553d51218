/* laws.c - laws that every rule has to keep, checked on fixed random gradients (descent/rule.h says which). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descent/graph.h"
#include "descent/random.h"
#include "optim/rule.h"

void ds_laws_judge(ds_laws *v, const char *law, bool kept)
{
    int k = 0;
    while (k < v->count && strcmp(v->law[k], law)) k++;
    if (k == v->count) {
        v->law[v->count++] = law;
        v->kept[k] = true;
    }
    v->kept[k] = v->kept[k] && kept;
}

enum { N = 203, SIDE = 14 /* of the matrix of rules for matrices */, STEPS = 8 };

typedef struct walk {
    ds_ctx *ctx;
    const char *rule, *dialect;
    bool matrix;
    int64_t n;
    ds_dtype dtype;
    bool unfused, zero, permuted, negated, handed_over; /* what is special about it */
    bool gradient_kept;
    double theta[N]; /* where it ends */
} walk;

/* Weights and gradients of a negated walk have the other sign. */
static double sign(const walk *w) { return w->negated ? -1 : 1; }

/* Where element i of a permuted walk comes from: 64 and N share no factor, nor do 3 and 5 and SIDE. */
static int64_t source(const walk *w, int64_t i)
{
    if (!w->permuted) return i;
    return w->matrix ? i / SIDE * 3 % SIDE * SIDE + i % SIDE * 5 % SIDE : i * 64 % N;
}

/* Every third number equals its neighbour, in vectors. */
static double number(const walk *w, uint32_t step, int64_t i)
{
    ds_rng r = ds_rng_at(17, DS_FOR_TEST, step, (uint32_t)(i - (i % 3 == 1 && !w->matrix)));
    return (double)(float)ds_rng_normal(&r);
}

static void put(const walk *w, void *v, int64_t i, double x)
{
    if (w->dtype == DS_F32)
        ((float *)v)[i] = (float)x;
    else
        ((double *)v)[i] = x;
}
static double get(const walk *w, const void *v, int64_t i)
{
    return w->dtype == DS_F32 ? (double)((const float *)v)[i] : ((const double *)v)[i];
}

static ds_status make(const walk *w, ds_optim **o)
{
    ds_optim_settings s = { .dialect = w->dialect, .n = w->n, .dtype = w->dtype, .unfused = w->unfused };
    if (w->matrix) s.columns = SIDE;
    ds_status status = ds_rule_parse(w->ctx, w->rule, &s.rule);
    return status == DS_OK ? ds_optim_create(o, w->ctx, &s) : status;
}

/* A fresh optimizer goes on with the state of the old one. */
static ds_status hand_over(const walk *w, ds_optim **o)
{
    ds_optim *fresh;
    ds_state *a = NULL, *b = NULL;
    ds_status status = make(w, &fresh);
    if (status != DS_OK) return status;
    status = ds_state_create(&a, w->ctx);
    if (status == DS_OK) status = ds_state_create(&b, w->ctx);
    if (status == DS_OK) {
        ds_optim_remember(*o, a);
        ds_optim_remember(fresh, b);
        status = ds_state_status(a);
    }
    if (status == DS_OK) status = ds_state_status(b);
    if (status == DS_OK) ds_state_copy(a, b);
    ds_state_free(a);
    ds_state_free(b);
    ds_optim_free(*o);
    *o = fresh;
    return status;
}

/* What the rule needs beside the gradient, from the quadratic sum_i c_i x_i^2 / 2, whose c are the squares of draws; for
 * drawn labels a gradient of other draws. A walk without gradient stands at the least value. */
static ds_status supply(const walk *w, ds_optim *o, uint32_t t, const void *at, void *g)
{
    ds_need q = { 0 };
    for (;;) {
        ds_status status = ds_optim_ask(o, at, g, &q);
        if (status != DS_OK || !q.what) return status;
        double loss = 0;
        for (int64_t i = 0; i < w->n; i++) {
            double c = number(w, 500, source(w, i)), x = get(w, q.at, i);
            if (!w->zero) loss += c * c * x * x / 2;
            if (q.what == DS_NEED_PRODUCT) put(w, q.out, i, c * c * get(w, q.v, i));
            if (q.what == DS_NEED_SAMPLED) put(w, q.out, i, sign(w) * number(w, 600 + t, source(w, i)));
            if (q.what == DS_NEED_GRADIENT) put(w, q.out, i, w->zero ? 0 : c * c * x);
        }
        q.number = q.what == DS_NEED_LOSS ? loss : 32;
    }
}

static ds_status step(walk *w, ds_optim *o, uint32_t t, void *theta, void *g, void *copy)
{
    const void *at;
    size_t bytes = (size_t)w->n * ds_dtype_bytes(w->dtype);
    ds_status status = ds_optim_point(o, theta, &at);
    if (status != DS_OK) return status;
    for (int64_t i = 0; i < w->n; i++) put(w, g, i, w->zero ? 0 : sign(w) * number(w, t, source(w, i)));
    status = supply(w, o, t, at, g);
    if (status != DS_OK) return status;
    memcpy(copy, g, bytes);
    status = ds_optim_step(o, theta, g, ds_optim_lr(o));
    w->gradient_kept = w->gradient_kept && memcmp(copy, g, bytes) == 0;
    return status;
}

static ds_status go(walk *w)
{
    ds_optim *o = NULL;
    size_t bytes = (size_t)w->n * ds_dtype_bytes(w->dtype);
    void *theta = ds_buffer_alloc(bytes), *g = ds_buffer_alloc(bytes), *copy = ds_buffer_alloc(bytes);
    ds_status status = theta && g && copy ? make(w, &o) : DS_EMEM;
    w->gradient_kept = true;
    for (int64_t i = 0; i < w->n && status == DS_OK; i++) put(w, theta, i, sign(w) * number(w, 1000, source(w, i)));
    for (uint32_t t = 0; t < STEPS && status == DS_OK; t++) {
        status = step(w, o, t, theta, g, copy);
        if (status == DS_OK && w->handed_over) status = hand_over(w, &o);
    }
    for (int64_t i = 0; i < w->n && status == DS_OK; i++) w->theta[source(w, i)] = get(w, theta, i);
    ds_optim_free(o);
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_buffer_free(copy);
    return status;
}

static bool same(const walk *a, const walk *b) { return memcmp(a->theta, b->theta, sizeof a->theta) == 0; }

/* The same but for the order of sums: 8 steps of a few roundings each. */
static bool nearly_same(const walk *a, const walk *b)
{
    double unit = a->dtype == DS_F32 ? 0x1p-24 : 0x1p-53;
    bool near = true;
    for (int64_t i = 0; i < a->n; i++)
        near = near && fabs(a->theta[i] - b->theta[i]) <= 64 * unit * (1 + fabs(a->theta[i]));
    return near;
}

static bool opposite(const walk *a, const walk *b)
{
    bool all = true;
    for (int64_t i = 0; i < N; i++) all = all && a->theta[i] == -b->theta[i];
    return all;
}

static bool neighbours_equal(const walk *a)
{
    bool equal = true;
    for (int64_t i = 1; i < N && !a->matrix; i++) equal = equal && (i % 3 != 1 || a->theta[i] == a->theta[i - 1]);
    return equal;
}

ds_status ds_rule_laws(ds_ctx *ctx, ds_ctx *many, const ds_head *rule, ds_laws *v)
{
    static const char *const dialects[] = { "torch", "book" };
    char text[200]; /* what is done at a period is done */
    snprintf(text, sizeof text, "%s%s", rule->name, ds_option_find(rule->options, "period") >= 0 ? "(period=2)" : "");
    for (int d = 0; d < 2; d++)
        for (int t = 0; t < 2; t++) {
            walk plain = { .ctx = ctx, .rule = text, .dialect = dialects[d], .matrix = ds_rule_takes_matrices(rule) };
            plain.n = plain.matrix ? SIDE * SIDE : N;
            plain.dtype = t ? DS_F64 : DS_F32;
            walk still = plain, permuted = plain, resumed = plain, unfused = plain, threads = plain, start = plain;
            walk negated = plain;
            still.zero = permuted.permuted = negated.negated = resumed.handed_over = unfused.unfused = true;
            threads.ctx = many;
            walk *const all[] = { &plain, &still, &permuted, &negated, &resumed, &unfused, &threads };
            for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
                ds_status status = go(all[k]);
                if (status != DS_OK) return status;
            }
            for (int64_t i = 0; i < start.n; i++) start.theta[i] = number(&start, 1000, i);
            bool decays = ds_option_find(rule->options, "weight_decay") >= 0 &&
                          ds_rule_default(rule, dialects[d], "weight_decay") &&
                          strtod(ds_rule_default(rule, dialects[d], "weight_decay"), NULL) != 0;
            if (!decays) ds_laws_judge(v, "still", same(&still, &start));
            ds_laws_judge(v, "buffer", plain.gradient_kept && still.gradient_kept);
            ds_laws_judge(v, "order",
                          (ds_rule_couples(rule) ? nearly_same : same)(&plain, &permuted) && neighbours_equal(&plain));
            ds_laws_judge(v, "negate", opposite(&plain, &negated));
            ds_laws_judge(v, "resume", same(&plain, &resumed));
            ds_laws_judge(v, "fused", same(&plain, &unfused));
            ds_laws_judge(v, "threads", same(&plain, &threads));
        }
    return DS_OK;
}
