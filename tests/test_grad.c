/* test_grad.c - derivatives of whole networks in f64: gradients, Jacobian, Hessian and Gauss-Newton products against
 * differences and against J' H J written out; partial runs of a plan against fresh ones; runs that allocate nothing. */
#include <stdatomic.h>

#include "test_graph_support.h"

/* ---- counting what is allocated: the library is linked into this program, so its calls come here --------------------
 */

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) &&                           \
    !HAS_FEATURE(address_sanitizer) && !HAS_FEATURE(thread_sanitizer) && !HAS_FEATURE(memory_sanitizer)
#define COUNTS_MEMORY 1
static atomic_long allocations;
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);
void *malloc(size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_malloc(bytes);
}
void *calloc(size_t n, size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_calloc(n, bytes);
}
void *realloc(void *p, size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return __libc_realloc(p, bytes);
}
static long count_allocations(void) { return atomic_load(&allocations); }
#else
static long count_allocations(void) { return 0; }
#endif

/* ---- two networks ---------------------------------------------------------------------------------------------------
 */

enum { MOST = 8, ROWS = 6, CLASSES = 4 };

typedef struct net {
    const char *name;
    int n; /* parameters */
    ds_shape shape[MOST], data;
    ds_val (*logits)(ds_graph *g, const ds_val *theta, ds_val x);
} net;

static ds_val mlp(ds_graph *g, const ds_val *t, ds_val x)
{
    ds_val h = ds_tanh(g, ds_add(g, ds_matmul(g, x, t[0], false, false), t[1]));
    h = ds_tanh(g, ds_add(g, ds_matmul(g, h, t[2], false, true), t[3]));
    return ds_add(g, ds_matmul(g, h, t[4], false, false), t[5]);
}

/* Convolution, batch norm, maxima, a second convolution with stride, means, a dense layer. */
static ds_val convnet(ds_graph *g, const ds_val *t, ds_val x)
{
    ds_val h = ds_conv(g, x, t[0], (ds_conv_shape){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 });
    h = ds_gelu(g, ds_batch_norm(g, h, t[1], t[2], 1e-3).y);
    h = ds_max_pool(g, h, (ds_pool_shape){ { 2, 2 }, { 2, 2 }, { 0, 0 } });
    h = ds_softplus(g, ds_add(g, ds_conv(g, h, t[3], (ds_conv_shape){ { 2, 1 }, { 1, 0 }, { 1, 1 }, 2 }), t[4]));
    h = ds_avg_pool(g, h, (ds_pool_shape){ { 2, 2 }, { 1, 1 }, { 0, 0 } });
    h = ds_reshape(g, h, DS_SHAPE(ROWS, -1));
    return ds_add(g, ds_matmul(g, h, t[5], false, false), t[6]);
}

static const net nets[] = {
    { "mlp",
      6,
      { { 2, { 5, 7 } }, { 1, { 7 } }, { 2, { 6, 7 } }, { 1, { 6 } }, { 2, { 6, CLASSES } }, { 1, { CLASSES } } },
      { 2, { ROWS, 5 } },
      mlp },
    { "convnet",
      7,
      { { 4, { 3, 3, 2, 4 } },
        { 1, { 4 } },
        { 1, { 4 } },
        { 4, { 3, 2, 2, 6 } },
        { 1, { 6 } },
        { 2, { 6, CLASSES } },
        { 1, { CLASSES } } },
      { 4, { ROWS, 6, 6, 2 } },
      convnet },
};

/* A network as a graph with all its derivatives, and memory for everything. */
typedef struct built {
    const net *net;
    ds_graph *g;
    ds_val x, label, theta[MOST], v[MOST], u, logits, loss, grad[MOST], hv[MOST], gv[MOST], jv, pulled[MOST];
    double *data_x, *at[MOST], *data_v[MOST], *data_u;
    int32_t *labels;
} built;

