/* test_problem.c - objectives: losses and penalties by hand, their derivatives by differences, metrics by hand, batches
 * of several sizes, what is refused. A model without layers passes its input on, so that outputs can be chosen. */
#include "test_nn_support.h"

static const char *const no_layers[] = { NULL };

/* Loss of the outputs z [n, k] with labels or targets. */
static double loss_of(ds_ctx *ctx, const char *loss, int64_t n, int64_t k, const double *z, const int32_t *labels,
                      int classes, const double *targets)
{
    ds_problem_settings s = {
        .loss = loss, .sample = DS_SHAPE(k), .classes = classes, .targets = targets ? k : 0, .dtype = DS_F64
    };
    ds_problem *p = problem_of(ctx, no_layers, &s);
    double *x = ds_buffer_alloc((size_t)(n * k) * sizeof *x), *theta = vector_of(p), value;
    void *y = ds_buffer_alloc((size_t)(n * k) * sizeof(double));
    memcpy(x, z, (size_t)(n * k) * sizeof *x);
    if (targets)
        memcpy(y, targets, (size_t)(n * k) * sizeof *targets);
    else
        memcpy(y, labels, (size_t)n * sizeof *labels);
    ds_batch b = { .n = n, .x = x, .y = y };
    OK(ds_problem_value(p, &(ds_at){ .batch = &b, .theta = theta, .mode = DS_MODE_EVAL }, &value));
    const void *out;
    OK(ds_problem_outputs(p, &(ds_at){ .batch = &b, .theta = theta, .mode = DS_MODE_EVAL }, &out, NULL));
    assert_memory_equal(out, z, (size_t)(n * k) * sizeof *z);
    ds_buffer_free(x);
    ds_buffer_free(y);
    ds_buffer_free(theta);
    ds_problem_free(p);
    return value;
}

static void near(double found, double wanted)
{
    if (!(fabs(found - wanted) < 1e-12)) fail_msg("found %.17g, wanted %.17g", found, wanted);
}

static void losses_by_hand(void **state)
{
    ds_ctx *ctx = *state;
    const double z[] = { 3.2, 5.1, -1.7, 1.3, 4.9, 2.0 }; /* two rows of the course notes' example */
    const int32_t y[] = { 0, 1 };
    /* row 0: max(0, 5.1-3.2+1) + max(0, -1.7-3.2+1) = 2.9; row 1: 0 */
    near(loss_of(ctx, "svm", 2, 3, z, y, 3, NULL), 1.45);
    near(loss_of(ctx, "svm(delta=4)", 2, 3, z, y, 3, NULL), (5.9 + 0 + 0.4 + 1.1) / 2);
    near(loss_of(ctx, "squared-svm", 2, 3, z, y, 3, NULL), 2.9 * 2.9 / 2);
    double l0 = -log(exp(3.2) / (exp(3.2) + exp(5.1) + exp(-1.7))),
           l1 = -log(exp(4.9) / (exp(1.3) + exp(4.9) + exp(2.0)));
    near(loss_of(ctx, "cross-entropy", 2, 3, z, y, 3, NULL), (l0 + l1) / 2);
    near(loss_of(ctx, NULL, 2, 3, z, y, 3, NULL), (l0 + l1) / 2);
    double even0 = log(exp(3.2) + exp(5.1) + exp(-1.7)) - 2.2, even1 = log(exp(1.3) + exp(4.9) + exp(2.0)) - 8.2 / 3;
    near(loss_of(ctx, "cross-entropy(smoothing=0.3)", 2, 3, z, y, 3, NULL),
         0.7 * (l0 + l1) / 2 + 0.3 * (even0 + even1) / 2);
    const double big[] = { 1000, -1000, 0 }; /* nothing overflows */
    near(loss_of(ctx, "cross-entropy", 1, 3, big, y, 3, NULL), 0);
    near(loss_of(ctx, "cross-entropy", 1, 3, big, (const int32_t[]){ 1 }, 3, NULL), 2000);
    near(loss_of(ctx, "binary-cross-entropy", 1, 3, big, NULL, 0, (const double[]){ 1, 0, 0.5 }), log(2));
    near(loss_of(ctx, "binary-cross-entropy", 2, 1, (const double[]){ 2, -1 }, y, 2, NULL),
         (log(1 + exp(2)) + log(1 + exp(1))) / 2);
    near(loss_of(ctx, "binary-cross-entropy", 1, 2, (const double[]){ 2, -1 }, y, 2, NULL),
         log(1 + exp(-2)) + log(1 + exp(-1)));
    const double t[] = { 3, 5, 0, 1.3, 2, 2 };
    near(loss_of(ctx, NULL, 2, 3, z, NULL, 0, t), (0.04 + 0.01 + 2.89 + 0 + 8.41 + 0) / 6);
    near(loss_of(ctx, "half-squared-error", 2, 3, z, NULL, 0, t), (0.04 + 0.01 + 2.89 + 8.41) / 12);
    near(loss_of(ctx, "huber", 2, 3, z, NULL, 0, t), (0.02 + 0.005 + 1.2 + 0 + 2.4 + 0) / 6);
    near(loss_of(ctx, "huber(delta=2)", 2, 3, z, NULL, 0, t), (0.02 + 0.005 + 1.445 + 0 + 2 * 1.9 + 0) / 6);
    near(loss_of(ctx, "squared-error", 1, 3, z, y, 3, NULL),
         (2.2 * 2.2 + 5.1 * 5.1 + 1.7 * 1.7) / 3); /* one-hot targets */
}

