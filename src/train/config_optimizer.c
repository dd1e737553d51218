/* config_optimizer.c - section optimizer: the rule, its groups, the rule of the rest, clipping; or a solver. */
#include <string.h>

#include "optim/rule.h"
#include "optim/solver.h"
#include "train/config_node.h"

static void read_clip(reader *r, const node *n, node *to)
{
    static const char *const kinds[] = { "norm", "value", "adaptive" }; /* in the order of ds_clip_kind */
    ds_clip *clip = &r->config->clip;
    config_table *t = n && !n->bad ? config_read_map(r, "optimizer", "clip", ds_config_clip, "{norm: 1}", n, to) : NULL;
    if (!t || n->kind != NODE_MAP) return;
    const node *eps = config_place_of(t, "eps");
    int given = 0;
    for (int k = 0; k < 3; k++) {
        if (!config_place_of(t, kinds[k])) continue;
        *clip = (ds_clip){ (ds_clip_kind)(DS_CLIP_NORM + k), config_value_of(t, kinds[k])->real, 1e-3 };
        given++;
    }
    if (given != 1)
        config_mistake(r, config_seen(n), "all keys: descent explain clip",
                       "\"clip\" has %s bound, wanted one: {norm: 1}, {value: 0.5} or {adaptive: 0.01}",
                       given ? "more than one" : "no");
    if (eps && clip->kind != DS_CLIP_ADAPTIVE)
        config_mistake(r, eps->key_at, NULL, "\"eps\" has no effect without adaptive; remove it");
    if (eps) clip->eps = config_value_of(t, "eps")->real;
}

static void read_lookahead(reader *r, const node *n, node *to)
{
    if (!n || n->bad) return;
    config_table *t = config_read_map(r, "optimizer", "lookahead", ds_config_lookahead, "{k: 5, alpha: 0.5}", n, to);
    if (t) r->config->lookahead = (ds_lookahead){ config_value_of(t, "k")->integer, config_value_of(t, "alpha")->real };
}

static void read_sam(reader *r, const node *n, node *to)
{
    if (!n || n->bad) return;
    config_table *t = config_read_map(r, "optimizer", "sam", ds_config_sam, "{rho: 0.05}", n, to);
    if (!t) return;
    r->config->sam = (ds_sam){ true, config_value_of(t, "adaptive")->integer != 0, config_value_of(t, "rho")->real };
}

/* ---- solvers ----------------------------------------------------------------------------------------------------- */

/* Keys of the section without effect on what was chosen. Those of rules come first. */
static void refuse_keys(reader *r, const config_table *t)
{
    static const char *const keys[] = { "clip", "dialect", "groups", "lookahead", "sam", "search", "gtol" };
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const node *at = config_place_of(t, keys[k]);
        bool neutral = !strcmp(keys[k], "dialect") && config_value_of(t, "dialect")->integer == 0;
        if (at && !neutral && !config_has_effect(t->chosen, keys[k]))
            config_mistake(r, at->key_at, config_text(r, "all keys: descent explain %s", t->chosen->name),
                           "\"%s\" has no effect with optimizer \"%s\", %s; remove it", keys[k], t->chosen->name,
                           !ds_solver_of(t->chosen) ? "a rule"
                           : k < 5                  ? "a solver"
                                                    : "which has no line search");
    }
}

static void read_solver(reader *r, const config_table *t, node *to)
{
    ds_config *c = r->config;
    const node *search = config_place_of(t, "search"), *rest = config_place_of(t, "rest");
    const char *text = search ? config_part(r, "search", "search", search, to) : NULL;
    config_take_part(t, &c->solver);
    c->gtol = config_value_of(t, "gtol")->real;
    if (text && ds_search_parse(r->ctx, text, &c->search) != DS_OK)
        config_mistake(r, config_seen(search), "all keys: descent explain search", "%s", ds_error(r->ctx));
    if (rest)
        config_mistake(r, rest->key_at, NULL, "\"rest\" has no effect with solver \"%s\"; remove it", t->chosen->name);
}

/* ---- rules of their own ------------------------------------------------------------------------------------------ */

/* A conflict between the options of a rule, at the place of one of them. */
static void check_rule(reader *r, const config_table *t, place where)
{
    const char *fault = NULL;
    ds_part trial = { 0 };
    config_take_part(t, &trial);
    if (ds_rule_resolve(r->ctx, r->config->dialect, &trial, &fault) == DS_OK) return;
    const node *at = fault ? config_place_of(t, fault) : NULL;
    config_mistake(r, at ? at->key_at : where, config_text(r, "all keys: descent explain %s", t->chosen->name), "%s",
                   ds_error(r->ctx));
}

/* A map with a rule's name and options beside the keys of `common`: an entry of groups, or rest. standard: the rule when
 * none is named. NULL: a mistake about the whole. */
static config_table *read_rule_map(reader *r, const char *where, const ds_option *common, const ds_head *standard,
                                   const node *n)
{
    config_table *t = config_keep(r, sizeof *t);
    const node *name = config_child(n, "name");
    if (!t || n->bad) return NULL;
    if (n->kind != NODE_MAP || !n->child) {
        config_mistake(r, config_seen(n), config_text(r, "all keys: descent explain optimizer.%s", where),
                       "\"%s\" wants a map with keys", where);
        return NULL;
    }
    if (name && name->kind == NODE_SCALAR && *name->text && !name->bad)
        standard = config_choose(r, "rule", "optimizer", name->text, config_seen(name));
    if (!standard) return NULL;
    *t = (config_table){ .where = where,
                         .role = "optimizer",
                         .learn = standard->name,
                         .kind = "rule",
                         .common = common,
                         .chosen = standard };
    config_read_table(r, t, n, config_seen(n));
    return t;
}

