/* test_nn.c - networks: golden values of PyTorch in f64 (outputs, loss, gradient, curvature products, running
 * statistics), names and shapes of parameters, running statistics by hand, every message about shapes and keys, the
 * same bits for any number of threads. Golden data: tests/golden/networks.py. */
#include "test_nn_support.h"

#include "descent/weights.h"

static const char *const mlp[] = { "dense 5 act=tanh", "dense 4 act=gelu", "dense classes", NULL };
static const char *const cnn[] = { "conv 4 kernel=3 pad=same norm=batch act=relu",
                                   "pool max size=2",
                                   "conv 6 kernel=3 pad=1 stride=2 act=silu",
                                   "dropout 0.5",
                                   "conv 4 kernel=3 groups=2 dilation=2 pad=2 act=softplus",
                                   "pool average size=2 stride=1",
                                   "flatten",
                                   "dense 5 norm=layer act=elu",
                                   "norm batch act=leaky-relu(slope=0.2)",
                                   "dense classes",
                                   NULL };
static const char *const resnet[] = { "conv 4 kernel=3 pad=same norm=batch act=relu",
                                      "residual act=relu repeat=2",
                                      "conv 4 kernel=3 pad=same norm=batch act=relu",
                                      "conv 4 kernel=3 pad=same norm=batch",
                                      "end",
                                      "residual shortcut=conv act=relu",
                                      "conv 6 kernel=3 pad=same stride=2 norm=batch act=relu",
                                      "conv 6 kernel=3 pad=same norm=batch",
                                      "end",
                                      "residual shortcut=pad act=relu",
                                      "conv 8 kernel=3 pad=same stride=2 norm=batch act=relu",
                                      "conv 8 kernel=3 pad=same norm=batch",
                                      "end",
                                      "pool global-average",
                                      "dense classes",
                                      NULL };

static const struct golden {
    const char *name;
    const char *const *lines;
    const char *loss;
    double l2;
    int classes;
    ds_shape sample;
} golden[] = {
    { "mlp", mlp, "cross-entropy", 0, 3, { 1, { 6 } } },
    { "cnn", cnn, "cross-entropy", 0, 3, { 3, { 2, 10, 8 } } },
    { "resnet", resnet, "cross-entropy(smoothing=0.1)", 0.01, 4, { 3, { 3, 6, 6 } } },
};

typedef struct net {
    const struct golden *golden;
    ds_tensor_file *file;
    ds_problem *p;
    ds_batch batch;
    double *theta, *v, *out;
} net;

static const ds_named_tensor *tensor(const net *n, const char *kind, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "%s.%s%s", n->golden->name, kind, name);
    const ds_named_tensor *t = ds_tensors_find(n->file, text);
    if (!t) fail_msg("golden data lack %s", text);
    return t;
}

/* Fill a vector from tensors kind + segment name; every shape must be the file's. */
static void import(const net *n, const ds_space *s, const char *kind, double *v)
{
    for (int i = 0; i < ds_space_count(s); i++) {
        const ds_segment *x = ds_space_segment(s, i);
        const ds_named_tensor *t = tensor(n, kind, x->name);
        assert_true(ds_shape_equal(t->shape, x->shape));
        ds_space_import(s, i, DS_F64, v, DS_F64, t->data);
    }
}

/* Channels first in the golden file, last in a batch. */
static void read_batch(net *n)
{
    const ds_named_tensor *x = tensor(n, "x", ""), *y = tensor(n, "y", "");
    int64_t count = ds_shape_count(x->shape), rows = x->shape.dim[0], c = x->shape.dim[1], plane = count / rows / c;
    double *to = ds_buffer_alloc((size_t)count * sizeof *to);
    int32_t *label = ds_buffer_alloc((size_t)rows * sizeof *label);
    for (int64_t i = 0; i < count; i++)
        to[(i / (c * plane) * plane + i % plane) * c + i / plane % c] = ((const double *)x->data)[i];
    for (int64_t i = 0; i < rows; i++) label[i] = (int32_t)((const double *)y->data)[i];
    n->batch = (ds_batch){ .n = rows, .x = to, .y = label };
}