static built open_net(ds_ctx *ctx, const net *of)
{
    built b = { .net = of };
    OK(ds_graph_create(&b.g, ctx));
    b.x = ds_input(b.g, "x", DS_F64, of->data);
    b.label = ds_input(b.g, "label", DS_I32, DS_SHAPE(ROWS));
    for (int k = 0; k < of->n; k++) b.theta[k] = ds_input(b.g, "theta", DS_F64, of->shape[k]);
    for (int k = 0; k < of->n; k++) b.v[k] = ds_input(b.g, "v", DS_F64, of->shape[k]);
    b.u = ds_input(b.g, "u", DS_F64, DS_SHAPE(ROWS, CLASSES));
    b.logits = of->logits(b.g, b.theta, b.x);
    b.loss = ds_mean_all(b.g, ds_cross_entropy(b.g, b.logits, b.label, 0));
    ds_grad(b.g, b.loss, of->n, b.theta, b.grad);
    ds_hvp(b.g, b.loss, of->n, b.theta, b.v, b.hv);
    ds_gnvp(b.g, b.loss, b.logits, of->n, b.theta, b.v, b.gv);
    ds_jvp(b.g, 1, &b.logits, of->n, b.theta, b.v, &b.jv);
    ds_vjp(b.g, 1, &b.logits, &b.u, of->n, b.theta, b.pulled);
    OK(ds_graph_status(b.g));
    b.data_x = memory_for(DS_F64, ds_shape_count(of->data));
    fill_uniform(DS_F64, b.data_x, ds_shape_count(of->data), 3, -1, 1);
    b.labels = memory_for(DS_I32, ROWS);
    for (int r = 0; r < ROWS; r++) b.labels[r] = (int32_t)(mixed(4, (uint64_t)r) % CLASSES);
    for (int k = 0; k < of->n; k++) {
        int64_t n = ds_shape_count(of->shape[k]);
        b.at[k] = memory_for(DS_F64, n);
        b.data_v[k] = memory_for(DS_F64, n);
        fill_uniform(DS_F64, b.at[k], n, 10 + (uint64_t)k, -0.7, 0.7);
        fill_uniform(DS_F64, b.data_v[k], n, 30 + (uint64_t)k, -1, 1);
    }
    b.data_u = memory_for(DS_F64, ROWS * CLASSES);
    fill_uniform(DS_F64, b.data_u, ROWS * CLASSES, 50, -1, 1);
    return b;
}

static void close_net(built *b)
{
    ds_graph_free(b->g);
    ds_buffer_free(b->data_x);
    ds_buffer_free(b->labels);
    ds_buffer_free(b->data_u);
    for (int k = 0; k < b->net->n; k++) {
        ds_buffer_free(b->at[k]);
        ds_buffer_free(b->data_v[k]);
    }
}

static void bind_if(ds_ctx *ctx, ds_plan *p, ds_val v, void *memory)
{
    if (ds_plan_has(p, v)) OK(ds_plan_bind(p, v, memory));
}

static ds_plan *plan_of(ds_ctx *ctx, const built *b, int n, const ds_val *out, ds_plan_options o)
{
    ds_plan *p;
    OK(ds_plan_create(&p, b->g, n, out, &o));
    bind_if(ctx, p, b->x, b->data_x);
    bind_if(ctx, p, b->label, b->labels);
    bind_if(ctx, p, b->u, b->data_u);
    for (int k = 0; k < b->net->n; k++) {
        bind_if(ctx, p, b->theta[k], b->at[k]);
        bind_if(ctx, p, b->v[k], b->data_v[k]);
    }
    return p;
}

/* ---- against differences --------------------------------------------------------------------------------------------
 */

/* Four points, h = 2^-13: the error of a first derivative is h^4/30 |f^(5)| + 1.5 eps |f| / h. Fifth derivatives along
 * one parameter are below 1000 here (means over rows of functions bounded with their derivatives, weights below 1):
 * 1e-14 + 4e-12. Along v, a direction of length near 6, the fifth derivative is up to 6^5 times that: 6e-11. The
 * tolerances are some twenty times as large. The step is small also because the differences are wrong where it changes
 * which element of a window is the largest; the fixed data have no such place. */
#define STEP 0x1p-13
static const double points[4] = { -2 * STEP, -STEP, STEP, 2 * STEP };
static double four_points(double a, double b, double c, double d) { return (a - 8 * b + 8 * c - d) / (12 * STEP); }

static void shift(const built *b, double a)
{
    for (int k = 0; k < b->net->n; k++)
        for (int64_t e = 0; e < ds_shape_count(b->net->shape[k]); e++) b->at[k][e] += a * b->data_v[k][e];
}

static void near(const built *b, const char *what, int k, int64_t e, double found, double want, double tolerance)
{
    if (!(fabs(found - want) <= tolerance))
        fail_msg("%s: %s of parameter %d, element %lld is %.15g, wanted %.15g", b->net->name, what, k, (long long)e,
                 found, want);
}

