/* test_math.c - the vector functions against oracles of higher precision, every instruction set against the scalar definition.
 * f32: every 1021st of all 2^32 arguments against the f64 functions of libm, whose own error is below 1e-8 ulp of f32; all of them when
 *      DS_TEST_LONG is set. pow has two arguments: a fixed pseudo-random sample.
 * f64: a fixed sample, dense where results change, against MPFR with 200 bits.
 * The bound is 2 ulp, one ulp being the spacing of the format at the exact result. Worst cases are printed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#ifdef DS_HAVE_MPFR
#include <mpfr.h>
#endif

#include "base/pool.h"
#include "base/random.h"
#include "kernel/ew_code.h"
#include "kernel/vec.h"

enum { BLOCK = 4096, SLACK = 16, SAMPLE = 30000, PAIRS = 2000000 };
static const double BOUND = 2;

typedef struct function {
    const char *name;
    int code;
    double (*wide)(double a, double b);
} function;

static double w_exp(double a, double b) { return (void)b, exp(a); }
static double w_expm1(double a, double b) { return (void)b, expm1(a); }
static double w_log(double a, double b) { return (void)b, log(a); }
static double w_log1p(double a, double b) { return (void)b, log1p(a); }
static double w_tanh(double a, double b) { return (void)b, tanh(a); }
static double w_sigmoid(double a, double b) { return (void)b, a < 0 ? exp(a) / (1 + exp(a)) : 1 / (1 + exp(-a)); }
static double w_softplus(double a, double b) { return (void)b, a > 0 ? a + log1p(exp(-a)) : log1p(exp(a)); }
static double w_erf(double a, double b) { return (void)b, erf(a); }
static double w_sin(double a, double b) { return (void)b, sin(a); }
static double w_cos(double a, double b) { return (void)b, cos(a); }

static const function functions[] = {
    { "exp", DS_EW_exp, w_exp },    { "expm1", DS_EW_expm1, w_expm1 },
    { "log", DS_EW_log, w_log },    { "log1p", DS_EW_log1p, w_log1p },
    { "tanh", DS_EW_tanh, w_tanh }, { "sigmoid", DS_EW_sigmoid, w_sigmoid },
    { "erf", DS_EW_erf, w_erf },    { "softplus", DS_EW_softplus, w_softplus },
    { "sin", DS_EW_sin, w_sin },    { "cos", DS_EW_cos, w_cos },
    { "pow", DS_EW_pow, pow },
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static const char *const sets[] = { "scalar", "plain", "v3", "v4", "neon" };
enum { SETS = sizeof sets / sizeof sets[0] };

/* y = f(a, b) on n elements by one instruction; all arrays have slack behind them. */
static void apply(const ds_vec *vec, ds_dtype t, int code, int64_t n, void *y, void *a, void *b)
{
    _Alignas(64) double tile[8 * (DS_TILE + DS_LANES)];
    ds_ew_program p = { .dtype = t, .rank = 1, .dim = { n }, .nload = 2, .nstore = 1, .ninstr = 1, .nreg = 1 };
    p.load[0] = (ds_ew_operand){ a, { 1 }, t };
    p.load[1] = (ds_ew_operand){ b, { 1 }, t };
    p.store[0] = (ds_ew_operand){ y, { 1 }, t };
    p.instr[0] =
        (ds_ew_instr){ (uint16_t)code, 0, { -1, (int16_t)(code == DS_EW_pow ? -2 : INT16_MIN), INT16_MIN }, { 0 } };
    assert_true(ds_ew_tile_bytes(&p) <= sizeof tile);
    vec->ew(&p, 0, 1, 0, n, tile, NULL);
}

