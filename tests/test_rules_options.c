/* test_rules_options.c - options of rules: what has no effect is refused, and each dialect has its defaults. */
#include "test_rules_support.h"

static void refuse(ds_ctx *ctx, const char *rule, const char *dialect, ds_status wanted, const char *option)
{
    ds_part part;
    const char *at = NULL;
    OK(ctx, ds_rule_parse(ctx, rule, &part));
    ds_status status = ds_rule_resolve(ctx, dialect, &part, &at);
    if (status != wanted) fail_msg("%s %s: status %d, wanted %d: %s", rule, dialect, status, wanted, ds_error(ctx));
    if (!option) return;
    assert_non_null(at);
    assert_string_equal(at, option);
    assert_non_null(strstr(ds_error(ctx), option));
}

static void options_without_effect_are_refused(void **state)
{
    (void)state;
    ds_ctx *ctx;
    assert_int_equal(ds_ctx_create(&ctx, 1), DS_OK);
    refuse(ctx, "momentum(dampening=0.1)", "book", DS_ECONFIG, "dampening");
    refuse(ctx, "adagrad(lr_decay=0.1)", "book", DS_ECONFIG, "lr_decay");
    refuse(ctx, "adagrad(initial_accumulator_value=0.1)", "book", DS_ECONFIG, "initial_accumulator_value");
    refuse(ctx, "rmsprop(centered=true)", "book", DS_ECONFIG, "centered");
    refuse(ctx, "rmsprop(momentum=0.5)", "book", DS_ECONFIG, "momentum");
    refuse(ctx, "adam(amsgrad=true)", "book", DS_ECONFIG, "amsgrad");
    refuse(ctx, "adamw(amsgrad=false)", "book", DS_ECONFIG, "amsgrad");
    refuse(ctx, "sgd(nesterov=true)", "torch", DS_ECONFIG, "nesterov");
    refuse(ctx, "sgd(dampening=0.5)", NULL, DS_ECONFIG, "dampening");
    refuse(ctx, "momentum(nesterov=true, dampening=0.5)", "torch", DS_ECONFIG, "dampening");
    refuse(ctx, "sgd(cautious=true)", "torch", DS_ECONFIG, "cautious");
    refuse(ctx, "rmsprop(cautious=true)", "torch", DS_ECONFIG, "cautious");
    refuse(ctx, "nesterov(cautious=true)", "book", DS_ECONFIG, "cautious");
    refuse(ctx, "lion(weight_decay_coupling=fixed)", "torch", DS_ECONFIG, "weight_decay_coupling");
    refuse(ctx, "adamw(weight_decay_coupling=schedule, lr=0)", "torch", DS_ECONFIG, "weight_decay_coupling");
    refuse(ctx, "radam(weight_decay=0.1, weight_decay_coupling=fixed)", "torch", DS_ECONFIG, "weight_decay_coupling");
    refuse(ctx, "adam", "optax", DS_EUNKNOWN, NULL);
    ds_part part;
    assert_int_equal(ds_rule_parse(ctx, "adm", &part), DS_EUNKNOWN);
    assert_non_null(strstr(ds_error(ctx), "adam"));
    assert_int_equal(ds_rule_parse(ctx, "sgd(beta1=0.9)", &part), DS_EUNKNOWN);
    assert_int_equal(ds_rule_parse(ctx, "adam(beta1=1)", &part), DS_ECONFIG);
    assert_int_equal(ds_rule_parse(ctx, "adam(lr=-1)", &part), DS_ECONFIG);
    ds_ctx_free(ctx);
}

static void defaults_of_the_dialects(void **state)
{
    (void)state;
    static const char *const wanted[][4] = {
        { "adagrad", "eps", "1e-10", "1e-7" },      { "rmsprop", "eps", "1e-8", "1e-6" },
        { "adam", "eps", "1e-8", "1e-8" },          { "adam", "lr", "1e-3", "1e-3" },
        { "adam", "beta2", "0.999", "0.999" },      { "adamw", "weight_decay", "1e-2", "1e-2" },
        { "rmsprop", "rho", "0.99", "0.99" },       { "momentum", "dampening", "0", NULL },
        { "rmsprop", "centered", "false", NULL },   { "adagrad", "lr", "1e-2", "1e-2" },
        { "rmsprop", "lr", "1e-2", "1e-2" },        { "sgd", "momentum", "0", "0" },
        { "nesterov", "nesterov", "true", "true" },
    };
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++)
        for (int i = 0; i < ds_rule_registry.count; i++) {
            const ds_head *head = ds_rule_registry.heads[i];
            if (strcmp(head->name, wanted[k][0]) != 0) continue;
            for (int d = 0; d < 2; d++) {
                const char *found = ds_rule_default(head, DIALECTS[d], wanted[k][1]);
                if (wanted[k][2 + d]) {
                    assert_non_null(found);
                    assert_string_equal(found, wanted[k][2 + d]);
                } else {
                    assert_null(found);
                }
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_without_effect_are_refused),
        cmocka_unit_test(defaults_of_the_dialects),
    };
    return cmocka_run_group_tests_name("options of rules", tests, NULL, NULL);
}