static void gradients(void **state)
{
    ds_ctx *ctx = ((ds_ctx **)*state)[1];
    for (size_t q = 0; q < sizeof nets / sizeof nets[0]; q++) {
        built b = open_net(ctx, &nets[q]);
        ds_plan *grad = plan_of(ctx, &b, b.net->n, b.grad, (ds_plan_options){ 0 }),
                *value = plan_of(ctx, &b, 1, &b.loss, (ds_plan_options){ 0 });
        OK(ds_plan_run(grad));
        for (int k = 0; k < b.net->n; k++)
            for (int64_t e = 0; e < ds_shape_count(b.net->shape[k]); e++) {
                double f[4], was = b.at[k][e];
                for (int i = 0; i < 4; i++) {
                    b.at[k][e] = was + points[i];
                    OK(ds_plan_run(value));
                    f[i] = *(double *)ds_plan_data(value, b.loss);
                }
                b.at[k][e] = was;
                near(&b, "gradient", k, e, ((double *)ds_plan_data(grad, b.grad[k]))[e],
                     four_points(f[0], f[1], f[2], f[3]), 1e-10);
            }
        ds_plan_free(grad);
        ds_plan_free(value);
        close_net(&b);
    }
}

static void hessian_products(void **state)
{
    ds_ctx *ctx = ((ds_ctx **)*state)[1];
    for (size_t q = 0; q < sizeof nets / sizeof nets[0]; q++) {
        built b = open_net(ctx, &nets[q]);
        ds_plan *grad = plan_of(ctx, &b, b.net->n, b.grad, (ds_plan_options){ 0 }),
                *hv = plan_of(ctx, &b, b.net->n, b.hv, (ds_plan_options){ 0 });
        double *g[4][MOST];
        OK(ds_plan_run(hv));
        for (int i = 0; i < 4; i++) {
            shift(&b, points[i]);
            OK(ds_plan_run(grad));
            shift(&b, -points[i]);
            for (int k = 0; k < b.net->n; k++) {
                size_t bytes = (size_t)ds_shape_count(b.net->shape[k]) * sizeof(double);
                g[i][k] = malloc(bytes);
                assert_non_null(g[i][k]);
                memcpy(g[i][k], ds_plan_data(grad, b.grad[k]), bytes);
            }
        }
        for (int k = 0; k < b.net->n; k++) {
            for (int64_t e = 0; e < ds_shape_count(b.net->shape[k]); e++)
                near(&b, "H v", k, e, ((double *)ds_plan_data(hv, b.hv[k]))[e],
                     four_points(g[0][k][e], g[1][k][e], g[2][k][e], g[3][k][e]), 1e-9);
            for (int i = 0; i < 4; i++) free(g[i][k]);
        }
        ds_plan_free(grad);
        ds_plan_free(hv);
        close_net(&b);
    }
}

/* J by differences of the outputs, one column for each parameter; H of the mean cross-entropy is (diag p - p p') / rows
 * in each row. Then J v, J' u and J' H J v by plain loops against the products of graphs. */