/* A problem with one dense layer, five rows, and vectors for theta and results. */
typedef struct small {
    ds_problem *p;
    ds_batch batch;
    double *theta, *g, *h, *v;
    int64_t dim;
} small;

static small open_small(ds_ctx *ctx, const ds_problem_settings *settings)
{
    ds_problem_settings s = *settings;
    s.sample = DS_SHAPE(4);
    s.dtype = DS_F64;
    small t = { .p = problem_of(
                    ctx, (const char *const[]){ "dense 3 act=tanh norm=layer bias=0.1", "dense classes", NULL }, &s),
                .batch = { .n = 5 } };
    double *x = ds_buffer_alloc(20 * sizeof *x);
    t.batch.x = x;
    t.batch.y = ds_buffer_alloc(15 * sizeof(double));
    for (int i = 0; i < 20; i++) x[i] = sin(1.7 * i);
    if (s.classes)
        memcpy(t.batch.y, (const int32_t[]){ 0, 2, 1, 1, 2 }, 5 * sizeof(int32_t));
    else
        for (int i = 0; i < 15; i++) ((double *)t.batch.y)[i] = 0.5 + 0.4 * cos(2.3 * i);
    t.theta = vector_of(t.p);
    t.g = vector_of(t.p);
    t.h = vector_of(t.p);
    t.v = vector_of(t.p);
    t.dim = ds_space_dim(ds_problem_space(t.p));
    OK(ds_problem_init(t.p, 7, t.theta, NULL));
    const ds_space *space = ds_problem_space(t.p);
    for (int i = 0; i < ds_space_count(space); i++)
        for (int64_t k = 0; k < ds_space_segment(space, i)->count; k++) {
            t.v[ds_space_segment(space, i)->offset + k] = cos(0.9 * (double)k + i);
            t.theta[ds_space_segment(space, i)->offset + k] += 0.1; /* away from the kink of |w| */
        }
    return t;
}

static void close_small(small *t)
{
    ds_buffer_free(t->theta);
    ds_buffer_free(t->g);
    ds_buffer_free(t->h);
    ds_buffer_free(t->v);
    ds_buffer_free(t->batch.x);
    ds_buffer_free(t->batch.y);
    ds_problem_free(t->p);
}

static void move(small *t, double step)
{
    for (int64_t i = 0; i < t->dim; i++) t->theta[i] += step * t->v[i];
}

