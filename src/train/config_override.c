/* config_override.c - settings from the command line, put into the tree: "optimizer.lr=0.05",
 * "model.layers.2.dense=64". Words of the path are keys, numbers are positions in lists; a missing map is made. A
 * changed rule drops what only the rule of the file knows. */
#include <stdlib.h>
#include <string.h>

#include "optim/rule.h"
#include "optim/solver.h"
#include "train/config_node.h"

node *config_child(const node *map, const char *name)
{
    for (node *c = map && map->kind == NODE_MAP ? map->child : NULL; c; c = c->next)
        if (!strcmp(c->key, name)) return c;
    return NULL;
}

node *config_append(reader *r, node *parent, node_kind kind, const char *key, const char *text, place at)
{
    node *n = parent ? config_keep(r, sizeof *n) : NULL;
    if (!n) return NULL;
    *n = (node){ .kind = kind, .key = key, .text = text, .key_at = at, .at = at };
    if (parent->last)
        parent->last->next = n;
    else
        parent->child = n;
    return parent->last = n;
}

/* The node that the path names, made where it is missing; NULL and a mistake when it cannot be. index: the setting. */
static node *follow(reader *r, node *root, char *path, int index)
{
    node *n = root;
    const char *begin = path;
    for (char *word = strtok_r(path, ".", &path); word && n; word = strtok_r(NULL, ".", &path)) {
        place at = { .setting = index, .column = (int)(word - begin) + 1, .width = (int)strlen(word) };
        if (n->kind == NODE_SCALAR && n->text && *n->text == 0) n->kind = NODE_MAP;
        if (n->kind == NODE_LIST) {
            char *end;
            long position = strtol(word, &end, 10);
            node *c = n->child;
            for (long k = 0; k < position && c; k++) c = c->next;
            if (*end || position < 0 || !c) {
                int count = 0;
                for (c = n->child; c; c = c->next) count++;
                config_mistake(r, at, NULL, "\"%s\" is no position in \"%s\", which has 0 to %d", word,
                               n->key ? n->key : "the list", count - 1);
                return NULL;
            }
            n = c;
        } else if (n->kind == NODE_MAP) {
            node *c = config_child(n, word);
            n = c ? c : config_append(r, n, NODE_SCALAR, config_text(r, "%s", word), "", at);
        } else {
            config_mistake(r, at, NULL, "there is no \"%s\" inside \"%s\", which is a single value", word,
                           n->key ? n->key : "the list's entry");
            return NULL;
        }
    }
    return n;
}

/* Lists, maps and quoted text are YAML; all else is text as typed, so that a path may hold any character. */
static node *value_of(reader *r, const char *text, int index)
{
    if (*text && strchr("[{\"'", *text)) return config_tree(r, text, strlen(text), index);
    node *n = config_keep(r, sizeof *n);
    if (n) *n = (node){ .text = config_text(r, "%s", text), .at = { .setting = index } };
    return n;
}

static void apply(reader *r, node *root, int index)
{
    const char *setting = r->own->setting[index], *equal = strchr(setting, '=');
    place at = { .setting = index, .column = 1, .width = (int)strlen(setting) };
    if (!equal || equal == setting) {
        config_mistake(r, at, NULL, "wanted key=value, such as optimizer.lr=0.05");
        return;
    }
    char *path = config_text(r, "%.*s", (int)(equal - setting), setting);
    if (*path == '.' || strstr(path, "..") || (*path && path[strlen(path) - 1] == '.')) {
        config_mistake(r, at, NULL, "a word is missing in \"%s\"; wanted key=value, such as optimizer.lr=0.05", path);
        return;
    }
    const char *dot = strrchr(path, '.'), *word = dot ? dot + 1 : path; /* the key that the setting speaks of */
    const place key_at = { .setting = index, .column = (int)(word - path) + 1, .width = (int)strlen(word) };
    node *value = value_of(r, equal + 1, index), *n = value && *path ? follow(r, root, path, index) : NULL;
    if (!n || !value) return;
    at.column = (int)(equal - setting) + (equal[1] ? 2 : 1);
    at.width = equal[1] ? (int)strlen(equal + 1) : 1;
    n->kind = value->kind;
    n->bad = value->bad;
    n->text = value->text;
    n->child = value->child;
    n->last = value->last;
    n->at = at;
    n->key_at = key_at;
}