/* The rule of what another leaves: of vectors, where that one is for matrices. */
static void read_rest(reader *r, const char *where, const node *n, const ds_head *rule, ds_part *rest, node *to)
{
    const ds_rule_def *def = ds_rule_of(rule);
    int before = r->mistakes->count;
    if (!n) return;
    if (!def->rest) {
        config_mistake(r, n->key_at, NULL, "\"rest\" has no effect: rule \"%s\" moves tensors of any shape; remove it",
                       rule->name);
        return;
    }
    config_table *t = read_rule_map(r, where, ds_config_rest, ds_definition("rule", def->rest), n);
    if (!t) return;
    node *kept = config_append(r, to, NODE_MAP, "rest", NULL, config_seen(n));
    config_resolve_table(r, t, r->config->dialect, kept);
    if (r->mistakes->count == before) check_rule(r, t, n->key_at);
    config_take_part(t, rest);
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

/* What a frozen group says about its rule has no effect. */
static void check_frozen(reader *r, const config_table *t)
{
    const ds_option *o = t->chosen->options;
    const node *other = config_place_of(t, "name") ? config_place_of(t, "name") : config_place_of(t, "rest");
    for (int k = 0; o[k].type != DS_OPT_END && !other; k++) other = t->at[1][k];
    if (other)
        config_mistake(r, other->key_at, NULL, "\"%s\" has no effect in a group that is frozen; remove it", other->key);
}

/* With the rule of the section, what the group does not say is as the section says it; how a decay is coupled only where
 * there is one. */
static void inherit(config_table *t, const config_table *section)
{
    if (t->chosen != section->chosen) return;
    const ds_optval *decay = config_value_of(t, "weight_decay");
    bool none = decay && decay->given && decay->real == 0;
    for (int k = 0; t->chosen->options[k].type != DS_OPT_END; k++) {
        if (t->at[1][k] || (none && !strcmp(t->chosen->options[k].name, "weight_decay_coupling"))) continue;
        t->at[1][k] = section->at[1][k];
        t->value[1][k] = section->value[1][k];
    }
}

static const char *text_of(const config_table *t, const char *key)
{
    const ds_optval *v = config_value_of(t, key);
    return v->given ? v->text : NULL;
}

static void read_group(reader *r, const config_table *section, const node *entry, int index, ds_group *g, node *to)
{
    int before = r->mistakes->count;
    const char *where = config_text(r, "groups.%d", index);
    config_table *t = read_rule_map(r, where, ds_config_group, section->chosen, entry);
    if (!t) return;
    *g = (ds_group){ .match = text_of(t, "match"),
                     .role = text_of(t, "role"),
                     .frozen = config_value_of(t, "frozen")->integer != 0 };
    if (!g->match && !g->role && r->mistakes->count == before)
        config_mistake(r, config_seen(entry), "all keys: descent explain optimizer.groups",
                       "a group names its tensors: give match, role or both");
    node *kept = config_append(r, to, NODE_MAP, NULL, NULL, config_seen(entry));
    if (g->frozen) {
        check_frozen(r, t);
        t->chosen = NULL;
        config_resolve_table(r, t, NULL, kept);
        return;
    }
    inherit(t, section);
    config_resolve_table(r, t, r->config->dialect, kept);
    if (r->mistakes->count == before) check_rule(r, t, config_seen(entry));
    config_take_part(t, &g->rule);
    read_rest(r, config_text(r, "groups.%d.rest", index), config_place_of(t, "rest"), t->chosen, &g->rest, kept);
}

static void read_groups(reader *r, const config_table *section, const node *n, node *to)
{
    int count = 0;
    if (!n || n->bad) return;
    if (n->kind != NODE_LIST) {
        config_mistake(r, config_seen(n), "all keys: descent explain optimizer.groups",
                       "\"groups\" wants a list of maps: [{match: \"*.bias\", weight_decay: 0}]");
        return;
    }
    for (const node *c = n->child; c; c = c->next) count++;
    ds_group *list = config_keep(r, ((size_t)count + 1) * sizeof *list);
    node *kept = config_append(r, to, NODE_LIST, "groups", NULL, config_seen(n));
    if (!list) return;
    for (const node *c = n->child; c; c = c->next, r->config->groups++)
        read_group(r, section, c, r->config->groups, &list[r->config->groups], kept);
    r->config->group = list;
}

void config_read_optimizer(reader *r, const node *root)
{
    ds_config *c = r->config;
    config_table *t = config_read_section(r, root, "optimizer");
    if (!t) return;
    int before = r->mistakes->count;
    c->dialect = config_value_of(t, "dialect")->integer ? "book" : "torch";
    bool solver = t->chosen && ds_solver_of(t->chosen);
    node *to = config_resolved_section(r, "optimizer");
    config_resolve_table(r, t, t->chosen && !solver ? c->dialect : NULL, to);
    read_clip(r, config_place_of(t, "clip"), to);
    if (t->chosen) refuse_keys(r, t);
    if (solver) read_solver(r, t, to);
    if (solver || !t->chosen) return;
    config_take_part(t, &c->optimizer);
    read_lookahead(r, config_place_of(t, "lookahead"), to);
    read_sam(r, config_place_of(t, "sam"), to);
    if (r->mistakes->count == before) check_rule(r, t, config_section_place(root, "optimizer"));
    read_rest(r, "rest", config_place_of(t, "rest"), t->chosen, &c->rest, to);
    read_groups(r, t, config_place_of(t, "groups"), to);
}
