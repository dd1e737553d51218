/* test_needs.c - rules that need more than the gradient: SAM's and ASAM's point by formula, steps that are known (Newton's
 * by Sophia, to the minimum by Polyak), labels drawn from a model against the Gauss-Newton matrix, what is refused. */
#include "test_nn_support.h"

#include "space/space.h"

#undef OK
#include "test_rules_support.h"

enum { N = 37 };

static bench of(const char *rule, ds_sam sam)
{
    bench b = { .n = N, .t = DS_F64 };
    assert_int_equal(ds_ctx_create(&b.ctx, 1), DS_OK);
    ds_optim_settings s = { .n = N, .dtype = DS_F64, .sam = sam, .seed = 7 };
    OK(b.ctx, ds_rule_parse(b.ctx, rule, &s.rule));
    OK(b.ctx, ds_optim_create(&b.o, b.ctx, &s));
    b.theta = ds_buffer_alloc(N * sizeof(double));
    b.g = ds_buffer_alloc(N * sizeof(double));
    assert_true(b.theta && b.g);
    for (int i = 0; i < N; i++) {
        put(DS_F64, b.theta, i, sin(i));
        put(DS_F64, b.g, i, cos(3 * i) / 4);
    }
    return b;
}

static void near(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 1e-14 * (1 + fabs(wanted)))) fail_msg("found %.17g, wanted %.17g", found, wanted);
}

static void the_ascent_of_sam(void **state)
{
    (void)state;
    for (int adaptive = 0; adaptive < 2; adaptive++) {
        bench b = of("sgd(lr=0.1)", (ds_sam){ true, adaptive, 0.3 });
        double sum = 0, *theta = b.theta, *g = b.g, first[N];
        for (int i = 0; i < N; i++) sum += g[i] * g[i] * (adaptive ? theta[i] * theta[i] : 1);
        memcpy(first, g, sizeof first);
        ds_need q = { 0 };
        OK(b.ctx, ds_optim_ask(b.o, theta, g, &q));
        assert_int_equal(q.what, DS_NEED_GRADIENT);
        assert_ptr_equal(q.out, g);
        const double *at = q.at;
        for (int i = 0; i < N; i++)
            near(at[i], theta[i] + 0.3 * first[i] * (adaptive ? theta[i] * theta[i] : 1) / sqrt(sum));
        double *second = q.out;
        for (int i = 0; i < N; i++) second[i] = 1 + i;
        OK(b.ctx, ds_optim_ask(b.o, theta, g, &q));
        assert_int_equal(q.what, 0);
        OK(b.ctx, ds_optim_step(b.o, theta, g, 0.1));
        for (int i = 0; i < N; i++) near(theta[i], sin(i) - 0.1 * (1 + i));
        stop(&b);
    }
}

/* No gradient, no ascent: rather than 0 / 0. */
static void no_gradient_no_ascent(void **state)
{
    (void)state;
    bench b = of("sgd(lr=0.1)", (ds_sam){ true, false, 0.3 });
    memset(b.g, 0, vector_bytes(&b));
    ds_need q = { 0 };
    OK(b.ctx, ds_optim_ask(b.o, b.theta, b.g, &q));
    assert_memory_equal(q.at, b.theta, vector_bytes(&b));
    stop(&b);
}

/* Curvatures from 0.5 to 18.5 on the diagonal, minimum at 0.25. */
static double curvature(int i) { return 0.5 * (1 + i); }

/* f = sum c (x - 0.25)^2 / 2, whose gradient the bench gets. */
static double quadratic(bench *b)
{
    double f = 0;
    for (int i = 0; i < N; i++) {
        double off = get(DS_F64, b->theta, i) - 0.25;
        put(DS_F64, b->g, i, curvature(i) * off);
        f += curvature(i) * off * off / 2;
    }
    return f;
}

/* Any product of the signs gives a diagonal matrix's diagonal without noise, so the first step is Newton's. */
static void sophia_is_newton_on_a_diagonal(void **state)
{
    (void)state;
    bench b = of("sophia(lr=1, beta1=0, beta2=0, gamma=0.5)", (ds_sam){ 0 });
    quadratic(&b);
    ds_need q = { 0 };
    OK(b.ctx, ds_optim_ask(b.o, b.theta, b.g, &q));
    assert_int_equal(q.what, DS_NEED_PRODUCT);
    const double *v = q.v;
    int up = 0;
    for (int i = 0; i < N; i++) {
        assert_true(fabs(v[i]) == 1);
        up += v[i] > 0;
        put(DS_F64, q.out, i, curvature(i) * v[i]);
    }
    assert_in_range(up, 6, 31); /* 37 fair signs: 4 deviations */
    OK(b.ctx, ds_optim_ask(b.o, b.theta, b.g, &q));
    assert_int_equal(q.what, 0);
    OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 0.5));
    for (int i = 0; i < N; i++) { /* lr / gamma = 1; elements whose step is bounded go 0.5 */
        double way = 2 * (sin(i) - 0.25);
        near(get(DS_F64, b.theta, i), sin(i) - 0.5 * (way > 1 ? 1 : way < -1 ? -1 : way));
    }
    for (int t = 2; t <= 10; t++) { /* the diagonal is kept */
        quadratic(&b);
        OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 0.5));
    }
    for (int i = 0; i < N; i++) near(get(DS_F64, b.theta, i), 0.25);
    quadratic(&b);
    assert_int_equal(ds_optim_step(b.o, b.theta, b.g, 0.5), DS_EUSAGE);
    assert_non_null(strstr(ds_error(b.ctx), "step 11 needs Hessian products"));
    stop(&b);
}