/* (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h along v: error of order h^4, about 1e-11 here. */
static double slope(ds_ctx *ctx, small *t)
{
    const double h = 1e-3, at[] = { h, -h, 2 * h, -2 * h }, weight[] = { 8, -8, -1, 1 };
    double sum = 0, f;
    for (int k = 0; k < 4; k++) {
        move(t, at[k]);
        OK(ds_problem_value(t->p, &(ds_at){ .batch = &t->batch, .theta = t->theta, .mode = DS_MODE_ROWS }, &f));
        move(t, -at[k]);
        sum += weight[k] * f;
    }
    return sum / (12 * h);
}

static double dot(const small *t, const double *a, const double *b)
{
    double s = 0;
    for (int64_t i = 0; i < t->dim; i++) s += a[i] * b[i];
    return s;
}

static const double uneven[] = { 0.5, 3, 1.25 };

static void derivatives(void **state)
{
    static const ds_problem_settings settings[] = {
        { .loss = "cross-entropy", .classes = 3 },
        { .loss = "cross-entropy(smoothing=0.2)", .classes = 3, .l2 = 0.3 },
        { .loss = "svm(delta=0.9)", .classes = 3 },
        { .loss = "squared-svm", .classes = 3, .l1 = 0.2, .l2 = 0.1, .penalty_all = true },
        { .loss = "cross-entropy(smoothing=0.2)", .classes = 3, .class_weights = uneven },
        { .loss = "svm", .classes = 3, .class_weights = uneven },
        { .loss = "binary-cross-entropy", .classes = 3 },
        { .loss = "binary-cross-entropy", .targets = 3 },
        { .loss = "squared-error", .targets = 3, .l1 = 0.2 },
        { .loss = "half-squared-error", .targets = 3 },
        { .loss = "huber(delta=0.3)", .targets = 3 },
    };
    ds_ctx *ctx = *state;
    for (size_t k = 0; k < sizeof settings / sizeof settings[0]; k++) {
        small t = open_small(ctx, &settings[k]);
        ds_at at = { .batch = &t.batch, .theta = t.theta, .mode = DS_MODE_ROWS };
        double f, want = slope(ctx, &t);
        OK(ds_problem_gradient(t.p, &at, t.g, &f));
        if (!(fabs(dot(&t, t.g, t.v) - want) < 1e-8 * (1 + fabs(want))))
            fail_msg("%s: slope %.12g, wanted %.12g", settings[k].loss, dot(&t, t.g, t.v), want);
        OK(ds_problem_hvp(t.p, &at, t.v, t.h, false));
        double curvature = dot(&t, t.h, t.v), up, down;
        const double h = 1e-5;
        move(&t, h);
        OK(ds_problem_gradient(t.p, &at, t.g, &f));
        up = dot(&t, t.g, t.v);
        move(&t, -2 * h);
        OK(ds_problem_gradient(t.p, &at, t.g, &f));
        down = dot(&t, t.g, t.v);
        move(&t, h);
        if (!(fabs(curvature - (up - down) / (2 * h)) < 1e-6 * (1 + fabs(curvature))))
            fail_msg("%s: curvature %.12g, wanted %.12g", settings[k].loss, curvature, (up - down) / (2 * h));
        OK(ds_problem_gnvp(t.p, &at, t.v, t.h, false));
        assert_true(dot(&t, t.h, t.v) >= -1e-12); /* convex losses: Gauss-Newton has no negative direction */
        close_small(&t);
    }
}

/* The loss over the rows of one class alone, times their share of all rows. */
static double part_of(ds_ctx *ctx, small *t, int class_index)
{
    double x[20], f;
    int32_t y[5];
    ds_batch part = { .x = x, .y = y };
    for (int i = 0; i < 5; i++)
        if (((int32_t *)t->batch.y)[i] == class_index) {
            memcpy(x + 4 * part.n, (double *)t->batch.x + (ptrdiff_t)4 * i, 4 * sizeof *x);
            y[part.n++] = class_index;
        }
    OK(ds_problem_value(t->p, &(ds_at){ .batch = &part, .theta = t->theta, .mode = DS_MODE_EVAL }, &f));
    return f * (double)part.n / 5;
}