static void jacobian_and_gauss_newton(void **state)
{
    enum { OUT = ROWS * CLASSES };
    ds_ctx *ctx = ((ds_ctx **)*state)[1];
    for (size_t q = 0; q < sizeof nets / sizeof nets[0]; q++) {
        built b = open_net(ctx, &nets[q]);
        ds_plan *out = plan_of(ctx, &b, 1, &b.logits, (ds_plan_options){ 0 }),
                *gv = plan_of(ctx, &b, b.net->n, b.gv, (ds_plan_options){ 0 });
        ds_plan *jv = plan_of(ctx, &b, 1, &b.jv, (ds_plan_options){ 0 }),
                *pulled = plan_of(ctx, &b, b.net->n, b.pulled, (ds_plan_options){ 0 });
        OK(ds_plan_run(gv));
        OK(ds_plan_run(jv));
        OK(ds_plan_run(pulled));
        double product[OUT] = { 0 }, h[OUT], z[OUT], *column = calloc(OUT * 4096, sizeof *column), *at = column;
        assert_non_null(column);
        for (int k = 0; k < b.net->n; k++)
            for (int64_t e = 0; e < ds_shape_count(b.net->shape[k]); e++, at += OUT) {
                double f[4][OUT], was = b.at[k][e];
                for (int i = 0; i < 4; i++) {
                    b.at[k][e] = was + points[i];
                    OK(ds_plan_run(out));
                    memcpy(f[i], ds_plan_data(out, b.logits), sizeof f[i]);
                }
                b.at[k][e] = was;
                for (int o = 0; o < OUT; o++) {
                    at[o] = four_points(f[0][o], f[1][o], f[2][o], f[3][o]);
                    product[o] += at[o] * b.data_v[k][e];
                }
            }
        OK(ds_plan_run(out));
        memcpy(z, ds_plan_data(out, b.logits), sizeof z);
        for (int o = 0; o < OUT; o++) near(&b, "J v", 0, o, ((double *)ds_plan_data(jv, b.jv))[o], product[o], 1e-9);
        for (int r = 0; r < ROWS; r++) {
            double s = 0, mean = 0, *p = h + r * CLASSES;
            for (int c = 0; c < CLASSES; c++) s += p[c] = exp(z[r * CLASSES + c]);
            for (int c = 0; c < CLASSES; c++) mean += (p[c] /= s) * product[r * CLASSES + c];
            for (int c = 0; c < CLASSES; c++) p[c] *= (product[r * CLASSES + c] - mean) / ROWS;
        }
        at = column;
        for (int k = 0; k < b.net->n; k++)
            for (int64_t e = 0; e < ds_shape_count(b.net->shape[k]); e++, at += OUT) {
                double g = 0, u = 0;
                for (int o = 0; o < OUT; o++) g += at[o] * h[o], u += at[o] * b.data_u[o];
                near(&b, "J' H J v", k, e, ((double *)ds_plan_data(gv, b.gv[k]))[e], g, 1e-9);
                near(&b, "J' u", k, e, ((double *)ds_plan_data(pulled, b.pulled[k]))[e], u, 1e-9);
            }
        free(column);
        ds_plan_free(out);
        ds_plan_free(gv);
        ds_plan_free(jv);
        ds_plan_free(pulled);
        close_net(&b);
    }
}

/* ---- plans ---------------------------------------------------------------------------------------------------------
 */

/* H v and G v for several v by partial runs: the bits of fresh plans, on every backend, fused or not. */
static void partial_runs(void **state)
{
    static const ds_plan_options ways[] = {
        { .backend = "cpu" }, { .backend = "cpu", .unfused = true }, { .backend = "ref" }, { .backend = "check" }
    };
    for (int w = 0; w < 8; w++)
        for (size_t q = 0; q < sizeof nets / sizeof nets[0]; q++) {
            ds_ctx *ctx = ((ds_ctx **)*state)[w % THREAD_COUNTS];
            built b = open_net(ctx, &nets[q]);
            ds_val out[2 * MOST + 1] = { b.loss };
            int n = 1;
            for (int k = 0; k < b.net->n; k++) out[n++] = b.hv[k], out[n++] = b.gv[k];
            ds_plan_options o = ways[w / 2];
            ds_plan *fresh = plan_of(ctx, &b, n, out, o);
            o.changing = b.v;
            o.nchanging = b.net->n;
            ds_plan *part = plan_of(ctx, &b, n, out, o);
            for (int round = 0; round < 4; round++) {
                if (round == 2) shift(&b, 0.01); /* a full run follows */
                for (int k = 0; k < b.net->n; k++)
                    fill_uniform(DS_F64, b.data_v[k], ds_shape_count(b.net->shape[k]), (uint64_t)(100 + 10 * round + k),
                                 -1, 1);
                OK(ds_plan_run(fresh));
                OK(round % 2 ? ds_plan_rerun(part) : ds_plan_run(part));
                for (int k = 0; k < n; k++)
                    if (first_difference(DS_F64, ds_shape_count(ds_val_shape(b.g, out[k])), ds_plan_data(fresh, out[k]),
                                         ds_plan_data(part, out[k])) >= 0)
                        fail_msg("%s by %s: output %d differs in round %d", b.net->name, ways[w / 2].backend, k, round);
            }
            ds_plan_free(fresh);
            ds_plan_free(part);
            close_net(&b);
        }
}

