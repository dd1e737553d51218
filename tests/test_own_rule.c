/* test_own_rule.c - rules of the library's user: known everywhere once registered, refused when something is missing,
 * judged by the laws, and, where they are for matrices alone, kept from vectors. */
#include "descent/config.h"
#include "optim/route.h"
#include "space/space.h"
#include "test_rules_support.h"

static ds_ctx *ctx, *many;

static int open_all(void **state)
{
    (void)state;
    return ds_ctx_create(&ctx, 1) || ds_ctx_create(&many, 3);
}

static int close_all(void **state)
{
    (void)state;
    ds_ctx_free(ctx);
    ds_ctx_free(many);
    return 0;
}

static const ds_option options[] = { DS_RULE_LR("0.5"), DS_RULE_L2("0"), DS_RULE_END };
static void rate(const ds_rule_step *s, double *out) { out[0] = s->lr; }

static void halve(ds_rule_build *b)
{
    b->theta_next = ds_rule_moved(b, b->theta, ds_mul(b->g, ds_rule_scalar(b, 0), ds_rule_decayed(b, b->theta)));
}

static const ds_rule_def own = { .head = { .name = "own", .summary = "descent of a user", .options = options },
                                 .scalars = rate,
                                 .update = halve };

static bool kept(const ds_laws *laws, const char *law)
{
    for (int k = 0; k < laws->count; k++)
        if (!strcmp(laws->law[k], law)) return laws->kept[k];
    fail_msg("no law \"%s\"", law);
    return false;
}

static void a_registered_rule_is_known_everywhere(void **state)
{
    (void)state;
    ds_part p;
    ds_config *c;
    ds_diagnostics *d;
    bool found;
    ds_laws laws = { .count = 0 };
    assert_int_equal(ds_rule_parse(ctx, "own", &p), DS_EUNKNOWN);
    OK(ctx, ds_rule_register(ctx, &own));
    OK(ctx, ds_rule_register(ctx, &own));
    OK(ctx, ds_rule_parse(ctx, "own(lr=0.25)", &p));
    const char *text = "data: {format: digits}\nmodel: {layers: [{flatten: true}, {dense: classes}]}\n"
                       "optimizer: {name: own, weight_decay: 0.125}\ntrain: {steps: 1}\n";
    OK(ctx, ds_config_parse(&c, ctx, "own.yaml", text, strlen(text), 0, NULL, &d));
    assert_ptr_equal(c->optimizer.head, &own.head);
    assert_string_equal(ds_config_value(c, "optimizer.weight_decay"), "0.125");
    ds_config_free(c);
    char *said = ds_explain("own", &found);
    assert_true(found && strstr(said, "descent of a user"));
    free(said);
    OK(ctx, ds_rule_laws(ctx, many, &own.head, &laws));
    assert_int_equal(laws.count, 7);
    for (int k = 0; k < laws.count; k++) assert_true(laws.kept[k]);
}

static void rules_that_lack_something_are_refused(void **state)
{
    (void)state;
    static const ds_option none[] = { DS_RULE_L2("0"), DS_RULE_END };
    static ds_rule_def bad[5];
    static const char *const words[] = { "wants a name", "option lr", "option lr", "scalars and update", "\"adam\"" };
    for (int k = 0; k < 5; k++) bad[k] = own;
    bad[0].head.name = "";
    bad[1].head = (ds_head){ .name = "bad" };
    bad[2].head = (ds_head){ .name = "bad", .options = none };
    bad[3].head.name = "bad";
    bad[3].update = NULL;
    bad[4].head.name = "adam";
    for (int k = 0; k < 5; k++) {
        assert_int_equal(ds_rule_register(ctx, &bad[k]), DS_EUSAGE);
        if (!strstr(ds_error(ctx), words[k])) fail_msg("no \"%s\" in: %s", words[k], ds_error(ctx));
    }
}

/* ---- broken laws ------------------------------------------------------------------------------------------------- */

/* A count that no checkpoint keeps. */
static void forgetful(const ds_rule_step *s, double *out)
{
    static int steps;
    out[0] = s->lr / (1 + steps++ % 7);
}

/* Neighbours change places: the first element is another's. */
static void shifts(ds_rule_build *b)
{
    ds_graph *g = b->g;
    int64_t n = ds_val_shape(g, b->theta).dim[0];
    ds_val turned[] = { ds_slice(g, b->grad, 0, 1, n), ds_slice(g, b->grad, 0, 0, 1) };
    b->theta_next = ds_sub(g, b->theta, ds_mul(g, ds_rule_scalar(b, 0), ds_concat(g, 2, turned, 0)));
}

static void drifts(ds_rule_build *b)
{
    halve(b);
    b->theta_next = ds_shift(b->g, b->theta_next, 0.5);
}

static void broken_laws_are_found(void **state)
{
    (void)state;
    static ds_rule_def bad[3];
    static const char *const law[] = { "resume", "order", "still" };
    for (int k = 0; k < 3; k++) bad[k] = own;
    bad[0].head.name = "forgetful";
    bad[0].scalars = forgetful;
    bad[1].head.name = "shifts";
    bad[1].update = shifts;
    bad[2].head.name = "drifts";
    bad[2].update = drifts;
    for (int k = 0; k < 3; k++) {
        ds_laws laws = { .count = 0 };
        OK(ctx, ds_rule_register(ctx, &bad[k]));
        OK(ctx, ds_rule_laws(ctx, many, &bad[k].head, &laws));
        assert_false(kept(&laws, law[k]));
        assert_true(kept(&laws, "buffer"));
    }
}

