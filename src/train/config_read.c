/* config_read.c - the tree into a ds_config: every value typed by an option table, every mistake with its place, every
 * value kept as an entry with its origin. */
#include <stdlib.h>
#include <string.h>

#include "descent/optim.h"
#include "train/config_node.h"

static const place nowhere = { .setting = -1 };

static void add_entry(reader *r, const char *key, const char *text, place at, bool raw)
{
    entry *e = config_keep(r, sizeof *e);
    if (!e) return;
    *e = (entry){ .key = key, .text = text, .at = at, .raw = raw };
    *r->own->last = e;
    r->own->last = &e->next;
}

/* ---- one table --------------------------------------------------------------------------------------------------- */

typedef struct table {
    const config_section *section;
    const ds_head *chosen; /* definition whose options belong here too; NULL */
    ds_optval value[DS_MAX_OPTIONS], extra[DS_MAX_OPTIONS];
    node *at[DS_MAX_OPTIONS], *extra_at[DS_MAX_OPTIONS];
} table;

/* Whether another definition of the registry knows the key: then it has no effect here, rather than being unknown. */
static bool known_elsewhere(const config_section *s, const char *key)
{
    const ds_registry *reg = s->kind ? ds_registry_named(s->kind) : NULL;
    for (int k = 0; reg && k < reg->count; k++)
        if (reg->heads[k]->options && ds_option_find(reg->heads[k]->options, key) >= 0) return true;
    return false;
}

static void unknown_key(reader *r, const table *t, const node *c)
{
    const char *names[2 * DS_MAX_OPTIONS + 8],
        *learn = config_text(r, "all keys: descent explain %s", t->section->name);
    int n = 0;
    if (t->chosen && known_elsewhere(t->section, c->key)) {
        config_mistake(r, c->key_at, learn, "\"%s\" has no effect with %s \"%s\"; remove it", c->key, t->section->name,
                       t->chosen->name);
        return;
    }
    for (const ds_option *o = t->section->options; o->type != DS_OPT_END; o++) names[n++] = o->name;
    for (const ds_option *o = t->chosen ? t->chosen->options : NULL; o && o->type != DS_OPT_END; o++)
        names[n++] = o->name;
    static const struct {
        const char *section, *other, *name;
    } spelling[] = { { "optimizer", "learning_rate", "lr" },
                     { "optimizer", "lerning_rate", "lr" },
                     { "train", "batch_size", "batch" },
                     { "train", "num_epochs", "epochs" } };
    const char *near = ds_nearest(c->key, names, n);
    for (size_t k = 0; k < sizeof spelling / sizeof spelling[0]; k++) {
        const char *pair[1] = { spelling[k].other };
        if (!strcmp(spelling[k].section, t->section->name) && ds_nearest(c->key, pair, 1)) near = spelling[k].name;
    }
    if (near)
        config_mistake(r, c->key_at, learn, "unknown key \"%s\" in %s; did you mean \"%s\"?", c->key, t->section->name,
                       near);
    else
        config_mistake(r, c->key_at, learn, "unknown key \"%s\" in %s", c->key, t->section->name);
}

static const char *normal_text(reader *r, const ds_option *o, const ds_optval *v, const char *text)
{
    char number[32];
    if (o->type == DS_OPT_REAL) return config_text(r, "%s", ds_number_text(v->real, number, sizeof number));
    if (o->type == DS_OPT_INT) return config_text(r, "%lld", (long long)v->integer);
    return text;
}

static bool parse_scalar(reader *r, const ds_option *o, const node *c, ds_optval *v, const char *key)
{
    char why[256];
    const char *text = c->text;
    bool list = c->kind == NODE_LIST && o->type == DS_OPT_RANGE;
    if (list)
        text = config_flow(r, c);
    else if (c->kind != NODE_SCALAR) {
        config_mistake(r, c->at.line || c->at.setting >= 0 ? c->at : c->key_at, o->help,
                       "\"%s\" is a %s; wanted a single value", key, c->kind == NODE_MAP ? "map" : "list");
        return false;
    }
    if (ds_option_parse(o, text, v, why, sizeof why) != DS_OK) {
        config_mistake(r, c->at, o->help, "\"%s\": %s", key, why);
        return false;
    }
    v->given = true;
    if (v->text) v->text = config_text(r, "%s", v->text);
    return true;
}

