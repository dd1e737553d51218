/* config_compare.c - which values differ between two configs, and whether a run may go on with the new one. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "train/config_node.h"

/* Limits, habits of saving, and what happens after a step that could not be taken: none of them reaches into a step. */
static const char *const changeable[] = { "train.epochs",           "train.steps",        "train.seconds",
                                          "train.checkpoint.*",     "train.on_nonfinite", "train.stop.*.patience",
                                          "train.stop.*.min_delta", "train.stop.*.value" };

static bool fixed(const char *key)
{
    for (size_t k = 0; k < sizeof changeable / sizeof changeable[0]; k++)
        if (fnmatch(changeable[k], key, 0) == 0) return false;
    return true;
}

typedef struct walk {
    const ds_config *other;
    ds_config_difference *fn;
    void *arg;
    bool backward; /* only what the other side lacks */
} walk;

static void compare(const walk *w, const node *n, const char *path)
{
    int index = 0;
    for (const node *k = n->child; k; k = k->next, index++) {
        char key[512];
        int length = n->kind == NODE_MAP ? snprintf(key, sizeof key, "%s%s%s", path, *path ? "." : "", k->key)
                                         : snprintf(key, sizeof key, "%s%s%d", path, *path ? "." : "", index);
        if (length < 0 || (size_t)length >= sizeof key) continue; /* no key is that deep */
        if (k->kind != NODE_SCALAR) {
            compare(w, k, key);
            continue;
        }
        const char *other = ds_config_value(w->other, key);
        if (w->backward && !other)
            w->fn(w->arg, key, NULL, k->text, fixed(key));
        else if (!w->backward && (!other || strcmp(other, k->text)))
            w->fn(w->arg, key, k->text, other, fixed(key));
    }
}

void ds_config_compare(const ds_config *before, const ds_config *after, ds_config_difference *fn, void *arg)
{
    compare(&(walk){ after, fn, arg, false }, before->own->resolved, "");
    compare(&(walk){ before, fn, arg, true }, after->own->resolved, "");
}
