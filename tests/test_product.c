/* test_product.c - matrix products and convolutions: the fast kernels against the reference bit for bit, for every
 * instruction set of this processor and several thread counts, at odd sizes, at the edges of tiles and of leaves, with
 * NaN and infinities in the data; and the reference against sums written here from the definitions, within what
 * rounding allows. */
#include "test_graph_support.h"

typedef enum kind { MATMUL, CONV, CONV_INPUT, CONV_WEIGHT } kind;
static const char *const kind_names[] = { "matmul", "conv", "conv_input", "conv_weight" };

typedef struct problem {
    kind kind;
    ds_dtype t;
    int64_t batch, m, n, k; /* matmul; batch 0 with rank 2 is written -1 */
    bool ta, tb;
    int64_t images, h, w, c, kh, kw,
        o; /* convolutions: of conv's own x [images, h, w, c] and w [kh, kw, c / groups, o] */
    ds_conv_shape s;
    bool epilogue; /* tanh(y + bias) follows */
    ds_shape a, b, y;
    void *av, *bv, *bias;
} problem;

static const char *describe(const problem *p, char *text, size_t bytes)
{
    if (p->kind == MATMUL)
        snprintf(text, bytes, "matmul %s %lld x %lldx%lldx%lld, %d %d%s", ds_dtype_name(p->t), (long long)p->batch,
                 (long long)p->m, (long long)p->n, (long long)p->k, p->ta, p->tb, p->epilogue ? " with epilogue" : "");
    else
        snprintf(text, bytes,
                 "%s %s [%lld,%lld,%lld,%lld] kernel %lldx%lld to %lld, stride %lld %lld, pad %lld %lld, dilation %lld "
                 "%lld, groups %lld%s",
                 kind_names[p->kind], ds_dtype_name(p->t), (long long)p->images, (long long)p->h, (long long)p->w,
                 (long long)p->c, (long long)p->kh, (long long)p->kw, (long long)p->o, (long long)p->s.stride[0],
                 (long long)p->s.stride[1], (long long)p->s.pad[0], (long long)p->s.pad[1], (long long)p->s.dilation[0],
                 (long long)p->s.dilation[1], (long long)p->s.groups, p->epilogue ? " with epilogue" : "");
    return text;
}

static int64_t extent(int64_t in, int64_t k, int64_t s, int64_t p, int64_t d)
{
    int64_t span = in + 2 * p - d * (k - 1) - 1;
    return span < 0 ? 0 : span / s + 1;
}

static void set_shapes(problem *p)
{
    if (p->kind == MATMUL) {
        int64_t am = p->ta ? p->k : p->m, an = p->ta ? p->m : p->k, bm = p->tb ? p->n : p->k, bn = p->tb ? p->k : p->n;
        p->a = p->batch < 0 ? DS_SHAPE(am, an) : DS_SHAPE(p->batch, am, an);
        p->b = p->batch < 0 ? DS_SHAPE(bm, bn) : DS_SHAPE(p->batch, bm, bn);
        p->y = p->batch < 0 ? DS_SHAPE(p->m, p->n) : DS_SHAPE(p->batch, p->m, p->n);
        return;
    }
    ds_shape x = DS_SHAPE(p->images, p->h, p->w, p->c), w = DS_SHAPE(p->kh, p->kw, p->c / p->s.groups, p->o);
    ds_shape y = DS_SHAPE(p->images, extent(p->h, p->kh, p->s.stride[0], p->s.pad[0], p->s.dilation[0]),
                          extent(p->w, p->kw, p->s.stride[1], p->s.pad[1], p->s.dilation[1]), p->o);
    p->a = p->kind == CONV_INPUT ? y : x;
    p->b = p->kind == CONV_WEIGHT ? y : w;
    p->y = p->kind == CONV ? y : p->kind == CONV_INPUT ? x : w;
}

static ds_val product(ds_graph *g, const problem *p, ds_val a, ds_val b)
{
    switch (p->kind) {
    case MATMUL: return ds_matmul(g, a, b, p->ta, p->tb);
    case CONV: return ds_conv(g, a, b, p->s);
    case CONV_INPUT: return ds_conv_input(g, a, b, p->s, p->h, p->w);
    default: return ds_conv_weight(g, a, b, p->s, p->kh, p->kw);
    }
}

