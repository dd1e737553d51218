/* test_clip.c - clipping against its formulas, to the bit where they say so; units of dense and convolution weights where
 * memory has another order than files; a recurrent cliff that throws plain descent off and that clipping tames;
 * gradients accumulated over minibatches against one large batch; clipped and accumulated training on 1 and 3 threads. */
#include "test_rules_support.h"

#include "descent/train.h"
#include "space/space.h"
#include "space/vector.h"

enum { N = 1003, OUT = 70, IN = 3, ROWS = 42, FEATURES = 5, MOST = 256 };

static ds_ctx *ctx;

static double noise(uint32_t i, uint32_t j)
{
    return 2 * (double)ds_uniform_f32(ds_draw(5, DS_FOR_TEST, i, j, 0).u[0]) - 1;
}

static void *vector(ds_dtype t, int64_t n, uint32_t j, double size)
{
    void *x = ds_buffer_alloc((size_t)n * sizeof(double));
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++) put(t, x, i, size * noise((uint32_t)i, j));
    return x;
}

static bool clip(ds_clip_kind kind, double c, ds_dtype t, int64_t n, void *g)
{
    return ds_clip_gradient(&(ds_clip){ .kind = kind, .c = c }, NULL, t, n, NULL, g);
}

/* ---- formulas ---------------------------------------------------------------------------------------------------- */

static void a_norm_becomes_the_bound(void **state)
{
    (void)state;
    double five[2] = { 3, -4 };
    clip(DS_CLIP_NORM, 2.5, DS_F64, 2, five);
    assert_true(five[0] == 1.5 && five[1] == -2);
    static const double bound[] = { 1e-6, 1e-3, 1, 7 };
    for (ds_dtype t = DS_F32; t <= DS_F64; t++)
        for (size_t k = 0; k < sizeof bound / sizeof bound[0]; k++) {
            void *g = vector(t, N, 0, 1), *was = vector(t, N, 0, 1);
            double c = bound[k], factor = c / ds_vector_norm(t, g, N);
            clip(DS_CLIP_NORM, c, t, N, g);
            for (int64_t i = 0; i < N; i++) {
                double wanted = get(t, was, i) * factor;
                assert_true(get(t, g, i) == (t == DS_F32 ? (double)(float)wanted : wanted));
            }
            /* with 1e-6 added to the norm, as elsewhere, it would be c (1 - 5e-8) */
            assert_true(fabs(ds_vector_norm(t, g, N) / c - 1) < (t == DS_F32 ? 2e-8 : 1e-14));
            ds_buffer_free(g);
            ds_buffer_free(was);
        }
}

static void what_is_within_the_bound_stays(void **state)
{
    (void)state;
    for (ds_dtype t = DS_F32; t <= DS_F64; t++)
        for (ds_clip_kind kind = DS_CLIP_NONE; kind <= DS_CLIP_VALUE; kind++) {
            void *g = vector(t, N, 0, 1), *was = vector(t, N, 0, 1);
            assert_false(clip(kind, kind == DS_CLIP_VALUE ? 1 : ds_vector_norm(t, g, N), t, N, g));
            assert_memory_equal(g, was, (size_t)N * ds_dtype_bytes(t));
            ds_buffer_free(g);
            ds_buffer_free(was);
        }
    double zero[3] = { 0, -0.0, 0 };
    clip(DS_CLIP_NORM, 1, DS_F64, 3, zero);
    assert_true(zero[0] == 0 && zero[1] == 0 && zero[2] == 0);
}

/* The sum of squares is beyond f64, the norm is not; and one whose norm is not a number of f64 either. */
static void norms_beyond_squares_are_clipped(void **state)
{
    (void)state;
    double g[3] = { 3e200, -4e200, 0 }, h[2] = { 1.5e308, 1.5e308 };
    assert_true(clip(DS_CLIP_NORM, 10, DS_F64, 3, g));
    assert_true(fabs(g[0] - 6) < 1e-14 && fabs(g[1] + 8) < 1e-14 && g[2] == 0);
    clip(DS_CLIP_NORM, 1, DS_F64, 2, h);
    assert_true(fabs(h[0] - sqrt(0.5)) < 1e-15 && h[0] == h[1]);
}

