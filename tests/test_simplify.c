/* test_simplify.c - what constructors rewrite: constants meet, a ReLU moves behind a maximum pool, factors leave sums;
 * the values of what is rewritten against plain loops, and what it is for: few passes over memory in the gradient of a
 * normalized layer. */
#include "test_graph_support.h"

typedef struct fixture {
    ds_ctx *ctx;
    ds_graph *g;
} fixture;

static int open_graph(void **state)
{
    static fixture f;
    if (ds_ctx_create(&f.ctx, 2) != DS_OK || ds_graph_create(&f.g, f.ctx) != DS_OK) return -1;
    *state = &f;
    return 0;
}
static int close_graph(void **state)
{
    fixture *f = *state;
    ds_graph_free(f->g);
    ds_ctx_free(f->ctx);
    return 0;
}
#define SAME(a, b) assert_int_equal((a).id, (b).id)

static void constants_meet(void **state)
{
    ds_graph *g = ((fixture *)*state)->g;
    ds_shape s = DS_SHAPE(3, 5);
    ds_val x = ds_input(g, "x", DS_F32, s), c = ds_fill(g, DS_F32, s, 0.1);
    SAME(ds_scale(g, c, 0.3), ds_fill(g, DS_F32, s, (double)(0.1f * 0.3f))); /* rounded as a kernel would */
    SAME(ds_scale(g, ds_fill(g, DS_F64, s, 0.1), 0.3), ds_fill(g, DS_F64, s, 0.1 * 0.3));
    SAME(ds_neg(g, c), ds_fill(g, DS_F32, s, -0.1));
    SAME(ds_mul(g, x, c), ds_scale(g, x, 0.1));
    SAME(ds_mul(g, ds_fill(g, DS_F32, DS_SHAPE(5), 0.1), x), ds_scale(g, x, 0.1));
    SAME(ds_mul(g, x, ds_fill(g, DS_F32, s, 1)), x);
    /* a constant of more elements still repeats x */
    assert_true(
        ds_shape_equal(ds_val_shape(g, ds_mul(g, ds_fill(g, DS_F32, DS_SHAPE(2, 3, 5), 2), x)), DS_SHAPE(2, 3, 5)));
    assert_int_equal(ds_graph_status(g), DS_OK);
    ds_mul(g, x, ds_fill(g, DS_F64, s, 2)); /* another type is refused as ever */
    assert_int_equal(ds_graph_status(g), DS_ESHAPE);
}

static void factors_leave_sums(void **state)
{
    ds_graph *g = ((fixture *)*state)->g;
    ds_val x = ds_input(g, "x", DS_F64, DS_SHAPE(4, 3, 5)), c = ds_input(g, "c", DS_F64, DS_SHAPE(5)),
           r = ds_input(g, "r", DS_F64, DS_SHAPE(3, 1));
    SAME(ds_sum(g, ds_mul(g, x, c), 3), ds_mul(g, ds_sum(g, x, 3), c));
    SAME(ds_sum(g, ds_neg(g, ds_mul(g, c, x)), 1), ds_neg(g, ds_mul(g, ds_sum(g, x, 1), c)));
    SAME(ds_sum(g, ds_mul(g, x, r), 4), ds_mul(g, ds_sum(g, x, 4), r));
    /* c varies along axis 2, r along axis 1: they stay inside */
    ds_val inside[2] = { ds_sum(g, ds_mul(g, x, c), 4), ds_sum(g, ds_mul(g, x, r), 3) };
    for (int k = 0; k < 2; k++) assert_int_not_equal(inside[k].id, ds_mul(g, ds_sum(g, x, k ? 3 : 4), k ? r : c).id);
    assert_int_equal(ds_graph_status(g), DS_OK);
}

/* y = relu, then the maximum of each 2x2 window, and the gradient of sum(w y), in the order in which they were written.
 */
static void relu_then_pool(const double *x, const double *w, double *y, double *dx)
{
    enum { H = 4, W = 6, C = 3 };
    for (int i = 0; i < H * W * C; i++) dx[i] = 0;
    for (int h = 0; h < H / 2; h++)
        for (int v = 0; v < W / 2; v++)
            for (int c = 0; c < C; c++) {
                int at = -1;
                double best = 0;
                for (int k = 0; k < 4; k++) {
                    int i = ((2 * h + k / 2) * W + 2 * v + k % 2) * C + c;
                    double e = x[i] > 0 || isnan(x[i]) ? x[i] : 0;
                    if (at < 0 || e > best || (isnan(e) && !isnan(best))) at = i, best = e;
                }
                int o = (h * W / 2 + v) * C + c;
                y[o] = best;
                if (x[at] > 0) dx[at] = w[o];
            }
}

