/* test_matrix_support.h - what the tests of rules for matrices share: a rule at work on a matrix, normal numbers. */
#ifndef TEST_MATRIX_SUPPORT_H
#define TEST_MATRIX_SUPPORT_H

#include "kernel/dense.h"
#include "kernel/vec.h"
#include "space/space.h"
#include "test_rules_support.h"

/* One rule on one matrix, or on all those of a space. */
typedef struct matrix {
    ds_ctx *ctx;
    ds_optim *o;
    int64_t rows, cols, n;
    ds_dtype t;
    void *theta, *g;
} matrix;

typedef struct how {
    const char *rule, *dialect, *backend;
    int64_t rows, cols;
    ds_dtype t;
    int threads;
    bool unfused;
    const ds_space *space;
} how;

static inline matrix begin(how h)
{
    matrix m = { .rows = h.rows, .cols = h.cols, .n = h.space ? ds_space_dim(h.space) : h.rows * h.cols, .t = h.t };
    assert_int_equal(ds_ctx_create(&m.ctx, h.threads ? h.threads : 1), DS_OK);
    ds_optim_settings s = { .dialect = h.dialect,
                            .n = m.n,
                            .dtype = h.t,
                            .backend = h.backend,
                            .unfused = h.unfused,
                            .space = h.space,
                            .columns = h.cols };
    OK(m.ctx, ds_rule_parse(m.ctx, h.rule, &s.rule));
    OK(m.ctx, ds_optim_create(&m.o, m.ctx, &s));
    m.theta = ds_buffer_alloc((size_t)m.n * ds_dtype_bytes(h.t));
    m.g = ds_buffer_alloc((size_t)m.n * ds_dtype_bytes(h.t));
    assert_true(m.theta && m.g);
    return m;
}

static inline void end(matrix *m)
{
    ds_optim_free(m->o);
    ds_buffer_free(m->theta);
    ds_buffer_free(m->g);
    ds_ctx_free(m->ctx);
}

static inline void step(matrix *m, double rate) { OK(m->ctx, ds_optim_step(m->o, m->theta, m->g, rate)); }

/* Normal numbers of (seed, element), exact in f32. */
static inline void normal(ds_dtype t, void *x, int64_t n, uint32_t seed)
{
    ds_rng r = ds_rng_at(3, DS_FOR_TEST, seed, 1);
    for (int64_t i = 0; i < n; i++) put(t, x, i, (double)(float)ds_rng_normal(&r));
}

static inline void assert_near(int64_t n, const double *found, const double *wanted, double bound, const char *what)
{
    double most = 1e-300;
    for (int64_t i = 0; i < n; i++) most = fabs(wanted[i]) > most ? fabs(wanted[i]) : most;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(found[i] - wanted[i]) <= bound * most))
            fail_msg("%s, element %d: found %.17g, wanted %.17g", what, (int)i, found[i], wanted[i]);
}

/* Q [n, n] orthogonal, of seed. */
static inline void orthogonal(int64_t n, double *Q, uint32_t seed)
{
    const size_t bytes = (size_t)(n * n) * sizeof *Q;
    double *work = ds_buffer_alloc((size_t)ds_qr_work(n) * sizeof *work), *a = ds_buffer_alloc(bytes + 128);
    assert_true(work && a);
    normal(DS_F64, a, n * n, seed);
    ds_qr(ds_vec_get()->f64, n, a, work);
    memcpy(Q, a, bytes);
    ds_buffer_free(work);
    ds_buffer_free(a);
}

/* c = op(a) x op(b) of rows x cols, a and b orthogonal. */
static inline void between(int64_t rows, int64_t cols, const double *a, bool ta, const double *x, const double *b,
                           bool tb, double *c)
{
    double *half = calloc((size_t)(rows * cols), sizeof *half);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < rows; k++)
            for (int64_t j = 0; j < cols; j++)
                half[i * cols + j] += a[ta ? k * rows + i : i * rows + k] * x[k * cols + j];
    memset(c, 0, (size_t)(rows * cols) * sizeof *c);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < cols; k++)
            for (int64_t j = 0; j < cols; j++)
                c[i * cols + j] += half[i * cols + k] * b[tb ? j * cols + k : k * cols + j];
    free(half);
}

enum { SIDE = 12 };

#endif
