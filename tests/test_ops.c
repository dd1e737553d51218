/* test_ops.c - every registered op keeps the promises of the library: the backends, fused and unfused programs, thread counts, instruction
 * sets and repeated runs give the same bits; derivatives agree with differences; ends of the range and of extents; refused shapes. */
#include "op/ops.h"
#include "test_graph_support.h"

enum { MOST = 3 + 2 * DS_MAX_IN };

/* Tables are gone through to the end, so that one run shows all that is wrong. */
static int wrong;
#define WRONG(...) (print_error(__VA_ARGS__), print_error("\n"), wrong++)
static void none_wrong(void)
{
    int n = wrong;
    wrong = 0;
    assert_int_equal(n, 0);
}

/* The graph of a sample: y, L = sum(w y), J v, dL/dx, H v, for the real inputs x. */
typedef struct built {
    ds_graph *g;
    ds_val    in[DS_MAX_IN], v[DS_MAX_IN], w, y, l, jv, grad[DS_MAX_IN], hv[DS_MAX_IN];
    int       nx, x[DS_MAX_IN]; /* which inputs are real */
    bool      smooth;           /* has derivatives */
    int       nout;
    ds_val    out[MOST];
} built;

typedef struct data {
    void *in[DS_MAX_IN], *v[DS_MAX_IN], *w;
} data;

typedef struct results {
    int            n;
    ds_dtype       t[MOST];
    int64_t        count[MOST];
    unsigned char *at[MOST];
} results;

typedef struct choice {
    const char *backend;
    bool        unfused;
    int         runs;
    const char *name; /* of what is run, for messages */
} choice;

static ds_dtype type_of(const ds_op_sample *s, int i, ds_dtype t) { return s->kind[i] == 'i' || s->kind[i] == 'k' ? DS_I32 : t; }