/* On a parabola of one number the tangent of slope s meets f* half way to the minimum: with c = 1/2, at it. */
static void polyak_meets_the_minimum(void **state)
{
    (void)state;
    bench b = of("polyak(c=0.5, fstar=-2, lr=100)", (ds_sam){ 0 });
    for (int i = 1; i < N; i++) put(DS_F64, b.g, i, 0);
    double x = get(DS_F64, b.theta, 0) - 3;
    put(DS_F64, b.g, 0, 4 * x);
    ds_need q = { 0 };
    OK(b.ctx, ds_optim_ask(b.o, b.theta, b.g, &q));
    assert_int_equal(q.what, DS_NEED_LOSS);
    q.number = 2 * x * x - 2;
    OK(b.ctx, ds_optim_ask(b.o, b.theta, b.g, &q));
    OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 100));
    near(get(DS_F64, b.theta, 0), 3);
    near(get(DS_F64, b.theta, 5), sin(5));
    stop(&b);
}

/* Groups that need different things: each is asked for once; directions are 0 where nobody asks. */
static void groups_share_what_is_asked(void **state)
{
    (void)state;
    bench b = { .n = 48, .t = DS_F64 };
    ds_space space = { 0 };
    assert_int_equal(ds_ctx_create(&b.ctx, 1), DS_OK);
    const char *names[] = { "a", "b", "c" };
    for (int i = 0; i < 3; i++)
        OK(b.ctx, ds_space_add(&space, b.ctx, &(ds_segment){ .name = names[i], .shape = DS_SHAPE(16) }));
    ds_group group[] = { { .match = "b" }, { .match = "c" } };
    OK(b.ctx, ds_rule_parse(b.ctx, "sophia", &group[0].rule));
    OK(b.ctx, ds_rule_parse(b.ctx, "sophia(period=3)", &group[1].rule));
    ds_optim_settings s = { .n = 48, .dtype = DS_F64, .space = &space, .group = group, .groups = 2 };
    OK(b.ctx, ds_rule_parse(b.ctx, "polyak", &s.rule));
    OK(b.ctx, ds_optim_create(&b.o, b.ctx, &s));
    b.theta = ds_buffer_alloc(48 * sizeof(double));
    b.g = ds_buffer_alloc(48 * sizeof(double));
    for (int i = 0; i < 48; i++) put(DS_F64, b.g, i, 1);
    for (int t = 1; t <= 11; t++) {
        ds_need q = { 0 };
        unsigned asked = 0;
        for (;;) {
            OK(b.ctx, ds_optim_ask(b.o, b.theta, b.g, &q));
            if (!q.what) break;
            assert_false(asked & q.what);
            asked |= q.what;
            for (int i = 0; i < 48 && q.v; i++)
                assert_true(fabs(get(DS_F64, q.v, i)) == (i < 16 || (i < 32 && t % 10 != 1) || (i >= 32 && t % 3 != 1) ? 0 : 1));
            for (int i = 0; i < 48 && q.out; i++) put(DS_F64, q.out, i, 1);
        }
        assert_int_equal(asked, DS_NEED_LOSS | (t % 10 == 1 || t % 3 == 1 ? DS_NEED_PRODUCT : 0));
        OK(b.ctx, ds_optim_step(b.o, b.theta, b.g, 0.1));
    }
    ds_space_clear(&space);
    stop(&b);
}

static void what_does_not_go_together(void **state)
{
    (void)state;
    ds_ctx *ctx;
    ds_optim *o;
    char text[160];
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    ds_optim_settings s = { .n = N, .dtype = DS_F64, .sam = { true, false, 0.1 } };
    OK(ctx, ds_rule_parse(ctx, "polyak", &s.rule));
    assert_int_equal(ds_optim_create(&o, ctx, &s), DS_ECONFIG);
    assert_string_equal(ds_error(ctx), "sam goes with rules that need the gradient alone, and the optimizer needs the "
                                       "loss; remove sam");
    OK(ctx, ds_rule_parse(ctx, "sgd", &s.rule));
    s.sam.rho = -1;
    assert_int_equal(ds_optim_create(&o, ctx, &s), DS_ERANGE);
    assert_string_equal(ds_needs_text(DS_NEED_LOSS | DS_NEED_PRODUCT, text, sizeof text), "the loss and Hessian products");
    ds_ctx_free(ctx);
}

/* ---- labels drawn from a model ------------------------------------------------------------------------------------ */

