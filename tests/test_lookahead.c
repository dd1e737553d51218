/* test_lookahead.c - slow weights against the algorithm written out for gradient descent and momentum, in f64; what
 * frozen tensors keep; what is refused. */
#include "space/space.h"
#include "test_rules_support.h"

enum { N = 37, STEPS = 12 };

/* A gradient that depends on where it is taken, so that a step back shows in all that follows. */
static double slope(int i, double x) { return (1 + i % 3) * x - 0.3 * i; }

/* momentum 0: descent. Rates and states are plain numbers here. */
static void follow(ds_dtype t, const char *rule, double momentum, int64_t k, double alpha, double bound)
{
    ds_ctx *ctx;
    ds_optim *o;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    ds_optim_settings s = { .n = N, .dtype = t, .lookahead = { k, alpha } };
    OK(ctx, ds_rule_parse(ctx, rule, &s.rule));
    OK(ctx, ds_optim_create(&o, ctx, &s));
    void *theta = ds_buffer_alloc(N * sizeof(double)), *g = ds_buffer_alloc(N * sizeof(double));
    double fast[N], slow[N], v[N] = { 0 };
    for (int i = 0; i < N; i++) {
        fast[i] = slow[i] = (double)(float)cos(i);
        put(t, theta, i, fast[i]);
    }
    for (int step = 1; step <= STEPS; step++) {
        double lr = 0.1 / (1 + step % 2);
        for (int i = 0; i < N; i++) put(t, g, i, slope(i, get(t, theta, i)));
        OK(ctx, ds_optim_step(o, theta, g, lr));
        for (int i = 0; i < N; i++) {
            v[i] = momentum * v[i] + slope(i, fast[i]);
            fast[i] -= lr * v[i];
            if (step % k == 0) fast[i] = slow[i] = (1 - alpha) * slow[i] + alpha * fast[i];
            if (!(fabs(get(t, theta, i) - fast[i]) <= bound * (1 + fabs(fast[i]))))
                fail_msg("%s, step %d: found %.17g, wanted %.17g", rule, step, get(t, theta, i), fast[i]);
        }
    }
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_optim_free(o);
    ds_ctx_free(ctx);
}

static void slow_weights_follow_the_algorithm(void **state)
{
    (void)state;
    for (int64_t k = 1; k <= 5; k += 2) {
        follow(DS_F64, "sgd", 0, k, 0.5, 1e-14);
        follow(DS_F64, "momentum(momentum=0.75)", 0.75, k, 0.8, 1e-14);
        follow(DS_F32, "momentum(momentum=0.75)", 0.75, k, 0.25, 1e-5);
    }
}

static void the_last_weights_are_slow_ones_every_k_steps(void **state)
{
    (void)state;
    bench a = start((setup){ .rule = "adam", .n = N, .t = DS_F32 });
    ds_optim_settings s = { .n = N, .dtype = DS_F32, .lookahead = { 4, 0.5 } };
    ds_optim *o;
    ds_state *list;
    OK(a.ctx, ds_rule_parse(a.ctx, "adam", &s.rule));
    OK(a.ctx, ds_optim_create(&o, a.ctx, &s));
    OK(a.ctx, ds_state_create(&list, a.ctx));
    ds_optim_remember(o, list);
    const ds_state_block *slow = ds_state_find(list, "optim.slow");
    assert_non_null(slow);
    assert_int_equal(slow->count, N);
    assert_true(ds_optim_state_bytes(o) == 3 * N * sizeof(float));
    for (int step = 0; step < 8; step++) {
        randomize(DS_F32, a.g, N, (uint32_t)step + 1);
        OK(a.ctx, ds_optim_step(o, a.theta, a.g, 0.01));
        assert_int_equal(memcmp(slow->data, a.theta, N * sizeof(float)) == 0, step % 4 == 3);
    }
    ds_state_free(list);
    ds_optim_free(o);
    stop(&a);
}

static void frozen_tensors_keep_a_negative_zero(void **state)
{
    (void)state;
    ds_ctx *ctx;
    ds_space space = { 0 };
    ds_optim *o;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    OK(ctx, ds_space_add(&space, ctx, &(ds_segment){ .name = "a", .shape = DS_SHAPE(16) }));
    OK(ctx, ds_space_add(&space, ctx, &(ds_segment){ .name = "b", .shape = DS_SHAPE(16) }));
    const ds_group group[] = { { .match = "b", .frozen = true } };
    ds_optim_settings s = {
        .n = 32, .dtype = DS_F32, .space = &space, .group = group, .groups = 1, .lookahead = { 1, 0.5 }
    };
    OK(ctx, ds_rule_parse(ctx, "sgd", &s.rule));
    OK(ctx, ds_optim_create(&o, ctx, &s));
    float theta[32] = { 0 }, g[32] = { 0 };
    theta[20] = -0.0f;
    for (int step = 0; step < 3; step++) OK(ctx, ds_optim_step(o, theta, g, 0.1));
    assert_true(signbit(theta[20]));
    ds_optim_free(o);
    ds_space_clear(&space);
    ds_ctx_free(ctx);
}

static void shares_that_are_none_are_refused(void **state)
{
    (void)state;
    static const ds_lookahead bad[] = { { -1, 0.5 }, { 5, 0 }, { 5, 1 }, { 5, NAN } };
    ds_ctx *ctx;
    ds_optim *o;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ds_optim_settings s = { .n = N, .lookahead = bad[i] };
        OK(ctx, ds_rule_parse(ctx, "sgd", &s.rule));
        assert_int_equal(ds_optim_create(&o, ctx, &s), DS_ERANGE);
    }
    ds_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_weights_follow_the_algorithm),
        cmocka_unit_test(the_last_weights_are_slow_ones_every_k_steps),
        cmocka_unit_test(frozen_tensors_keep_a_negative_zero),
        cmocka_unit_test(shares_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
