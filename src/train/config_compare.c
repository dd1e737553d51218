/* config_compare.c - which values differ between two configs, and whether a run may go on with the new one. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "train/config_node.h"

/* Limits, habits of saving, and what happens after a step that could not be taken: none of them reaches into a step. */
static const char *const changeable[] = { "train.epochs",          "train.steps",        "train.seconds",
                                          "train.checkpoint.*",    "train.on_nonfinite", "train.stop*.patience",
                                          "train.stop*.min_delta", "train.stop*.value",  "train.stop*.after",
                                          "train.keep.last" };

static bool fixed(const char *key)
{
    for (size_t k = 0; k < sizeof changeable / sizeof changeable[0]; k++)
        if (fnmatch(changeable[k], key, 0) == 0) return false;
    return true;
}

/* Every scalar below n with its path. */
static void each(const node *n, const char *path, ds_config_visitor *fn, void *arg)
{
    int index = 0;
    for (const node *k = n->child; k; k = k->next, index++) {
        char key[512];
        int length = n->kind == NODE_MAP ? snprintf(key, sizeof key, "%s%s%s", path, *path ? "." : "", k->key)
                                         : snprintf(key, sizeof key, "%s%s%d", path, *path ? "." : "", index);
        if (length < 0 || (size_t)length >= sizeof key) continue; /* no key is that deep */
        if (k->kind == NODE_SCALAR)
            fn(arg, key, k->text);
        else
            each(k, key, fn, arg);
    }
}

void ds_config_each(const ds_config *c, ds_config_visitor *fn, void *arg) { each(c->own->resolved, "", fn, arg); }

typedef struct comparison {
    const ds_config *other;
    ds_config_difference *fn;
    void *arg;
    bool backward; /* only what the other side lacks */
} comparison;

static void compare(void *arg, const char *key, const char *value)
{
    const comparison *c = arg;
    const char *other = ds_config_value(c->other, key);
    if (c->backward && !other)
        c->fn(c->arg, key, NULL, value, fixed(key));
    else if (!c->backward && (!other || strcmp(other, value)))
        c->fn(c->arg, key, value, other, fixed(key));
}

void ds_config_compare(const ds_config *before, const ds_config *after, ds_config_difference *fn, void *arg)
{
    ds_config_each(before, compare, &(comparison){ after, fn, arg, false });
    ds_config_each(after, compare, &(comparison){ before, fn, arg, true });
}
