/* test_matrix_laws.c - the laws that a rule on matrices has to keep: turned matrices, scale, the same bits on every path,
 * resuming, tensors of a space, broken statistics; and products with the own transpose. */
#include "descent/op.h"
#include "test_matrix_support.h"

/* ---- laws ------------------------------------------------------------------------------------------------------- */

static const char *const RULES[] = {
    "muon",
    "muon(polynomials=express, steps=6, cautious=true)",
    "shampoo(period=2, graft=sgd, eps=1e-6)",
    "shampoo(period=3, block=4, eps=1e-6)",
    "soap(period=2)",
    "soap(period=3, max_side=6)",
};
enum { RULE_COUNT = sizeof RULES / sizeof RULES[0] };

/* U theta W' moves as theta does under U g W', for rules that know no axes: steps are taken in the matrix's own. */
static void turned_matrices_turn_the_step(void **state)
{
    (void)state;
    enum { N = 7 };
    static const char *const rules[] = { "muon(steps=3)", "shampoo(period=1, eps=1e-6, graft=none)",
                                         "shampoo(period=2, eps=1e-6, graft=sgd, beta2=1)", "soap(period=2, lr=1e-2)" };
    double U[N * N], W[N * N], turned[N * N];
    orthogonal(N, U, 11);
    orthogonal(N, W, 12);
    for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
        matrix a = begin((how){ .rule = rules[k], .rows = N, .cols = N, .t = DS_F64 });
        matrix b = begin((how){ .rule = rules[k], .rows = N, .cols = N, .t = DS_F64 });
        normal(DS_F64, a.theta, a.n, 100);
        between(N, N, U, false, a.theta, W, true, b.theta);
        for (uint32_t s = 0; s < 8; s++) {
            normal(DS_F64, a.g, a.n, s);
            between(N, N, U, false, a.g, W, true, b.g);
            step(&a, 0.05);
            step(&b, 0.05);
            between(N, N, U, false, a.theta, W, true, turned);
            assert_near(a.n, b.theta, turned, 1e-10, rules[k]);
        }
        end(&a);
        end(&b);
    }
}

/* The step does not see the gradient's length, nor Shampoo and SOAP its unit. */
static void scale_of_the_gradient_does_not_count(void **state)
{
    (void)state;
    static const char *const rules[] = { "muon(eps=0)", "soap(eps=0, period=2)",
                                         "shampoo(period=1, eps=0, graft=none, beta2=0.9)",
                                         "shampoo(period=2, graft_eps=0, eps=0)" };
    for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
        matrix a = begin((how){ .rule = rules[k], .rows = 5, .cols = 5, .t = DS_F64 });
        matrix b = begin((how){ .rule = rules[k], .rows = 5, .cols = 5, .t = DS_F64 });
        for (uint32_t s = 0; s < 6; s++) {
            normal(DS_F64, a.g, a.n, s);
            for (int64_t i = 0; i < a.n; i++) ((double *)b.g)[i] = 1024 * ((double *)a.g)[i];
            step(&a, 0.1);
            step(&b, 0.1);
            assert_near(a.n, a.theta, b.theta, 1e-11, rules[k]);
        }
        end(&a);
        end(&b);
    }
}

/* Three matrices and a gap: a dense weight, a kernel in memory's order, one that lies as in files. */
static void make_space(ds_space *s, ds_ctx *ctx)
{
    *s = (ds_space){ 0 };
    OK(ctx, ds_space_add(s, ctx, &(ds_segment){ .name = "dense", .shape = DS_SHAPE(7, 5), .order = { 1, 0 } }));
    OK(ctx,
       ds_space_add(s, ctx, &(ds_segment){ .name = "conv", .shape = DS_SHAPE(6, 2, 3, 1), .order = { 2, 3, 1, 0 } }));
    OK(ctx, ds_space_add(s, ctx, &(ds_segment){ .name = "plain", .shape = DS_SHAPE(3, 8), .order = { 0, 1 } }));
}

static void draw(matrix *m, uint32_t s) { normal(m->t, m->g, m->n, s); }

static void assert_equal(const matrix *a, const matrix *b, const char *rule)
{
    size_t element = ds_dtype_bytes(a->t);
    if (memcmp(a->theta, b->theta, (size_t)a->n * element)) fail_msg("%s: theta differs", rule);
    for (int i = 0; i < ds_optim_states(a->o); i++)
        if (memcmp(ds_optim_state(a->o, i), ds_optim_state(b->o, i), (size_t)ds_optim_state_count(a->o, i) * element))
            fail_msg("%s: state %s differs", rule, ds_optim_state_name(a->o, i));
}