/* mean of w_y times the loss, for every loss of classes; weights of 1 change no bit. */
static void class_weights(void **state)
{
    static const char *const losses[] = {
        "cross-entropy", "svm", "squared-svm", "binary-cross-entropy", "squared-error", "half-squared-error", "huber"
    };
    static const double ones[] = { 1, 1, 1 }, weights[] = { 2, 0.25, 3 };
    ds_ctx *ctx = *state;
    for (size_t k = 0; k < sizeof losses / sizeof losses[0]; k++) {
        double plain, f, wanted = 0;
        for (int weighted = 0; weighted < 3; weighted++) {
            small t = open_small(ctx, &(ds_problem_settings){ .loss = losses[k],
                                                              .classes = 3,
                                                              .class_weights = weighted == 0   ? NULL
                                                                               : weighted == 1 ? ones
                                                                                               : weights });
            OK(ds_problem_value(t.p, &(ds_at){ .batch = &t.batch, .theta = t.theta, .mode = DS_MODE_EVAL }, &f));
            for (int c = 0; weighted == 0 && c < 3; c++) wanted += weights[c] * part_of(ctx, &t, c);
            if (weighted == 0) plain = f;
            if (weighted == 1) assert_true(f == plain);
            if (weighted == 2) near(f, wanted);
            close_small(&t);
        }
    }
    ds_problem *p;
    ds_model *m = model_of(ctx, (const char *const[]){ "dense classes", NULL });
    ds_problem_settings s = { .sample = DS_SHAPE(4), .targets = 3, .class_weights = ones };
    assert_int_equal(ds_problem_create(&p, ctx, m, &s), DS_EUSAGE);
    ds_model_free(m);
}

/* l2: coefficient x sum of squares, weights alone unless all. */
static void penalties_by_hand(void **state)
{
    ds_ctx *ctx = *state;
    double plain, f, sum[2][2] = { { 0 } }; /* [weights, all] [|w|, w^2] */
    small t = open_small(ctx, &(ds_problem_settings){ .classes = 3 });
    OK(ds_problem_value(t.p, &(ds_at){ .batch = &t.batch, .theta = t.theta, .mode = DS_MODE_ROWS }, &plain));
    const ds_space *space = ds_problem_space(t.p);
    for (int i = 0; i < ds_space_count(space); i++) {
        const ds_segment *s = ds_space_segment(space, i);
        for (int64_t k = 0; k < s->count; k++)
            for (int all = s->role == DS_WEIGHT ? 0 : 1; all < 2; all++) {
                sum[all][0] += fabs(t.theta[s->offset + k]);
                sum[all][1] += t.theta[s->offset + k] * t.theta[s->offset + k];
            }
    }
    close_small(&t);
    for (int all = 0; all < 2; all++) {
        small u = open_small(ctx, &(ds_problem_settings){ .classes = 3, .l1 = 0.7, .l2 = 0.3, .penalty_all = all });
        ds_at at = { .batch = &u.batch, .theta = u.theta, .mode = DS_MODE_ROWS };
        const void *z;
        double bare;
        OK(ds_problem_value(u.p, &at, &f));
        near(f - plain, 0.7 * sum[all][0] + 0.3 * sum[all][1]);
        OK(ds_problem_outputs(u.p, &at, &z, &bare));
        near(bare, plain); /* outputs come with the loss alone */
        close_small(&u);
    }
}

