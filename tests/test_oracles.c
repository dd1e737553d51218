/* test_oracles.c - pooling and dropout bit for bit against plain loops written here from docs/arithmetic.md: the reference
 * backend and the fast one share kernels for them, so their agreement alone would say little. Data hold ties, NaN, an
 * infinity and zeros of both signs; windows overlap, are cut at the border and leave a ragged edge. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "descent/graph.h"
#include "descent/op.h"

enum { N = 2, H = 7, W = 6, C = 19, MOST = N * H * W * C };
static const ds_pool_shape shapes[] = { { { 2, 2 }, { 2, 2 }, { 0, 0 } },
                                        { { 3, 2 }, { 2, 1 }, { 1, 1 } },
                                        { { 3, 3 }, { 1, 2 }, { 1, 0 } } };

/* T: element type. The pool of x and what its gradient makes of dy. */
#define ORACLE(T)                                                                                                      \
    static void pool_##T(const T *x, const T *dy, ds_pool_shape p, bool max, int64_t oh, int64_t ow, T *y, T *dx)      \
    {                                                                                                                  \
        for (int64_t i = 0; i < MOST; i++) dx[i] = 0;                                                                  \
        for (int64_t n = 0; n < N; n++)                                                                                \
            for (int64_t r = 0; r < oh; r++)                                                                           \
                for (int64_t q = 0; q < ow; q++)                                                                       \
                    for (int64_t c = 0; c < C; c++) {                                                                  \
                        T sum = 0, best = 0;                                                                           \
                        int64_t place = -1, out = ((n * oh + r) * ow + q) * C + c, count = 0, at[9];                   \
                        for (int64_t a = 0; a < p.size[0]; a++)                                                        \
                            for (int64_t b = 0; b < p.size[1]; b++) {                                                  \
                                int64_t h = r * p.stride[0] - p.pad[0] + a, w = q * p.stride[1] - p.pad[1] + b;        \
                                if (h < 0 || h >= H || w < 0 || w >= W) continue;                                      \
                                int64_t i = ((n * H + h) * W + w) * C + c;                                             \
                                sum += x[i];                                                                           \
                                if (place < 0 || (best == best && !(x[i] <= best))) best = x[place = i];               \
                                at[count++] = i;                                                                       \
                            }                                                                                          \
                        T share = (T)(1.0 / (double)count);                                                            \
                        y[out] = max ? best : (T)(sum * share);                                                        \
                        if (max) dx[place] += dy[out];                                                                 \
                        for (int64_t k = 0; k < count && !max; k++) dx[at[k]] += (T)(dy[out] * share);                 \
                    }                                                                                                  \
    }                                                                                                                  \
    static bool same_##T(const T *a, const T *b, int64_t n)                                                            \
    {                                                                                                                  \
        bool same = true;                                                                                              \
        for (int64_t i = 0; i < n; i++) same &= (a[i] != a[i] && b[i] != b[i]) || !memcmp(a + i, b + i, sizeof *a);    \
        return same;                                                                                                   \
    }                                                                                                                  \
    static void fill_##T(T *x, bool odd)                                                                               \
    {                                                                                                                  \
        ds_rng rng = ds_rng_at(3, DS_FOR_TEST, odd, 0);                                                                \
        for (int64_t i = 0; i < MOST; i++) x[i] = (T)((double)ds_rng_below(&rng, odd ? 7 : 1000000) / 3 - 1);          \
        if (odd) x[5] = (T)NAN, x[C + 5] = (T)NAN, x[40] = (T)INFINITY, x[60] = 0, x[60 + C] = (T)-0.0;                \
    }                                                                                                                  \
    static void pooling_##T(ds_ctx *ctx, const char *backend, ds_dtype type, ds_pool_shape p, bool max)                \
    {                                                                                                                  \
        static T y[MOST * 2], dx[MOST];                                                                                \
        ds_graph *g;                                                                                                   \
        ds_plan *plan;                                                                                                 \
        assert_int_equal(ds_graph_create(&g, ctx), DS_OK);                                                             \
        ds_val x = ds_input(g, "x", type, DS_SHAPE(N, H, W, C)), out[2];                                               \
        out[0] = max ? ds_max_pool(g, x, p) : ds_avg_pool(g, x, p);                                                    \
        ds_shape s = ds_val_shape(g, out[0]);                                                                          \
        ds_val dy = ds_input(g, "dy", type, s);                                                                        \
        ds_vjp(g, 1, out, &dy, 1, &x, out + 1);                                                                        \
        assert_int_equal(ds_plan_create(&plan, g, 2, out, &(ds_plan_options){ .backend = backend }), DS_OK);           \
        T *mx = ds_buffer_alloc(MOST * sizeof *mx), *mdy = ds_buffer_alloc(MOST * 2 * sizeof *mdy);                    \
        fill_##T(mx, true);                                                                                            \
        fill_##T(mdy, false);                                                                                          \
        assert_true(ds_shape_count(s) <= MOST);                                                                        \
        assert_int_equal(ds_plan_bind(plan, x, mx), DS_OK);                                                            \
        assert_int_equal(ds_plan_bind(plan, dy, mdy), DS_OK);                                                          \
        assert_int_equal(ds_plan_run(plan), DS_OK);                                                                    \
        pool_##T(mx, mdy, p, max, s.dim[1], s.dim[2], y, dx);                                                          \
        assert_true(same_##T(ds_plan_data(plan, out[0]), y, ds_shape_count(s)));                                       \
        assert_true(same_##T(ds_plan_data(plan, out[1]), dx, MOST));                                                   \
        ds_buffer_free(mx);                                                                                            \
        ds_buffer_free(mdy);                                                                                           \
        ds_plan_free(plan);                                                                                            \
        ds_graph_free(g);                                                                                              \
    }
ORACLE(float)
ORACLE(double)

static const char *const backends[] = { "ref", "cpu" };

static void pooling(void **state)
{
    for (int b = 0; b < 2; b++)
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
            for (int max = 0; max < 2; max++) {
                pooling_float(*state, backends[b], DS_F32, shapes[k], max);
                pooling_double(*state, backends[b], DS_F64, shapes[k], max);
            }
}

/* Element e of row n is word e mod 4 of the block (seed, step, id; site, e / 4). */
static void one_dropout(ds_ctx *ctx, const char *backend, ds_dtype type, double rate)
{
    enum { ROWS = 5, WIDTH = 131, SITE = 7 };
    ds_graph *g;
    ds_plan *plan;
    assert_int_equal(ds_graph_create(&g, ctx), DS_OK);
    ds_val x = ds_input(g, "x", type, DS_SHAPE(ROWS, WIDTH)), key = ds_input(g, "key", DS_I32, DS_SHAPE(4)),
           ids = ds_input(g, "ids", DS_I32, DS_SHAPE(ROWS)), y = ds_dropout(g, x, key, ids, SITE, rate);
    assert_int_equal(ds_plan_create(&plan, g, 1, &y, &(ds_plan_options){ .backend = backend }), DS_OK);
    void *mx = ds_buffer_alloc(ROWS * WIDTH * 8), *mk = ds_buffer_alloc(16), *mi = ds_buffer_alloc(ROWS * 4);
    memcpy(mk, (uint32_t[]){ 0xdeadbeefu, 17, 41, 0 }, 16);
    memcpy(mi, (int32_t[]){ 0, 1, 59999, 12, 3 }, ROWS * 4);
    for (int i = 0; i < ROWS * WIDTH; i++)
        if (type == DS_F32)
            ((float *)mx)[i] = (float)i - 300.7f;
        else
            ((double *)mx)[i] = i - 300.7;
    assert_int_equal(ds_plan_bind(plan, x, mx), DS_OK);
    assert_int_equal(ds_plan_bind(plan, key, mk), DS_OK);
    assert_int_equal(ds_plan_bind(plan, ids, mi), DS_OK);
    assert_int_equal(ds_plan_run(plan), DS_OK);
    int kept = 0;
    for (int i = 0; i < ROWS * WIDTH; i++) {
        uint64_t e = (uint64_t)(i % WIDTH);
        ds_draw4 d = ds_draw((uint64_t)17 << 32 | 0xdeadbeefu, DS_FOR_DROPOUT, 41, (uint32_t)((int32_t *)mi)[i / WIDTH],
                             (uint64_t)SITE << 40 | e / 4);
        bool keep = (d.u[e % 4] >> 8) * 0x1p-24 >= rate;
        kept += keep;
        const void *out = ds_plan_data(plan, y);
        if (type == DS_F32) {
            float wanted = ((float *)mx)[i] * (keep ? (float)(1 / (1 - rate)) : 0);
            assert_memory_equal((const float *)out + i, &wanted, 4);
        } else {
            double wanted = ((double *)mx)[i] * (keep ? 1 / (1 - rate) : 0);
            assert_memory_equal((const double *)out + i, &wanted, 8);
        }
    }
    assert_true(kept > 0 && kept < ROWS * WIDTH);
    ds_buffer_free(mx);
    ds_buffer_free(mk);
    ds_buffer_free(mi);
    ds_plan_free(plan);
    ds_graph_free(g);
}

static void dropout(void **state)
{
    for (int b = 0; b < 2; b++)
        for (int t = DS_F32; t <= DS_F64; t++) {
            one_dropout(*state, backends[b], (ds_dtype)t, 0.3);
            one_dropout(*state, backends[b], (ds_dtype)t, 0.5);
        }
}

static int open_ctx(void **state) { return ds_ctx_create((ds_ctx **)state, 2) != DS_OK; }
static int close_ctx(void **state)
{
    ds_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(pooling, open_ctx, close_ctx),
                                        cmocka_unit_test_setup_teardown(dropout, open_ctx, close_ctx) };
    return cmocka_run_group_tests_name("oracles", tests, NULL, NULL);
}