static void values_are_clamped(void **state)
{
    (void)state;
    for (ds_dtype t = DS_F32; t <= DS_F64; t++) {
        void *g = vector(t, N, 1, 1), *was = vector(t, N, 1, 1);
        double c = t == DS_F32 ? (double)0.3f : 0.3;
        int moved = 0;
        assert_true(clip(DS_CLIP_VALUE, 0.3, t, N, g));
        for (int64_t i = 0; i < N; i++) {
            double x = get(t, was, i), wanted = x > c ? c : x < -c ? -c : x;
            assert_true(get(t, g, i) == wanted);
            moved += wanted != x;
        }
        assert_in_range(moved, N / 2, N);
        ds_buffer_free(g);
        ds_buffer_free(was);
    }
}

/* ---- units ------------------------------------------------------------------------------------------------------- */

/* More units than are clipped at a time; some have no weights, some no gradient. Judged in the order of files, where a unit
 * lies in one piece. */
static void units_are_clipped_by_their_weights(void **state)
{
    (void)state;
    const ds_segment segments[] = {
        { .name = "dense.weight", .shape = DS_SHAPE(OUT, IN), .order = { 1, 0 } },
        { .name = "conv.weight", .shape = DS_SHAPE(OUT, IN, 2, 2), .order = { 2, 3, 1, 0 } },
        { .name = "as.filed", .shape = DS_SHAPE(OUT, IN), .order = { 0, 1 } },
        { .name = "bias", .role = DS_BIAS, .shape = DS_SHAPE(OUT), .order = { 0 } },
    };
    const ds_clip clip = { DS_CLIP_ADAPTIVE, 0.5, 1e-3 };
    ds_space s = { 0 };
    for (size_t k = 0; k < sizeof segments / sizeof segments[0]; k++) OK(ctx, ds_space_add(&s, ctx, &segments[k]));
    for (ds_dtype t = DS_F32; t <= DS_F64; t++) {
        int clipped = 0, kept = 0;
        double *w = ds_buffer_alloc((size_t)s.dim * 8), *g = ds_buffer_alloc((size_t)s.dim * 8),
               *got = ds_buffer_alloc((size_t)s.dim * 8);
        void *theta = vector(t, s.dim, 2, 1), *grad = vector(t, s.dim, 3, 1), *was = vector(t, s.dim, 3, 1);
        for (int64_t i = 0; i < s.dim; i++) {
            put(t, theta, i, i % 7 ? get(t, theta, i) : 0);
            put(t, grad, i, get(t, grad, i) * (i % 5 ? 1 : 1e-5));
        }
        memcpy(was, grad, (size_t)s.dim * ds_dtype_bytes(t));
        assert_true(ds_clip_gradient(&clip, &s, t, s.dim, theta, grad));
        for (int k = 0; k < s.count; k++) {
            int64_t units = s.segment[k].shape.rank > 1 ? OUT : 1, size = s.segment[k].count / units;
            ds_space_export(&s, k, t, theta, DS_F64, w);
            ds_space_export(&s, k, t, was, DS_F64, g);
            ds_space_export(&s, k, t, grad, DS_F64, got);
            for (int64_t u = 0; u < units; u++) {
                double weight = ds_vector_norm(DS_F64, w + u * size, size),
                       norm = ds_vector_norm(DS_F64, g + u * size, size), bound = clip.c * fmax(weight, clip.eps),
                       f = norm > bound ? bound / norm : 1;
                for (int64_t i = u * size; i < (u + 1) * size; i++)
                    if (!(fabs(got[i] - f * g[i]) <= (t == DS_F32 ? 1e-7 : 1e-15)))
                        fail_msg("%s unit %d: %.17g, wanted %.17g", s.segment[k].name, (int)u, got[i], f * g[i]);
                clipped += f < 1;
                kept += f == 1;
            }
        }
        assert_true(clipped > OUT && kept > 3);
        ds_buffer_free(w);
        ds_buffer_free(g);
        ds_buffer_free(got);
        ds_buffer_free(theta);
        ds_buffer_free(grad);
        ds_buffer_free(was);
    }
    ds_space_clear(&s);
}