/* Distance of y from the exact r in ulps of a format with `digits` bits and least exponent `least`; overflow counts as the power above. */
static double ulps(double y, long double r, int digits, int least, int most)
{
    if (y != y || r != r) return y != y && r != r ? 0 : INFINITY;
    long double top = ldexpl(1, most), v = y;
    if (v > top) v = top;
    if (v < -top) v = -top;
    if (r > top) r = top;
    if (r < -top) r = -top;
    if (v == r) return 0;
    int e;
    frexpl(r, &e);
    e = e - digits < least ? least : e - digits;
    return (double)ldexpl(fabsl(v - r), -e);
}
static double ulps32(float y, double r) { return ulps(y, r, 24, -149, 128); }

static bool same(const void *x, const void *y, size_t n, ds_dtype t) /* all NaNs count as one */
{
    if (!memcmp(x, y, n * ds_dtype_bytes(t))) return true;
    for (size_t i = 0; i < n; i++) {
        double a = t == DS_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i],
               b = t == DS_F32 ? (double)((const float *)y)[i] : ((const double *)y)[i];
        if (a != a && b != b) continue;
        if (a != b || signbit(a) != signbit(b)) return false;
    }
    return true;
}

/* ---- f32 --------------------------------------------------------------------------------------------------------- */

typedef struct sweep {
    const function *f;
    uint64_t stride, count, part;
    double worst[8]; /* per worker */
    float at[8], at_b[8];
    bool differ[8];
} sweep;

static void argument(const sweep *s, uint64_t k, float *a, float *b)
{
    uint32_t u = (uint32_t)(k * s->stride);
    memcpy(a, &u, sizeof u);
    *b = 0;
    if (s->f->code != DS_EW_pow) return;
    /* half of the pairs have both in everyday range, the rest any bits */
    ds_draw4 d = ds_draw(3, DS_FOR_TEST, 0, 0, k);
    memcpy(a, &d.u[0], sizeof *a);
    memcpy(b, &d.u[1], sizeof *b);
    if (d.u[2] & 1)
        *a = ds_uniform_f32(d.u[0]) * 8, *b = (ds_uniform_f32(d.u[1]) - 0.5f) * (d.u[2] & 2 ? 8.0f : 200.0f);
    if (d.u[2] & 4) *b = rintf(*b);
}

static void sweep_task(void *arg, int64_t task, int worker)
{
    sweep *s = arg;
    float a[BLOCK + SLACK], b[BLOCK + SLACK], y[BLOCK + SLACK], z[BLOCK + SLACK];
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    uint64_t last = ((uint64_t)task + 1) * s->part < s->count ? ((uint64_t)task + 1) * s->part : s->count;
    for (uint64_t k = (uint64_t)task * s->part; k < last; k += BLOCK) {
        int64_t n = last - k < BLOCK ? (int64_t)(last - k) : BLOCK;
        for (int64_t i = 0; i < n; i++) argument(s, k + (uint64_t)i, &a[i], &b[i]);
        apply(ds_vec_named("scalar"), DS_F32, s->f->code, n, y, a, b);
        for (int v = 1; v < SETS; v++) {
            if (!ds_vec_named(sets[v])) continue;
            apply(ds_vec_named(sets[v]), DS_F32, s->f->code, n, z, a, b);
            s->differ[worker] |= !same(y, z, (size_t)n, DS_F32);
        }
        for (int64_t i = 0; i < n; i++) {
            double e = ulps32(y[i], s->f->wide((double)a[i], (double)b[i]));
            if (e > s->worst[worker]) s->worst[worker] = e, s->at[worker] = a[i], s->at_b[worker] = b[i];
        }
    }
}

