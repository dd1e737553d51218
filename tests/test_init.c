/* test_init.c - initial weights: moments and bounds of every initializer, fans of dense and conv, the same numbers for
 * any dtype, orthonormality, sparsity, rescaling on a batch, biases, a first loss near ln C. Bounds on moments: five
 * standard errors of n draws (mean: s / sqrt n; deviation: at most s / sqrt(2 n) for both shapes). */
#include "test_nn_support.h"

enum { IN = 300, OUT = 400 };

typedef struct start {
    ds_problem *p;
    double *theta;
} start;

static start begin(ds_ctx *ctx, const char *const *lines, ds_shape sample, int classes, uint64_t seed)
{
    ds_problem_settings s = { .sample = sample, .classes = classes, .dtype = DS_F64 };
    start t = { .p = problem_of(ctx, lines, &s) };
    t.theta = vector_of(t.p);
    OK(ds_problem_init(t.p, seed, t.theta, NULL));
    return t;
}

static void end(start *t)
{
    ds_problem_free(t->p);
    ds_buffer_free(t->theta);
}

static const double *weight(const start *t, int i, int64_t *n)
{
    *n = ds_space_segment(ds_problem_space(t->p), i)->count;
    return t->theta + ds_space_segment(ds_problem_space(t->p), i)->offset;
}

typedef struct moments {
    double mean, std, lo, hi;
} moments;

static moments measure(const double *x, int64_t n)
{
    moments m = { .lo = x[0], .hi = x[0] };
    for (int64_t i = 0; i < n; i++) {
        m.mean += x[i] / (double)n;
        m.lo = x[i] < m.lo ? x[i] : m.lo;
        m.hi = x[i] > m.hi ? x[i] : m.hi;
    }
    for (int64_t i = 0; i < n; i++) m.std += (x[i] - m.mean) * (x[i] - m.mean) / (double)n;
    m.std = sqrt(m.std);
    return m;
}

static const struct scheme {
    const char *init;
    double mean, std;
    bool uniform;
} schemes[] = {
    { "uniform", 0, 0.05 / 1.7320508075688772, true },
    { "uniform(lo=1,hi=2)", 1.5, 0.28867513459481287, true },
    { "normal", 0, 0.01, false },
    { "normal(mean=2, std=0.5)", 2, 0.5, false },
    { "fan-in", 0, 0.033333333333333333, true }, /* 1 / sqrt(3 * 300) */
    { "glorot", 0, 0.053452248382484879, true }, /* sqrt(2 / 700) */
    { "glorot(distribution=normal, gain=2)", 0, 0.10690449676496976, false },
    { "he", 0, 0.081649658092772603, false },                                    /* sqrt(2 / 300) */
    { "he(distribution=uniform, mode=fan-out)", 0, 0.070710678118654752, true }, /* sqrt(2 / 400) */
    { "he(a=1)", 0, 0.057735026918962577, false },
};

static void moments_as_stated(void **state)
{
    ds_ctx *ctx = *state;
    for (size_t k = 0; k < sizeof schemes / sizeof schemes[0]; k++) {
        char line[128];
        snprintf(line, sizeof line, "dense %d init=%s", OUT, schemes[k].init);
        start t = begin(ctx, (const char *const[]){ line, NULL }, DS_SHAPE(IN), OUT, 1);
        int64_t n;
        const double *w = weight(&t, 0, &n);
        moments m = measure(w, n);
        double s = schemes[k].std, mean = schemes[k].mean;
        if (!(fabs(m.mean - mean) < 5 * s / sqrt((double)n) && fabs(m.std - s) < 5 * s / sqrt(2 * (double)n)))
            fail_msg("%s: mean %g, deviation %g", schemes[k].init, m.mean, m.std);
        double h = sqrt(3) * s, far = 0;
        for (int64_t i = 0; i < n; i++) far += fabs(w[i] - mean) > 2 * s;
        far /= (double)n;
        if (schemes[k].uniform)
            assert_true(m.lo >= mean - h * (1 + 1e-12) && m.hi <= mean + h * (1 + 1e-12) && m.hi > mean + 0.999 * h &&
                        m.lo < mean - 0.999 * h);
        else
            assert_true(fabs(far - 0.0455) < 0.004 && m.hi > mean + 3.5 * s &&
                        m.lo < mean - 3.5 * s); /* tails of a normal */
        end(&t);
    }
}