static void bad_bounds_are_refused(void **state)
{
    (void)state;
    const ds_clip bad[] = { { DS_CLIP_NORM, 0, 0 },
                            { DS_CLIP_NORM, -1, 0 },
                            { DS_CLIP_VALUE, NAN, 0 },
                            { DS_CLIP_VALUE, INFINITY, 0 },
                            { DS_CLIP_ADAPTIVE, 0.01, 0 } };
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) assert_int_equal(ds_clip_check(ctx, &bad[k]), DS_ERANGE);
    OK(ctx, ds_clip_check(ctx, &(ds_clip){ 0 }));
    OK(ctx, ds_clip_check(ctx, &(ds_clip){ DS_CLIP_ADAPTIVE, 0.01, 1e-3 }));
}

/* ---- the cliff --------------------------------------------------------------------------------------------------- */

/* A unit that multiplies by w ten times over: f = (w^10 - 1/2)^2 / 2. From 1.5 the gradient is 2e4; a plain step leaps over
 * the valley onto the other cliff, where the slope is beyond all bounds. */
static double descend(const ds_clip *c, int steps)
{
    double w = 1.5;
    for (int k = 0; k < steps; k++) {
        double w9 = w * w * w;
        w9 = w9 * w9 * w9;
        double g = (w9 * w - 0.5) * 10 * w9;
        if (!isfinite(g)) return INFINITY;
        ds_clip_gradient(c, NULL, DS_F64, 1, NULL, &g);
        w -= 0.01 * g;
    }
    return w;
}

static void clipping_tames_a_cliff(void **state)
{
    (void)state;
    double end = pow(0.5, 0.1);
    assert_true(isinf(descend(&(ds_clip){ 0 }, 200)));
    assert_true(fabs(descend(&(ds_clip){ DS_CLIP_NORM, 1, 0 }, 200) - end) < 1e-9);
    assert_true(fabs(descend(&(ds_clip){ DS_CLIP_VALUE, 1, 0 }, 200) - end) < 1e-9);
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

typedef struct recipe {
    int64_t batch, accumulate, steps; /* steps 0: two epochs */
    ds_clip clip;
    ds_dtype dtype;
    int threads;
} recipe;

typedef struct result {
    double start[MOST], theta[MOST];
    int64_t n;
    ds_epoch_report report;
    ds_outcome outcome;
} result;

static char table[64];

static int open_all(void **state)
{
    (void)state;
    snprintf(table, sizeof table, "/tmp/descent-clip-XXXXXX");
    int fd = mkstemp(table);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f || ds_ctx_create(&ctx, 1) != DS_OK) return 1;
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t k = 0; k < FEATURES; k++) fprintf(f, "%.9g,", noise(i, k) + (k == i % 2));
        fprintf(f, "%c\n", "ab"[i % 2]);
    }
    return fclose(f);
}

static int close_all(void **state)
{
    (void)state;
    ds_ctx_free(ctx);
    return remove(table);
}

static void on_epoch(void *arg, const ds_epoch_report *e) { ((result *)arg)->report = *e; }