/* Read the map of a section: values by its table and by the chosen definition's. */
static void read_table(reader *r, table *t, const node *map)
{
    char why[256];
    ds_option_defaults(t->section->options, t->value, why, sizeof why);
    if (t->chosen && t->chosen->options) ds_option_defaults(t->chosen->options, t->extra, why, sizeof why);
    for (node *c = map ? map->child : NULL; c; c = c->next) {
        int k = ds_option_find(t->section->options, c->key),
            q = t->chosen && t->chosen->options ? ds_option_find(t->chosen->options, c->key) : -1;
        const ds_option *o = k >= 0 ? &t->section->options[k] : q >= 0 ? &t->chosen->options[q] : NULL;
        ds_optval *v = k >= 0 ? &t->value[k] : q >= 0 ? &t->extra[q] : NULL;
        if (!o) {
            unknown_key(r, t, c);
            continue;
        }
        *(k >= 0 ? &t->at[k] : &t->extra_at[q]) = c;
        const char *key = config_text(r, "%s.%s", t->section->name, o->name);
        if (o->type == DS_OPT_OTHER) {
            v->given = true;
            if (c->kind == NODE_SCALAR) v->text = c->text;
            if (strcmp(key, "model.layers")) add_entry(r, key, config_flow(r, c), c->at, true);
        } else if (parse_scalar(r, o, c, v, o->name)) {
            add_entry(r, key, normal_text(r, o, v, c->kind == NODE_SCALAR ? c->text : config_flow(r, c)), c->at,
                      c->kind != NODE_SCALAR);
        }
    }
}

/* Entries for what was not given, so that the resolved config says everything. */
static void add_defaults(reader *r, const table *t, const char *dialect)
{
    for (int side = 0; side < 2; side++) {
        const ds_option *o = side ? (t->chosen ? t->chosen->options : NULL) : t->section->options;
        for (int k = 0; o && o[k].type != DS_OPT_END; k++) {
            const char *def = side && dialect ? ds_rule_default(t->chosen, dialect, o[k].name) : o[k].def;
            if ((side ? t->extra_at : t->at)[k] || !def || !*def) continue;
            add_entry(r, config_text(r, "%s.%s", t->section->name, o[k].name), def, nowhere, false);
        }
    }
}

static node *section_map(reader *r, const node *root, const char *name)
{
    node *n = config_child(root, name);
    if (!n || n->kind == NODE_MAP || (n->kind == NODE_SCALAR && !*n->text)) return n && n->kind == NODE_MAP ? n : NULL;
    config_mistake(r, n->key_at, config_text(r, "all keys: descent explain %s", name), "%s wants a map of keys", name);
    return NULL;
}

static const config_section *section(const char *name)
{
    int k = 0;
    while (strcmp(ds_config_sections[k].name, name)) k++;
    return &ds_config_sections[k];
}

/* Open a section: find the definition that its selector names. fallback: the name when none is given; NULL: one must
 * be. */
static void open_table(reader *r, table *t, const node *root, const char *name)
{
    memset(t, 0, sizeof *t);
    t->section = section(name);
    node *map = section_map(r, root, name),
         *chooser = t->section->selector ? config_child(map, t->section->selector) : NULL;
    const char *chosen = NULL;
    if (t->section->kind) {
        const ds_option *o = &t->section->options[ds_option_find(t->section->options, t->section->selector)];
        chosen = chooser && chooser->kind == NODE_SCALAR ? chooser->text : o->def;
        if (!chosen)
            config_mistake(r, map ? map->at : (place){ .line = 1, .column = 1, .width = 1, .setting = -1 },
                           config_text(r, "all of them: descent explain %s", t->section->kind), "%s.%s is missing: %s",
                           name, t->section->selector, o->help);
        else if (!(t->chosen = ds_definition(t->section->kind, chosen)) && chooser)
            config_unknown(r, t->section->kind, t->section->kind, chooser);
    }
    read_table(r, t, map);
}