/* y of the problem by one backend; to be freed. */
static void *run(ds_ctx *ctx, const problem *p, const char *backend)
{
    ds_graph *g;
    ds_plan *plan;
    OK(ds_graph_create(&g, ctx));
    ds_val a = ds_input(g, "a", p->t, p->a), b = ds_input(g, "b", p->t, p->b), bias, y = product(g, p, a, b);
    if (p->epilogue) {
        bias = ds_input(g, "bias", p->t, DS_SHAPE(p->y.dim[p->y.rank - 1]));
        y = ds_tanh(g, ds_add(g, y, bias));
    }
    OK(ds_plan_create(&plan, g, 1, &y, &(ds_plan_options){ .backend = backend }));
    assert_true(ds_shape_equal(ds_val_shape(g, y), p->y));
    OK(ds_plan_bind(plan, a, p->av));
    OK(ds_plan_bind(plan, b, p->bv));
    if (p->epilogue) OK(ds_plan_bind(plan, bias, p->bias));
    OK(ds_plan_run(plan));
    size_t bytes = (size_t)ds_shape_count(p->y) * ds_dtype_bytes(p->t);
    void *copy = malloc(bytes + 1);
    assert_non_null(copy);
    memcpy(copy, ds_plan_data(plan, y), bytes);
    ds_plan_free(plan);
    ds_graph_free(g);
    return copy;
}

/* ---- the definitions, summed in long double: value and sum of absolute values ---------------------------------------
 */

static void naive_matmul(const problem *p, long double *y, long double *size)
{
    for (int64_t z = 0; z < (p->batch < 0 ? 1 : p->batch); z++)
        for (int64_t i = 0; i < p->m; i++)
            for (int64_t j = 0; j < p->n; j++) {
                long double sum = 0, abs = 0;
                for (int64_t k = 0; k < p->k; k++) {
                    double a = get(p->t, p->av, z * p->m * p->k + (p->ta ? k * p->m + i : i * p->k + k));
                    double b = get(p->t, p->bv, z * p->k * p->n + (p->tb ? j * p->k + k : k * p->n + j));
                    sum += (long double)a * b;
                    abs += fabsl((long double)a * b);
                }
                y[(z * p->m + i) * p->n + j] = sum;
                size[(z * p->m + i) * p->n + j] = abs;
            }
}

/* All three from y[n,i,j,o] += x[n, i s - p + a d, j s - p + b d, c] w[a,b,c,o]: the two known ones multiplied into the
 * third. */
static void naive_conv(const problem *p, long double *out, long double *size)
{
    ds_shape y = p->kind == CONV ? p->y : p->kind == CONV_INPUT ? p->a : p->b;
    int64_t cg = p->c / p->s.groups, og = p->o / p->s.groups;
    for (int64_t n = 0; n < p->images; n++)
        for (int64_t i = 0; i < y.dim[1]; i++)
            for (int64_t j = 0; j < y.dim[2]; j++)
                for (int64_t a = 0; a < p->kh; a++)
                    for (int64_t b = 0; b < p->kw; b++) {
                        int64_t h = i * p->s.stride[0] - p->s.pad[0] + a * p->s.dilation[0],
                                w = j * p->s.stride[1] - p->s.pad[1] + b * p->s.dilation[1];
                        if (h < 0 || h >= p->h || w < 0 || w >= p->w) continue;
                        for (int64_t o = 0; o < p->o; o++)
                            for (int64_t c = 0; c < cg; c++) {
                                int64_t xi = ((n * p->h + h) * p->w + w) * p->c + o / og * cg + c,
                                        wi = ((a * p->kw + b) * cg + c) * p->o + o;
                                int64_t yi = ((n * y.dim[1] + i) * y.dim[2] + j) * p->o + o;
                                int64_t at = p->kind == CONV ? yi : p->kind == CONV_INPUT ? xi : wi;
                                long double term = (long double)get(p->t, p->av, p->kind == CONV_INPUT ? yi : xi) *
                                                   get(p->t, p->bv, p->kind == CONV_WEIGHT ? yi : wi);
                                out[at] += term;
                                size[at] += fabsl(term);
                            }
                    }
}

/* A chain of fused multiply-adds of K terms errs by at most K u sum |a b| (1 + K u), u = 2^-24 or 2^-53; a tree of
 * leaves by less. terms: the longest sum there is. */