static void relu_moves_behind_the_pool(void **state)
{
    fixture *f = *state;
    ds_ctx *ctx = f->ctx;
    enum { IN = 4 * 6 * 3, OUT = IN / 4 };
    ds_val y, l, dx, x = ds_input(f->g, "x", DS_F64, DS_SHAPE(1, 4, 6, 3)),
                     w = ds_input(f->g, "w", DS_F64, DS_SHAPE(1, 2, 3, 3));
    const ds_pool_shape two = { { 2, 2 }, { 2, 2 }, { 0, 0 } };
    y = ds_max_pool(f->g, ds_relu(f->g, x), two);
    SAME(y, ds_relu(f->g, ds_max_pool(f->g, x, two)));
    l = ds_sum_all(f->g, ds_mul(f->g, w, y));
    ds_grad(f->g, l, 1, &x, &dx);
    ds_plan *p;
    OK(ds_plan_create(&p, f->g, 2, (ds_val[]){ y, dx }, NULL));
    double *mx = memory_for(DS_F64, IN), *mw = memory_for(DS_F64, OUT), wy[OUT], wdx[IN];
    OK(ds_plan_bind(p, x, mx));
    OK(ds_plan_bind(p, w, mw));
    for (uint64_t seed = 0; seed < 50; seed++) {
        fill_uniform(DS_F64, mx, IN, seed, -1.5, 0.5); /* whole windows below 0 are frequent */
        fill_uniform(DS_F64, mw, OUT, seed + 99, -1, 1);
        if (seed % 2) strew_special(DS_F64, mx, IN, seed, 3);
        for (int i = 0; i < IN && seed % 5 == 0; i++) mx[i] = rint(4 * mx[i]) / 4; /* ties */
        OK(ds_plan_run(p));
        relu_then_pool(mx, mw, wy, wdx);
        assert_int_equal(first_difference(DS_F64, OUT, ds_plan_data(p, y), wy), -1);
        const double *got = ds_plan_data(p, dx);
        for (int i = 0; i < IN; i++) assert_true(got[i] == wdx[i]); /* the sign of a zero aside */
    }
    ds_plan_free(p);
    ds_buffer_free(mx);
    ds_buffer_free(mw);
}

/* Reads and writes of the large tensor: lines of the plan that name it, by what they do. */
static int steps_over(const char *text, const char *shape)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, shape)); n++) {
        const char *end = strchr(at, '\n');
        at = end ? end : at + strlen(at);
    }
    return n;
}

/* Batch norm and ReLU: three passes forward (mean, variance, result), and backward one for the ReLU's mask, two for the
 * sums of dy and of dy (x - m), one for dx. */
static void normalization_is_few_passes(void **state)
{
    fixture *f = *state;
    ds_ctx *ctx = f->ctx;
    ds_graph *g = f->g;
    ds_val x = ds_input(g, "x", DS_F32, DS_SHAPE(8, 9, 9, 16)), gamma = ds_input(g, "gamma", DS_F32, DS_SHAPE(16)),
           beta = ds_input(g, "beta", DS_F32, DS_SHAPE(16));
    ds_val w = ds_input(g, "w", DS_F32, DS_SHAPE(8, 9, 9, 16)), in[3] = { x, gamma, beta }, out[4];
    ds_val y = ds_relu(g, ds_batch_norm(g, x, gamma, beta, 1e-5).y), dy = w;
    static char text[10000];
    ds_plan *p;
    OK(ds_plan_create(&p, g, 1, &y, NULL));
    int forward = steps_over(ds_plan_text(p, text, sizeof text), "8x9x9x16");
    ds_plan_free(p);
    assert_int_equal(forward, 3);
    ds_vjp(g, 1, &y, &dy, 3, in, out);
    out[3] = y;
    OK(ds_plan_create(&p, g, 4, out, NULL));
    int both = steps_over(ds_plan_text(p, text, sizeof text), "8x9x9x16");
    ds_plan_free(p);
    if (both > 3 + 4) fail_msg("%d passes over the large tensor, wanted 7:\n%s", both, text);
}

static void cotangents_must_fit(void **state)
{
    ds_graph *g = ((fixture *)*state)->g;
    ds_val x = ds_input(g, "x", DS_F32, DS_SHAPE(3, 5)), y = ds_exp(g, x), one = ds_fill(g, DS_F32, DS_SHAPE(5), 1),
           out;
    ds_vjp(g, 1, &y, &one, 1, &x, &out); /* would repeat in silence */
    assert_int_equal(ds_graph_status(g), DS_ESHAPE);
    assert_false(ds_val_ok(out));
    assert_non_null(strstr(ds_error(((fixture *)*state)->ctx), "3x5"));
}

static void directions_must_fit(void **state)
{
    ds_graph *g = ((fixture *)*state)->g;
    ds_val x = ds_input(g, "x", DS_F32, DS_SHAPE(3, 5)), y = ds_exp(g, x), v = ds_input(g, "v", DS_F64, DS_SHAPE(3, 5)),
           out;
    ds_jvp(g, 1, &y, 1, &x, &v, &out);
    assert_int_equal(ds_graph_status(g), DS_ESHAPE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = { TEST(constants_meet),
                                        TEST(factors_leave_sums),
                                        TEST(relu_moves_behind_the_pool),
                                        TEST(normalization_is_few_passes),
                                        TEST(cotangents_must_fit),
                                        TEST(directions_must_fit) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