static built build(ds_ctx *ctx, const ds_op_sample *s, ds_dtype t, bool differentiable, bool curvature)
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
static data make_data(const built *b, const ds_op_sample *s, ds_dtype t, uint64_t seed, bool special)
{
    data d = { 0 };
    for (int i = 0; i < s->nin; i++) {
        ds_dtype ti = type_of(s, i, t);
        int64_t  n = ds_shape_count(s->shape[i]);
        d.in[i] = memory_for(ti, n);
        for (int64_t k = 0; k < n; k++) {
            double x = uniform(seed + (uint64_t)i, (uint64_t)k, s->lo, s->hi);
            if (s->kind[i] == 'i') x = floor(uniform(seed + (uint64_t)i, (uint64_t)k, 0, s->hi));
            if (s->kind[i] == 'k') x = (double)(int32_t)(mixed(seed, (uint64_t)k) & 0x7fffffff);
            put(ti, d.in[i], k, x);
        }
        if (s->kind[i] == 'p') /* distinct values in a random order: a permutation by exchanges */
            for (int64_t k = 0; k < n; k++) put(ti, d.in[i], k, s->lo + (s->hi - s->lo) * ((double)k + 0.5) / (double)n);
        for (int64_t k = n - 1; k > 0 && s->kind[i] == 'p'; k--) {
            int64_t q = (int64_t)(mixed(seed, (uint64_t)k) % (uint64_t)(k + 1));
            double  a = get(ti, d.in[i], k);
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

static void free_data(data *d)
{
    for (int i = 0; i < DS_MAX_IN; i++) {
        ds_buffer_free(d->in[i]);
        ds_buffer_free(d->v[i]);
    }
    ds_buffer_free(d->w);
}

static void bind_if(ds_ctx *ctx, ds_plan *p, ds_val v, void *memory)
{
    if (ds_val_ok(v) && ds_plan_has(p, v)) OK(ds_plan_bind(p, v, memory));
}

static ds_plan *plan_of(ds_ctx *ctx, const built *b, const ds_op_sample *s, const data *d, int nout, const ds_val *out, choice c)
{
    ds_plan *p;
    OK(ds_plan_create(&p, b->g, nout, out, &(ds_plan_options){ .backend = c.backend, .unfused = c.unfused }));
    for (int i = 0; i < s->nin; i++) bind_if(ctx, p, b->in[i], d->in[i]);
    for (int k = 0; k < b->nx && b->smooth; k++) bind_if(ctx, p, b->v[k], d->v[k]);
    if (b->smooth) bind_if(ctx, p, b->w, d->w);
    return p;
}

static results run(ds_ctx *ctx, const ds_op_sample *s, ds_dtype t, bool differentiable, bool curvature, const data *d, choice c)
{
    built    b = build(ctx, s, t, differentiable, curvature);
    ds_plan *p = plan_of(ctx, &b, s, d, b.nout, b.out, c);
    results  r = { .n = b.nout };
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

static void free_results(results *r)
{
    for (int k = 0; k < r->n; k++) free(r->at[k]);
}

static void expect_same(const char *name, ds_dtype t, const results *want, results found, const char *what)
{
    assert_int_equal(want->n, found.n);
    for (int k = 0; k < want->n; k++) {
        int64_t at = first_difference(want->t[k], want->count[k], want->at[k], found.at[k]);
        if (at >= 0)
            WRONG("%s %s, %s: result %d element %lld is %.17g, wanted %.17g", name, ds_dtype_name(t), what, k, (long long)at,
                     get(want->t[k], found.at[k], at), get(want->t[k], want->at[k], at));
    }
    free_results(&found);
}

/* Same bits by every backend, fused or not, any number of threads, any instruction set, and again. */
static void conform(ds_ctx **ctxs, const char *name, const ds_op_sample *s, ds_dtype t, bool differentiable, bool curvature, bool special, bool sets)
{
    ds_ctx *ctx = ctxs[0];
    built   b = build(ctx, s, t, differentiable, curvature);
    data    d = make_data(&b, s, t, 1000 + (uint64_t)strlen(name), special);
    ds_graph_free(b.g);
#define RUN(c, ...) run(ctxs[c], s, t, differentiable, curvature, &d, (choice){ .name = name, __VA_ARGS__ })
    results want = RUN(0, .backend = "ref");
    expect_same(name, t, &want, RUN(0, .backend = "ref", .unfused = true), "ref unfused");
    for (int c = 0; c < THREAD_COUNTS; c++) expect_same(name, t, &want, RUN(c, .backend = "cpu"), "cpu, several threads");
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

static bool has_derivative(const ds_op *op) { return !(op->flags & DS_OP_NONDIFF); }

static void samples_conform(void **state)
{
    int n;
    const ds_op *const *ops = ds_ops(&n);
    assert_true(n > 60);
    say_skipped_isa();
    for (int k = 0; k < n; k++)
        for (const ds_op_sample *s = ops[k]->samples; s && s->build; s++)
            for (int t = DS_F32; t <= DS_F64; t++) {
                conform(*state, ops[k]->head.name, s, (ds_dtype)t, has_derivative(ops[k]), true, false, true);
                conform(*state, ops[k]->head.name, s, (ds_dtype)t, has_derivative(ops[k]), true, true, false);
            }
    none_wrong();
}

/* Every op of the registry is sampled, but for the two that samples of all others are made of. */
static void every_op_has_samples(void **state)
{
    (void)state;
    int n;
    const ds_op *const *ops = ds_ops(&n);
    for (int k = 0; k < n; k++)
        if (!ops[k]->samples || !ops[k]->samples->build)
            if (ops[k] != &ds_op_broadcast && ops[k] != &ds_op_reshape) fail_msg("%s has no sample", ops[k]->head.name);
}

/* ---- derivatives ------------------------------------------------------------------------------------------------- */

/* Central differences of four points with h = 2^-11. Their truncation is h^4/30 |f^(5)|; the steepest sample is ln near 0.2, where
 * f^(5) = 24 / x^5 = 75000: 1.4e-10 an element, and 3.6e-9 for the derivative of its gradient (f^(6) = 120 / x^6). Rounding gives
 * 1.5 eps |L| / h, below 1e-10 for |L| < 100. The tolerances hold ten times that, relative to the sum of the sizes that cancel. */
#define STEP 0x1p-11
static const double gradient_tolerance = 2e-9, curvature_tolerance = 4e-8;

typedef struct probe {
    ds_ctx             *ctx;
    const ds_op_sample *s;
    built               b;
    data                d;
    void               *base[DS_MAX_IN]; /* the inputs where the derivatives are taken */
    ds_plan            *all, *value, *gradient;
} probe;

/* Move the real inputs to base + a u: u random directions, or one element of input `which` when element >= 0. */
static void move(probe *p, double a, int which, int64_t element)
{
    for (int k = 0; k < p->b.nx; k++) {
        int      i = p->b.x[k];
        int64_t  n = ds_shape_count(p->s->shape[i]);
        double  *x = p->d.in[i];
        const double *v = p->d.v[k];
        memcpy(x, p->base[k], (size_t)n * sizeof *x);
        if (element < 0)
            for (int64_t e = 0; e < n; e++) x[e] += a * v[e];
        else if (which == k) x[element] += a;
    }
}

static double four_points(const double f[4]) { return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * STEP); }
static const double points[4] = { -2 * STEP, -STEP, STEP, 2 * STEP };

static double value_difference(probe *p, int which, int64_t element)
{
    double f[4];
    ds_ctx *ctx = p->ctx;
    for (int q = 0; q < 4; q++) {
        move(p, points[q], which, element);
        OK(ds_plan_run(p->value));
        f[q] = *(double *)ds_plan_data(p->value, p->b.l);
    }
    move(p, 0, 0, -1);
    return four_points(f);
}

static void check_gradient(probe *p, const char *name)
{
    double along = 0, size = 1;
    for (int k = 0; k < p->b.nx; k++) {
        const double *g = ds_plan_data(p->all, p->b.grad[k]), *v = p->d.v[k];
        int64_t       n = ds_shape_count(p->s->shape[p->b.x[k]]), by = n > 40 ? n / 40 : 1;
        for (int64_t e = 0; e < n; e++) {
            along += g[e] * v[e];
            size += fabs(g[e] * v[e]);
            if (e % by) continue;
            double want = value_difference(p, k, e);
            if (!(fabs(g[e] - want) <= gradient_tolerance * (1 + fabs(want))))
                WRONG("%s: gradient of input %d, element %lld is %.15g, differences give %.15g", name, k, (long long)e, g[e], want);
        }
    }
    double want = value_difference(p, 0, -1);
    if (!(fabs(along - want) <= gradient_tolerance * size)) WRONG("%s: derivative along a direction is %.15g, differences give %.15g", name, along, want);
    /* <w, J v> = <J' w, v>: both are sums of the same products, rounded in other orders */
    const double *jv = ds_plan_data(p->all, p->b.jv), *w = p->d.w;
    double        pulled = 0;
    for (int64_t e = 0; e < ds_shape_count(ds_val_shape(p->b.g, p->b.y)); e++) {
        pulled += w[e] * jv[e];
        size += fabs(w[e] * jv[e]);
    }
    if (!(fabs(pulled - along) <= 1e-13 * size)) WRONG("%s: <w, Jv> is %.17g, <J'w, v> is %.17g", name, pulled, along);
}

static void check_curvature(probe *p, const char *name)
{
    ds_ctx *ctx = p->ctx;
    double *g[4][DS_MAX_IN];
    for (int q = 0; q < 4; q++) {
        move(p, points[q], 0, -1);
        OK(ds_plan_run(p->gradient));
        for (int k = 0; k < p->b.nx; k++) {
            size_t bytes = (size_t)ds_shape_count(p->s->shape[p->b.x[k]]) * sizeof(double);
            g[q][k] = malloc(bytes + 1);
            assert_non_null(g[q][k]);
            memcpy(g[q][k], ds_plan_data(p->gradient, p->b.grad[k]), bytes);
        }
    }
    move(p, 0, 0, -1);
    for (int k = 0; k < p->b.nx; k++) {
        const double *hv = ds_plan_data(p->all, p->b.hv[k]);
        for (int64_t e = 0; e < ds_shape_count(p->s->shape[p->b.x[k]]); e++) {
            double want = four_points((double[4]){ g[0][k][e], g[1][k][e], g[2][k][e], g[3][k][e] });
            if (!(fabs(hv[e] - want) <= curvature_tolerance * (1 + fabs(want))))
                WRONG("%s: H v of input %d, element %lld is %.15g, differences give %.15g", name, k, (long long)e, hv[e], want);
        }
        for (int q = 0; q < 4; q++) free(g[q][k]);
    }
}

static void derivatives_of(ds_ctx *ctx, const char *name, const ds_op_sample *s)
{
    probe  p = { .ctx = ctx, .s = s, .b = build(ctx, s, DS_F64, true, true) };
    choice cpu = { .backend = "cpu" };
    if (p.b.smooth && ds_val_dtype(p.b.g, p.b.y) == DS_F64) {
        p.d = make_data(&p.b, s, DS_F64, 5000 + (uint64_t)strlen(name), false);
        for (int k = 0; k < p.b.nx; k++) {
            size_t bytes = (size_t)ds_shape_count(s->shape[p.b.x[k]]) * sizeof(double);
            p.base[k] = malloc(bytes + 1);
            assert_non_null(p.base[k]);
            memcpy(p.base[k], p.d.in[p.b.x[k]], bytes);
        }
        p.all = plan_of(ctx, &p.b, s, &p.d, p.b.nout, p.b.out, cpu);
        p.value = plan_of(ctx, &p.b, s, &p.d, 1, &p.b.l, cpu);
        p.gradient = plan_of(ctx, &p.b, s, &p.d, p.b.nx, p.b.grad, cpu);
        OK(ds_plan_run(p.all));
        check_gradient(&p, name);
        check_curvature(&p, name);
        for (int k = 0; k < p.b.nx; k++) free(p.base[k]);
        ds_plan_free(p.all);
        ds_plan_free(p.value);
        ds_plan_free(p.gradient);
        free_data(&p.d);
    }
    ds_graph_free(p.b.g);
}

static void derivatives(void **state)
{
    int n;
    const ds_op *const *ops = ds_ops(&n);
    for (int k = 0; k < n; k++)
        for (const ds_op_sample *s = ops[k]->samples; s && s->build; s++)
            if (has_derivative(ops[k])) derivatives_of(((ds_ctx **)*state)[0], ops[k]->head.name, s);
    none_wrong();
}

/* ---- sizes that several threads, leaves and tiles share ---------------------------------------------------------- */

#define CASE(id, expression)                                                                                           \
    static ds_val id(ds_graph *g, const ds_val *in)                                                                    \
    {                                                                                                                  \
        (void)in;                                                                                                      \
        return expression;                                                                                             \
    }
static const ds_pool_shape window = { { 3, 2 }, { 2, 1 }, { 1, 1 } };
CASE(chain, ds_mul(g, ds_tanh(g, ds_add(g, in[0], in[1])), ds_exp(g, ds_scale(g, in[0], -0.5))))
CASE(column_chain, ds_sub(g, ds_mul(g, in[0], in[1]), ds_sigmoid(g, in[2])))
CASE(sum0, ds_sum(g, ds_square(g, in[0]), 1))
CASE(sum1, ds_sum(g, ds_mul(g, in[0], in[0]), 2))
CASE(sum_plain, ds_sum(g, in[0], 2))
CASE(sum_lead, ds_sum(g, in[0], 1))
CASE(sum_everything, ds_sum_all(g, in[0]))
CASE(sum_far_axes, ds_sum(g, in[0], 5))
CASE(max0, ds_max_over(g, in[0], 1))
CASE(max1, ds_max_over(g, ds_neg(g, in[0]), 2))
CASE(soft, ds_softmax(g, in[0]))
CASE(soft_plus_sum, ds_sum(g, ds_mul(g, ds_softmax(g, in[0]), in[0]), 1))
CASE(lse, ds_logsumexp(g, in[0]))
CASE(entropy, ds_cross_entropy(g, in[0], in[1], 0.1))
CASE(turned, ds_transpose(g, ds_relu(g, in[0]), (const int[]){ 1, 0 }))
CASE(turned3, ds_transpose(g, in[0], (const int[]){ 2, 0, 1 }))
CASE(cut_and_padded, ds_pad(g, ds_slice(g, in[0], 1, 3, 150), 0, 2, 1))
CASE(joined, ds_concat(g, 3, in, 1))
CASE(picked, ds_gather(g, in[0], in[1]))
CASE(scattered, ds_scatter_add(g, in[0], in[1], 40))
CASE(maximum_pooled, ds_max_pool(g, in[0], window))
CASE(mean_pooled, ds_avg_pool(g, in[0], window))
CASE(plane_mean, ds_global_avg_pool(g, in[0]))
CASE(dropped, ds_dropout(g, in[0], in[1], in[2], 5, 0.3))
CASE(normed, ds_batch_norm(g, in[0], in[1], in[2], 1e-5).y)
CASE(row_normed, ds_layer_norm(g, in[0], in[1], in[2], 1e-5))
CASE(dense, ds_relu(g, ds_add(g, ds_matmul(g, in[0], in[1], false, false), in[2])))
CASE(convolved, ds_tanh(g, ds_add(g, ds_conv(g, in[0], in[1], (ds_conv_shape){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }), in[2])))

static const struct {
    const char  *name;
    ds_op_sample s;
} wide[] = {
    { "chain", { 2, { { 2, { 300, 257 } }, { 1, { 257 } } }, "rr", -2, 2, chain } },
    { "chain in one row", { 2, { { 1, { 70001 } }, { 1, { 1 } } }, "rr", -2, 2, chain } },
    { "chain with columns", { 3, { { 3, { 7, 90, 131 } }, { 3, { 7, 1, 131 } }, { 2, { 90, 1 } } }, "rrr", -2, 2, column_chain } },
    { "chain in narrow rows", { 3, { { 3, { 50, 90, 3 } }, { 3, { 50, 1, 3 } }, { 2, { 90, 1 } } }, "rrr", -2, 2, column_chain } },
    { "sum of rows", { 1, { { 2, { 3001, 37 } } }, "r", -1, 1, sum0 } },
    { "sum of plain rows", { 1, { { 2, { 1025, 1030 } } }, "r", -1, 1, sum_lead } },
    { "sum along rows", { 1, { { 2, { 3, 70001 } } }, "r", -1, 1, sum1 } },
    { "sum along rows of leaves", { 1, { { 2, { 2, 12289 } } }, "r", -1, 1, sum_plain } },
    { "sum of all", { 1, { { 2, { 301, 231 } } }, "r", -1, 1, sum_everything } },
    { "sum of far axes", { 1, { { 3, { 70, 30, 50 } } }, "r", -1, 1, sum_far_axes } },
    { "max of rows", { 1, { { 2, { 501, 150 } } }, "r", -1, 1, max0 } },
    { "max along rows", { 1, { { 2, { 7, 10001 } } }, "r", -1, 1, max1 } },
    { "softmax", { 1, { { 2, { 200, 601 } } }, "r", -3, 3, soft } },
    { "softmax of long rows", { 1, { { 2, { 3, 9001 } } }, "r", -3, 3, soft_plus_sum } },
    { "logsumexp", { 1, { { 2, { 30, 5001 } } }, "r", -3, 3, lse } },
    { "cross entropy", { 2, { { 2, { 900, 100 } }, { 1, { 900 } } }, "ri", -3, 100, entropy } },
    { "transpose", { 1, { { 2, { 301, 203 } } }, "r", -1, 1, turned } },
    { "transpose of three", { 1, { { 3, { 41, 30, 53 } } }, "r", -1, 1, turned3 } },
    { "slice and pad", { 1, { { 2, { 400, 200 } } }, "r", -1, 1, cut_and_padded } },
    { "concat", { 3, { { 2, { 300, 70 } }, { 2, { 300, 1 } }, { 2, { 300, 133 } } }, "rrr", -1, 1, joined } },
    { "gather", { 2, { { 2, { 40, 300 } }, { 1, { 333 } } }, "ri", -1, 40, picked } },
    { "scatter_add", { 2, { { 2, { 333, 300 } }, { 1, { 333 } } }, "ri", -1, 40, scattered } },
    { "max pool", { 1, { { 4, { 7, 23, 18, 37 } } }, "p", -1, 1, maximum_pooled } },
    { "avg pool", { 1, { { 4, { 7, 23, 18, 37 } } }, "r", -1, 1, mean_pooled } },
    { "global avg pool", { 1, { { 4, { 7, 23, 18, 37 } } }, "r", -1, 1, plane_mean } },
    { "dropout", { 3, { { 2, { 300, 257 } }, { 1, { 4 } }, { 1, { 300 } } }, "rki", -1, 60000, dropped } },
    { "batch norm", { 3, { { 4, { 9, 13, 14, 37 } }, { 1, { 37 } }, { 1, { 37 } } }, "rrr", -1, 1, normed } },
    { "layer norm", { 3, { { 2, { 130, 517 } }, { 1, { 517 } }, { 1, { 517 } } }, "rrr", -1, 1, row_normed } },
    { "dense layer", { 3, { { 2, { 131, 97 } }, { 2, { 97, 61 } }, { 1, { 61 } } }, "rrr", -1, 1, dense } },
    { "conv layer", { 3, { { 4, { 3, 13, 12, 5 } }, { 4, { 3, 3, 5, 19 } }, { 1, { 19 } } }, "rrr", -1, 1, convolved } },
};

static void wide_conform(void **state)
{
    for (size_t k = 0; k < sizeof wide / sizeof wide[0]; k++)
        for (int t = DS_F32; t <= DS_F64; t++) {
            conform(*state, wide[k].name, &wide[k].s, (ds_dtype)t, true, false, false, true);
            conform(*state, wide[k].name, &wide[k].s, (ds_dtype)t, true, false, true, false);
        }
    none_wrong();
}

/* ---- extents of 0 and 1 ------------------------------------------------------------------------------------------ */

CASE(product, ds_matmul(g, in[0], in[1], false, false))
CASE(mean0, ds_mean(g, in[0], 1))
CASE(conv3, ds_conv(g, in[0], in[1], (ds_conv_shape){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }))
CASE(one_window, ds_max_pool(g, in[0], (ds_pool_shape){ { 1, 1 }, { 1, 1 }, { 0, 0 } }))
CASE(hot, ds_one_hot(g, in[0], DS_F64, 3))
CASE(empty_slice, ds_slice(g, in[0], 0, 1, 1))
CASE(padded_empty, ds_pad(g, ds_slice(g, in[0], 0, 1, 1), 0, 1, 2))
CASE(entropy_plain, ds_cross_entropy(g, in[0], in[1], 0))

/* value: what every element of y must be, NaN for whatever the backends agree on. */
static const struct {
    const char  *name;
    ds_op_sample s;
    double       value;
} ends[] = {
    { "chain of nothing", { 2, { { 2, { 0, 5 } }, { 1, { 5 } } }, "rr", -1, 1, chain }, NAN },
    { "chain of no columns", { 2, { { 2, { 5, 0 } }, { 2, { 5, 1 } } }, "rr", -1, 1, chain }, NAN },
    { "chain of one", { 2, { { 2, { 1, 1 } }, { 1, { 1 } } }, "rr", -1, 1, chain }, NAN },
    { "chain of scalars", { 2, { { 0 }, { 0 } }, "rr", -1, 1, chain }, NAN },
    { "sum of no rows", { 1, { { 2, { 0, 5 } } }, "r", -1, 1, sum_lead }, 0 },
    { "sum of no columns", { 1, { { 2, { 5, 0 } } }, "r", -1, 1, sum_plain }, 0 },
    { "sum of no squares", { 1, { { 2, { 0, 5 } } }, "r", -1, 1, sum0 }, 0 },
    { "sum of nothing", { 1, { { 2, { 0, 0 } } }, "r", -1, 1, sum_everything }, 0 },
    { "sum of one", { 1, { { 2, { 1, 1 } } }, "r", 1, 1, sum_everything }, 1 },
    { "mean of one row", { 1, { { 2, { 1, 3 } } }, "r", 2, 2, mean0 }, 2 },
    { "mean of no rows", { 1, { { 2, { 0, 3 } } }, "r", -1, 1, mean0 }, NAN },
    { "max of no rows", { 1, { { 2, { 0, 3 } } }, "r", -1, 1, max0 }, -INFINITY },
    { "max of one row", { 1, { { 2, { 1, 3 } } }, "r", 3, 3, max0 }, 3 },
    { "softmax of no rows", { 1, { { 2, { 0, 5 } } }, "r", -1, 1, soft }, NAN },
    { "softmax of one class", { 1, { { 2, { 5, 1 } } }, "r", -1, 1, soft }, 1 },
    { "logsumexp of one class", { 1, { { 2, { 5, 1 } } }, "r", 2, 2, lse }, 2 },
    { "cross entropy of no rows", { 2, { { 2, { 0, 5 } }, { 1, { 0 } } }, "ri", -1, 5, entropy }, NAN },
    { "cross entropy of one class", { 2, { { 2, { 4, 1 } }, { 1, { 4 } } }, "ri", -1, 1, entropy_plain }, 0 },
    { "product over nothing", { 2, { { 2, { 3, 0 } }, { 2, { 0, 5 } } }, "rr", -1, 1, product }, 0 },
    { "product of no rows", { 2, { { 2, { 0, 3 } }, { 2, { 3, 5 } } }, "rr", -1, 1, product }, NAN },
    { "product of no columns", { 2, { { 2, { 2, 3 } }, { 2, { 3, 0 } } }, "rr", -1, 1, product }, NAN },
    { "product of no batch", { 2, { { 3, { 0, 2, 3 } }, { 3, { 0, 3, 4 } } }, "rr", -1, 1, product }, NAN },
    { "product of ones", { 2, { { 2, { 1, 1 } }, { 2, { 1, 1 } } }, "rr", 3, 3, product }, 9 },
    { "conv of no images", { 2, { { 4, { 0, 5, 4, 3 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, conv3 }, NAN },
    { "conv of no channels", { 2, { { 4, { 1, 5, 4, 0 } }, { 4, { 3, 3, 0, 2 } } }, "rr", -1, 1, conv3 }, 0 },
    { "conv to no channels", { 2, { { 4, { 1, 5, 4, 3 } }, { 4, { 3, 3, 3, 0 } } }, "rr", -1, 1, conv3 }, NAN },
    { "conv of one pixel", { 2, { { 4, { 1, 1, 1, 1 } }, { 4, { 3, 3, 1, 1 } } }, "rr", 2, 2, conv3 }, 4 },
    { "max pool of no images", { 1, { { 4, { 0, 5, 4, 3 } } }, "r", -1, 1, maximum_pooled }, NAN },
    { "max pool by one pixel", { 1, { { 4, { 1, 1, 1, 1 } } }, "r", 2, 2, one_window }, 2 },
    { "avg pool of no images", { 1, { { 4, { 0, 5, 4, 3 } } }, "r", -1, 1, mean_pooled }, NAN },
    { "avg pool of no channels", { 1, { { 4, { 2, 5, 4, 0 } } }, "r", -1, 1, mean_pooled }, NAN },
    { "global avg pool of one pixel", { 1, { { 4, { 2, 1, 1, 3 } } }, "r", 2, 2, plane_mean }, 2 },
    { "gather of nothing", { 2, { { 2, { 4, 3 } }, { 1, { 0 } } }, "ri", -1, 4, picked }, NAN },
    { "scatter of nothing", { 2, { { 2, { 0, 3 } }, { 1, { 0 } } }, "ri", -1, 4, scattered }, 0 },
    { "one-hot of nothing", { 1, { { 1, { 0 } } }, "i", 0, 3, hot }, NAN },
    { "concat with nothing", { 3, { { 2, { 2, 0 } }, { 2, { 2, 1 } }, { 2, { 2, 0 } } }, "rrr", 2, 2, joined }, 2 },
    { "slice of nothing", { 1, { { 2, { 4, 3 } } }, "r", -1, 1, empty_slice }, NAN },
    { "pad of nothing", { 1, { { 2, { 4, 3 } } }, "r", -1, 1, padded_empty }, 0 },
    { "transpose of nothing", { 1, { { 2, { 0, 3 } } }, "r", -1, 1, turned }, NAN },
    { "dropout of no rows", { 3, { { 2, { 0, 7 } }, { 1, { 4 } }, { 1, { 0 } } }, "rki", -1, 9, dropped }, NAN },
    { "batch norm of one row", { 3, { { 2, { 1, 3 } }, { 1, { 3 } }, { 1, { 3 } } }, "rrr", 2, 2, normed }, 2 },
    { "layer norm of one column", { 3, { { 2, { 4, 1 } }, { 1, { 1 } }, { 1, { 1 } } }, "rrr", 2, 2, row_normed }, 2 },
};

static void ends_conform(void **state)
{
    ds_ctx **ctxs = *state;
    for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++)
        for (int t = DS_F32; t <= DS_F64; t++) {
            const ds_op_sample *s = &ends[k].s;
            conform(ctxs, ends[k].name, s, (ds_dtype)t, true, true, false, true);
            built b = build(ctxs[0], s, (ds_dtype)t, false, false);
            data  d = make_data(&b, s, (ds_dtype)t, 9, false);
            ds_graph_free(b.g);
            results r = run(ctxs[0], s, (ds_dtype)t, false, false, &d, (choice){ .name = ends[k].name, .backend = "cpu" });
            for (int64_t e = 0; e < r.count[0] && !isnan(ends[k].value); e++)
                if (get(r.t[0], r.at[0], e) != ends[k].value) WRONG("%s: %.17g, wanted %g", ends[k].name, get(r.t[0], r.at[0], e), ends[k].value);
            free_results(&r);
            free_data(&d);
        }
    none_wrong();
}

/* ---- rules for NaN, zeros and ties, by hand ---------------------------------------------------------------------- */

static void one_value(ds_ctx *ctx, const char *name, ds_val (*f)(ds_graph *g, const ds_val *in), double a, double b, double want)
{
    ds_op_sample s = { 2, { { 1, { 1 } }, { 1, { 1 } } }, "rr", 0, 1, f };
    for (int t = DS_F32; t <= DS_F64; t++) {
        data d = { .in = { memory_for((ds_dtype)t, 1), memory_for((ds_dtype)t, 1) } };
        put((ds_dtype)t, d.in[0], 0, a);
        put((ds_dtype)t, d.in[1], 0, b);
        results r = run(ctx, &s, (ds_dtype)t, false, false, &d, (choice){ .name = name, .backend = "cpu" });
        double  y = get((ds_dtype)t, r.at[0], 0);
        if (!(isnan(want) ? isnan(y) : y == want && signbit(y) == signbit(want))) WRONG("%s(%g, %g) is %g, wanted %g", name, a, b, y, want);
        free_results(&r);
        free_data(&d);
    }
}

CASE(do_min, ds_min(g, in[0], in[1]))
CASE(do_max, ds_max(g, in[0], in[1]))
CASE(do_relu, ds_add(g, ds_relu(g, in[0]), ds_mul(g, ds_relu(g, in[0]), in[1])))
CASE(do_sign, ds_mul(g, ds_sign(g, in[0]), in[1]))
CASE(do_greater, ds_greater(g, in[0], in[1]))
CASE(do_at_least, ds_greater_equal(g, in[0], in[1]))
CASE(do_equal, ds_equal(g, in[0], in[1]))
CASE(do_where, ds_where(g, in[0], in[1], ds_neg(g, in[1])))
CASE(do_leaky, ds_add(g, ds_leaky_relu(g, in[0], 0.5), in[1]))
CASE(do_pow, ds_pow(g, in[0], in[1]))
CASE(do_floor, ds_add(g, ds_floor(g, in[0]), in[1]))

static void rules_by_hand(void **state)
{
    ds_ctx *ctx = ((ds_ctx **)*state)[0];
#define IS(f, a, b, want) one_value(ctx, #f, do_##f, a, b, want)
    IS(min, 1, 2, 1), IS(min, 2, 1, 1), IS(min, NAN, 1, NAN), IS(min, 1, NAN, NAN), IS(min, -INFINITY, 1, -INFINITY);
    IS(max, 1, 2, 2), IS(max, 2, 1, 2), IS(max, NAN, 1, NAN), IS(max, 1, NAN, NAN), IS(max, -INFINITY, 1, 1);
    IS(relu, -2, 1, 0), IS(relu, 3, 1, 6), IS(relu, NAN, 1, NAN), IS(relu, INFINITY, 1, INFINITY);
    IS(sign, -2, 1, -1), IS(sign, 3, 1, 1), IS(sign, 0, 1, 0), IS(sign, NAN, 1, NAN);
    IS(greater, 1, 1, 0), IS(greater, 2, 1, 1), IS(greater, NAN, 1, 0), IS(greater, 1, NAN, 0);
    IS(at_least, 1, 1, 1), IS(at_least, 1, 2, 0), IS(at_least, NAN, NAN, 0);
    IS(equal, 0, -0.0, 1), IS(equal, NAN, NAN, 0), IS(equal, 3, 3, 1);
    IS(where, 0, 2, -2), IS(where, -0.0, 2, -2), IS(where, 1, 2, 2), IS(where, NAN, 2, 2);
    IS(leaky, -4, 1, -1), IS(leaky, 4, 1, 5), IS(leaky, NAN, 1, NAN);
    IS(pow, 2, 10, 1024), IS(pow, -2, 3, -8), IS(pow, -2, 0.5, NAN), IS(pow, 0, 0, 1), IS(pow, NAN, 0, 1), IS(pow, 1, NAN, 1);
    IS(floor, -1.5, 0.25, -1.75), IS(floor, 1.5, 0.25, 1.25), IS(floor, INFINITY, 1, INFINITY);
#undef IS
    none_wrong();
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

CASE(bad_add, ds_add(g, in[0], in[1]))
CASE(bad_where, ds_where(g, in[0], in[1], in[1]))
CASE(bad_real, ds_exp(g, in[0]))
CASE(bad_broadcast, ds_broadcast(g, in[0], DS_SHAPE(3, 4)))
CASE(bad_reshape, ds_reshape(g, in[0], DS_SHAPE(7)))
CASE(bad_reshape_two, ds_reshape(g, in[0], DS_SHAPE(-1, -1)))
CASE(bad_sum, ds_sum(g, in[0], 8))
CASE(bad_max, ds_max_over(g, in[0], 1))
CASE(bad_transpose, ds_transpose(g, in[0], (const int[]){ 0, 0 }))
CASE(bad_slice, ds_slice(g, in[0], 0, 2, 9))
CASE(bad_slice_axis, ds_slice(g, in[0], 2, 0, 1))
CASE(bad_pad, ds_pad(g, in[0], 0, -1, 0))
CASE(bad_concat, ds_concat(g, 2, in, 0))
CASE(bad_hot, ds_one_hot(g, in[0], DS_F32, 3))
CASE(bad_grad, (ds_grad(g, in[0], 1, in, &(ds_val){ 0 }), in[0]))
CASE(bad_norm, ds_batch_norm(g, in[0], in[1], in[1], 1e-3).y)
CASE(bad_pool, ds_max_pool(g, in[0], (ds_pool_shape){ { 9, 9 }, { 1, 1 }, { 0, 0 } }))

static const ds_op_sample refused[] = {
    { 2, { { 2, { 3, 5 } }, { 1, { 4 } } }, "rr", 0, 1, bad_add },
    { 2, { { 2, { 3, 5 } }, { 2, { 3, 5 } } }, "ri", 0, 1, bad_add },
    { 2, { { 2, { 3, 5 } }, { 2, { 5, 3 } } }, "rr", 0, 1, bad_where },
    { 1, { { 2, { 3, 5 } } }, "i", 0, 1, bad_real },
    { 1, { { 1, { 5 } } }, "r", 0, 1, bad_broadcast },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_reshape },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_reshape_two },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_sum },
    { 1, { { 2, { 3, 5 } } }, "i", 0, 1, bad_max },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_transpose },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_slice },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_slice_axis },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_pad },
    { 2, { { 2, { 3, 5 } }, { 2, { 3, 4 } } }, "rr", 0, 1, bad_concat },
    { 2, { { 2, { 3, 5 } }, { 1, { 4 } } }, "rr", 0, 1, picked },
    { 2, { { 2, { 3, 5 } }, { 1, { 4 } } }, "ri", 0, 1, scattered },
    { 1, { { 1, { 4 } } }, "r", 0, 1, bad_hot },
    { 2, { { 2, { 3, 5 } }, { 2, { 4, 5 } } }, "rr", 0, 1, product },
    { 2, { { 2, { 3, 5 } }, { 3, { 1, 5, 4 } } }, "rr", 0, 1, product },
    { 2, { { 3, { 2, 3, 5 } }, { 3, { 1, 5, 4 } } }, "rr", 0, 1, product },
    { 2, { { 4, { 1, 5, 4, 3 } }, { 4, { 3, 3, 2, 2 } } }, "rr", 0, 1, conv3 },
    { 2, { { 3, { 5, 4, 3 } }, { 4, { 3, 3, 3, 2 } } }, "rr", 0, 1, conv3 },
    { 1, { { 4, { 1, 5, 4, 3 } } }, "r", 0, 1, bad_pool },
    { 1, { { 3, { 5, 4, 3 } } }, "r", 0, 1, maximum_pooled },
    { 1, { { 0 } }, "r", 0, 1, soft },
    { 2, { { 2, { 3, 5 } }, { 1, { 4 } } }, "ri", 0, 1, entropy },
    { 2, { { 2, { 3, 5 } }, { 1, { 3 } } }, "rr", 0, 1, entropy },
    { 3, { { 2, { 4, 9 } }, { 1, { 3 } }, { 1, { 4 } } }, "rki", 0, 1, dropped },
    { 3, { { 2, { 4, 9 } }, { 1, { 4 } }, { 1, { 5 } } }, "rki", 0, 1, dropped },
    { 2, { { 2, { 6, 3 } }, { 1, { 4 } } }, "rr", 0, 1, bad_norm },
    { 3, { { 2, { 6, 3 } }, { 1, { 4 } }, { 1, { 3 } } }, "rrr", 0, 1, row_normed },
    { 1, { { 1, { 3 } } }, "r", 0, 1, bad_grad },
};

