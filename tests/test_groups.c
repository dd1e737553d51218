/* test_groups.c - groups of tensors: each moves as an optimizer of its own would move it (the same rules, made and
 * stepped one by one here), frozen tensors keep their bits, rates follow the schedule, mistakes are told. */
#include "optim/route.h"
#include "space/space.h"
#include "test_rules_support.h"

static ds_ctx *ctx;
static ds_space space;

/* Names of tensors in the order of a model; interleaved, so that groups have to be brought together. */
static int open_all(void **state)
{
    static const struct {
        const char *name;
        ds_role role;
        ds_shape shape;
    } tensor[] = {
        { "0.weight", DS_WEIGHT, DS_SHAPE(4, 2, 3, 3) },
        { "0.norm.weight", DS_GAIN, DS_SHAPE(4) },
        { "0.norm.bias", DS_SHIFT, DS_SHAPE(4) },
        { "1.weight", DS_WEIGHT, DS_SHAPE(5, 7) },
        { "1.bias", DS_BIAS, DS_SHAPE(5) },
        { "2.weight", DS_WEIGHT, DS_SHAPE(3, 5) },
        { "2.bias", DS_BIAS, DS_SHAPE(3) },
    };
    (void)state;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    for (size_t i = 0; i < sizeof tensor / sizeof tensor[0]; i++)
        OK(ctx, ds_space_add(&space, ctx,
                             &(ds_segment){ .name = tensor[i].name,
                                            .role = tensor[i].role,
                                            .shape = tensor[i].shape,
                                            .order = { 0, 1, 2, 3 } }));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    ds_space_clear(&space);
    ds_ctx_free(ctx);
    return 0;
}

static ds_part part(const char *text)
{
    ds_part p;
    OK(ctx, ds_rule_parse(ctx, text, &p));
    return p;
}

/* Lays the space out for the settings. */
static void arrange(ds_optim_settings *s)
{
    ds_routes r;
    OK(ctx, ds_routes_make(&r, ctx, s, &space));
    ds_space_arrange(&space, r.of);
    ds_routes_free(&r);
    s->space = &space;
    s->n = ds_space_dim(&space);
}

/* ---- one by one -------------------------------------------------------------------------------------------------- */

/* A group by hand: its rule, its rate, the tensors by number. */
typedef struct alone {
    const char *rule;
    double lr;
    int tensor[8], count;
} alone;

enum { STEPS = 5, MOST = 512 };

static void draw(ds_dtype t, void *x, uint32_t step)
{
    for (int i = 0; i < ds_space_count(&space); i++) {
        const ds_segment *s = ds_space_segment(&space, i);
        ds_rng r = ds_rng_at(3, DS_FOR_TEST, step, (uint32_t)i);
        for (int64_t k = 0; k < s->count; k++) put(t, x, s->offset + k, (double)(float)ds_rng_normal(&r));
    }
}

/* The same steps of an optimizer that knows nothing but the group's tensors; then bits are compared. */
static void check_alone(ds_dtype t, const alone *a, const char *dialect, const double *rate, const void *theta)
{
    ds_space own = { 0 };
    ds_optim *o;
    static double x[MOST], g[MOST], at[MOST];
    for (int k = 0; k < a->count; k++) OK(ctx, ds_space_add(&own, ctx, ds_space_segment(&space, a->tensor[k])));
    ds_optim_settings s = {
        .rule = part(a->rule), .dialect = dialect, .n = ds_space_dim(&own), .dtype = t, .space = &own
    };
    OK(ctx, ds_optim_create(&o, ctx, &s));
    memset(x, 0, sizeof x);
    memset(g, 0, sizeof g);
    for (int step = 0; step <= STEPS; step++) {
        draw(t, at, (uint32_t)step);
        for (int k = 0; k < a->count; k++)
            memcpy((char *)(step ? g : x) + (size_t)own.segment[k].offset * ds_dtype_bytes(t),
                   (char *)at + (size_t)ds_space_segment(&space, a->tensor[k])->offset * ds_dtype_bytes(t),
                   (size_t)own.segment[k].count * ds_dtype_bytes(t));
        if (step) OK(ctx, ds_optim_step(o, x, g, a->lr * rate[step - 1]));
    }
    for (int k = 0; k < a->count; k++)
        assert_memory_equal((char *)x + (size_t)own.segment[k].offset * ds_dtype_bytes(t),
                            (const char *)theta +
                                (size_t)ds_space_segment(&space, a->tensor[k])->offset * ds_dtype_bytes(t),
                            (size_t)own.segment[k].count * ds_dtype_bytes(t));
    ds_optim_free(o);
    ds_space_clear(&own);
}