static void against_definition(const problem *p, const void *found)
{
    int64_t n = ds_shape_count(p->y);
    long double *y = calloc((size_t)n + 1, sizeof *y), *size = calloc((size_t)n + 1, sizeof *size);
    assert_non_null(y);
    assert_non_null(size);
    if (p->kind == MATMUL)
        naive_matmul(p, y, size);
    else
        naive_conv(p, y, size);
    int64_t terms = p->kind == MATMUL       ? p->k
                    : p->kind == CONV       ? p->kh * p->kw * p->c
                    : p->kind == CONV_INPUT ? p->kh * p->kw * p->o
                                            : p->images * p->h * p->w * 9;
    double u = p->t == DS_F32 ? 0x1p-24 : 0x1p-53;
    for (int64_t e = 0; e < n; e++)
        if (!(fabsl(get(p->t, found, e) - y[e]) <= 1.01L * ((long double)terms + 1) * u * size[e])) {
            char text[256];
            WRONG("%s: element %lld of the reference is %.9g, the definition gives %.9g",
                  describe(p, text, sizeof text), (long long)e, get(p->t, found, e), (double)y[e]);
            break;
        }
    free(y);
    free(size);
}

/* ---- one problem, all ways -----------------------------------------------------------------------------------------
 */

static void compare(const problem *p, const void *want, void *found, const char *isa, int threads)
{
    int64_t at = first_difference(p->t, ds_shape_count(p->y), want, found);
    char text[256];
    if (at >= 0)
        WRONG("%s, %s, %d threads: element %lld is %.17g, wanted %.17g", describe(p, text, sizeof text), isa, threads,
              (long long)at, get(p->t, found, at), get(p->t, want, at));
    free(found);
}

/* ZEROS: zeros of both signs, and numbers so small that a product rounds to a zero of its sign. */
typedef enum data { ORDINARY, SPECIAL, ZEROS } data;

static void fill_zeros(ds_dtype t, void *x, int64_t count, uint64_t seed)
{
    const double tiny = t == DS_F32 ? 0x1p-100 : 0x1p-700, zeros[] = { 0.0, -0.0, tiny, -tiny };
    for (int64_t i = 0; i < count; i++) put(t, x, i, zeros[mixed(seed + 55, (uint64_t)i) % 4]);
}

static void hold(ds_ctx **ctxs, problem p, uint64_t seed, data kind_of_data)
{
    set_shapes(&p);
    int64_t na = ds_shape_count(p.a), nb = ds_shape_count(p.b), last = p.y.dim[p.y.rank - 1];
    p.av = memory_for(p.t, na);
    p.bv = memory_for(p.t, nb);
    p.bias = memory_for(p.t, last);
    fill_uniform(p.t, p.av, na, seed, -1, 1);
    fill_uniform(p.t, p.bv, nb, seed + 1, -1, 1);
    fill_uniform(p.t, p.bias, last, seed + 2, -1, 1);
    if (kind_of_data == SPECIAL) {
        strew_special(p.t, p.av, na, seed, 31);
        strew_special(p.t, p.bv, nb, seed + 3, 67);
    } else if (kind_of_data == ZEROS) {
        fill_zeros(p.t, p.av, na, seed);
        fill_zeros(p.t, p.bv, nb, seed + 3);
    }
    void *want = run(ctxs[0], &p, "ref");
    if (kind_of_data == ORDINARY && !p.epilogue) against_definition(&p, want);
    for (int k = 0; k < ISA_NAMES; k++) {
        if (!isa_here(isa_names[k])) continue;
        setenv("DS_ISA", isa_names[k], 1);
        int other = 1 + (int)(mixed(seed, 99) % (THREAD_COUNTS - 1));
        compare(&p, want, run(ctxs[0], &p, "cpu"), isa_names[k], 1);
        compare(&p, want, run(ctxs[other], &p, "cpu"), isa_names[k], thread_counts[other]);
        unsetenv("DS_ISA");
    }
    compare(&p, want, run(ctxs[1], &p, "check"), "check", 2);
    free(want);
    ds_buffer_free(p.av);
    ds_buffer_free(p.bv);
    ds_buffer_free(p.bias);
}

static int64_t pick(uint64_t seed, uint64_t n, int64_t lo, int64_t hi)
{
    return lo + (int64_t)(mixed(seed, n) % (uint64_t)(hi - lo + 1));
}