bool config_has_effect(const ds_head *optimizer, const char *key)
{
    const ds_solver_def *solver = ds_solver_of(optimizer);
    static const char *const of_rules[] = { "clip", "dialect", "groups", "lookahead", "sam" };
    for (size_t k = 0; k < sizeof of_rules / sizeof of_rules[0]; k++)
        if (!strcmp(key, of_rules[k])) return !solver;
    if (!strcmp(key, "rest")) return !solver && ds_rule_of(optimizer)->rest;
    if (!strcmp(key, "gtol")) return solver != NULL;
    if (!strcmp(key, "search")) return solver && solver->search;
    return ds_option_find(optimizer->options, key) >= 0;
}

static void note_dropped(reader *r, const char *key, const node *n, const char *why)
{
    if (r->config->note_count < 64)
        r->own->notes[r->config->note_count++] =
            config_text(r, "%s (%s:%d) is dropped: %s", key, r->config->file, n->key_at.line, why);
}

static void find_last(node *map)
{
    map->last = map->child;
    while (map->last && map->last->next) map->last = map->last->next;
}

/* Take keys out of a map that had an effect with the former optimizer and have none with the new one, and say so. */
static void drop_keys(reader *r, node *map, const char *path, const ds_head *former, const ds_head *now)
{
    const char *kind = ds_solver_of(now) ? "solver" : "rule";
    for (node **c = &map->child; *c;) {
        const char *key = (*c)->key;
        bool leaves = config_has_effect(former, key) && !config_has_effect(now, key);
        if (!leaves || (*c)->key_at.setting >= 0 || (*c)->at.setting >= 0) {
            c = &(*c)->next;
            continue;
        }
        note_dropped(r, config_text(r, "%s.%s", path, key), *c,
                     config_text(r, "%s \"%s\" does not know it", kind, now->name));
        *c = (*c)->next;
    }
    find_last(map);
}

/* From the file, all of it, and of no use to a solver. */
static void drop_schedule(reader *r, node *root, const char *solver)
{
    for (node **c = &root->child; *c; c = &(*c)->next) {
        if (strcmp((*c)->key, "schedule")) continue;
        for (const node *k = (*c)->child; k; k = k->next)
            if (k->key_at.setting >= 0 || k->at.setting >= 0) return;
        note_dropped(r, "schedule", *c, config_text(r, "solver \"%s\" has no rate", solver));
        *c = (*c)->next;
        break;
    }
    find_last(root);
}

/* Keys from the file that have an effect with its own optimizer and none with the one named on the command line are dropped
 * and noted, in groups without a rule of their own too. What neither knows stays, to be reported. */
static void change_optimizer(reader *r, node *root, const char *was)
{
    node *section = config_child(root, "optimizer"), *name = config_child(section, "name");
    const ds_head *now = name && name->text ? ds_definition("optimizer", name->text) : NULL;
    const ds_head *former = was ? ds_definition("optimizer", was) : NULL;
    if (!now || !former || former == now) return;
    drop_keys(r, section, "optimizer", former, now);
    const node *groups = config_child(section, "groups");
    int k = 0;
    for (node *g = groups && groups->kind == NODE_LIST ? groups->child : NULL; g; g = g->next, k++)
        if (g->kind == NODE_MAP && !config_child(g, "name"))
            drop_keys(r, g, config_text(r, "optimizer.groups.%d", k), former, now);
    if (ds_solver_of(now) && !ds_solver_of(former)) drop_schedule(r, root, name->text);
}

void config_override(reader *r, node *root)
{
    node *name = config_child(config_child(root, "optimizer"), "name");
    const char *was = name ? name->text : NULL;
    for (int k = 0; k < r->own->settings; k++) apply(r, root, k);
    name = config_child(config_child(root, "optimizer"), "name");
    if (name && name->at.setting >= 0) change_optimizer(r, root, was);
}