static void constants(void **state)
{
    ds_ctx *ctx = *state;
    start t =
        begin(ctx, (const char *const[]){ "dense 5 init=zeros bias=0.25", "dense 4 init=constant(value=-1.5)", NULL },
              DS_SHAPE(3), 4, 1);
    int64_t n;
    for (int i = 0; i < 4; i++) {
        const double *w = weight(&t, i, &n), want[] = { 0, 0.25, -1.5, 0 };
        for (int64_t k = 0; k < n; k++) assert_true(w[k] == want[i]);
    }
    end(&t);
}

/* 6 -> 8 channels in 2 groups, 3x3: a unit has 27 inputs; an input reaches 8 * 9 outputs as PyTorch counts. */
static void fans(void **state)
{
    ds_ctx *ctx = *state;
    start t = begin(ctx, (const char *const[]){ "conv 8 kernel=3 groups=2", "flatten", "dense classes", NULL },
                    DS_SHAPE(6, 5, 5), 7, 1);
    const ds_segment *conv = ds_space_segment(ds_problem_space(t.p), 0),
                     *dense = ds_space_segment(ds_problem_space(t.p), 2);
    assert_int_equal(conv->fan_in, 27);
    assert_int_equal(conv->fan_out, 72);
    assert_int_equal(dense->fan_in, 72);
    assert_int_equal(dense->fan_out, 7);
    end(&t);
}

/* The same numbers in f32, rounded; other numbers for another seed and in another layer of the same shape. */
static void same_for_any_dtype(void **state)
{
    static const char *const lines[] = { "conv 4 kernel=3",      "flatten",  "dense 36 init=orthogonal",
                                         "dense 36 init=sparse", "dense 36", "dense 36",
                                         "dense classes",        NULL };
    ds_ctx *ctx = *state;
    ds_problem_settings s = { .sample = DS_SHAPE(2, 5, 5), .classes = 3, .dtype = DS_F32 };
    ds_problem *p = problem_of(ctx, lines, &s);
    float *single = vector_of(p);
    start t = begin(ctx, lines, DS_SHAPE(2, 5, 5), 3, 9), u = begin(ctx, lines, DS_SHAPE(2, 5, 5), 3, 10);
    OK(ds_problem_init(p, 9, single, NULL));
    for (int64_t i = 0; i < ds_space_dim(ds_problem_space(p)); i++) assert_true(single[i] == (float)t.theta[i]);
    int64_t n;
    assert_memory_not_equal(weight(&t, 0, &n), weight(&u, 0, &n), 64);
    assert_memory_not_equal(weight(&t, 6, &n), weight(&t, 8, &n), 64);
    ds_problem_free(p);
    ds_buffer_free(single);
    end(&t);
    end(&u);
}

/* File layout [rows, cols]: the shorter side's vectors are orthogonal and of length gain. */
static void check_orthogonal(const start *t, int i, double gain)
{
    const ds_segment *s = ds_space_segment(ds_problem_space(t->p), i);
    int64_t rows = s->shape.dim[0], cols = s->count / rows;
    double *w = malloc((size_t)s->count * sizeof *w);
    ds_space_export(ds_problem_space(t->p), i, DS_F64, t->theta, DS_F64, w);
    bool wide = rows < cols;
    int64_t m = wide ? rows : cols, n = wide ? cols : rows;
    for (int64_t a = 0; a < m; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += wide ? w[a * cols + k] * w[b * cols + k] : w[k * cols + a] * w[k * cols + b];
            assert_true(fabs(sum - (a == b ? gain * gain : 0)) < 1e-12 * (double)n);
        }
    free(w);
}