static net open_net(ds_ctx *ctx, const struct golden *g)
{
    net n = { .golden = g };
    ds_problem_settings s = {
        .loss = g->loss, .l2 = g->l2, .sample = g->sample, .classes = g->classes, .dtype = DS_F64
    };
    OK(ds_tensors_open(&n.file, ctx, "tests/golden/networks.safetensors"));
    n.p = problem_of(ctx, g->lines, &s);
    n.theta = vector_of(n.p);
    n.v = vector_of(n.p);
    n.out = vector_of(n.p);
    read_batch(&n);
    import(&n, ds_problem_space(n.p), "p.", n.theta);
    import(&n, ds_problem_space(n.p), "v.", n.v);
    return n;
}

static void close_net(net *n)
{
    ds_problem_free(n->p);
    ds_tensors_close(n->file);
    ds_buffer_free(n->theta);
    ds_buffer_free(n->v);
    ds_buffer_free(n->out);
    ds_buffer_free(n->batch.x);
    ds_buffer_free(n->batch.y);
}

/* Every segment of n->out against the golden tensors, floored at 1e-6 of the longest. */
static void compare(const net *n, const ds_space *s, const double *vector, const char *kind)
{
    double longest = 0, *file = malloc((size_t)ds_space_dim(s) * sizeof *file);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < ds_space_count(s); i++) {
            const ds_segment *x = ds_space_segment(s, i);
            const double *want = tensor(n, kind, x->name)->data;
            ds_space_export(s, i, DS_F64, vector, DS_F64, file);
            double length = 0;
            for (int64_t k = 0; k < x->count; k++) length += want[k] * want[k];
            if (pass == 0)
                longest = sqrt(length) > longest ? sqrt(length) : longest;
            else if (!(relative(x->count, file, want, 1e-6 * longest) < 1e-9))
                fail_msg("%s: %s%s is off by %g", n->golden->name, kind, x->name,
                         relative(x->count, file, want, 1e-6 * longest));
        }
    free(file);
}

static void close_to(const char *what, double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fabs(b))) fail_msg("%s: found %.17g, wanted %.17g", what, a, b);
}

static void check_outputs(ds_ctx *ctx, net *n, ds_mode mode, const char *name)
{
    const void *z;
    const ds_named_tensor *want = tensor(n, name, "");
    ds_at at = { .batch = &n->batch, .theta = n->theta, .mode = mode };
    OK(ds_problem_outputs(n->p, &at, &z, NULL));
    assert_true(relative(ds_shape_count(want->shape), z, want->data, 0) < 1e-9);
}

/* gaps between segments stay zero whatever is written */
static void check_gaps(const ds_space *s, const double *v)
{
    for (int i = 0; i < ds_space_count(s); i++) {
        const ds_segment *x = ds_space_segment(s, i);
        int64_t end = i + 1 < ds_space_count(s) ? ds_space_segment(s, i + 1)->offset : ds_space_dim(s);
        assert_int_equal(x->offset % 16, 0);
        for (int64_t k = x->offset + x->count; k < end; k++) assert_true(v[k] == 0);
    }
}