static void matmul_sampled(void **state)
{
    say_skipped_isa();
    for (uint64_t k = 0; k < 240; k++) {
        problem p = { .kind = MATMUL,
                      .t = k & 1 ? DS_F64 : DS_F32,
                      .ta = k >> 1 & 1,
                      .tb = k >> 2 & 1,
                      .batch = (k >> 3) % 3 == 0 ? pick(k, 0, 0, 3) : -1 };
        p.m = pick(k, 1, 0, 67);
        p.n = pick(k, 2, 0, 67);
        p.k = pick(k, 3, 0, 67);
        p.epilogue = k % 5 == 4;
        hold(*state, p, 10 * k, k % 6 == 5 ? SPECIAL : ORDINARY);
    }
    none_wrong();
}

/* One below, at and above one, two and four tiles of every instruction set, in rows and columns. */
static void matmul_tile_edges(void **state)
{
    uint64_t seed = 0;
    for (int k = 0; k < ISA_NAMES; k++) {
        const ds_vec *v = ds_vec_named(isa_names[k]);
        for (int q = 0; v && q < 18; q++, seed++) {
            const ds_product *f = seed & 1 ? v->f64 : v->f32;
            problem p = { .kind = MATMUL,
                          .t = seed & 1 ? DS_F64 : DS_F32,
                          .ta = seed >> 1 & 1,
                          .tb = seed >> 2 & 1,
                          .batch = -1,
                          .k = 1 + q };
            p.m = (1 << q % 3) * f->mr + pick(seed, 4, -1, 1);
            p.n = (1 << q / 3 % 3) * f->nr + pick(seed, 5, -1, 1);
            hold(*state, p, 5000 + seed, ORDINARY);
        }
    }
    none_wrong();
}

static void matmul_leaves(void **state)
{
    static const int64_t edges[] = { 1023, 1024, 1025, 2047, 2048, 2049, 3071, 3073, 4097, 5121, 7169 };
    for (uint64_t k = 0; k < 2 * sizeof edges / sizeof edges[0]; k++)
        for (int shape = 0; shape < 4; shape++) {
            problem p = { .kind = MATMUL,
                          .t = k & 1 ? DS_F64 : DS_F32,
                          .ta = shape & 1,
                          .tb = shape & 2,
                          .batch = k % 5 == 3 ? 2 : -1,
                          .k = edges[k / 2] };
            p.m = pick(k, (uint64_t)shape, 1, 55);
            p.n = shape == 3 ? 70 : pick(k, 9 + (uint64_t)shape, 1, 35);
            p.epilogue = k % 4 == 1;
            hold(*state, p, 7000 + 4 * k + (uint64_t)shape, k % 7 == 6 ? SPECIAL : ORDINARY);
        }
    none_wrong();
}

static void convolutions_sampled(void **state)
{
    for (uint64_t k = 0; k < 300; k++) {
        problem p = { .kind = (kind)(1 + k % 3), .t = k / 3 & 1 ? DS_F64 : DS_F32 };
        int64_t groups = pick(k, 0, 0, 2) ? 1 : pick(k, 1, 2, 3), wide = pick(k, 2, 0, 5) ? 9 : 40;
        p.images = pick(k, 3, 0, 9) ? pick(k, 4, 1, 3) : pick(k, 4, 0, 1) * 7;
        p.h = pick(k, 5, 1, 12);
        p.w = pick(k, 6, 1, 12);
        p.c = groups * pick(k, 7, 1, wide);
        p.o = groups * pick(k, 8, 1, wide);
        p.kh = pick(k, 9, 1, 5);
        p.kw = pick(k, 10, 1, 5);
        p.s.groups = groups;
        for (uint64_t a = 0; a < 2; a++) {
            p.s.stride[a] = pick(k, 11 + a, 0, 1) ? 1 : pick(k, 13 + a, 1, 3);
            p.s.pad[a] = pick(k, 15 + a, 0, 1) ? (a ? p.kw : p.kh) / 2 : pick(k, 17 + a, 0, 4);
            p.s.dilation[a] = pick(k, 19 + a, 0, 2) ? 1 : pick(k, 21 + a, 2, 3);
        }
        p.epilogue = k % 5 == 4 && p.kind != CONV_WEIGHT;
        hold(*state, p, 20000 + 10 * k, k % 7 == 6 ? SPECIAL : ORDINARY);
    }
    none_wrong();
}