static ds_optval *value_of(table *t, const char *name)
{
    int k = ds_option_find(t->section->options, name);
    if (k >= 0) return &t->value[k];
    k = t->chosen && t->chosen->options ? ds_option_find(t->chosen->options, name) : -1;
    return k >= 0 ? &t->extra[k] : NULL;
}
static node *place_of(table *t, const char *name) { return t->at[ds_option_find(t->section->options, name)]; }

/* ---- sections ---------------------------------------------------------------------------------------------------- */

static const char *const *file_list(reader *r, node *n, int *count)
{
    int k = 0;
    if (!n) return NULL;
    for (node *c = n->kind == NODE_LIST ? n->child : n; c; c = n->kind == NODE_LIST ? c->next : NULL) k++;
    const char **list = config_keep(r, ((size_t)k + 1) * sizeof *list);
    if (!list) return NULL;
    for (node *c = n->kind == NODE_LIST ? n->child : n; c; c = n->kind == NODE_LIST ? c->next : NULL) {
        if (c->kind != NODE_SCALAR || !*c->text)
            config_mistake(r, c->at, NULL, "wanted the path of a file, or a list of paths");
        else
            list[(*count)++] = c->text;
    }
    return list;
}

static void read_augment(reader *r, node *n)
{
    ds_data_settings *d = &r->config->data;
    int count = 0;
    if (!n) return;
    if (n->kind != NODE_LIST) {
        config_mistake(r, n->at, NULL, "augment wants a list: [{flip: horizontal}, {crop: 32, pad: 4}]");
        return;
    }
    for (node *c = n->child; c; c = c->next) count++;
    ds_augment *list = config_keep(r, ((size_t)count + 1) * sizeof *list);
    if (!list) return;
    d->augment = list;
    for (node *c = n->child; c; c = c->next) {
        ds_augment *a = &list[d->augment_count];
        const ds_head *h = c->kind == NODE_MAP && c->child ? ds_definition("transform", c->child->key) : NULL;
        if (!h) {
            node name = { .text = c->kind == NODE_MAP && c->child ? c->child->key
                                  : c->kind == NODE_SCALAR        ? c->text
                                                                  : "",
                          .at = c->kind == NODE_MAP && c->child ? c->child->key_at : c->at };
            config_unknown(r, "transform", "transform", &name);
            continue;
        }
        a->name = h->name;
        for (node *o = c->child; o; o = o->next) {
            int k = o == c->child ? 0 : h->options ? ds_option_find(h->options, o->key) : -1;
            ds_optval v = { 0 };
            if (k < 0 || a->count == DS_MAX_AUGMENT_OPTIONS)
                config_mistake(r, o->key_at, config_text(r, "descent explain %s", h->name),
                               "transform \"%s\" has no option \"%s\"", h->name, o->key);
            else if (parse_scalar(r, &h->options[k], o, &v, o->key)) {
                a->key[a->count] = h->options[k].name;
                a->value[a->count++] = o->text;
            }
        }
        d->augment_count++;
    }
}

static const char *given_text(const ds_optval *v) { return v && v->given && v->text && *v->text ? v->text : NULL; }

