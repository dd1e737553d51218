/* test_ops_support.h - shared by the tests of ops: the graph of a sample with its derivatives, inputs of the stated
 * kinds, one run by a chosen backend, and all the runs that must give the same bits. */
#ifndef TEST_OPS_SUPPORT_H
#define TEST_OPS_SUPPORT_H

#include "op/ops.h"
#include "test_graph_support.h"

enum { MOST = 3 + 2 * DS_MAX_IN };

/* The graph of a sample: y, L = sum(w y), J v, dL/dx, H v, for the real inputs x. */
typedef struct built {
    ds_graph *g;
    ds_val in[DS_MAX_IN], v[DS_MAX_IN], w, y, l, jv, grad[DS_MAX_IN], hv[DS_MAX_IN];
    int nx, x[DS_MAX_IN]; /* which inputs are real */
    bool smooth;          /* has derivatives */
    int nout;
    ds_val out[MOST];
} built;

typedef struct data {
    void *in[DS_MAX_IN], *v[DS_MAX_IN], *w;
} data;

typedef struct results {
    int n;
    ds_dtype t[MOST];
    int64_t count[MOST];
    unsigned char *at[MOST];
} results;

typedef struct choice {
    const char *backend;
    bool unfused;
    int runs;
    const char *name; /* of what is run, for messages */
} choice;

static inline ds_dtype type_of(const ds_op_sample *s, int i, ds_dtype t)
{
    return s->kind[i] == 'i' || s->kind[i] == 'k' ? DS_I32 : t;
}

static inline built build(ds_ctx *ctx, const ds_op_sample *s, ds_dtype t, bool differentiable, bool curvature)
{
    built b = { 0 };
    OK(ds_graph_create(&b.g, ctx));
    for (int i = 0; i < s->nin; i++) {
        b.in[i] = ds_input(b.g, "x", type_of(s, i, t), s->shape[i]);
        if (type_of(s, i, t) != DS_I32) b.x[b.nx++] = i;
    }
    b.y = s->build(b.g, b.in);
    OK(ds_graph_status(b.g));
    b.out[b.nout++] = b.y;
    ds_dtype ty = ds_val_dtype(b.g, b.y);
    b.smooth = differentiable && b.nx && ty != DS_I32;
    if (!b.smooth) return b;
    ds_val x[DS_MAX_IN], v[DS_MAX_IN];
    for (int k = 0; k < b.nx; k++) {
        x[k] = b.in[b.x[k]];
        v[k] = b.v[k] = ds_input(b.g, "v", t, s->shape[b.x[k]]);
    }
    b.w = ds_input(b.g, "w", ty, ds_val_shape(b.g, b.y));
    b.l = b.out[b.nout++] = ds_sum_all(b.g, ds_mul(b.g, b.w, b.y));
    ds_grad(b.g, b.l, b.nx, x, b.grad);
    for (int k = 0; k < b.nx; k++) b.out[b.nout++] = b.grad[k];
    if (curvature) {
        ds_jvp(b.g, 1, &b.y, b.nx, x, v, &b.jv);
        ds_hvp(b.g, b.l, b.nx, x, v, b.hv);
        b.out[b.nout++] = b.jv;
        for (int k = 0; k < b.nx; k++) b.out[b.nout++] = b.hv[k];
    }
    OK(ds_graph_status(b.g));
    return b;
}

/* Inputs of the stated kinds; special: some real elements are replaced by NaN, infinities and the like. */
static inline data make_data(const built *b, const ds_op_sample *s, ds_dtype t, uint64_t seed, bool special)
{
    data d = { 0 };
    for (int i = 0; i < s->nin; i++) {
        ds_dtype ti = type_of(s, i, t);
        int64_t n = ds_shape_count(s->shape[i]);
        d.in[i] = memory_for(ti, n);
        for (int64_t k = 0; k < n; k++) {
            double x = uniform(seed + (uint64_t)i, (uint64_t)k, s->lo, s->hi);
            if (s->kind[i] == 'i') x = floor(uniform(seed + (uint64_t)i, (uint64_t)k, 0, s->hi));
            if (s->kind[i] == 'k') x = (double)(int32_t)(mixed(seed, (uint64_t)k) & 0x7fffffff);
            put(ti, d.in[i], k, x);
        }
        if (s->kind[i] == 'p') /* distinct values in a random order: a permutation by exchanges */
            for (int64_t k = 0; k < n; k++)
                put(ti, d.in[i], k, s->lo + (s->hi - s->lo) * ((double)k + 0.5) / (double)n);
        for (int64_t k = n - 1; k > 0 && s->kind[i] == 'p'; k--) {
            int64_t q = (int64_t)(mixed(seed, (uint64_t)k) % (uint64_t)(k + 1));
            double a = get(ti, d.in[i], k);
            put(ti, d.in[i], k, get(ti, d.in[i], q));
            put(ti, d.in[i], q, a);
        }
        if (special && ti != DS_I32) strew_special(ti, d.in[i], n, seed + (uint64_t)i, n > 40 ? 9 : 3);
    }
    for (int k = 0; k < b->nx && b->smooth; k++) {
        d.v[k] = memory_for(t, ds_shape_count(s->shape[b->x[k]]));
        fill_uniform(t, d.v[k], ds_shape_count(s->shape[b->x[k]]), seed + 20 + (uint64_t)k, -1, 1);
    }
    if (b->smooth) {
        int64_t n = ds_shape_count(ds_val_shape(b->g, b->y));
        d.w = memory_for(ds_val_dtype(b->g, b->y), n);
        fill_uniform(ds_val_dtype(b->g, b->y), d.w, n, seed + 40, -1, 1);
    }
    return d;
}