static double metric_of(ds_ctx *ctx, const char *text, int64_t k, int classes, int64_t targets, int64_t n,
                        const double *z, const void *y, const int64_t *table)
{
    ds_problem_settings s = { .loss = classes == 2 && k == 1 ? "binary-cross-entropy" : NULL,
                              .sample = DS_SHAPE(k),
                              .classes = classes,
                              .targets = targets,
                              .dtype = DS_F64 };
    ds_problem *p = problem_of(ctx, no_layers, &s);
    ds_metric *m;
    OK(ds_metric_create(&m, p, text));
    assert_true(isnan(ds_metric_value(m)));
    size_t row = targets ? (size_t)targets * sizeof(double) : sizeof(int32_t);
    ds_metric_add(m, z, y, n); /* once to be forgotten */
    ds_metric_reset(m);
    ds_metric_add(m, z, y, 1);
    ds_metric_add(m, z + k, (const char *)y + row, n - 1);
    double value = ds_metric_value(m);
    int side;
    if (table)
        assert_memory_equal(ds_metric_table(m, &side), table, (size_t)(classes * classes) * sizeof *table);
    else
        assert_null(ds_metric_table(m, &side));
    ds_metric_free(m);
    ds_problem_free(p);
    return value;
}

static void metrics_by_hand(void **state)
{
    ds_ctx *ctx = *state;
    const double z[] = { 1, 3, 2, 3, 3, 1, -1, -2, -3, (double)NAN, 0, 1, (double)NAN, (double)NAN, (double)NAN };
    const int32_t y[] = { 1, 1, 0, 0, 2 }; /* guesses 1, 0 (tie: first), 0, 2 (NaN never wins), none */
    const int64_t table[] = { 1, 0, 1, 1, 1, 0, 0, 0, 0 };
    near(metric_of(ctx, "accuracy", 3, 3, 0, 5, z, y, NULL), 0.4);
    near(metric_of(ctx, "error", 3, 3, 0, 5, z, y, NULL), 0.6);
    near(metric_of(ctx, "top-k(k=2)", 3, 3, 0, 5, z, y, NULL), 0.6); /* a true class that is NaN is never among them */
    near(metric_of(ctx, "top-k(k=1)", 3, 3, 0, 5, z, y, NULL), 0.4);
    near(metric_of(ctx, "confusion", 3, 3, 0, 5, z, y, table), (0.5 + 0.5) / 2);
    near(metric_of(ctx, "accuracy", 1, 2, 0, 3, (const double[]){ 0.1, -2, 0 }, (const int32_t[]){ 1, 0, 1 }, NULL),
         2.0 / 3);
    near(metric_of(ctx, "mse", 2, 0, 2, 2, (const double[]){ 1, 2, 3, 4 }, (const double[]){ 1, 0, 0, 4 }, NULL),
         (4 + 9) / 4.0);
    near(metric_of(ctx, "mse", 2, 2, 0, 2, (const double[]){ 1, 2, 3, 4 }, (const int32_t[]){ 0, 1 }, NULL),
         (0 + 4 + 9 + 9) / 4.0);
}

/* Batches of several sizes take turns; memory may move between calls; single precision follows. */
static void batches_and_bindings(void **state)
{
    ds_ctx *ctx = *state;
    small t = open_small(ctx, &(ds_problem_settings){ .classes = 3 });
    double whole, head, tail, *moved = vector_of(t.p);
    OK(ds_problem_prepare(t.p, 5, DS_MODE_TRAIN, DS_WANT_GRADIENT | DS_WANT_VALUE));
    OK(ds_problem_prepare(t.p, 2, DS_MODE_TRAIN, DS_WANT_GRADIENT));
    size_t bytes = ds_problem_bytes(t.p);
    assert_true(bytes > 0);
    ds_batch two = t.batch, three = t.batch;
    two.n = 2;
    three.n = 3;
    double *x3 = ds_buffer_alloc(12 * sizeof *x3);
    int32_t *y3 = ds_buffer_alloc(3 * sizeof *y3);
    memcpy(x3, (double *)t.batch.x + 8, 12 * sizeof *x3);
    memcpy(y3, (int32_t *)t.batch.y + 2, 3 * sizeof *y3);
    three.x = x3;
    three.y = y3;
    ds_at at = { .batch = &t.batch, .theta = t.theta, .mode = DS_MODE_TRAIN };
    OK(ds_problem_gradient(t.p, &at, t.g, &whole));
    at.batch = &two;
    OK(ds_problem_gradient(t.p, &at, t.h, &head));
    assert_int_equal(ds_problem_bytes(t.p), bytes);
    at.batch = &three;
    OK(ds_problem_gradient(t.p, &at, moved, &tail));
    assert_true(ds_problem_bytes(t.p) > bytes);
    near(whole, (2 * head + 3 * tail) / 5);
    for (int64_t i = 0; i < t.dim; i++) near(t.g[i], (2 * t.h[i] + 3 * moved[i]) / 5);
    at.batch = &t.batch;
    memcpy(moved, t.theta, (size_t)t.dim * sizeof *moved);
    at.theta = moved;
    OK(ds_problem_gradient(t.p, &at, t.h, &head));
    assert_true(head == whole);
    assert_memory_equal(t.g, t.h, (size_t)t.dim * sizeof *t.g);
    ds_buffer_free(moved);
    ds_buffer_free(x3);
    ds_buffer_free(y3);
    close_small(&t);
}