/* ---- matrices alone ---------------------------------------------------------------------------------------------- */

/* theta <- theta - lr in matrices, so that it shows who was moved. */
static void flat(ds_rule_build *b)
{
    ds_val one = ds_shift(b->g, ds_scale(b->g, b->grad, 0), 1);
    b->theta_next = ds_sub(b->g, b->theta, ds_mul(b->g, ds_rule_scalar(b, 0), one));
}

static const ds_rule_def matrices = { .head = { .name = "flat", .summary = "of matrices", .options = options },
                                      .rest = "momentum",
                                      .scalars = rate,
                                      .update = flat };

static ds_status make(ds_space *space, ds_optim_settings *s, ds_optim **o)
{
    ds_routes r;
    ds_status status = ds_routes_make(&r, ctx, s, space);
    if (status != DS_OK) return status;
    ds_space_arrange(space, r.of);
    ds_routes_free(&r);
    s->space = space;
    s->n = ds_space_dim(space);
    return ds_optim_create(o, ctx, s);
}

static void vectors_go_to_another_rule(void **state)
{
    (void)state;
    ds_space space = { 0 };
    ds_optim *o;
    ds_routing r;
    OK(ctx, ds_space_add(&space, ctx, &(ds_segment){ .name = "0.bias", .role = DS_BIAS, .shape = DS_SHAPE(3) }));
    OK(ctx, ds_space_add(&space, ctx, &(ds_segment){ .name = "0.weight", .shape = DS_SHAPE(3, 2, 2, 2) }));
    OK(ctx, ds_space_add(&space, ctx, &(ds_segment){ .name = "1.weight", .shape = DS_SHAPE(2, 3) }));
    OK(ctx, ds_space_add(&space, ctx, &(ds_segment){ .name = "1.bias", .role = DS_BIAS, .shape = DS_SHAPE(2) }));
    OK(ctx, ds_rule_register(ctx, &matrices));
    ds_group group[] = { { .match = "1.*" } };
    ds_optim_settings s = { .dtype = DS_F32, .group = group, .groups = 1 };
    OK(ctx, ds_rule_parse(ctx, "flat(lr=0.25)", &s.rule));
    OK(ctx, ds_rule_parse(ctx, "flat(lr=0.125)", &group[0].rule));
    OK(ctx, ds_rule_parse(ctx, "sgd(lr=2)", &s.rest));
    OK(ctx, make(&space, &s, &o));
    static const struct {
        const char *group, *rule;
        double step;
    } wanted[] = {
        { "rest", "sgd", 2 * 3 }, { "", "flat", 0.25 }, { "groups.0", "flat", 0.125 }, { "groups.0.rest", "sgd", 2 * 3 }
    };
    float theta[128] = { 0 }, g[128];
    for (int i = 0; i < 128; i++) g[i] = 3;
    OK(ctx, ds_optim_step(o, theta, g, 0.25));
    for (int i = 0; i < 4; i++) {
        assert_true(ds_optim_routing(o, i, &r));
        assert_string_equal(r.group, wanted[i].group);
        assert_string_equal(r.rule, wanted[i].rule);
        assert_true(theta[ds_space_segment(&space, i)->offset] == (float)-wanted[i].step);
    }
    ds_optim_free(o);
    ds_space_clear(&space);
}

static void a_rest_without_effect_is_refused(void **state)
{
    (void)state;
    ds_space space = { 0 };
    ds_optim *o;
    OK(ctx, ds_space_add(&space, ctx, &(ds_segment){ .name = "0.bias", .role = DS_BIAS, .shape = DS_SHAPE(3) }));
    ds_optim_settings s = { .dtype = DS_F32 };
    OK(ctx, ds_rule_parse(ctx, "flat", &s.rule));
    assert_int_equal(make(&space, &s, &o), DS_ECONFIG);
    assert_non_null(strstr(ds_error(ctx), "is for matrices"));
    OK(ctx, ds_space_add(&space, ctx, &(ds_segment){ .name = "0.weight", .shape = DS_SHAPE(3, 3) }));
    OK(ctx, make(&space, &s, &o));
    assert_true(ds_optim_state_find(o, "rest.v") >= 0); /* momentum, which the rule names */
    ds_optim_free(o);
    OK(ctx, ds_rule_parse(ctx, "sgd", &s.rest));
    OK(ctx, ds_rule_parse(ctx, "adam", &s.rule));
    assert_int_equal(make(&space, &s, &o), DS_ECONFIG);
    assert_string_equal(ds_error_key(ctx), "optimizer.rest");
    ds_space_clear(&space);
}

static void the_registry_is_full_at_last(void **state)
{
    (void)state;
    static ds_rule_def more[DS_OWN_RULES + 1];
    static char name[DS_OWN_RULES + 1][8];
    ds_status status = DS_OK;
    for (int k = 0; k <= DS_OWN_RULES && status == DS_OK; k++) {
        snprintf(name[k], sizeof name[k], "r%d", k);
        more[k] = own;
        more[k].head.name = name[k];
        status = ds_rule_register(ctx, &more[k]);
    }
    assert_int_equal(status, DS_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_rule_is_known_everywhere),
        cmocka_unit_test(rules_that_lack_something_are_refused),
        cmocka_unit_test(broken_laws_are_found),
        cmocka_unit_test(vectors_go_to_another_rule),
        cmocka_unit_test(a_rest_without_effect_is_refused),
        cmocka_unit_test(the_registry_is_full_at_last),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