/* Each is refused with DS_ESHAPE and a message, and so is every plan of such a graph; later constructors are safe. */
static void wrong_shapes(void **state)
{
    ds_ctx *ctx = ((ds_ctx **)*state)[0];
    for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++) {
        const ds_op_sample *s = &refused[k];
        ds_graph           *g;
        ds_plan            *p = NULL;
        ds_val              in[DS_MAX_IN];
        OK(ds_graph_create(&g, ctx));
        for (int i = 0; i < s->nin; i++) in[i] = ds_input(g, "x", type_of(s, i, DS_F32), s->shape[i]);
        ds_val y = s->build(g, in);
        if (ds_graph_status(g) != DS_ESHAPE) fail_msg("wrong shapes %zu: %s", k, ds_status_text(ds_graph_status(g)));
        if (strlen(ds_error(ctx)) < 10) fail_msg("wrong shapes %zu: the message is \"%s\"", k, ds_error(ctx));
        assert_false(ds_val_ok(ds_exp(g, y)));
        assert_int_equal(ds_plan_create(&p, g, 1, &in[0], NULL), DS_ESHAPE);
        assert_null(p);
        ds_graph_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_has_samples), cmocka_unit_test(samples_conform), cmocka_unit_test(derivatives), cmocka_unit_test(wide_conform),
        cmocka_unit_test(ends_conform),         cmocka_unit_test(rules_by_hand),   cmocka_unit_test(wrong_shapes),
    };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