static void refuse(ds_ctx *ctx, ds_problem_settings s, ds_status status, const char *says)
{
    ds_model *m = model_of(ctx, (const char *const[]){ "dense 3", NULL });
    ds_problem *p;
    if (s.sample.rank == 0) s.sample = DS_SHAPE(4);
    assert_int_equal(ds_problem_create(&p, ctx, m, &s), status);
    if (!strstr(ds_error(ctx), says)) fail_msg("said \"%s\", wanted \"%s\"", ds_error(ctx), says);
    assert_null(p);
    ds_model_free(m);
}

static void refusals(void **state)
{
    ds_ctx *ctx = *state;
    refuse(ctx, (ds_problem_settings){ .classes = 0 }, DS_EUSAGE, "found 0 classes and 0 real targets");
    refuse(ctx, (ds_problem_settings){ .classes = 3, .targets = 2 }, DS_EUSAGE, "wanted one of them");
    refuse(ctx, (ds_problem_settings){ .classes = 3, .loss = "cross-entropi" }, DS_EUNKNOWN,
           "did you mean \"cross-entropy\"?");
    refuse(ctx, (ds_problem_settings){ .targets = 3, .loss = "svm" }, DS_ECONFIG,
           "loss \"svm\" is for classes, but the data has real targets; use squared-error");
    refuse(ctx, (ds_problem_settings){ .classes = 3, .l2 = -1 }, DS_ERANGE, "l2 = -1");
    refuse(ctx, (ds_problem_settings){ .classes = 3, .dtype = DS_I32 }, DS_EUSAGE, "dtype is i32");
    refuse(ctx, (ds_problem_settings){ .classes = 3, .sample = DS_SHAPE(2, 2) }, DS_ESHAPE,
           "rows have shape 2x2; wanted");
    refuse(ctx, (ds_problem_settings){ .classes = 4 }, DS_ESHAPE, "gives 3 outputs a row, but the data has 4 classes");
    small t = open_small(ctx, &(ds_problem_settings){ .classes = 3 });
    double f;
    ds_at at = { .batch = &t.batch, .theta = t.theta };
    t.batch.n = 0;
    assert_int_equal(ds_problem_value(t.p, &at, &f), DS_EUSAGE);
    t.batch.n = 5;
    void *y = t.batch.y;
    t.batch.y = NULL;
    assert_int_equal(ds_problem_gradient(t.p, &at, t.g, NULL), DS_EUSAGE);
    const void *z;
    OK(ds_problem_outputs(t.p, &at, &z, NULL));
    t.batch.y = y;
    ds_metric *m;
    assert_int_equal(ds_metric_create(&m, t.p, "accurcy"), DS_EUNKNOWN);
    close_small(&t);
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
        cmocka_unit_test(class_weights),     cmocka_unit_test(losses_by_hand),  cmocka_unit_test(derivatives),
        cmocka_unit_test(penalties_by_hand), cmocka_unit_test(metrics_by_hand), cmocka_unit_test(batches_and_bindings),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
