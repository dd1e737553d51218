/* test_explain.c - what `explain` says: every definition and every option under its name. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "descent/config.h"
#include "descent/registry.h"

/* ---- explain ----------------------------------------------------------------------------------------------------- */

static void explains(const char *name, bool wanted, const char *part)
{
    bool found;
    char *text = ds_explain(name, &found);
    assert_non_null(text);
    if (found != wanted || !strstr(text, part)) fail_msg("explain %s (wanted \"%s\"):\n%s", name, part, text);
    free(text);
}

static void test_explain(void **state)
{
    (void)state;
    explains("optimizer.beta2", true, "beta2 of adam, adamw");
    explains("adam.beta2", true, "0.999");
    explains("adam.eps", true, "also called    delta");
    explains("adam.beta2", true, "key            optimizer.beta2");
    explains("beta2", true, "beta2 of lion (rule)");
    explains("lr", true, "1e-2 of adagrad");
    explains("model.layers.2.pad", true, "pad of conv (layer)");
    explains("data.augment.0.pad", true, "pad of crop (transform)");
    explains("optimizer.name", true, "values         sgd, momentum");
    explains("huber.delta", true, "model.loss.delta, where model.loss is {name: huber, ...}");
    explains("optimizer.nme", false, "did you mean \"optimizer.name\"");
    explains("adagrad.eps", true, "1e-7 in dialect book");
    explains("optimizer.learning_rate", true, "lr of sgd");
    explains("momentum", true, "Polyak");
    explains("dense", true, "PyTorch Linear");
    explains("dense.bias", true, "marginals");
    explains("train.batch", true, "default        128");
    explains("model.penalty.l2", true, "w^2");
    explains("schedule", true, "cosine");
    explains("initializer", true, "orthogonal");
    explains("crop.pad", true, "pad of crop");
    explains("matmul", true, "(op)");
    explains("adma", false, "did you mean \"adam\"");
    explains("optimizer.betta1", false, "did you mean \"optimizer.beta1\"");
    explains("sgd.beta1", false, "nothing is called");
    explains("", false, "nothing is called");
    explains("zzzzzz", false, "nothing is called");
}

/* Everything registered is explained under its name, and every option of it, with its meaning. */
static void test_explain_all(void **state)
{
    (void)state;
    int n;
    const ds_registry *const *all = ds_registries(&n);
    assert_true(n >= 10);
    for (int q = 0; q < n; q++) {
        explains(all[q]->kind, true, all[q]->kind);
        for (int k = 0; k < all[q]->count; k++) {
            const ds_head *h = all[q]->heads[k];
            explains(h->name, true, h->name);
            for (const ds_option *o = h->options; o && o->type != DS_OPT_END; o++) {
                char name[128];
                snprintf(name, sizeof name, "%s.%s", h->name, o->name);
                explains(name, true, o->name);
                assert_non_null(o->help);
                ds_optval value;
                if (o->def && *o->def) assert_int_equal(ds_option_parse(o, o->def, &value, NULL, 0), DS_OK);
            }
        }
    }
}

/* So is every key of a config by its path, with what it takes and where it is written. */
static void explain_key(void *arg, const char *path, const ds_head *owner, const ds_option *option)
{
    char line[256];
    (void)owner;
    snprintf(line, sizeof line, "%s of ", option->name);
    explains(path, true, line);
    explains(path, true, "  takes          ");
    explains(path, true, "  default        ");
    snprintf(line, sizeof line, "  key            %s", path);
    explains(path, true, line);
    ++*(int *)arg;
}

static void test_explain_keys(void **state)
{
    (void)state;
    int count = 0;
    ds_each_key(explain_key, &count);
    assert_true(count > 100);
    explains("optimizer", true, "their options  lr, momentum");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_explain), cmocka_unit_test(test_explain_all),
                                        cmocka_unit_test(test_explain_keys) };
    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