static void train(const recipe *c, result *r)
{
    ds_ctx *own;
    ds_model *model;
    ds_session *s;
    assert_int_equal(ds_ctx_create(&own, c->threads ? c->threads : 1), DS_OK);
    OK(own, ds_model_create(&model, own));
    OK(own, ds_model_add(model, "dense 6 act=tanh"));
    OK(own, ds_model_add(model, "dropout 0.2"));
    OK(own, ds_model_add(model, "dense classes"));
    ds_session_settings set = { .data = ds_data_defaults(),
                                .model = model,
                                .epochs = c->steps ? -1 : 2,
                                .steps = c->steps ? c->steps : -1,
                                .batch = c->batch,
                                .accumulate = c->accumulate,
                                .clip = c->clip,
                                .seed = 1 };
    set.data.format = "csv";
    set.data.path = table;
    set.problem.dtype = c->dtype;
    OK(own, ds_rule_parse(own, "sgd(lr=0.5)", &set.optimizer.rule));
    OK(own, ds_session_create(&s, own, &set, NULL));
    OK(own, ds_session_init(s));
    r->n = ds_space_dim(ds_problem_space(ds_session_problem(s)));
    assert_true(r->n <= MOST);
    for (int64_t i = 0; i < r->n; i++) r->start[i] = get(c->dtype, ds_session_theta(s), i);
    OK(own, ds_train(s, NULL, &(ds_watcher){ .arg = r, .epoch = on_epoch }, &r->outcome));
    for (int64_t i = 0; i < r->n; i++) r->theta[i] = get(c->dtype, ds_session_theta(s), i);
    ds_session_free(s);
    ds_model_free(model);
    ds_ctx_free(own);
}

/* 42 rows in batches of 4 make steps of 12, 12, 12 and 6 rows; the last batch has 2 of the 6, so that batches weighted
 * alike would show. Dropout is there: its masks follow step and row. */
static void accumulated_batches_are_one_large_batch(void **state)
{
    (void)state;
    result small, large, plain;
    train(&(recipe){ .batch = 4, .accumulate = 3, .dtype = DS_F64 }, &small);
    train(&(recipe){ .batch = 12, .dtype = DS_F64 }, &large);
    train(&(recipe){ .batch = 4, .dtype = DS_F64 }, &plain);
    assert_int_equal(small.outcome.steps, 8);
    assert_int_equal(plain.outcome.steps, 22);
    assert_int_equal(small.outcome.epochs, 2);
    assert_true(ds_vector_distance(DS_F64, small.theta, large.theta, small.n) < 1e-13);
    assert_true(ds_vector_distance(DS_F64, small.theta, plain.theta, small.n) > 1e-2);
    assert_true(fabs(small.report.train_loss - large.report.train_loss) < 1e-13);
    assert_true(fabs(small.report.train_error - large.report.train_error) < 1e-13);
    assert_true(fabs(small.report.grad_norm - large.report.grad_norm) < 1e-13);
}

static void a_clipped_step_is_as_long_as_the_bound(void **state)
{
    (void)state;
    result free, clipped;
    const ds_clip clip = { DS_CLIP_NORM, 0.01, 0 };
    train(&(recipe){ .batch = 12, .steps = 1, .dtype = DS_F64 }, &free);
    train(&(recipe){ .batch = 12, .steps = 1, .dtype = DS_F64, .clip = clip }, &clipped);
    double length = ds_vector_distance(DS_F64, clipped.start, clipped.theta, clipped.n);
    assert_true(fabs(length - 0.5 * 0.01) < 1e-15);
    assert_true(clipped.report.grad_norm > 0.01); /* reported as it was before */
    assert_true(clipped.report.grad_norm == free.report.grad_norm);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    result one, three;
    for (ds_clip_kind kind = DS_CLIP_NONE; kind <= DS_CLIP_ADAPTIVE; kind++) {
        recipe c = { .batch = 4, .accumulate = 3, .clip = { kind, 0.1, 1e-3 } };
        train(&c, &one);
        c.threads = 3;
        train(&c, &three);
        assert_memory_equal(one.theta, three.theta, (size_t)one.n * sizeof(double));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_norm_becomes_the_bound),
        cmocka_unit_test(what_is_within_the_bound_stays),
        cmocka_unit_test(norms_beyond_squares_are_clipped),
        cmocka_unit_test(values_are_clamped),
        cmocka_unit_test(units_are_clipped_by_their_weights),
        cmocka_unit_test(bad_bounds_are_refused),
        cmocka_unit_test(clipping_tames_a_cliff),
        cmocka_unit_test(accumulated_batches_are_one_large_batch),
        cmocka_unit_test(a_clipped_step_is_as_long_as_the_bound),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