static void compare(ds_dtype t, const char *dialect, ds_optim_settings s, int count, const alone *groups)
{
    static double theta[MOST], g[MOST];
    static const double factor[STEPS] = { 0.25, 0.5, 1, 0.5, 0.125 }; /* exact, so that both ways round alike */
    ds_optim *o;
    s.dtype = t;
    s.dialect = dialect;
    arrange(&s);
    assert_true(s.n <= MOST);
    OK(ctx, ds_optim_create(&o, ctx, &s));
    memset(theta, 0, sizeof theta);
    memset(g, 0, sizeof g);
    draw(t, theta, 0);
    for (uint32_t step = 1; step <= STEPS; step++) {
        draw(t, g, step);
        OK(ctx, ds_optim_step(o, theta, g, ds_optim_lr(o) * factor[step - 1]));
    }
    for (int k = 0; k < count; k++) check_alone(t, &groups[k], dialect, factor, theta);
    ds_optim_free(o);
}

/* LARS is there for its norms: each tensor's own, of the group alone. */
static void groups_move_as_optimizers_of_their_own(void **state)
{
    (void)state;
    const ds_group group[] = {
        { .role = "bias", .rule = part("adamw(lr=0.5, weight_decay=0)") },
        { .match = "0.norm.*", .rule = part("momentum(lr=0.25, momentum=0.5)") },
        { .match = "[12].weight", .rule = part("lars(lr=2, weight_decay=0.1)") },
    };
    const alone wanted[] = {
        { "adamw(lr=0.5, weight_decay=0)", 0.5, { 4, 6 }, 2 },
        { "momentum(lr=0.25, momentum=0.5)", 0.25, { 1, 2 }, 2 },
        { "lars(lr=2, weight_decay=0.1)", 2, { 3, 5 }, 2 },
        { "adamw(lr=0.125, weight_decay=0.5)", 0.125, { 0 }, 1 },
    };
    const ds_optim_settings s = { .rule = part("adamw(lr=0.125, weight_decay=0.5)"), .group = group, .groups = 3 };
    for (int t = 0; t < 2; t++) compare(t ? DS_F64 : DS_F32, "torch", s, 4, wanted);
}

static void a_group_without_a_rule_has_that_of_all(void **state)
{
    (void)state;
    const ds_group group[] = { { .role = "matrix" }, { .match = "1.bias", .frozen = true } };
    const alone wanted[] = { { "adam(lr=0.5)", 0.5, { 0, 3, 5 }, 3 }, { "adam(lr=0.5)", 0.5, { 1, 2, 6 }, 3 } };
    const ds_optim_settings s = { .rule = part("adam(lr=0.5)"), .group = group, .groups = 2 };
    compare(DS_F32, "torch", s, 2, wanted);
}

/* The mean of the mask is one for each tensor. */
static void cautious_steps_look_at_tensors_one_by_one(void **state)
{
    (void)state;
    const char *rule = "adamw(lr=0.25, cautious=true)";
    const ds_group group[] = { { .role = "matrix" } };
    alone wanted[7];
    for (int i = 0; i < 7; i++) wanted[i] = (alone){ rule, 0.25, { i }, 1 };
    const ds_optim_settings s = { .rule = part(rule), .group = group, .groups = 1 };
    for (int t = 0; t < 2; t++) compare(t ? DS_F64 : DS_F32, "torch", s, 7, wanted);
}

/* ---- frozen ------------------------------------------------------------------------------------------------------ */