static void f32_within_two_ulp(void **state)
{
    (void)state;
    bool full = getenv("DS_TEST_LONG") != NULL, bad = false;
    ds_pool *pool = ds_pool_create(2);
    assert_non_null(pool);
    for (int f = 0; f < FUNCTIONS; f++) {
        sweep s = { .f = &functions[f], .stride = full ? 1 : 1021, .part = 1 << 18 };
        s.count = ((1ull << 32) + s.stride - 1) / s.stride;
        if (s.f->code == DS_EW_pow) s.count = PAIRS;
        ds_pool_run(pool, (int64_t)((s.count + s.part - 1) / s.part), sweep_task, &s);
        int w = s.worst[1] > s.worst[0];
        printf("  f32 %-9s worst %.3f ulp at %.9g %.9g, %llu arguments\n", s.f->name, s.worst[w], (double)s.at[w],
               (double)s.at_b[w], (unsigned long long)s.count);
        if (s.differ[0] || s.differ[1]) printf("  f32 %-9s: vectors differ from the scalar definition\n", s.f->name);
        bad |= !(s.worst[w] <= BOUND) || s.differ[0] || s.differ[1];
    }
    ds_pool_free(pool);
    assert_false(bad);
}

/* ---- f64 --------------------------------------------------------------------------------------------------------- */

/* A third any bits, a third with exponents near 1, a third in the range where the functions bend. */
static double wide_argument(uint64_t k, uint32_t id)
{
    ds_draw4 d = ds_draw(5, DS_FOR_TEST, 0, id, k);
    uint64_t u = (uint64_t)d.u[0] << 32 | d.u[1];
    if (k % 3 == 1) u = (u & 0x800fffffffffffffu) | (uint64_t)(1023 - 40 + d.u[2] % 50) << 52;
    double x;
    memcpy(&x, &u, sizeof x);
    if (k % 3 == 2) x = (ds_uniform_f64(d.u[0], d.u[1]) - 0.5) * (k % 2 ? 1500 : 12);
    return x;
}

#ifdef DS_HAVE_MPFR
static void exact(int code, mpfr_t r, mpfr_t a, mpfr_t b)
{
    switch (code) {
    case DS_EW_exp: mpfr_exp(r, a, MPFR_RNDN); break;
    case DS_EW_expm1: mpfr_expm1(r, a, MPFR_RNDN); break;
    case DS_EW_log: mpfr_log(r, a, MPFR_RNDN); break;
    case DS_EW_log1p: mpfr_log1p(r, a, MPFR_RNDN); break;
    case DS_EW_tanh: mpfr_tanh(r, a, MPFR_RNDN); break;
    case DS_EW_erf: mpfr_erf(r, a, MPFR_RNDN); break;
    case DS_EW_sin: mpfr_sin(r, a, MPFR_RNDN); break;
    case DS_EW_cos: mpfr_cos(r, a, MPFR_RNDN); break;
    case DS_EW_pow: mpfr_pow(r, a, b, MPFR_RNDN); break;
    case DS_EW_sigmoid: /* 1 / (1 + e^-a); when e^-a is huge the 1 is below 200 bits and below the bound */
        mpfr_neg(r, a, MPFR_RNDN);
        mpfr_exp(r, r, MPFR_RNDN);
        mpfr_add_ui(r, r, 1, MPFR_RNDN);
        mpfr_ui_div(r, 1, r, MPFR_RNDN);
        break;
    case DS_EW_softplus:
        mpfr_exp(r, a, MPFR_RNDN);
        if (mpfr_inf_p(r))
            mpfr_set(r, a, MPFR_RNDN);
        else
            mpfr_log1p(r, r, MPFR_RNDN);
        break;
    default: assert_true(false);
    }
}