static void read_data(reader *r, const node *root)
{
    table t;
    ds_data_settings *d = &r->config->data;
    open_table(r, &t, root, "data");
    *d = ds_data_defaults();
    d->format = t.chosen ? t.chosen->name : "digits";
    d->path = given_text(value_of(&t, "path"));
    d->train = file_list(r, place_of(&t, "train"), &d->train_count);
    d->test = file_list(r, place_of(&t, "test"), &d->test_count);
    d->val = file_list(r, place_of(&t, "val"), &d->val_count);
    d->holdout = given_text(value_of(&t, "holdout"));
    d->holdout_shuffle = value_of(&t, "holdout_seed")->given;
    d->holdout_seed = (uint64_t)value_of(&t, "holdout_seed")->integer;
    d->scale_given = value_of(&t, "scale")->given;
    if (d->scale_given) {
        d->scale[0] = value_of(&t, "scale")->real;
        d->scale[1] = value_of(&t, "scale")->real2;
    }
    d->standardize = value_of(&t, "standardize")->integer;
    read_augment(r, place_of(&t, "augment"));
    const ds_optval *v;
    if ((v = value_of(&t, "target"))) d->target = (ds_target)v->integer;
    d->label = given_text(value_of(&t, "label"));
    if ((v = value_of(&t, "header"))) d->header = (ds_csv_header)v->integer;
    if ((v = value_of(&t, "skip"))) d->skip = v->integer;
    if ((v = value_of(&t, "difficulty"))) d->difficulty = v->real;
    if ((v = value_of(&t, "seed"))) d->seed = (uint64_t)v->integer;
    if ((v = value_of(&t, "stream"))) d->stream = v->integer;
    static const char *const files[] = { "path", "train", "test", "val" };
    for (size_t k = 0; k < 4 && !strcmp(d->format, "digits"); k++)
        if (place_of(&t, files[k]))
            config_mistake(r, place_of(&t, files[k])->key_at, NULL,
                           "\"%s\" has no effect with data \"digits\", which draws its rows; remove it or set format",
                           files[k]);
    if (d->holdout_shuffle && !d->holdout)
        config_mistake(r, place_of(&t, "holdout_seed")->key_at, NULL,
                       "\"holdout_seed\" has no effect without holdout; remove it");
    add_defaults(r, &t, NULL);
}

/* Entries of a list of layers, inner ones too. */
static void read_layers(reader *r, node *list, ds_layer_spec *parent, ds_text *resolved, int depth)
{
    ds_model *m = r->config->model;
    if (list->kind != NODE_LIST) {
        config_mistake(r, list->at.line || list->at.setting >= 0 ? list->at : list->key_at, NULL,
                       "layers want a list: [{dense: 64, act: relu}, {dense: classes}]");
        return;
    }
    for (node *c = list->child; c && !r->no_memory; c = c->next) {
        node *kind = c->kind == NODE_MAP ? c->child : NULL;
        while (kind && !ds_definition("layer", kind->key)) kind = kind->next;
        if (!kind) {
            node name = { .text = c->kind == NODE_MAP && c->child ? c->child->key
                                  : c->kind == NODE_SCALAR        ? c->text
                                                                  : "",
                          .at = c->kind == NODE_MAP && c->child ? c->child->key_at : c->at };
            config_unknown(r, "layer", "layer", &name);
            continue;
        }
        ds_layer_spec *spec;
        const char *value = kind->kind == NODE_SCALAR ? kind->text
                            : kind->kind == NODE_MAP  ? config_part(r, kind->key, kind)
                                                      : NULL;
        bool block = !strcmp(kind->key, "residual");
        if (ds_model_layer(m, parent, kind->key, block ? NULL : value, &spec) != DS_OK) {
            config_mistake(r, kind->kind == NODE_SCALAR ? kind->at : kind->key_at,
                           config_text(r, "descent explain %s", kind->key), "%s", ds_error(r->ctx));
            continue;
        }
        ds_text_repeat(resolved, ' ', 4 + 4 * depth);
        ds_text_add(resolved, "- ");
        bool later = false;
        for (node *o = c->child; o; o = o->next) {
            if (block && o == kind) continue;
            const char *text = config_part(r, o->key, o);
            if (o != kind && text && ds_model_set(m, spec, o->key, text) != DS_OK)
                config_mistake(r, o->key_at, config_text(r, "descent explain %s", kind->key), "%s", ds_error(r->ctx));
            if (block) {
                if (later) ds_text_repeat(resolved, ' ', 6 + 4 * depth);
                ds_text_add(resolved, "%s: %s\n", o->key, config_flow(r, o));
            } else {
                ds_text_add(resolved, "%s%s: %s", later ? ", " : "{", o->key, config_flow(r, o));
            }
            later = true;
        }
        if (!block) {
            ds_text_add(resolved, kind->at.setting >= 0 ? "} # command line\n" : "} # line %d\n", kind->key_at.line);
            continue;
        }
        if (later) ds_text_repeat(resolved, ' ', 6 + 4 * depth);
        ds_text_add(resolved, "residual:\n");
        read_layers(r, kind, spec, resolved, depth + 1);
    }
}