/* Many images (leaves of 16 in the weights), strips of a plane, large and long kernels, one pixel. */
static void convolutions_at_edges(void **state)
{
    static const struct {
        int64_t images, h, w, c, kh, kw, o;
        ds_conv_shape s;
    } list[] = {
        { 16, 5, 4, 3, 3, 3, 5, { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 } },
        { 17, 4, 5, 2, 3, 3, 19, { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 } },
        { 33, 4, 3, 3, 2, 2, 4, { { 2, 1 }, { 0, 1 }, { 1, 1 }, 1 } },
        { 81, 3, 3, 2, 3, 1, 3, { { 1, 1 }, { 1, 0 }, { 1, 1 }, 1 } },
        { 1, 40, 37, 4, 3, 3, 17, { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 } },
        { 2, 33, 31, 8, 5, 5, 16, { { 2, 2 }, { 2, 2 }, { 1, 1 }, 1 } },
        { 1, 24, 24, 3, 17, 17, 2, { { 1, 1 }, { 8, 8 }, { 1, 1 }, 1 } },
        { 1, 40, 40, 2, 17, 17, 2, { { 1, 1 }, { 16, 16 }, { 2, 2 }, 1 } },
        { 1, 20, 20, 4, 17, 17, 4, { { 2, 3 }, { 8, 8 }, { 1, 1 }, 2 } },
        { 1, 3, 400, 2, 1, 300, 3, { { 1, 1 }, { 0, 7 }, { 1, 1 }, 1 } },
        { 1, 400, 3, 2, 300, 1, 3, { { 1, 1 }, { 7, 0 }, { 1, 1 }, 1 } },
        { 2, 1, 1, 7, 1, 1, 9, { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 } },
        { 2, 1, 1, 7, 3, 3, 9, { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 } },
        { 2, 2, 2, 3, 5, 5, 3, { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 } },
        { 3, 9, 9, 6, 3, 3, 6, { { 1, 1 }, { 1, 1 }, { 1, 1 }, 6 } },
        { 3, 9, 8, 5, 2, 2, 5, { { 3, 3 }, { 0, 0 }, { 1, 1 }, 1 } },
        { 0, 9, 8, 5, 2, 2, 5, { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 } },
        { 2, 7, 7, 3, 1, 1, 4, { { 2, 2 }, { 0, 0 }, { 1, 1 }, 1 } },
    };
    for (size_t k = 0; k < sizeof list / sizeof list[0]; k++)
        for (int q = 0; q < 6; q++) {
            problem p = { .kind = (kind)(1 + q % 3),
                          .t = q / 3 ? DS_F64 : DS_F32,
                          .images = list[k].images,
                          .h = list[k].h,
                          .w = list[k].w,
                          .c = list[k].c,
                          .kh = list[k].kh,
                          .kw = list[k].kw,
                          .o = list[k].o,
                          .s = list[k].s };
            hold(*state, p, 90000 + 10 * k + (uint64_t)q, ORDINARY);
        }
    none_wrong();
}

/* A chain may come to -0, by a product that underflows, and must stay there while products of -0 follow. */
static void signed_zeros(void **state)
{
    for (uint64_t k = 0; k < 96; k++) {
        problem p = {
            .kind = (kind)(k % 4), .t = k / 4 & 1 ? DS_F64 : DS_F32, .ta = k / 8 & 1, .tb = k / 16 & 1, .batch = -1
        };
        p.m = pick(k, 1, 1, 30);
        p.n = pick(k, 2, 1, 40);
        p.k = pick(k, 3, 1, 4);
        p.images = 1;
        p.h = p.w = pick(k, 4, 1, 3);
        p.c = p.kind == CONV_INPUT ? pick(k, 5, 1, 20) : pick(k, 5, 1, 2);
        p.o = p.kind == CONV_INPUT ? pick(k, 6, 1, 2) : pick(k, 6, 1, 20);
        p.kh = p.kw = pick(k, 7, 1, 2);
        p.s = (ds_conv_shape){ { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 };
        hold(*state, p, 300000 + 10 * k, ZEROS);
    }
    none_wrong();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matmul_sampled),        cmocka_unit_test(matmul_tile_edges),
        cmocka_unit_test(matmul_leaves),         cmocka_unit_test(convolutions_sampled),
        cmocka_unit_test(convolutions_at_edges), cmocka_unit_test(signed_zeros),
    };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