static void f64_within_two_ulp(void **state)
{
    (void)state;
    int64_t n = getenv("DS_TEST_LONG") ? 40 * SAMPLE : SAMPLE;
    size_t bytes = (size_t)(n + SLACK) * sizeof(double);
    double *a = calloc(1, bytes), *b = calloc(1, bytes), *y = calloc(1, bytes);
    assert_true(a && b && y);
    mpfr_t ma, mb, mr;
    mpfr_inits2(200, ma, mb, mr, (mpfr_ptr)0);
    bool bad = false;
    for (int f = 0; f < FUNCTIONS; f++) {
        bool power = functions[f].code == DS_EW_pow;
        for (int64_t i = 0; i < n; i++) {
            a[i] = wide_argument((uint64_t)i, 1);
            b[i] = wide_argument((uint64_t)i, 2);
            if (power && i % 2) a[i] = fabs(a[i]);
            if (power && i % 5 == 0) b[i] = rint(b[i]);
        }
        apply(ds_vec_named("scalar"), DS_F64, functions[f].code, n, y, a, b);
        double worst = 0, at = 0, at_b = 0;
        for (int64_t i = 0; i < n; i++) {
            mpfr_set_d(ma, a[i], MPFR_RNDN);
            mpfr_set_d(mb, b[i], MPFR_RNDN);
            exact(functions[f].code, mr, ma, mb);
            double e = ulps(y[i], mpfr_get_ld(mr, MPFR_RNDN), 53, -1074, 1024);
            if (e > worst) worst = e, at = a[i], at_b = b[i];
        }
        printf("  f64 %-9s worst %.3f ulp at %.17g %.17g, %lld arguments\n", functions[f].name, worst, at,
               power ? at_b : 0, (long long)n);
        bad |= !(worst <= BOUND);
    }
    mpfr_clears(ma, mb, mr, (mpfr_ptr)0);
    free(a);
    free(b);
    free(y);
    assert_false(bad);
}
#else
static void f64_within_two_ulp(void **state)
{
    (void)state;
    printf("  skipped: f64 accuracy needs libmpfr (tools/deps test)\n");
}
#endif