static void read_penalty(reader *r, const node *n)
{
    static const ds_option keys[] = {
        { .name = "l1", .type = DS_OPT_REAL, .lo = 0, .hi = 1e30, .def = "0", .help = "coefficient of the sum of |w|" },
        { .name = "l2", .type = DS_OPT_REAL, .lo = 0, .hi = 1e30, .def = "0", .help = "coefficient of the sum of w^2" },
        { .name = "all", .type = DS_OPT_BOOL, .def = "false", .help = "biases and norms too" },
        { 0 }
    };
    ds_optval v[3] = { { 0 } };
    if (!n) return;
    if (n->kind != NODE_MAP) config_mistake(r, n->at, NULL, "penalty wants a map: {l2: 1e-4}");
    for (node *c = n->kind == NODE_MAP ? n->child : NULL; c; c = c->next) {
        int k = ds_option_find(keys, c->key);
        if (k >= 0)
            parse_scalar(r, &keys[k], c, &v[k], c->key);
        else
            config_mistake(r, c->key_at, NULL, "unknown key \"%s\" in model.penalty; there are l1, l2, all", c->key);
    }
    r->config->l1 = v[0].real;
    r->config->l2 = v[1].real;
    r->config->penalty_all = v[2].integer;
}

static void read_model(reader *r, const node *root)
{
    table t;
    open_table(r, &t, root, "model");
    node *loss = place_of(&t, "loss"), *layers = place_of(&t, "layers");
    if (loss) {
        const node *name = loss->kind == NODE_MAP ? config_child(loss, "name") : loss;
        if (name && name->kind == NODE_SCALAR && !strchr(name->text, '(') && !ds_definition("loss", name->text))
            config_unknown(r, "loss", "loss", name);
        else
            r->config->loss = config_part(r, "loss", loss);
    }
    read_penalty(r, place_of(&t, "penalty"));
    if (!layers) {
        config_mistake(r,
                       config_child(root, "model") ? config_child(root, "model")->key_at
                                                   : (place){ .line = 1, .column = 1, .width = 1, .setting = -1 },
                       NULL, "model.layers is missing: the list of layers, from input to output");
        return;
    }
    ds_text resolved = { 0 };
    read_layers(r, layers, NULL, &resolved, 0);
    add_entry(r, "model.layers", config_text(r, "%s", resolved.data ? resolved.data : ""), layers->at, true);
    ds_text_free(&resolved);
}

static void read_optimizer(reader *r, const node *root)
{
    table t;
    const char *fault = NULL;
    ds_config *c = r->config;
    open_table(r, &t, root, "optimizer");
    c->dialect = value_of(&t, "dialect")->integer == 1 ? "book" : "torch";
    if (!t.chosen) return;
    c->optimizer.head = t.chosen;
    for (int k = 0; k < DS_MAX_PART_OPTIONS; k++) c->optimizer.value[k] = t.extra[k];
    ds_part trial = c->optimizer;
    if (ds_rule_resolve(r->ctx, c->dialect, &trial, &fault) != DS_OK) {
        int k = fault ? ds_option_find(t.chosen->options, fault) : -1;
        node *at = k >= 0 ? t.extra_at[k] : NULL, *map = config_child(root, "optimizer");
        config_mistake(r,
                       at    ? at->key_at
                       : map ? map->key_at
                             : nowhere,
                       config_text(r, "descent explain %s", t.chosen->name), "%s", ds_error(r->ctx));
    }
    add_defaults(r, &t, c->dialect);
}