static void equals_pytorch(void **state)
{
    ds_ctx *ctx = *state;
    for (size_t k = 0; k < sizeof golden / sizeof golden[0]; k++) {
        net n = open_net(ctx, &golden[k]);
        const ds_space *s = ds_problem_space(n.p);
        ds_at at = { .batch = &n.batch, .theta = n.theta, .mode = DS_MODE_ROWS };
        double loss, value;
        check_outputs(ctx, &n, DS_MODE_ROWS, "z");
        OK(ds_problem_gradient(n.p, &at, n.out, &loss));
        close_to("loss", loss, *(const double *)tensor(&n, "loss", "")->data);
        OK(ds_problem_value(n.p, &at, &value));
        close_to("value", value, loss);
        compare(&n, s, n.out, "grad.");
        check_gaps(s, n.out);
        for (int again = 0; again < 2; again++) {
            OK(ds_problem_hvp(n.p, &at, n.v, n.out, again));
            compare(&n, s, n.out, "hv.");
            OK(ds_problem_gnvp(n.p, &at, n.v, n.out, again));
            compare(&n, s, n.out, "gnv.");
        }
        close_net(&n);
    }
}

/* Only v changes: a product at the same point equals one from scratch, bit for bit, and is linear. */
static void same_point_products(void **state)
{
    ds_ctx *ctx = *state;
    net n = open_net(ctx, &golden[1]);
    int64_t dim = ds_space_dim(ds_problem_space(n.p));
    ds_at at = { .batch = &n.batch, .theta = n.theta, .mode = DS_MODE_ROWS };
    double *fresh = vector_of(n.p), *u = vector_of(n.p);
    OK(ds_problem_hvp(n.p, &at, n.v, n.out, false));
    for (int64_t i = 0; i < dim; i++) u[i] = -2 * n.v[i];
    OK(ds_problem_hvp(n.p, &at, u, n.out, true));
    OK(ds_problem_hvp(n.p, &at, u, fresh, false));
    assert_memory_equal(n.out, fresh, (size_t)dim * sizeof *fresh);
    OK(ds_problem_hvp(n.p, &at, n.v, n.out, true));
    for (int64_t i = 0; i < dim; i++) assert_true(fresh[i] == -2 * n.out[i]); /* a power of two rounds nothing */
    ds_buffer_free(fresh);
    ds_buffer_free(u);
    close_net(&n);
}

/* Statistics move at commit, not before; evaluation reads them. */
static void running_statistics(void **state)
{
    ds_ctx *ctx = *state;
    for (size_t k = 1; k < sizeof golden / sizeof golden[0]; k++) {
        net n = open_net(ctx, &golden[k]);
        const ds_space *s = ds_problem_statistics(n.p);
        double *run = ds_problem_running(n.p), loss;
        for (int i = 0; i < ds_space_count(s); i++)
            for (int64_t e = 0; e < ds_space_segment(s, i)->count; e++)
                assert_true(run[ds_space_segment(s, i)->offset + e] == (ds_space_segment(s, i)->role == DS_VARIANCE));
        ds_at at = { .batch = &n.batch, .theta = n.theta, .mode = DS_MODE_ROWS };
        OK(ds_problem_gradient(n.p, &at, n.out, &loss));
        ds_problem_commit(n.p); /* nothing waits: rows mode trains nothing */
        assert_true(run[0] == 0);
        if (k == 1) { /* dropout would change the layers behind it: the first norm alone is as PyTorch has it */
            at.mode = DS_MODE_TRAIN;
            OK(ds_problem_gradient(n.p, &at, n.out, &loss));
            assert_true(run[0] == 0);
            ds_problem_commit(n.p);
            assert_true(relative(4, run, tensor(&n, "run.", "0.norm.running_mean")->data, 0) < 1e-12);
            import(&n, s, "run.", run);
        } else {
            at.mode = DS_MODE_TRAIN;
            OK(ds_problem_gradient(n.p, &at, n.out, &loss));
            ds_problem_commit(n.p);
            compare(&n, s, run, "run.");
            ds_problem_commit(n.p); /* a second commit of the same gradient does nothing */
            compare(&n, s, run, "run.");
        }
        check_outputs(ctx, &n, DS_MODE_EVAL, "eval");
        close_net(&n);
    }
}

/* One channel, three rows 1, 2, 6: mean 3, unbiased variance 7; after one step 0.3 and 0.9 + 0.7. One row: variance 0.
 */