static void f64_vectors_equal_scalar(void **state)
{
    (void)state;
    enum { N = 40 * BLOCK };
    size_t bytes = (N + SLACK) * sizeof(double);
    double *a = calloc(1, bytes), *b = calloc(1, bytes), *y = calloc(1, bytes), *z = calloc(1, bytes);
    assert_true(a && b && y && z);
    for (int64_t i = 0; i < N; i++) {
        a[i] = wide_argument((uint64_t)i, 1);
        b[i] = wide_argument((uint64_t)i, 2);
    }
    for (int f = 0; f < FUNCTIONS; f++) {
        apply(ds_vec_named("scalar"), DS_F64, functions[f].code, N, y, a, b);
        for (int v = 1; v < SETS; v++) {
            if (!ds_vec_named(sets[v])) {
                if (f == 0) printf("  skipped: no %s here\n", sets[v]);
                continue;
            }
            apply(ds_vec_named(sets[v]), DS_F64, functions[f].code, N, z, a, b);
            if (!same(y, z, N, DS_F64))
                fail_msg("f64 %s: %s differs from the scalar definition", functions[f].name, sets[v]);
        }
    }
    free(a);
    free(b);
    free(y);
    free(z);
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

typedef struct end {
    int code;
    double a, b, y;
} end;
static const end ends[] = {
    { DS_EW_exp, -INFINITY, 0, 0 },
    { DS_EW_exp, INFINITY, 0, INFINITY },
    { DS_EW_exp, 0, 0, 1 },
    { DS_EW_expm1, -INFINITY, 0, -1 },
    { DS_EW_expm1, INFINITY, 0, INFINITY },
    { DS_EW_expm1, -0.0, 0, -0.0 },
    { DS_EW_log, 0, 0, -INFINITY },
    { DS_EW_log, -0.0, 0, -INFINITY },
    { DS_EW_log, -1, 0, NAN },
    { DS_EW_log, INFINITY, 0, INFINITY },
    { DS_EW_log, 1, 0, 0 },
    { DS_EW_log, -INFINITY, 0, NAN },
    { DS_EW_log1p, -1, 0, -INFINITY },
    { DS_EW_log1p, -2, 0, NAN },
    { DS_EW_log1p, -0.0, 0, -0.0 },
    { DS_EW_log1p, INFINITY, 0, INFINITY },
    { DS_EW_tanh, INFINITY, 0, 1 },
    { DS_EW_tanh, -INFINITY, 0, -1 },
    { DS_EW_tanh, -0.0, 0, -0.0 },
    { DS_EW_tanh, 25, 0, 1 },
    { DS_EW_tanh, -25, 0, -1 },
    { DS_EW_sigmoid, INFINITY, 0, 1 },
    { DS_EW_sigmoid, -INFINITY, 0, 0 },
    { DS_EW_sigmoid, 0, 0, 0.5 },
    { DS_EW_softplus, INFINITY, 0, INFINITY },
    { DS_EW_softplus, -INFINITY, 0, 0 },
    { DS_EW_softplus, 100, 0, 100 },
    { DS_EW_erf, INFINITY, 0, 1 },
    { DS_EW_erf, -INFINITY, 0, -1 },
    { DS_EW_erf, -0.0, 0, -0.0 },
    { DS_EW_sin, INFINITY, 0, NAN },
    { DS_EW_sin, -0.0, 0, -0.0 },
    { DS_EW_cos, -INFINITY, 0, NAN },
    { DS_EW_cos, 0, 0, 1 },
    { DS_EW_pow, NAN, 0, 1 },
    { DS_EW_pow, 1, NAN, 1 },
    { DS_EW_pow, 2, NAN, NAN },
    { DS_EW_pow, -8, 1.5, NAN },
    { DS_EW_pow, -2, 3, -8 },
    { DS_EW_pow, -2, -1, -0.5 },
    { DS_EW_pow, 0, -1, INFINITY },
    { DS_EW_pow, -0.0, -1, -INFINITY },
    { DS_EW_pow, -0.0, 3, -0.0 },
    { DS_EW_pow, -0.0, 2, 0 },
    { DS_EW_pow, INFINITY, -2, 0 },
    { DS_EW_pow, -INFINITY, 3, -INFINITY },
    { DS_EW_pow, -INFINITY, -3, -0.0 },
    { DS_EW_pow, 0.5, INFINITY, 0 },
    { DS_EW_pow, -1, INFINITY, 1 },
    { DS_EW_pow, 2, -INFINITY, 0 },
    { DS_EW_pow, -1, 0.5, NAN },
    { DS_EW_pow, -0.0, -INFINITY, INFINITY },
};

static double one(const char *set, ds_dtype t, int code, double x, double z)
{
    float fa[1 + SLACK] = { (float)x }, fb[1 + SLACK] = { (float)z }, fy[1 + SLACK];
    double da[1 + SLACK] = { x }, db[1 + SLACK] = { z }, dy[1 + SLACK];
    if (t == DS_F32)
        apply(ds_vec_named(set), t, code, 1, fy, fa, fb);
    else
        apply(ds_vec_named(set), t, code, 1, dy, da, db);
    return t == DS_F32 ? (double)fy[0] : dy[0];
}

static void ends_and_specials(void **state)
{
    (void)state;
    for (int v = 0; v < SETS; v++) {
        if (!ds_vec_named(sets[v])) continue;
        for (int t = DS_F32; t <= DS_F64; t++) {
            for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
                end e = ends[k];
                double y = one(sets[v], (ds_dtype)t, e.code, e.a, e.b);
                if (!same(&y, &e.y, 1, DS_F64))
                    fail_msg("%s %s code %d of (%g, %g): found %.17g, wanted %.17g", sets[v],
                             ds_dtype_name((ds_dtype)t), e.code, e.a, e.b, y, e.y);
            }
            for (int f = 0; f < FUNCTIONS; f++) {
                double y = one(sets[v], (ds_dtype)t, functions[f].code, NAN, 2);
                if (y == y) fail_msg("%s %s of NaN: found %g", sets[v], functions[f].name, y);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ends_and_specials), cmocka_unit_test(f64_vectors_equal_scalar),
                                        cmocka_unit_test(f64_within_two_ulp), cmocka_unit_test(f32_within_two_ulp) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
