/* config_keys.c - all keys of a config: the tables of sections, of maps in them, and of the definitions that they name.
 */
#include <stdio.h>
#include <string.h>

#include "base/registry.h"
#include "nn/nn.h"
#include "train/config_node.h"

static void each_map(config_visitor *visit, void *arg, const char *around, const ds_option *table)
{
    char path[CONFIG_PATH];
    for (; table->type != DS_OPT_END; table++) {
        const char *position = table->list ? ".N" : "";
        if (!table->map || snprintf(path, sizeof path, "%s.%s%s", around, table->name, position) >= CONFIG_PATH)
            continue;
        visit(arg, "map", path, NULL, table->map);
        each_map(visit, arg, path, table->map);
    }
}

static void each_definition(config_visitor *visit, void *arg, const char *kind, const ds_head *head)
{
    char around[CONFIG_PATH];
    visit(arg, kind, head->name, head, head->options);
    config_key_of_kind(kind, around);
    if (head->options) each_map(visit, arg, around, head->options);
}

void config_each_table(config_visitor *visit, void *arg)
{
    for (int s = 0; s < ds_config_section_count; s++)
        visit(arg, "section", ds_config_sections[s].name, NULL, ds_config_sections[s].options);
    for (int s = 0; s < ds_config_section_count; s++)
        each_map(visit, arg, ds_config_sections[s].name, ds_config_sections[s].options);
    visit(arg, "layer", "every layer", NULL, ds_layer_common());
    int n;
    const ds_registry *const *all = ds_registries(&n);
    for (int q = 0; q < n; q++)
        for (int k = 0; k < all[q]->count; k++) each_definition(visit, arg, all[q]->kind, all[q]->heads[k]);
}

/* Whether definitions of a kind stand where those of `wider` do: rules and solvers among optimizers. */
static bool within(const char *kind, const char *wider)
{
    const ds_registry *r = ds_registry_named(kind), *all = ds_registry_named(wider);
    return r && all && r->count > 0 && ds_registry_holds(all, r->heads[0]);
}

void config_key_of_kind(const char *kind, char key[CONFIG_PATH])
{
    *key = 0;
    for (int s = 0; s < ds_config_section_count && !*key; s++) {
        const ds_section *section = &ds_config_sections[s];
        if (section->kind && within(kind, section->kind)) snprintf(key, CONFIG_PATH, "%s", section->name);
        for (const ds_option *o = section->options; o->type != DS_OPT_END && !*key; o++)
            if (o->kind && !strcmp(o->kind, kind)) snprintf(key, CONFIG_PATH, "%s.%s", section->name, o->name);
    }
    for (const ds_option *o = ds_layer_common(); o->type != DS_OPT_END && !*key; o++)
        if (o->kind && !strcmp(o->kind, kind)) snprintf(key, CONFIG_PATH, "model.layers.N.%s", o->name);
}

/* The option whose value is a list of entries of this kind; NULL. */
static const ds_option *list_of(const char *kind)
{
    for (int s = 0; s < ds_config_section_count; s++)
        for (const ds_option *o = ds_config_sections[s].options; o->type != DS_OPT_END; o++)
            if (o->list && !o->map && !strcmp(o->kind, kind)) return o;
    return NULL;
}

bool config_listed(const char *kind) { return list_of(kind) != NULL; }

/* Whether it can be nothing but a list, so that its entries have positions. */
static bool has_positions(const char *kind)
{
    const ds_option *o = list_of(kind);
    return o && !strncmp(o->choices, "a list", 6);
}

void config_option_path(const char *kind, const char *owner, const char *option, char path[CONFIG_PATH])
{
    char around[CONFIG_PATH];
    if (!strcmp(kind, "section") || !strcmp(kind, "map"))
        snprintf(around, sizeof around, "%s", owner);
    else
        config_key_of_kind(kind, around);
    bool whole = *around &&
                 snprintf(path, CONFIG_PATH, "%s%s.%s", around, has_positions(kind) ? ".N" : "", option) < CONFIG_PATH;
    if (!whole) *path = 0;
}

const char *config_last_word(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

void config_without_positions(const char *name, char *out, size_t bytes)
{
    size_t n = 0;
    for (const char *word = name; *word;) {
        size_t length = strcspn(word, "."), digits = strspn(word, "0123456789");
        bool position = length > 0 && (digits == length || (length == 1 && *word == 'N'));
        if (!position && n + length + 2 < bytes)
            n += (size_t)snprintf(out + n, bytes - n, "%s%.*s", n ? "." : "", (int)length, word);
        word += length + (word[length] == '.');
    }
    out[n] = 0;
}

bool config_means(const char *owner, const char *kind, const char *name)
{
    char key[CONFIG_PATH];
    if (!*owner || !strcmp(owner, name) || !strcmp(owner, kind)) return true;
    if (!strcmp(kind, "map")) {
        config_without_positions(name, key, sizeof key);
        return !strcmp(owner, key) || !strcmp(owner, config_last_word(key));
    }
    if (!strcmp(kind, "section")) return false;
    config_key_of_kind(kind, key);
    char *position = strstr(key, ".N");
    if (position) memmove(position, position + 2, strlen(position + 2) + 1);
    if (*key && !strcmp(owner, key)) return true;
    return !strcmp(name, "every layer") && ds_definition("layer", owner);
}

/* ---- keys as paths ----------------------------------------------------------------------------------------------- */

typedef struct path_visit {
    ds_key_visitor *visit;
    void *arg;
} path_visit;

static void visit_paths(void *arg, const char *kind, const char *owner, const ds_head *head, const ds_option *table)
{
    path_visit *v = arg;
    char path[CONFIG_PATH];
    for (; table && table->type != DS_OPT_END; table++) {
        config_option_path(kind, owner, table->name, path);
        if (*path) v->visit(v->arg, path, head, table);
    }
}

void ds_each_key(ds_key_visitor *visit, void *arg) { config_each_table(visit_paths, &(path_visit){ visit, arg }); }
