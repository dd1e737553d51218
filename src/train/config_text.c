/* config_text.c - trees as text again, and the mistake of a name that does not exist. */
#include <stdlib.h>
#include <string.h>

#include "train/config_node.h"

static bool is_number(const char *text, double *x)
{
    char *end;
    *x = strtod(text, &end);
    return end != text && *end == 0;
}

/* A tree as text: scalars as they stand, "name(key=value, ...)" for a map with a name, YAML flow for the rest. */
static void flow(ds_text *t, const node *n)
{
    if (n->kind == NODE_SCALAR) {
        double x;
        bool plain =
            *n->text && (is_number(n->text, &x) ||
                         strspn(n->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./%()=") ==
                             strlen(n->text));
        ds_text_add(t, plain ? "%s" : "\"%s\"", n->text);
        return;
    }
    ds_text_add(t, n->kind == NODE_MAP ? "{" : "[");
    for (const node *c = n->child; c; c = c->next) {
        if (c->key) ds_text_add(t, "%s: ", c->key);
        flow(t, c);
        if (c->next) ds_text_add(t, ", ");
    }
    ds_text_add(t, n->kind == NODE_MAP ? "}" : "]");
}

const char *config_flow(reader *r, const node *n)
{
    ds_text t = { 0 };
    flow(&t, n);
    const char *text = config_text(r, "%s", t.data ? t.data : "");
    ds_text_free(&t);
    return text;
}

/* A definition with options, in the notation that the library reads: "normal(std=1e-4)". NULL: a mistake was reported.
 */
const char *config_part(reader *r, const char *what, const node *n)
{
    if (n->kind == NODE_SCALAR) return n->text;
    const node *name = config_child(n, "name");
    if (n->kind == NODE_LIST || !name || name->kind != NODE_SCALAR) {
        config_mistake(r, n->at, NULL, "%s wants a name, or a map with a name: {name: ..., option: ...}", what);
        return NULL;
    }
    ds_text t = { 0 };
    int count = 0;
    ds_text_add(&t, "%s", name->text);
    for (const node *c = n->child; c; c = c->next) {
        if (c == name) continue;
        ds_text_add(&t, "%s%s=", count++ ? ", " : "(", c->key);
        if (c->kind == NODE_SCALAR)
            ds_text_add(&t, "%s", c->text);
        else
            flow(&t, c);
    }
    if (count) ds_text_add(&t, ")");
    const char *text = config_text(r, "%s", t.data);
    ds_text_free(&t);
    return text;
}

/* Report a name that is not in a registry. */
void config_unknown(reader *r, const char *kind, const char *what, const node *n)
{
    const ds_registry *reg = ds_registry_named(kind);
    const char *names[64];
    int count = 0;
    for (; reg && count < reg->count && count < 64; count++) names[count] = reg->heads[count]->name;
    const char *near = ds_nearest(n->text, names, count);
    const char *all = config_text(r, "all of them: descent explain %s", kind);
    if (near)
        config_mistake(r, n->at, all, "%s \"%s\" does not exist; did you mean \"%s\"?", what, n->text, near);
    else
        config_mistake(r, n->at, all, "%s \"%s\" does not exist", what, n->text);
}
