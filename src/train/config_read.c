/* config_read.c - maps by option tables: every value typed by its option, every key that does not belong reported. */
#include <stdlib.h>
#include <string.h>

#include "descent/optim.h"
#include "train/config_node.h"

const place config_nowhere = { .setting = -1 };

place config_seen(const node *n) { return n->at.line || n->at.setting >= 0 ? n->at : n->key_at; }

/* ---- one value --------------------------------------------------------------------------------------------------- */

/* A list of numbers as text, "[0, 1]"; NULL when it holds anything else. */
static const char *numbers_text(reader *r, const node *list)
{
    ds_text t = { 0 };
    bool plain = true;
    for (const node *c = list->child; c; c = c->next) {
        plain = plain && c->kind == NODE_SCALAR && !c->bad;
        if (plain) ds_text_add(&t, "%s%s", c == list->child ? "[" : ", ", c->text);
    }
    ds_text_add(&t, t.bytes ? "]" : "[]");
    const char *text = config_take(r, &t);
    return plain ? text : NULL;
}

bool config_scalar(reader *r, const ds_option *o, const node *c, ds_optval *v)
{
    char why[512];
    const char *text = c->text;
    if (c->bad) return false;
    const char *hint = o->help ? config_text(r, "%s: %s", o->name, o->help) : NULL;
    if (c->kind == NODE_LIST && o->type == DS_OPT_RANGE) text = numbers_text(r, c);
    if (!text) {
        config_mistake(r, config_seen(c), hint, "\"%s\": found a %s, wanted %s", o->name,
                       c->kind == NODE_MAP ? "map" : "list", ds_option_wants(o, why, sizeof why));
        return false;
    }
    bool many = c->kind == NODE_SCALAR && strpbrk(text, "\r\n");
    if (many)
        config_mistake(r, config_seen(c), hint, "\"%s\": found several lines, wanted one", o->name);
    else if (!*text)
        config_mistake(r, config_seen(c), hint, "\"%s\" has no value, wanted %s", o->name,
                       ds_option_wants(o, why, sizeof why));
    ds_optval read;
    if (many || !*text) return false;
    if (ds_option_parse(o, text, &read, why, sizeof why) != DS_OK) {
        config_mistake(r, config_seen(c), hint, "\"%s\": %s", o->name, why);
        return false;
    }
    *v = read;
    if (v->text) v->text = config_text(r, "%s", v->text);
    return true;
}