static void frozen_tensors_keep_their_bits(void **state)
{
    (void)state;
    const ds_group group[] = { { .match = "1.*", .frozen = true } };
    ds_optim_settings s = { .rule = part("sgd(lr=0.1, momentum=0.9)"), .group = group, .groups = 1, .dtype = DS_F32 };
    static float theta[MOST], before[MOST], g[MOST];
    ds_optim *o;
    const void *point;
    arrange(&s);
    OK(ctx, ds_optim_create(&o, ctx, &s));
    draw(DS_F32, theta, 0);
    const ds_segment *weight = ds_space_segment(&space, 3), *bias = ds_space_segment(&space, 4);
    theta[weight->offset] = -0.0f;
    memcpy(before, theta, sizeof theta);
    for (uint32_t step = 1; step <= STEPS; step++) {
        OK(ctx, ds_optim_point(o, theta, &point));
        assert_ptr_equal(point, theta);
        draw(DS_F32, g, step);
        OK(ctx, ds_optim_step(o, theta, g, 0.1));
    }
    ds_optim_leave_out(o, g);
    for (int i = 0; i < ds_space_count(&space); i++) {
        const ds_segment *x = ds_space_segment(&space, i);
        bool frozen = x == weight || x == bias;
        size_t bytes = (size_t)x->count * sizeof(float);
        assert_int_equal(memcmp(theta + x->offset, before + x->offset, bytes) == 0, frozen);
        for (int64_t k = 0; k < x->count; k++) assert_true((g[x->offset + k] == 0) == frozen);
    }
    ds_optim_free(o);
}

/* ---- looking ahead ----------------------------------------------------------------------------------------------- */

static void the_point_is_each_groups_own(void **state)
{
    (void)state;
    const ds_group group[] = { { .role = "vector", .rule = part("sgd(lr=0.1)") } };
    ds_optim_settings s = {
        .rule = part("nesterov(lr=0.1)"), .dialect = "book", .group = group, .groups = 1, .dtype = DS_F64
    };
    static double theta[MOST], g[MOST];
    ds_optim *o;
    const void *at;
    arrange(&s);
    OK(ctx, ds_optim_create(&o, ctx, &s));
    draw(DS_F64, theta, 0);
    draw(DS_F64, g, 1);
    OK(ctx, ds_optim_step(o, theta, g, 0.1));
    OK(ctx, ds_optim_point(o, theta, &at));
    const double *point = at, *v = ds_optim_state(o, ds_optim_state_find(o, "v"));
    double a = strtod(ds_rule_default(s.rule.head, "book", "momentum"), NULL);
    for (int i = 0, from = 0; i < ds_space_count(&space); i++) {
        const ds_segment *x = ds_space_segment(&space, i);
        bool ahead = x->shape.rank > 1;
        for (int64_t k = 0; k < x->count; k++) {
            double wanted = theta[x->offset + k] + (ahead ? a * v[from + k] : 0);
            assert_true(fabs(point[x->offset + k] - wanted) <= 1e-15 * fabs(wanted));
        }
        if (ahead) from += (int)(x->count + 15) / 16 * 16;
    }
    ds_optim_free(o);
}

/* ---- what is remembered ------------------------------------------------------------------------------------------ */

static void states_bear_the_names_of_their_groups(void **state)
{
    (void)state;
    const ds_group group[] = { { .role = "bias", .rule = part("adam") }, { .role = "norm", .rule = part("prodigy") } };
    ds_optim_settings s = { .rule = part("momentum(momentum=0.9)"), .group = group, .groups = 2, .dtype = DS_F32 };
    static const char *const names[] = { "optim.v", "optim.groups.0.m", "optim.groups.0.v", "optim.groups.1.m",
                                         "optim.steps" };
    ds_state *list;
    ds_optim *o;
    arrange(&s);
    OK(ctx, ds_optim_create(&o, ctx, &s));
    OK(ctx, ds_state_create(&list, ctx));
    ds_optim_remember(o, list);
    OK(ctx, ds_state_status(list));
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (!ds_state_find(list, names[k])) fail_msg("\"%s\" is not remembered", names[k]);
    assert_int_equal(ds_state_find(list, "optim.groups.0.m")->count, 32); /* 5 and 3 elements, to multiples of 16 */
    ds_state_free(list);
    ds_optim_free(o);
}