static void running_statistics_by_hand(void **state)
{
    ds_ctx *ctx = *state;
    ds_problem_settings s = { .sample = DS_SHAPE(1), .targets = 1, .dtype = DS_F32 };
    ds_problem *p = problem_of(ctx, (const char *const[]){ "norm batch", NULL }, &s);
    float *theta = vector_of(p), *g = vector_of(p), *x = ds_buffer_alloc(64), *y = ds_buffer_alloc(64),
          *run = ds_problem_running(p);
    OK(ds_problem_init(p, 0, theta, NULL));
    x[0] = 1, x[1] = 2, x[2] = 6;
    ds_batch b = { .n = 3, .x = x, .y = y };
    ds_at at = { .batch = &b, .theta = theta, .mode = DS_MODE_TRAIN };
    double loss;
    OK(ds_problem_gradient(p, &at, g, &loss));
    ds_problem_commit(p);
    assert_float_equal(run[0], 0.3, 1e-6);
    assert_float_equal(run[16], 1.6, 1e-6);
    b.n = 1;
    OK(ds_problem_gradient(p, &at, g, &loss));
    ds_problem_commit(p);
    assert_float_equal(run[0], 0.37, 1e-6);
    assert_float_equal(run[16], 1.44, 1e-6);
    assert_string_equal(ds_space_segment(ds_problem_statistics(p), 1)->name, "0.running_var");
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_buffer_free(x);
    ds_buffer_free(y);
    ds_problem_free(p);
}

static void same_bits_for_any_threads(void **state)
{
    ds_ctx *ctx = *state;
    net one = open_net(ctx, &golden[2]);
    ds_at at = { .batch = &one.batch, .theta = one.theta, .mode = DS_MODE_TRAIN, .seed = 3, .step = 5 };
    double loss, other;
    size_t bytes = (size_t)ds_space_dim(ds_problem_space(one.p)) * sizeof(double);
    OK(ds_problem_gradient(one.p, &at, one.out, &loss));
    for (int threads = 2; threads <= 7; threads += 5) {
        ds_ctx *many;
        assert_int_equal(ds_ctx_create(&many, threads), DS_OK);
        net n = open_net(many, &golden[2]);
        at.theta = n.theta;
        at.batch = &n.batch;
        OK(ds_problem_gradient(n.p, &at, n.out, &other));
        assert_true(loss == other);
        assert_memory_equal(one.out, n.out, bytes);
        close_net(&n);
        ds_ctx_free(many);
    }
    close_net(&one);
}

/* Dropout: the step and the row's id decide; batches and repeats do not. */
static void dropout_by_counter(void **state)
{
    ds_ctx *ctx = *state;
    net n = open_net(ctx, &golden[1]);
    size_t bytes = (size_t)ds_space_dim(ds_problem_space(n.p)) * sizeof(double);
    double *again = vector_of(n.p), loss;
    ds_at at = { .batch = &n.batch, .theta = n.theta, .mode = DS_MODE_TRAIN, .seed = 1, .step = 1 };
    OK(ds_problem_gradient(n.p, &at, n.out, &loss));
    OK(ds_problem_gradient(n.p, &at, again, &loss));
    assert_memory_equal(n.out, again, bytes);
    at.step = 2;
    OK(ds_problem_gradient(n.p, &at, again, &loss));
    assert_memory_not_equal(n.out, again, bytes);
    at.step = 1;
    at.seed = 2;
    OK(ds_problem_gradient(n.p, &at, again, &loss));
    assert_memory_not_equal(n.out, again, bytes);
    ds_buffer_free(again);
    close_net(&n);
}

static int open_ctx(void **state) { return ds_ctx_create((ds_ctx **)state, 1) != DS_OK; }
static int close_ctx(void **state)
{
    ds_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(same_point_products),
        cmocka_unit_test(running_statistics),
        cmocka_unit_test(running_statistics_by_hand),
        cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(dropout_by_counter),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