/* One spelling for a value: what the resolved config shows and the hash counts. */
const char *config_spelling(reader *r, const ds_option *o, const ds_optval *v, const char *text)
{
    char a[32], b[32];
    ds_optval number;
    static const ds_option any = { .name = "", .type = DS_OPT_REAL };
    switch (o->type) {
    case DS_OPT_REAL: return config_text(r, "%s", ds_number_text(v->real, a, sizeof a));
    case DS_OPT_INT:
    case DS_OPT_BYTES: return config_text(r, "%lld", (long long)v->integer);
    case DS_OPT_RANGE:
        return config_text(r, "[%s, %s]", ds_number_text(v->real, a, sizeof a), ds_number_text(v->real2, b, sizeof b));
    case DS_OPT_SPAN: {
        static const char *const unit[] = { "", "steps", "epochs", "seconds" };
        return config_text(r, "%s %s", ds_number_text(v->real, a, sizeof a), unit[v->unit]);
    }
    case DS_OPT_OTHER:
        if (ds_option_parse(&any, text, &number, NULL, 0) == DS_OK)
            return config_text(r, "%s", ds_number_text(number.real, a, sizeof a));
        return text;
    default: return text;
    }
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

const ds_head *config_choose(reader *r, const char *kind, const char *what, const char *name, place at)
{
    const ds_head *found = ds_definition(kind, name);
    if (found) return found;
    const ds_registry *reg = ds_registry_named(kind);
    const char *names[128];
    int n = 0;
    for (; reg && n < reg->count && n < 128; n++) names[n] = reg->heads[n]->name;
    const char *near = ds_nearest(name, names, n);
    const char *hint = config_text(r, "all of them: descent explain %s", kind);
    if (strchr(name, '(')) hint = "options go into a map: {name: ..., option: ...}";
    if (!*name)
        config_mistake(r, at, hint, "%s has no name", what);
    else if (near)
        config_mistake(r, at, hint, "%s \"%s\" does not exist; did you mean \"%s\"?", what, name, near);
    else
        config_mistake(r, at, hint, "%s \"%s\" does not exist", what, name);
    return NULL;
}

/* Other definitions of the registry that know the key, "momentum, nesterov, ...": it has no effect here, rather than
 * being unknown. NULL: none knows it. */
static const char *known_to(reader *r, const char *kind, const char *key)
{
    const ds_registry *reg = kind ? ds_registry_named(kind) : NULL;
    ds_text t = { 0 };
    for (int k = 0, n = 0; reg && k < reg->count; k++) {
        if (ds_option_find(reg->heads[k]->options, key) < 0) continue;
        if (n < 3) ds_text_add(&t, "%s%s", n ? ", " : "", reg->heads[k]->name);
        if (n++ == 3) ds_text_add(&t, ", ...");
    }
    return t.data || t.failed ? config_take(r, &t) : NULL;
}

/* Names and aliases of a table, each with the name it stands for. */
static int add_names(reader *r, const ds_option *o, const char **word, const char **name, int n, int most)
{
    for (; o && o->type != DS_OPT_END; o++) {
        if (n < most) {
            name[n] = o->name;
            word[n++] = o->name;
        }
        for (const char *p = o->aliases; p && *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
            if (n == most) break;
            name[n] = o->name;
            word[n++] = config_text(r, "%.*s", (int)strcspn(p, ","), p);
        }
    }
    return n;
}

static void unknown_key(reader *r, config_table *t, const node *c)
{
    enum { MOST = 160 };
    const char *word[MOST], *name[MOST], *hint = config_text(r, "all keys: descent explain %s", t->learn);
    const char *others = t->chosen ? known_to(r, t->kind, c->key) : NULL;
    if (t->chosen_first && ds_definition(t->kind, c->key)) {
        config_mistake(r, c->key_at, hint, "\"%s\" is a %s of its own: give it an entry, or begin this one with it",
                       c->key, t->kind);
        return;
    }
    if (others) {
        config_mistake(r, c->key_at, config_text(r, "%s belongs to: %s", c->key, others),
                       "\"%s\" has no effect with %s \"%s\"; remove it", c->key, t->role ? t->role : t->where,
                       t->chosen->name);
        return;
    }
    int n = add_names(r, t->chosen ? t->chosen->options : NULL, word, name, 0, MOST);
    n = add_names(r, t->common, word, name, n, MOST);
    const char *near = ds_nearest(c->key, word, n), *also = NULL;
    for (int k = 0; near && k < n; k++)
        if (word[k] == near && strcmp(name[k], near)) {
            also = near;
            near = name[k];
        }
    for (int s = 0; near && s < 2; s++) {
        int k = ds_option_find(s ? (t->chosen ? t->chosen->options : NULL) : t->common, near);
        if (k >= 0) t->meant[s][k] = true;
    }
    if (!strcmp(c->key, "<<"))
        config_mistake(r, c->key_at, NULL, "merges (<<) are not accepted; write the keys out");
    else if (also)
        config_mistake(r, c->key_at, hint, "unknown key \"%s\" in %s; did you mean \"%s\" (also called %s)?", c->key,
                       t->where, near, also);
    else if (near)
        config_mistake(r, c->key_at, hint, "unknown key \"%s\" in %s; did you mean \"%s\"?", c->key, t->where, near);
    else
        config_mistake(r, c->key_at, hint, "unknown key \"%s\" in %s", c->key, t->where);
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static const ds_option *side(const config_table *t, int k)
{
    return k ? (t->chosen ? t->chosen->options : NULL) : t->common;
}

static void read_key(reader *r, config_table *t, node *c)
{
    int s = 1, k = ds_option_find(side(t, 1), c->key);
    if (k < 0) k = ds_option_find(side(t, s = 0), c->key);
    if (k < 0) {
        unknown_key(r, t, c);
        return;
    }
    const ds_option *o = &side(t, s)[k];
    if (t->at[s][k]) {
        config_mistake(r, c->key_at, NULL, "\"%s\" and \"%s\" are two names of one key; remove one of them",
                       t->at[s][k]->key, c->key);
        return;
    }
    t->at[s][k] = c;
    if (o->type != DS_OPT_OTHER)
        config_scalar(r, o, c, &t->value[s][k]);
    else
        t->value[s][k] = (ds_optval){ .given = true, .text = c->kind == NODE_SCALAR ? c->text : NULL };
}

void config_read_table(reader *r, config_table *t, const node *map, place missing)
{
    char why[256];
    for (int s = 0; s < 2; s++)
        if (side(t, s)) ds_option_defaults(side(t, s), t->value[s], why, sizeof why);
    for (node *c = map ? map->child : NULL; c; c = c->next) read_key(r, t, c);
    for (int s = 0; s < 2; s++) {
        const ds_option *o = side(t, s);
        for (int k = 0; o && o[k].type != DS_OPT_END; k++) {
            if (o[k].def || t->at[s][k] || t->meant[s][k] || t->quiet) continue;
            const char *who = s && t->role ? config_text(r, "%s \"%s\"", t->role, t->chosen->name) : t->where;
            config_mistake(r, missing, config_text(r, "all keys: descent explain %s", s ? t->chosen->name : t->learn),
                           "%s needs \"%s\": %s", who, o[k].name, o[k].help);
        }
    }
}

void config_resolve_table(reader *r, const config_table *t, const char *dialect, node *to)
{
    for (int q = 0; q < 2; q++) {
        int s = t->chosen_first ? 1 - q : q;
        const ds_option *o = side(t, s);
        for (int k = 0; o && o[k].type != DS_OPT_END; k++) {
            const ds_optval *v = &t->value[s][k];
            const node *at = t->at[s][k];
            const char *def = s && dialect ? ds_rule_default(t->chosen, dialect, o[k].name) : o[k].def;
            ds_optval read;
            if (o[k].type == DS_OPT_OTHER && (at || s == 0)) continue; /* the caller's */
            if (!at && (!def || !*def || ds_option_parse(&o[k], def, &read, NULL, 0) != DS_OK)) continue;
            if (!at) v = &read;
            const char *text = at ? (v->text ? v->text : at->text) : def;
            node *n = config_append(r, to, NODE_SCALAR, o[k].name, config_spelling(r, &o[k], v, text ? text : ""),
                                    at ? config_seen(at) : config_nowhere);
            if (n) n->raw = o[k].type == DS_OPT_RANGE;
        }
    }
}

static bool locate(const config_table *t, const char *name, int *s, int *k)
{
    for (*s = 1; *s >= 0; --*s)
        if ((*k = ds_option_find(side(t, *s), name)) >= 0) return true;
    return false;
}

const ds_optval *config_value_of(const config_table *t, const char *name)
{
    int s, k;
    return locate(t, name, &s, &k) ? &t->value[s][k] : NULL;
}

node *config_place_of(const config_table *t, const char *name)
{
    int s, k;
    return locate(t, name, &s, &k) ? t->at[s][k] : NULL;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

const char *config_part(reader *r, const char *kind, const char *what, const node *n, node *to)
{
    const node *name = n->kind == NODE_MAP ? config_child(n, "name") : n;
    if (!name) name = config_child(n, "kind");
    if (n->bad || (name && name->bad)) return NULL;
    if (n->kind == NODE_LIST || !name || name->kind != NODE_SCALAR) {
        config_mistake(r, config_seen(n), config_text(r, "all of them: descent explain %s", kind),
                       "%s wants a name, or a map with a name: {name: ..., option: ...}", what);
        return NULL;
    }
    int before = r->mistakes->count;
    config_table *t = config_keep(r, sizeof *t);
    if (!t) return NULL;
    *t = (config_table){ .kind = kind, .common = ds_config_part_name };
    t->chosen = config_choose(r, kind, what, name->text, config_seen(name));
    if (!t->chosen) return NULL;
    t->where = config_text(r, "%s \"%s\"", what, t->chosen->name);
    t->role = what;
    t->learn = t->chosen->name;
    node as_map = { .kind = NODE_MAP, .child = n->kind == NODE_MAP ? n->child : NULL };
    node alone = *n;
    if (n->kind == NODE_SCALAR) {
        alone.key = "name";
        alone.next = NULL;
        as_map.child = &alone;
    }
    config_read_table(r, t, &as_map, config_seen(name));
    if (r->mistakes->count > before) return NULL;
    bool short_form = ds_option_count(t->chosen->options) == 0;
    node *part = config_append(r, to, short_form ? NODE_SCALAR : NODE_MAP, n->key, t->chosen->name, config_seen(name));
    if (!short_form) config_resolve_table(r, t, NULL, part);
    /* In the notation of the library: options that were given, in the order of the table. */
    ds_text out = { 0 };
    ds_text_add(&out, "%s", t->chosen->name);
    int given = 0;
    for (int k = 0; t->chosen->options && t->chosen->options[k].type != DS_OPT_END; k++)
        if (t->at[1][k])
            ds_text_add(&out, "%s%s=%s", given++ ? ", " : "(", t->chosen->options[k].name,
                        config_spelling(r, &t->chosen->options[k], &t->value[1][k], t->at[1][k]->text));
    if (given) ds_text_add(&out, ")");
    return config_take(r, &out);
}