static void read_schedule(reader *r, const node *root)
{
    table t;
    ds_config *c = r->config;
    open_table(r, &t, root, "schedule");
    c->schedule.head = t.chosen;
    for (int k = 0; t.chosen && k < DS_MAX_PART_OPTIONS; k++) c->schedule.value[k] = t.extra[k];
    c->warmup = value_of(&t, "warmup")->given ? value_of(&t, "warmup")->real : 0;
    c->warmup_unit = value_of(&t, "warmup")->unit;
    c->floor = value_of(&t, "floor")->real;
    if (c->warmup_unit == DS_UNIT_SECONDS)
        config_mistake(r, place_of(&t, "warmup")->at, NULL,
                       "warmup in seconds would differ from run to run; use steps or epochs");
    add_defaults(r, &t, NULL);
}

static void read_train(reader *r, const node *root)
{
    table t;
    ds_train_settings *s = &r->config->train;
    open_table(r, &t, root, "train");
    s->epochs = value_of(&t, "epochs")->given ? value_of(&t, "epochs")->integer : -1;
    s->steps = value_of(&t, "steps")->given ? value_of(&t, "steps")->integer : -1;
    s->seconds = value_of(&t, "seconds")->given ? value_of(&t, "seconds")->real : -1;
    s->seed = (uint64_t)value_of(&t, "seed")->integer;
    s->dtype = value_of(&t, "dtype")->integer == 1 ? DS_F64 : DS_F32;
    s->order = config_text(r, "%s", value_of(&t, "order")->text ? value_of(&t, "order")->text : "shuffle");
    node *order = place_of(&t, "order"), *batch = place_of(&t, "batch"), *map = config_child(root, "train");
    if (order && !ds_definition("sampler", s->order)) config_unknown(r, "sampler", "order", order);
    s->batch = 128;
    if (batch) {
        static const ds_option rows = {
            .name = "batch", .type = DS_OPT_INT, .lo = 1, .hi = 1e9, .help = "rows of a minibatch, or all"
        };
        ds_optval v = { 0 };
        if (batch->kind == NODE_SCALAR && !strcmp(batch->text, "all"))
            s->batch = 0;
        else if (parse_scalar(r, &rows, batch, &v, "batch"))
            s->batch = v.integer;
    }
    if (s->epochs < 0 && s->steps < 0 && s->seconds < 0)
        config_mistake(r, map ? map->key_at : (place){ .line = 1, .column = 1, .width = 1, .setting = -1 },
                       "descent explain train", "train says no end: give epochs, steps or seconds");
    add_defaults(r, &t, NULL);
}

void config_read_all(reader *r, node *root)
{
    if (root->kind == NODE_SCALAR && !*root->text) root->kind = NODE_MAP;
    if (root->kind != NODE_MAP) {
        config_mistake(r, root->at, NULL, "a config is a map of sections: data, model, optimizer, schedule, train");
        return;
    }
    for (node *c = root->child; c; c = c->next) {
        const char *names[16];
        bool known = false;
        for (int k = 0; k < ds_config_section_count; k++)
            known |= !strcmp(names[k] = ds_config_sections[k].name, c->key);
        if (known) continue;
        const char *near = ds_nearest(c->key, names, ds_config_section_count);
        if (near)
            config_mistake(r, c->key_at, NULL, "unknown section \"%s\"; did you mean \"%s\"?", c->key, near);
        else
            config_mistake(r, c->key_at, NULL,
                           "unknown section \"%s\"; there are data, model, optimizer, schedule, train", c->key);
    }
    read_data(r, root);
    read_model(r, root);
    read_optimizer(r, root);
    read_schedule(r, root);
    read_train(r, root);
}