static void runs_allocate_nothing(void **state)
{
#ifdef COUNTS_MEMORY
    long before = count_allocations();
    ds_buffer_free(ds_buffer_alloc(100));
    assert_true(count_allocations() > before); /* the counter sees the library */
#else
    print_message("skipped: this build does not count allocations\n");
#endif
    for (int t = 0; t < THREAD_COUNTS; t++)
        for (size_t q = 0; q < sizeof nets / sizeof nets[0]; q++) {
            ds_ctx *ctx = ((ds_ctx **)*state)[t];
            built b = open_net(ctx, &nets[q]);
            ds_val out[2 * MOST + 1] = { b.loss };
            int n = 1;
            for (int k = 0; k < b.net->n; k++) out[n++] = b.grad[k], out[n++] = b.gv[k];
            ds_plan *p =
                plan_of(ctx, &b, n, out, (ds_plan_options){ .backend = "cpu", .changing = b.v, .nchanging = b.net->n });
            long start = count_allocations();
            for (int k = 0; k < 3; k++) {
                bind_if(ctx, p, b.x, b.data_x);
                OK(ds_plan_run(p));
                OK(ds_plan_rerun(p));
                assert_non_null(ds_plan_data(p, b.loss));
            }
            assert_int_equal(count_allocations() - start, 0);
            ds_plan_free(p);
            close_net(&b);
        }
}

/* An output asked for twice, one that is an input, a constant, views of one value, one bound by the caller; what is
 * refused. */
static void outputs_of_all_kinds(void **state)
{
    static const char *const backends[] = { "cpu", "ref", "check" };
    ds_ctx *ctx = ((ds_ctx **)*state)[0];
    for (int w = 0; w < 6; w++) {
        ds_graph *g;
        ds_plan *p;
        OK(ds_graph_create(&g, ctx));
        ds_val x = ds_input(g, "x", DS_F64, DS_SHAPE(2, 3)), idle = ds_input(g, "idle", DS_F64, DS_SHAPE(1)),
               y = ds_square(g, x);
        ds_val flat = ds_reshape(g, y, DS_SHAPE(6)), seven = ds_fill(g, DS_F64, DS_SHAPE(2), 7),
               bound = ds_shift(g, y, 1);
        ds_val out[] = { y, y, flat, x, ds_reshape(g, x, DS_SHAPE(3, 2)), seven, bound };
        enum { N = sizeof out / sizeof out[0] };
        OK(ds_plan_create(&p, g, N, out, &(ds_plan_options){ .backend = backends[w / 2], .unfused = w & 1 }));
        double *in = memory_for(DS_F64, 6), *mine = memory_for(DS_F64, 6);
        for (int e = 0; e < 6; e++) in[e] = e + 1;
        assert_int_equal(ds_plan_run(p), DS_EUSAGE); /* x is unbound */
        assert_true(ds_plan_has(p, x));
        assert_false(ds_plan_has(p, idle));
        assert_int_equal(ds_plan_bind(p, idle, in), DS_EUSAGE);
        assert_null(ds_plan_data(p, idle));
        OK(ds_plan_bind(p, x, in));
        OK(ds_plan_bind(p, bound, mine));
        OK(ds_plan_run(p));
        assert_ptr_equal(ds_plan_data(p, bound), mine);
        for (int k = 0; k < N; k++) {
            const double *found = ds_plan_data(p, out[k]);
            assert_non_null(found);
            for (int e = 0; e < (k == 5 ? 2 : 6); e++) {
                double a = e + 1, want = k < 3 ? a * a : k < 5 ? a : k == 5 ? 7 : a * a + 1;
                if (found[e] != want)
                    fail_msg("%s: output %d element %d is %g, wanted %g", backends[w / 2], k, e, found[e], want);
            }
        }
        for (int e = 0; e < 6; e++) assert_true(in[e] == e + 1); /* inputs stay */
        ds_plan_free(p);
        ds_buffer_free(in);
        ds_buffer_free(mine);
        assert_int_equal(ds_plan_create(&p, g, 1, out, &(ds_plan_options){ .backend = "gpu" }), DS_EUNKNOWN);
        setenv("DS_ISA", "v9", 1);
        assert_int_equal(ds_plan_create(&p, g, 1, out, &(ds_plan_options){ .backend = "cpu" }), DS_EUNKNOWN);
        assert_non_null(strstr(ds_error(ctx), "v9"));
        unsetenv("DS_ISA");
        ds_graph_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients),
        cmocka_unit_test(hessian_products),
        cmocka_unit_test(jacobian_and_gauss_newton),
        cmocka_unit_test(partial_runs),
        cmocka_unit_test(runs_allocate_nothing),
        cmocka_unit_test(outputs_of_all_kinds),
    };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
