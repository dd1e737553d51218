/* config_layers.c - the entries of model.layers. One key of an entry names its layer; the layer's table and the
 * table that all layers share type the rest. Values with a form of their own are read by the model (nn/model.c). */
#include <string.h>

#include "nn/nn.h"
#include "train/config_node.h"

/* The layer of an entry, wherever its key stands; NULL and a mistake. */
static const ds_head *layer_of(reader *r, const node *entry)
{
    const node *first = entry->child;
    const char *hint = "all of them: descent explain layer";
    if (entry->bad) return NULL;
    if (entry->kind == NODE_SCALAR && !*entry->text)
        config_mistake(r, config_seen(entry), hint, "an entry is empty, wanted a layer: {dense: 64, act: relu}");
    else if (entry->kind == NODE_SCALAR && ds_definition("layer", entry->text))
        config_mistake(r, entry->at, hint, "found \"%s\", wanted a map that begins with the layer: {%s: ...}",
                       entry->text, entry->text);
    else if (entry->kind == NODE_SCALAR)
        config_choose(r, "layer", "layer", entry->text, entry->at);
    if (entry->kind == NODE_SCALAR) return NULL;
    if (entry->kind == NODE_LIST || !first) {
        config_mistake(r, config_seen(entry), hint, "found %s, wanted a layer: {dense: 64, act: relu}",
                       entry->kind == NODE_LIST ? "a list" : "an empty map");
        return NULL;
    }
    const ds_head *own = NULL; /* act and norm are layers too, but keys of others first */
    for (const node *c = first; c && !own; c = c->next)
        if (ds_option_find(ds_layer_common(), c->key) < 0) own = ds_definition("layer", c->key);
    for (const node *c = first; c && !own; c = c->next) own = ds_definition("layer", c->key);
    if (own) return own;
    return config_choose(r, "layer", "layer", first->key, first->key_at);
}

/* Hand one value to the model. layer NULL: the entry is not made, its values are checked all the same. */
static void set(reader *r, ds_layer_spec *layer, const char *key, const char *text, place at)
{
    ds_status status = layer && text ? ds_model_set(r->config->model, layer, key, text) : DS_OK;
    if (status == DS_OK) return;
    if (status == DS_EMEM) r->no_memory = true;
    config_mistake(r, at, config_text(r, "all keys: descent explain %s", layer->kind.head->name), "%s",
                   ds_error(r->ctx));
}

/* Values of type OTHER: definitions, and what the layer reads itself. */
static void set_other(reader *r, ds_layer_spec *layer, const ds_option *o, const node *at, node *to)
{
    const char *kind = o->list ? NULL : o->kind, *text = at->text;
    if (at->bad) {
        text = NULL;
    } else if (kind) {
        text = config_part(r, kind, kind, at, to);
    } else if (at->kind != NODE_SCALAR || !*text) {
        char wants[256];
        config_mistake(r, config_seen(at), o->help, "\"%s\": found %s, wanted %s", o->name,
                       at->kind == NODE_MAP    ? "a map"
                       : at->kind == NODE_LIST ? "a list"
                                               : "no value",
                       ds_option_wants(o, wants, sizeof wants));
        text = NULL;
    } else {
        config_append(r, to, NODE_SCALAR, o->name, config_spelling(r, o, NULL, text), config_seen(at));
    }
    set(r, layer, o->name, text, kind ? at->key_at : config_seen(at));
}

/* Make the layer with the value of its first key; NULL: that value is a mistake. */
static ds_layer_spec *make(reader *r, const config_table *t, ds_layer_spec *parent, bool block, node *item)
{
    ds_layer_spec *made = NULL;
    const ds_option *o = &t->chosen->options[0];
    const node *at = t->at[1][0];
    const char *kind = o->list ? NULL : o->kind, *text = at->text;
    if (block) {
        text = NULL;
    } else if (o->type == DS_OPT_OTHER) {
        int before = r->mistakes->count;
        if (kind)
            text = config_part(r, kind, kind, at, item);
        else
            set_other(r, NULL, o, at, item);
        if (r->mistakes->count > before) return NULL;
    } else if (!t->value[1][0].given) {
        return NULL;
    }
    ds_status status = ds_model_layer(r->config->model, parent, t->chosen->name, text, &made);
    if (status == DS_OK) return made;
    if (status == DS_EMEM) r->no_memory = true;
    config_mistake(r, config_seen(at), config_text(r, "all keys: descent explain %s", t->learn), "%s",
                   ds_error(r->ctx));
    return NULL;
}

static void read_entry(reader *r, const node *entry, ds_layer_spec *parent, node *to)
{
    const ds_head *head = layer_of(r, entry);
    config_table *t = head ? config_keep(r, sizeof *t) : NULL;
    if (!t) return;
    *t = (config_table){ .where = config_text(r, "layer \"%s\"", head->name),
                         .role = "layer",
                         .learn = head->name,
                         .kind = "layer",
                         .common = ds_layer_common(),
                         .chosen = head,
                         .chosen_first = true };
    bool block = (((const ds_layer_def *)head)->takes & DS_TAKES_LAYERS) != 0;
    node *item = config_append(r, to, NODE_MAP, NULL, NULL, config_seen(entry->child));
    config_read_table(r, t, entry, entry->child->key_at);
    ds_layer_spec *layer = make(r, t, parent, block, item);
    node *inner = block ? config_append(r, item, NODE_LIST, head->name, NULL, config_seen(entry->child)) : NULL;
    config_resolve_table(r, t, NULL, item);
    for (int s = 1; s >= 0; s--) {
        const ds_option *o = s ? head->options : t->common;
        for (int k = 0; o[k].type != DS_OPT_END; k++) {
            const node *at = t->at[s][k];
            if (!at || at == t->at[1][0] || !t->value[s][k].given) continue;
            if (o[k].type == DS_OPT_OTHER)
                set_other(r, layer, &o[k], at, item);
            else
                set(r, layer, o[k].name, at->text, at->key_at);
        }
    }
    if (block) config_read_layers(r, entry->child, layer, inner);
}

void config_read_layers(reader *r, const node *list, ds_layer_spec *parent, node *to)
{
    if (list->bad) return;
    if (list->kind != NODE_LIST || !list->child)
        config_mistake(r, config_seen(list), "all of them: descent explain layer",
                       "\"%s\" wants a list of layers: [{dense: 64, act: relu}, {dense: classes}]", list->key);
    for (const node *c = list->kind == NODE_LIST ? list->child : NULL; c && !r->no_memory; c = c->next)
        read_entry(r, c, parent, to);
}