static inline void free_data(data *d)
{
    for (int i = 0; i < DS_MAX_IN; i++) {
        ds_buffer_free(d->in[i]);
        ds_buffer_free(d->v[i]);
    }
    ds_buffer_free(d->w);
}

static inline void bind_if(ds_ctx *ctx, ds_plan *p, ds_val v, void *memory)
{
    if (ds_val_ok(v) && ds_plan_has(p, v)) OK(ds_plan_bind(p, v, memory));
}

static inline ds_plan *plan_of(ds_ctx *ctx, const built *b, const ds_op_sample *s, const data *d, int nout,
                               const ds_val *out, choice c)
{
    ds_plan *p;
    OK(ds_plan_create(&p, b->g, nout, out, &(ds_plan_options){ .backend = c.backend, .unfused = c.unfused }));
    for (int i = 0; i < s->nin; i++) bind_if(ctx, p, b->in[i], d->in[i]);
    for (int k = 0; k < b->nx && b->smooth; k++) bind_if(ctx, p, b->v[k], d->v[k]);
    if (b->smooth) bind_if(ctx, p, b->w, d->w);
    return p;
}

static inline results run(ds_ctx *ctx, const ds_op_sample *s, ds_dtype t, bool differentiable, bool curvature,
                          const data *d, choice c)
{
    built b = build(ctx, s, t, differentiable, curvature);
    ds_plan *p = plan_of(ctx, &b, s, d, b.nout, b.out, c);
    results r = { .n = b.nout };
    for (int n = 0; n < (c.runs ? c.runs : 1); n++)
        if (ds_plan_run(p) != DS_OK) WRONG("%s %s by %s: %s", c.name, ds_dtype_name(t), c.backend, ds_error(ctx));
    for (int k = 0; k < b.nout; k++) {
        r.t[k] = ds_val_dtype(b.g, b.out[k]);
        r.count[k] = ds_shape_count(ds_val_shape(b.g, b.out[k]));
        size_t bytes = (size_t)r.count[k] * ds_dtype_bytes(r.t[k]);
        r.at[k] = malloc(bytes + 1);
        assert_non_null(r.at[k]);
        assert_non_null(ds_plan_data(p, b.out[k]));
        memcpy(r.at[k], ds_plan_data(p, b.out[k]), bytes);
    }
    ds_plan_free(p);
    ds_graph_free(b.g);
    return r;
}

static inline void free_results(results *r)
{
    for (int k = 0; k < r->n; k++) free(r->at[k]);
}

static inline void expect_same(const char *name, ds_dtype t, const results *want, results found, const char *what)
{
    assert_int_equal(want->n, found.n);
    for (int k = 0; k < want->n; k++) {
        int64_t at = first_difference(want->t[k], want->count[k], want->at[k], found.at[k]);
        if (at >= 0)
            WRONG("%s %s, %s: result %d element %lld is %.17g, wanted %.17g", name, ds_dtype_name(t), what, k,
                  (long long)at, get(want->t[k], found.at[k], at), get(want->t[k], want->at[k], at));
    }
    free_results(&found);
}

/* Same bits by every backend, fused or not, any number of threads, any instruction set, and again. */
static inline void conform(ds_ctx **ctxs, const char *name, const ds_op_sample *s, ds_dtype t, bool differentiable,
                           bool curvature, bool special, bool sets)
{
    ds_ctx *ctx = ctxs[0];
    built b = build(ctx, s, t, differentiable, curvature);
    data d = make_data(&b, s, t, 1000 + (uint64_t)strlen(name), special);
    ds_graph_free(b.g);
#define RUN(c, ...) run(ctxs[c], s, t, differentiable, curvature, &d, (choice){ .name = name, __VA_ARGS__ })
    results want = RUN(0, .backend = "ref");
    expect_same(name, t, &want, RUN(0, .backend = "ref", .unfused = true), "ref unfused");
    for (int c = 0; c < THREAD_COUNTS; c++)
        expect_same(name, t, &want, RUN(c, .backend = "cpu"), "cpu, several threads");
    expect_same(name, t, &want, RUN(1, .backend = "cpu", .unfused = true), "cpu unfused");
    expect_same(name, t, &want, RUN(2, .backend = "cpu", .runs = 3), "cpu run three times");
    expect_same(name, t, &want, RUN(0, .backend = "check"), "check");
    expect_same(name, t, &want, RUN(1, .backend = "check", .unfused = true), "check unfused");
    for (int k = 0; k < ISA_NAMES && sets; k++) {
        if (!isa_here(isa_names[k])) continue;
        setenv("DS_ISA", isa_names[k], 1);
        expect_same(name, t, &want, RUN(1, .backend = "cpu"), isa_names[k]);
        unsetenv("DS_ISA");
    }
#undef RUN
    free_results(&want);
    free_data(&d);
}

/* A builder by its expression over g and in. */
#define CASE(id, expression)                                                                                           \
    static ds_val id(ds_graph *g, const ds_val *in)                                                                    \
    {                                                                                                                  \
        (void)in;                                                                                                      \
        return expression;                                                                                             \
    }

#endif