static void for_all(void (*law)(how h))
{
    ds_ctx *ctx;
    ds_space space;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    make_space(&space, ctx);
    for (int k = 0; k < RULE_COUNT; k++)
        for (int t = 0; t < 2; t++) {
            law((how){ .rule = RULES[k], .t = t ? DS_F64 : DS_F32, .space = &space });
            law((how){ .rule = RULES[k], .t = t ? DS_F64 : DS_F32, .rows = 40, .cols = 70 });
        }
    ds_space_clear(&space);
    ds_ctx_free(ctx);
}

static void compare_paths(how h)
{
    static const char *const backends[] = { "ref", "cpu", "check" };
    matrix a = begin(h);
    for (uint32_t s = 0; s < 6; s++) draw(&a, s), step(&a, 0.01);
    for (int path = 0; path < 6; path++) {
        how other = h;
        other.threads = 1 + path;
        other.backend = backends[path % 3];
        other.unfused = path >= 3;
        matrix b = begin(other);
        for (uint32_t s = 0; s < 6; s++) draw(&b, s), step(&b, 0.01);
        assert_equal(&a, &b, h.rule);
        end(&b);
    }
    end(&a);
}

static void same_bits_on_every_path(void **state)
{
    (void)state;
    for_all(compare_paths);
}

static void resume(how h)
{
    matrix whole = begin(h), a = begin(h);
    for (uint32_t s = 0; s < 7; s++) {
        matrix b = begin(h);
        memcpy(b.theta, a.theta, (size_t)a.n * ds_dtype_bytes(a.t));
        for (int i = 0; i < ds_optim_states(a.o); i++)
            memcpy(ds_optim_state(b.o, i), ds_optim_state(a.o, i),
                   (size_t)ds_optim_state_count(a.o, i) * ds_dtype_bytes(a.t));
        ds_optim_set_steps(b.o, ds_optim_steps(a.o));
        end(&a);
        a = b;
        draw(&a, s), step(&a, 0.01);
        draw(&whole, s), step(&whole, 0.01);
        assert_equal(&a, &whole, h.rule);
    }
    end(&a);
    end(&whole);
}

static void resumes_at_every_step(void **state)
{
    (void)state;
    for_all(resume);
}

/* A tensor among others moves as it does alone, and a kernel as the matrix [outputs, all the rest]. */
static void tensors_are_matrices_of_their_own(void **state)
{
    (void)state;
    ds_ctx *ctx;
    ds_space space;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    make_space(&space, ctx);
    for (int k = 0; k < RULE_COUNT; k++) {
        matrix all = begin((how){ .rule = RULES[k], .t = DS_F64, .space = &space });
        matrix one[2];
        for (int i = 0; i < 2; i++)
            one[i] = begin((how){ .rule = RULES[k], .t = DS_F64, .rows = i ? 6 : 5, .cols = i ? 6 : 7 });
        for (uint32_t s = 0; s < 5; s++) {
            draw(&all, s), step(&all, 0.01);
            for (int i = 0; i < 2; i++) {
                int64_t at = ds_space_segment(&space, i)->offset;
                memcpy(one[i].g, (double *)all.g + at, (size_t)one[i].n * sizeof(double));
                step(&one[i], 0.01);
                assert_memory_equal(one[i].theta, (double *)all.theta + at, (size_t)one[i].n * sizeof(double));
            }
        }
        end(&all);
        end(&one[0]);
        end(&one[1]);
    }
    ds_space_clear(&space);
    ds_ctx_free(ctx);
}

/* The routing report counts what lies beside a matrix, preconditioners too. */
static void state_is_told_by_tensor(void **state)
{
    (void)state;
    ds_ctx *ctx;
    ds_space space;
    ds_routing r;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    make_space(&space, ctx);
    matrix m = begin((how){ .rule = "soap", .t = DS_F32, .space = &space });
    assert_true(ds_optim_routing(m.o, 0, &r));
    assert_int_equal(r.state_bytes, 4 * (2 * 35 + 2 * 49 + 2 * 25));
    end(&m);
    ds_space_clear(&space);
    ds_ctx_free(ctx);
}