/* The mean over DRAWS of n s^2 is the diagonal of the Gauss-Newton matrix; its deviation is at most that of squares of
 * sums of few draws, 2 relative, so 4 deviations of the mean are 8 / sqrt(DRAWS). A penalty is not part of it. */
static void drawn_labels(const char *loss, int classes, int64_t targets)
{
    enum { ROWS = 6, DRAWS = 6400 };
    ds_ctx *ctx;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    const char *const wide[] = { "dense 3", NULL }, *const one[] = { "dense 1", NULL };
    bool logit = classes == 2;
    ds_problem_settings s = { .loss = loss, .l2 = 0.3, .sample = DS_SHAPE(2), .classes = classes, .targets = targets };
    s.dtype = DS_F64;
    ds_problem *p = problem_of(ctx, logit ? one : wide, &s);
    int64_t n = ds_space_dim(ds_problem_space(p));
    double *theta = vector_of(p), *g = vector_of(p), *sum = vector_of(p), *v = vector_of(p), *gv = vector_of(p), f;
    double *x = ds_buffer_alloc(2 * ROWS * sizeof *x);
    void *y = ds_buffer_alloc(3 * ROWS * sizeof(double));
    memset(y, 0, 3 * ROWS * sizeof(double));
    for (int i = 0; i < 2 * ROWS; i++) x[i] = cos(5 * i);
    for (int64_t i = 0; i < n; i++) theta[i] = sin(2 * (double)i), sum[i] = v[i] = 0;
    ds_batch b = { .n = ROWS, .x = x, .y = y };
    ds_at at = { .batch = &b, .theta = theta, .mode = DS_MODE_TRAIN, .seed = 3 };
    OK(ctx, ds_problem_gradient(p, &at, g, &f));
    for (int k = 0; k < DRAWS; k++) {
        at.step = (uint64_t)k;
        OK(ctx, ds_problem_sampled(p, &at, g));
        for (int64_t i = 0; i < n; i++) sum[i] += ROWS * g[i] * g[i] / DRAWS;
    }
    for (int i = 0; i < ds_space_count(ds_problem_space(p)); i++) {
        const ds_segment *seg = ds_space_segment(ds_problem_space(p), i);
        for (int64_t k = seg->offset; k < seg->offset + seg->count; k++) {
            v[k] = 1;
            OK(ctx, ds_problem_gnvp(p, &at, v, gv, false));
            v[k] = 0;
            double wanted = gv[k] - (seg->role == DS_WEIGHT ? 2 * 0.3 : 0);
            if (!(fabs(sum[k] - wanted) <= 8 / sqrt(DRAWS) * wanted))
                fail_msg("%s, element %d: mean %.6g, wanted %.6g", loss, (int)k, sum[k], wanted);
        }
    }
    double again = g[0];
    OK(ctx, ds_problem_sampled(p, &at, g)); /* a pure function of the step */
    assert_true(g[0] == again);
    ds_buffer_free(theta), ds_buffer_free(g), ds_buffer_free(sum), ds_buffer_free(v), ds_buffer_free(gv);
    ds_buffer_free(x), ds_buffer_free(y);
    ds_problem_free(p);
    ds_ctx_free(ctx);
}

static void drawn_labels_give_gauss_newton(void **state)
{
    (void)state;
    drawn_labels("cross-entropy(smoothing=0.2)", 3, 0);
    drawn_labels("binary-cross-entropy", 2, 0);
    drawn_labels("binary-cross-entropy", 0, 3);
    drawn_labels("squared-error", 0, 3);
    drawn_labels("half-squared-error", 0, 3);
}

static void losses_without_likelihood(void **state)
{
    (void)state;
    static const struct { const char *loss; int classes; int64_t targets; bool good; } cases[] = {
        { "cross-entropy", 3, 0, true },        { "svm", 3, 0, false },         { "squared-error", 3, 0, false },
        { "binary-cross-entropy", 3, 0, false }, { "squared-error", 0, 3, true }, { "huber", 0, 3, false },
    };
    const char *const lines[] = { "dense 3", NULL };
    ds_ctx *ctx;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ds_problem_settings s = { .loss = cases[i].loss,
                                  .sample = DS_SHAPE(2),
                                  .classes = cases[i].classes,
                                  .targets = cases[i].targets,
                                  .dtype = DS_F64 };
        ds_problem *p = problem_of(ctx, lines, &s);
        assert_int_equal(ds_problem_can_sample(p), cases[i].good ? DS_OK : DS_ECONFIG);
        double g[64];
        ds_batch b = { .n = 1 };
        assert_int_equal(ds_problem_sampled(p, &(ds_at){ .batch = &b }, g), DS_EUSAGE); /* no outputs yet */
        ds_problem_free(p);
    }
    ds_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ascent_of_sam),
        cmocka_unit_test(no_gradient_no_ascent),
        cmocka_unit_test(sophia_is_newton_on_a_diagonal),
        cmocka_unit_test(polyak_meets_the_minimum),
        cmocka_unit_test(groups_share_what_is_asked),
        cmocka_unit_test(what_does_not_go_together),
        cmocka_unit_test(drawn_labels_give_gauss_newton),
        cmocka_unit_test(losses_without_likelihood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