static void orthogonal(void **state)
{
    ds_ctx *ctx = *state;
    start t = begin(ctx,
                    (const char *const[]){ "conv 20 kernel=3 init=orthogonal", "flatten",
                                           "dense 30 init=orthogonal(gain=1.5)", "dense 30 init=orthogonal",
                                           "dense 1 init=orthogonal", "dense classes init=orthogonal", NULL },
                    DS_SHAPE(2, 5, 5), 6, 2);
    const double gain[] = { 1, 1.5, 1, 1, 1 };
    for (int i = 0; i < 5; i++) check_orthogonal(&t, 2 * i, gain[i]);
    /* Without the signs of R the first column of a square Q would always point to one side. */
    int positive = 0;
    for (uint64_t seed = 0; seed < 64; seed++) {
        start u = begin(ctx, (const char *const[]){ "dense 4 init=orthogonal", NULL }, DS_SHAPE(4), 4, seed);
        positive += u.theta[0] > 0;
        end(&u);
    }
    assert_in_range(positive, 16, 48); /* 32 expected, four deviations of 4 */
    end(&t);
}

static void sparse(void **state)
{
    ds_ctx *ctx = *state;
    start t =
        begin(ctx, (const char *const[]){ "dense 400 init=sparse(k=7, std=0.5)", "dense 3 init=sparse(k=1000)", NULL },
              DS_SHAPE(50), 3, 4);
    double w[400][50], sum = 0, squares = 0;
    int used[50] = { 0 };
    ds_space_export(ds_problem_space(t.p), 0, DS_F64, t.theta, DS_F64, w);
    for (int u = 0; u < 400; u++) {
        int count = 0;
        for (int i = 0; i < 50; i++) {
            count += w[u][i] != 0;
            used[i] += w[u][i] != 0;
            sum += w[u][i];
            squares += w[u][i] * w[u][i];
        }
        assert_int_equal(count, 7);
    }
    for (int i = 0; i < 50; i++) assert_in_range(used[i], 21, 91); /* 56 expected, five deviations of 7 */
    assert_true(fabs(sum / 2800) < 5 * 0.5 / sqrt(2800) && fabs(squares / 2800 - 0.25) < 5 * 0.25 * sqrt(2.0 / 2800));
    int64_t n;
    const double *all = weight(&t, 2, &n);
    for (int64_t k = 0; k < n; k++) assert_true(all[k] != 0); /* fewer inputs than k: all of them */
    end(&t);
}

static ds_batch random_batch(int64_t rows, int64_t width, int classes)
{
    ds_batch b = { .n = rows,
                   .x = ds_buffer_alloc((size_t)(rows * width) * sizeof(double)),
                   .y = ds_buffer_alloc((size_t)rows * sizeof(int32_t)) };
    uint64_t u = 88172645463325252u;
    for (int64_t i = 0; i < rows * width; i++) {
        u ^= u << 13, u ^= u >> 7, u ^= u << 17;
        ((double *)b.x)[i] = (double)(u >> 11) * 0x1p-52 - 1;
    }
    for (int64_t i = 0; i < rows; i++) ((int32_t *)b.y)[i] = (int32_t)(i % classes);
    return b;
}