/* The scale goes by outputs and inputs, whichever lies first in memory. */
static void scale_knows_outputs(void **state)
{
    (void)state;
    ds_ctx *ctx;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    for (int files = 0; files < 2; files++) {
        ds_space space = { 0 };
        OK(ctx, ds_space_add(&space, ctx,
                             &(ds_segment){ .name = "w", .shape = DS_SHAPE(8, 2), .order = { !files, files } }));
        matrix m =
            begin((how){ .rule = "muon(weight_decay=0, polynomials=express, steps=12)", .t = DS_F64, .space = &space });
        double sum = 0;
        draw(&m, 1), step(&m, 1);
        for (int64_t i = 0; i < 16; i++) sum += ((double *)m.theta)[i] * ((double *)m.theta)[i];
        assert_true(fabs(sum - 2 * 8.0 / 2) < 1e-9); /* two singular values of sqrt(8 / 2) */
        end(&m);
        ds_space_clear(&space);
    }
    ds_ctx_free(ctx);
}

static void broken_statistics_are_told(void **state)
{
    (void)state;
    static const char *const rules[] = { "shampoo(period=1)", "soap" };
    for (int k = 0; k < 2; k++) {
        matrix m = begin((how){ .rule = rules[k], .rows = 3, .cols = 3, .t = DS_F32 });
        draw(&m, 1);
        ((float *)m.g)[4] = 1e30f;
        ds_status status = ds_optim_step(m.o, m.theta, m.g, 0.1);
        if (k) status = ds_optim_step(m.o, m.theta, m.g, 0.1);
        assert_int_equal(status, DS_ERANGE);
        assert_non_null(strstr(ds_error(m.ctx), "not finite"));
        end(&m);
    }
}

/* 2 X X' + 1 and X' X of two matrices; out holds one after the other. */
static void own_products(ds_ctx *ctx, const char *backend, ds_dtype t, int64_t rows, int64_t cols, void *x, void *out)
{
    ds_graph *g;
    ds_plan *p;
    OK(ctx, ds_graph_create(&g, ctx));
    ds_val X = ds_input(g, "x", t, DS_SHAPE(2, rows, cols));
    const ds_val y[2] = { ds_shift(g, ds_scale(g, ds_matmul(g, X, X, false, true), 2), 1),
                          ds_matmul(g, X, X, true, false) };
    OK(ctx, ds_plan_create(&p, g, 2, y, &(ds_plan_options){ .backend = backend }));
    OK(ctx, ds_plan_bind(p, X, x));
    OK(ctx, ds_plan_run(p));
    size_t first = (size_t)(2 * rows * rows) * ds_dtype_bytes(t);
    memcpy(out, ds_plan_data(p, y[0]), first);
    memcpy((char *)out + first, ds_plan_data(p, y[1]), (size_t)(2 * cols * cols) * ds_dtype_bytes(t));
    ds_plan_free(p);
    ds_graph_free(g);
}

/* Only half of them is computed: the same bits all the same. */
static void products_with_the_own_transpose(void **state)
{
    (void)state;
    static const int64_t shape[][2] = { { 33, 70 }, { 130, 17 }, { 64, 64 }, { 97, 1100 }, { 1, 40 } };
    for (int k = 0; k < 20; k++) {
        int64_t rows = shape[k / 4][0], cols = shape[k / 4][1];
        ds_dtype t = k % 2 ? DS_F64 : DS_F32;
        size_t bytes = (size_t)(2 * (rows * rows + cols * cols)) * ds_dtype_bytes(t);
        ds_ctx *ctx;
        assert_int_equal(ds_ctx_create(&ctx, k % 4 < 2 ? 1 : 3), DS_OK);
        void *x = ds_buffer_alloc((size_t)(2 * rows * cols) * ds_dtype_bytes(t)), *a = malloc(bytes),
             *b = malloc(bytes);
        normal(t, x, 2 * rows * cols, 9);
        own_products(ctx, "ref", t, rows, cols, x, a);
        own_products(ctx, "cpu", t, rows, cols, x, b);
        assert_memory_equal(a, b, bytes);
        ds_buffer_free(x);
        free(a);
        free(b);
        ds_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turned_matrices_turn_the_step),     cmocka_unit_test(scale_of_the_gradient_does_not_count),
        cmocka_unit_test(same_bits_on_every_path),           cmocka_unit_test(resumes_at_every_step),
        cmocka_unit_test(tensors_are_matrices_of_their_own), cmocka_unit_test(scale_knows_outputs),
        cmocka_unit_test(state_is_told_by_tensor),           cmocka_unit_test(broken_statistics_are_told),
        cmocka_unit_test(products_with_the_own_transpose),
    };
    return cmocka_run_group_tests_name("laws of matrix rules", tests, NULL, NULL);
}