static void the_report_says_who_moves_what(void **state)
{
    (void)state;
    const ds_group group[] = { { .role = "bias", .rule = part("sgd(lr=0.5, weight_decay=0.25)") },
                               { .match = "0.weight", .frozen = true } };
    ds_optim_settings s = { .rule = part("adam(lr=0.1)"), .group = group, .groups = 2, .dtype = DS_F32 };
    ds_optim *o;
    ds_routing r;
    arrange(&s);
    OK(ctx, ds_optim_create(&o, ctx, &s));
    assert_int_equal(ds_optim_groups(o), 3);
    assert_true(ds_optim_routing(o, 0, &r));
    assert_true(!r.rule && r.state_bytes == 0);
    assert_string_equal(r.group, "groups.1");
    assert_true(ds_optim_routing(o, 1, &r));
    assert_string_equal(r.role, "norm");
    assert_string_equal(r.group, "");
    assert_int_equal(r.state_bytes, 2 * 4 * 4);
    assert_true(ds_optim_routing(o, 6, &r));
    assert_string_equal(r.name, "2.bias");
    assert_string_equal(r.rule, "sgd");
    assert_true(r.lr == 0.5 && r.weight_decay == 0.25 && r.state_bytes == 0);
    assert_false(ds_optim_routing(o, 7, &r));
    ds_optim_free(o);
}

/* ---- mistakes ---------------------------------------------------------------------------------------------------- */

static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        ds_group group[2];
        int groups;
        const char *key, *words;
    } bad[] = {
        { { { .match = "*.bais" } },
          1,
          "optimizer.groups.0.match",
          "no tensor is called \"*.bais\"; there are: 0.weight" },
        { { { .role = "gain" } }, 1, "optimizer.groups.0.role", "wanted weight, bias, norm, matrix or vector" },
        { { { .match = "0.*", .role = "bias" } }, 1, "optimizer.groups.0.match", "there are: 1.bias, 2.bias" },
        { { { .match = "*.bias" }, { .role = "norm" } }, 2, "optimizer.groups.1.role", "\"0.norm.bias\"" },
        { { { .frozen = true } }, 1, "optimizer.groups.0", "names no tensors" },
        { { { .match = "*", .frozen = true } }, 1, "optimizer.groups", "all tensors are frozen" },
    };
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        const ds_optim_settings s = { .rule = part("sgd"),
                                      .group = bad[k].group,
                                      .groups = bad[k].groups,
                                      .space = &space,
                                      .n = ds_space_dim(&space) };
        ds_optim *o;
        assert_int_equal(ds_optim_create(&o, ctx, &s), DS_ECONFIG);
        assert_null(o);
        assert_string_equal(ds_error_key(ctx), bad[k].key);
        if (!strstr(ds_error(ctx), bad[k].words)) fail_msg("no \"%s\" in: %s", bad[k].words, ds_error(ctx));
    }
}

static void a_space_that_is_not_arranged_is_refused(void **state)
{
    (void)state;
    const ds_group group[] = { { .role = "bias" } };
    ds_optim_settings s = { .rule = part("sgd"), .group = group, .groups = 1 };
    ds_optim *o;
    int in_order[16] = { 0 };
    arrange(&s);
    ds_space_arrange(&space, in_order);
    assert_int_equal(ds_optim_create(&o, ctx, &s), DS_EUSAGE);
    s.space = NULL;
    assert_int_equal(ds_optim_create(&o, ctx, &s), DS_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_move_as_optimizers_of_their_own),
        cmocka_unit_test(a_group_without_a_rule_has_that_of_all),
        cmocka_unit_test(cautious_steps_look_at_tensors_one_by_one),
        cmocka_unit_test(frozen_tensors_keep_their_bits),
        cmocka_unit_test(the_point_is_each_groups_own),
        cmocka_unit_test(states_bear_the_names_of_their_groups),
        cmocka_unit_test(the_report_says_who_moves_what),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(a_space_that_is_not_arranged_is_refused),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