/* After rescaling every product of the chain has variance 1 on the batch: by hand for two layers without activation. */
static void data_driven(void **state)
{
    ds_ctx *ctx = *state;
    ds_problem_settings s = { .sample = DS_SHAPE(12), .classes = 9, .dtype = DS_F64 };
    ds_problem *p = problem_of(
        ctx,
        (const char *const[]){ "dense 8 init=data-driven(base=normal(std=3))", "dense classes init=data-driven", NULL },
        &s);
    double *theta = vector_of(p), loss;
    ds_batch b = random_batch(64, 12, 9);
    const void *z;
    assert_int_equal(ds_problem_init(p, 1, theta, NULL), DS_EUSAGE);
    OK(ds_problem_init(p, 1, theta, &(ds_init_data){ .batch = &b }));
    OK(ds_problem_outputs(p, &(ds_at){ .batch = &b, .theta = theta, .mode = DS_MODE_EVAL }, &z, &loss));
    assert_true(fabs(measure(z, 64 * 9).std - 1) < 1e-9);
    double h[64 * 8] = { 0 };
    for (int r = 0; r < 64; r++)
        for (int j = 0; j < 8; j++)
            for (int i = 0; i < 12; i++)
                h[8 * r + j] += ((double *)b.x)[12 * r + i] * theta[8 * i + j]; /* memory is [in, out] */
    assert_true(fabs(measure(h, 64 * 8).std - 1) < 1e-9);
    memset(b.x, 0, 64 * 12 * sizeof(double));
    assert_int_equal(ds_problem_init(p, 1, theta, &(ds_init_data){ .batch = &b }), DS_ERANGE);
    ds_problem_free(p);
    ds_buffer_free(theta);
    ds_buffer_free(b.x);
    ds_buffer_free(b.y);
}

static void marginals(void **state)
{
    static const struct {
        const char *loss;
        double want[2];
    } cases[] = {
        { "cross-entropy", { -1.3862943611198906, -0.28768207245178090 } },      /* ln 1/4, ln 3/4 */
        { "binary-cross-entropy", { -1.0986122886681098, 1.0986122886681098 } }, /* ln 1/3, ln 3 */
        { "squared-error", { 0.25, 0.75 } },
    };
    ds_ctx *ctx = *state;
    const double freq[] = { 0.25, 0.75 };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        ds_problem_settings s = { .sample = DS_SHAPE(3), .classes = 2, .loss = cases[k].loss, .dtype = DS_F64 };
        ds_problem *p = problem_of(ctx, (const char *const[]){ "dense classes bias=marginals", NULL }, &s);
        double *theta = vector_of(p);
        assert_int_equal(ds_problem_init(p, 1, theta, NULL), DS_EUSAGE);
        OK(ds_problem_init(p, 1, theta, &(ds_init_data){ .marginals = freq }));
        for (int c = 0; c < 2; c++)
            assert_true(fabs(theta[ds_space_segment(ds_problem_space(p), 1)->offset + c] - cases[k].want[c]) < 1e-14);
        ds_problem_free(p);
        ds_buffer_free(theta);
    }
}

/* Without `init`, scores start small: the first loss is within 0.5 of ln C for depth, width and activations of all
 * sorts. */
static void first_loss(void **state)
{
    static const char *const nets[][6] = {
        { "dense classes", NULL },
        { "dense 64 act=relu", "dense 64 act=relu", "dense classes", NULL },
        { "dense 64 act=tanh", "dense 64 act=tanh", "dense 64 act=tanh", "dense classes", NULL },
        { "dense 64 norm=batch act=gelu", "dense 64 norm=layer act=silu", "dense classes", NULL },
        { "dense 64 act=relu", "dense 64 act=relu", "dense 64 act=relu", "dense 64 act=relu", "dense classes", NULL },
    };
    ds_ctx *ctx = *state;
    ds_batch b = random_batch(256, 20, 10);
    for (size_t k = 0; k < sizeof nets / sizeof nets[0]; k++) {
        start t = begin(ctx, nets[k], DS_SHAPE(20), 10, 5);
        double loss;
        OK(ds_problem_value(t.p, &(ds_at){ .batch = &b, .theta = t.theta, .mode = DS_MODE_ROWS }, &loss));
        assert_true(fabs(loss - log(10)) < 0.5);
        end(&t);
    }
    ds_buffer_free(b.x);
    ds_buffer_free(b.y);
}

static int open_ctx(void **state) { return ds_ctx_create((ds_ctx **)state, 2) != DS_OK; }
static int close_ctx(void **state)
{
    ds_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_as_stated),  cmocka_unit_test(constants),  cmocka_unit_test(fans),
        cmocka_unit_test(same_for_any_dtype), cmocka_unit_test(orthogonal), cmocka_unit_test(sparse),
        cmocka_unit_test(data_driven),        cmocka_unit_test(marginals),  cmocka_unit_test(first_loss),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
