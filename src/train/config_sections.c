/* config_sections.c - the five sections of a config, from the tree into the record. */
#include <stdlib.h>
#include <string.h>

#include "data/source.h"
#include "descent/optim.h"
#include "train/config_node.h"

place config_section_place(const node *root, const char *name)
{
    const node *n = config_child(root, name);
    return n ? n->key_at : (place){ .line = 1, .column = 1, .width = 1, .setting = -1 };
}

/* The map of a section; NULL when it is absent, empty or (a mistake) no map. */
static const node *section_map(reader *r, const node *root, const char *name)
{
    const node *n = config_child(root, name);
    if (n && !n->bad && n->kind != NODE_MAP && (n->kind == NODE_LIST || *n->text))
        config_mistake(r, config_seen(n), config_text(r, "all keys: descent explain %s", name),
                       "%s: found %s, wanted a map of keys", name, n->kind == NODE_LIST ? "a list" : "a single value");
    return n && n->kind == NODE_MAP ? n : NULL;
}

/* Whether a report about the section as a whole says enough: it is no map, or its name is misspelt. */
static bool reported(const node *root, const char *name)
{
    const char *names[16];
    const node *n = config_child(root, name);
    if (n) return n->bad || n->kind == NODE_LIST || (n->kind == NODE_SCALAR && *n->text);
    for (int k = 0; k < ds_config_section_count; k++) names[k] = ds_config_sections[k].name;
    for (const node *c = root->child; c; c = c->next) {
        const char *near = ds_nearest(c->key, names, ds_config_section_count);
        if (near && !strcmp(near, name) && strcmp(c->key, name)) return true;
    }
    return false;
}

config_table *config_read_section(reader *r, const node *root, const char *name)
{
    config_table *t = config_keep(r, sizeof *t);
    const ds_section *s = ds_config_sections;
    while (strcmp(s->name, name)) s++;
    const node *map = section_map(r, root, name), *chooser = s->selector ? config_child(map, s->selector) : NULL;
    if (!t) return NULL;
    *t = (config_table){ .where = name,
                         .role = s->role,
                         .learn = name,
                         .kind = s->kind,
                         .common = s->options,
                         .quiet = reported(root, name) };
    const char *chosen = NULL;
    if (chooser && chooser->kind == NODE_SCALAR && !*chooser->text)
        chosen = NULL; /* no value: the table says so */
    else if (chooser)
        chosen = chooser->kind == NODE_SCALAR ? chooser->text : NULL;
    else if (s->selector)
        chosen = s->options[ds_option_find(s->options, s->selector)].def;
    if (chosen && !(chooser && chooser->bad))
        t->chosen = config_choose(r, s->kind, s->role, chosen, chooser ? config_seen(chooser) : config_nowhere);
    if (s->selector && !t->chosen) {
        /* Without the definition nobody can tell which of the other keys are right: only the section's own are read. */
        node own = { .kind = NODE_MAP }, *copies = NULL;
        for (const node *c = map ? map->child : NULL; c; c = c->next) {
            node *copy = ds_option_find(s->options, c->key) >= 0 ? config_keep(r, sizeof *copy) : NULL;
            if (!copy) continue;
            *copy = *c;
            copy->next = NULL;
            if (copies)
                copies->next = copy;
            else
                own.child = copy;
            copies = copy;
        }
        config_read_table(r, t, &own, config_section_place(root, name));
        return t;
    }
    config_read_table(r, t, map, config_section_place(root, name));
    return t;
}

node *config_resolved_section(reader *r, const char *name)
{
    return config_append(r, r->own->resolved, NODE_MAP, name, NULL, config_nowhere);
}

/* ---- data -------------------------------------------------------------------------------------------------------- */

/* `train: file` or `train: [images, labels]`. */
static const char *const *read_files(reader *r, const config_table *t, const char *key, int *count, node *to)
{
    node *n = config_place_of(t, key);
    if (!n || n->bad) return NULL;
    int k = 1;
    for (const node *c = n->child; c; c = c->next) k++;
    const char **list = config_keep(r, (size_t)k * sizeof *list);
    node *kept = config_append(r, to, NODE_LIST, key, NULL, config_seen(n));
    if (!list) return NULL;
    if (n->kind == NODE_MAP || (n->kind == NODE_LIST && !n->child))
        config_mistake(r, config_seen(n), NULL, "\"%s\": found %s, wanted a list of files", key,
                       n->kind == NODE_MAP ? "a map" : "an empty list");
    for (const node *c = n->kind == NODE_LIST     ? n->child
                         : n->kind == NODE_SCALAR ? n
                                                  : NULL;
         c; c = n->kind == NODE_LIST ? c->next : NULL) {
        if (c->bad) continue;
        if (c->kind != NODE_SCALAR || !*c->text) {
            config_mistake(r, config_seen(c), NULL, "\"%s\" wants the paths of files", key);
            continue;
        }
        list[(*count)++] = c->text;
        config_append(r, kept, NODE_SCALAR, NULL, c->text, config_seen(c));
    }
    return list;
}

/* `class_weights: balanced` or `class_weights: [1, 5]`. */
static void read_class_weights(reader *r, const config_table *t, node *to)
{
    static const ds_option weight = {
        .name = "class_weights", .type = DS_OPT_REAL, .lo = 0, .hi = 1e30, .help = "what a row of this class counts"
    };
    ds_data_settings *d = &r->config->data;
    node *n = config_place_of(t, "class_weights");
    if (!n || n->bad) return;
    d->balanced = n->kind == NODE_SCALAR && strcmp(n->text, "balanced") == 0;
    if (d->balanced) config_append(r, to, NODE_SCALAR, "class_weights", "balanced", config_seen(n));
    if (d->balanced) return;
    if (n->kind != NODE_LIST || !n->child) {
        config_mistake(r, config_seen(n), NULL,
                       "\"class_weights\" wants balanced, or a list with a number a class: [1, 5]");
        return;
    }
    int count = 0;
    for (const node *c = n->child; c; c = c->next) count++;
    double *list = config_keep(r, (size_t)count * sizeof *list);
    node *kept = config_append(r, to, NODE_LIST, "class_weights", NULL, config_seen(n));
    d->class_weights = list;
    for (const node *c = n->child; c && list; c = c->next) {
        ds_optval v = { 0 };
        if (c->bad || !config_scalar(r, &weight, c, &v)) continue;
        list[d->class_weight_count++] = v.real;
        config_append(r, kept, NODE_SCALAR, NULL, config_spelling(r, &weight, &v, c->text), config_seen(c));
    }
}

static void read_transform(reader *r, const node *entry, ds_augment *a, node *to)
{
    const node *first = entry->kind == NODE_MAP ? entry->child : NULL;
    const char *hint = "all of them: descent explain transform";
    if (entry->bad) return;
    if (!first) {
        config_mistake(r, config_seen(entry), hint, "found %s, wanted a transform: {flip: horizontal}",
                       entry->kind == NODE_LIST  ? "a list"
                       : entry->kind == NODE_MAP ? "an empty map"
                                                 : config_text(r, "\"%s\"", entry->text));
        return;
    }
    const ds_head *head = config_choose(r, "transform", "transform", first->key, first->key_at);
    config_table *t = head ? config_keep(r, sizeof *t) : NULL;
    if (!t) return;
    *t = (config_table){ .where = config_text(r, "transform \"%s\"", head->name),
                         .role = "transform",
                         .learn = head->name,
                         .kind = "transform",
                         .common = ds_config_nothing,
                         .chosen = head,
                         .chosen_first = true };
    config_read_table(r, t, entry, first->key_at);
    config_resolve_table(r, t, NULL, config_append(r, to, NODE_MAP, NULL, NULL, config_seen(first)));
    a->name = head->name;
    for (int k = 0; head->options[k].type != DS_OPT_END; k++) {
        if (!t->at[1][k] || a->count == DS_MAX_AUGMENT_OPTIONS) continue;
        a->key[a->count] = head->options[k].name;
        a->value[a->count++] = t->at[1][k]->text;
    }
}

static void read_augment(reader *r, const node *n, node *to)
{
    ds_data_settings *d = &r->config->data;
    if (!n || n->bad) return;
    if (n->kind != NODE_LIST) {
        config_mistake(r, config_seen(n), "all of them: descent explain transform",
                       "\"augment\" wants a list of transforms: [{flip: horizontal}, {crop: 32, pad: 4}]");
        return;
    }
    int count = 0;
    for (const node *c = n->child; c; c = c->next) count++;
    ds_augment *list = config_keep(r, ((size_t)count + 1) * sizeof *list);
    node *kept = config_append(r, to, NODE_LIST, "augment", NULL, config_seen(n));
    d->augment = list;
    for (const node *c = n->child; c && list; c = c->next) read_transform(r, c, &list[d->augment_count++], kept);
}

static const char *given_text(const config_table *t, const char *key)
{
    const ds_optval *v = config_value_of(t, key);
    return v && v->given ? v->text : NULL;
}

/* Keys that go without effect because of another. */
static void data_effects(reader *r, const config_table *t)
{
    static const char *const files[] = { "path", "train", "test", "val" };
    for (size_t k = 0; k < 4 && t->chosen && ((const ds_source_def *)t->chosen)->generated; k++)
        if (config_place_of(t, files[k]))
            config_mistake(r, config_place_of(t, files[k])->key_at, NULL,
                           "\"%s\" has no effect with data format \"%s\", which reads no file; remove it or set format",
                           files[k], t->chosen->name);
    static const char *const both[][2] = { { "train", "path" }, { "val", "holdout" } };
    for (size_t k = 0; k < 2; k++) {
        const node *a = config_place_of(t, both[k][0]), *b = config_place_of(t, both[k][1]);
        if (a && b)
            config_mistake(r, a->key_at, NULL, "\"%s\" has no effect beside \"%s\"; keep one of them", both[k][0],
                           both[k][1]);
    }
    bool drawn = config_place_of(t, "holdout_seed"), trains = config_value_of(t, "holdout_trains")->integer;
    if ((drawn || trains) && !config_place_of(t, "holdout"))
        config_mistake(r, config_place_of(t, drawn ? "holdout_seed" : "holdout_trains")->key_at, NULL,
                       "\"%s\" has no effect without holdout; remove it or set holdout",
                       drawn ? "holdout_seed" : "holdout_trains");
    if (config_place_of(t, "scale") && config_value_of(t, "standardize")->integer)
        config_mistake(r, config_place_of(t, "scale")->key_at, NULL,
                       "\"scale\" has no effect beside standardize: true, which takes its own range; keep one of them");
    int64_t whiten = config_value_of(t, "whiten")->integer;
    if (config_place_of(t, "components") && whiten != DS_WHITEN_PCA)
        config_mistake(r, config_place_of(t, "components")->key_at, NULL,
                       "\"components\" has no effect without whiten: pca; remove it or set whiten");
    if (config_place_of(t, "whiten_eps") && whiten == DS_WHITEN_NONE)
        config_mistake(r, config_place_of(t, "whiten_eps")->key_at, NULL,
                       "\"whiten_eps\" has no effect without whiten; remove it or set whiten");
}

static void read_data(reader *r, const node *root)
{
    ds_data_settings *d = &r->config->data;
    config_table *t = config_read_section(r, root, "data");
    *d = ds_data_defaults();
    if (!t) return;
    const node *map = config_child(root, "data");
    if ((!map || (map->kind == NODE_MAP ? !map->child : !*map->text)) && !t->quiet)
        config_mistake(r, config_section_place(root, "data"), "all keys: descent explain data",
                       "data needs \"format\": what to train on; {format: digits} is built in");
    node *to = config_resolved_section(r, "data");
    config_resolve_table(r, t, NULL, to);
    d->format = t->chosen ? t->chosen->name : d->format;
    d->path = given_text(t, "path");
    d->train = read_files(r, t, "train", &d->train_count, to);
    d->test = read_files(r, t, "test", &d->test_count, to);
    d->val = read_files(r, t, "val", &d->val_count, to);
    d->holdout = given_text(t, "holdout");
    const ds_optval *v = config_value_of(t, "holdout_seed");
    d->holdout_shuffle = v->given;
    d->holdout_seed = (uint64_t)v->integer;
    d->holdout_trains = config_value_of(t, "holdout_trains")->integer != 0;
    v = config_value_of(t, "scale");
    d->scale_given = v->given;
    if (v->given) d->scale[0] = v->real, d->scale[1] = v->real2;
    d->standardize = config_value_of(t, "standardize")->integer != 0;
    d->whiten = (ds_whiten_kind)config_value_of(t, "whiten")->integer;
    d->components = config_value_of(t, "components")->integer;
    if ((v = config_value_of(t, "whiten_eps"))->given) d->whiten_eps = v->real;
    read_class_weights(r, t, to);
    read_augment(r, config_place_of(t, "augment"), to);
    d->label = given_text(t, "label");
    d->missing = given_text(t, "missing");
    if ((v = config_value_of(t, "target"))) d->target = (ds_target)v->integer;
    if ((v = config_value_of(t, "header"))) d->header = (ds_csv_header)v->integer;
    if ((v = config_value_of(t, "skip"))) d->skip = v->integer;
    if ((v = config_value_of(t, "features"))) d->features = v->integer;
    if ((v = config_value_of(t, "size"))) d->image_size = v->integer;
    if ((v = config_value_of(t, "channels"))) d->image_channels = (int)v->integer;
    if ((v = config_value_of(t, "difficulty"))) d->difficulty = v->real;
    if ((v = config_value_of(t, "seed"))) d->seed = (uint64_t)v->integer;
    if ((v = config_value_of(t, "stream"))) d->stream = v->integer != 0;
    if ((v = config_value_of(t, "window"))) d->window = (size_t)v->integer;
    data_effects(r, t);
}

/* ---- model ------------------------------------------------------------------------------------------------------- */

config_table *config_read_map(reader *r, const char *section, const char *name, const ds_option *keys,
                              const char *example, const node *n, node *to)
{
    config_table *t = config_keep(r, sizeof *t);
    if (!t) return NULL;
    *t = (config_table){ .where = config_text(r, "%s.%s", section, name), .learn = name, .common = keys };
    if (n && !n->bad && n->kind != NODE_MAP)
        config_mistake(r, config_seen(n), config_text(r, "all keys: descent explain %s", name),
                       "\"%s\" wants a map: %s", name, example);
    config_read_table(r, t, n && n->kind == NODE_MAP ? n : NULL, config_nowhere);
    config_resolve_table(r, t, NULL, config_append(r, to, NODE_MAP, name, NULL, n ? config_seen(n) : config_nowhere));
    return t;
}

static void read_penalty(reader *r, const node *n, node *to)
{
    config_table *t = config_read_map(r, "model", "penalty", ds_config_penalty, "{l2: 1e-4}", n, to);
    if (!t) return;
    r->config->l1 = config_value_of(t, "l1")->real;
    r->config->l2 = config_value_of(t, "l2")->real;
    r->config->penalty_all = config_value_of(t, "all")->integer != 0;
    if (r->config->penalty_all && r->config->l1 == 0 && r->config->l2 == 0 && config_value_of(t, "all")->given)
        config_mistake(r, config_place_of(t, "all")->key_at, NULL,
                       "\"all\" has no effect without l1 or l2; remove it or set one");
}

static void read_model(reader *r, const node *root)
{
    config_table *t = config_read_section(r, root, "model");
    if (!t) return;
    node *to = config_resolved_section(r, "model"), *loss = config_place_of(t, "loss"),
         *layers = config_place_of(t, "layers");
    if (loss) r->config->loss = config_part(r, "loss", "loss", loss, to);
    read_penalty(r, config_place_of(t, "penalty"), to);
    if (layers)
        config_read_layers(r, layers, NULL, config_append(r, to, NODE_LIST, "layers", NULL, config_seen(layers)));
}

/* ---- schedule, train -------------------------------------------------------------------------------------------- */

void config_take_part(const config_table *t, ds_part *out)
{
    out->head = t->chosen;
    for (int k = 0; t->chosen && k < DS_MAX_PART_OPTIONS && k < DS_MAX_OPTIONS; k++) out->value[k] = t->value[1][k];
}

static void read_schedule(reader *r, const node *root)
{
    ds_config *c = r->config;
    int before = r->mistakes->count;
    config_table *t = config_read_section(r, root, "schedule");
    if (!t) return;
    bool moves = (t->chosen && strcmp(t->chosen->name, "constant")) || config_value_of(t, "warmup")->given;
    if (c->solver.head && moves)
        config_mistake(r, config_section_place(root, "schedule"), NULL,
                       "\"schedule\" has no effect with solver \"%s\", which has no rate; remove it",
                       c->solver.head->name);
    node *to = config_resolved_section(r, "schedule");
    config_resolve_table(r, t, NULL, to);
    config_take_part(t, &c->schedule);
    config_read_parts(r, t, &c->part, &c->parts, to);
    const char *watched = given_text(t, "watch");
    if (watched) config_choose(r, "column", "watch", watched, config_seen(config_place_of(t, "watch")));
    const ds_optval *warmup = config_value_of(t, "warmup");
    c->warmup = warmup->given ? warmup->real : 0;
    c->warmup_unit = warmup->unit;
    c->floor = config_value_of(t, "floor")->real;
    if (warmup->given && warmup->unit == DS_UNIT_SECONDS)
        config_mistake(r, config_seen(config_place_of(t, "warmup")), NULL,
                       "\"warmup\": seconds would differ from run to run; give steps or epochs");
    if (c->floor != 0 && t->chosen && !strcmp(t->chosen->name, "constant"))
        config_mistake(r, config_place_of(t, "floor")->key_at, NULL,
                       "\"floor\" has no effect with schedule \"constant\", which never falls; remove it or set name");
    /* What does not depend on the run's length. */
    const ds_schedule_settings trial = { .schedule = c->schedule, .part = c->part, .parts = c->parts, .epoch = 1 };
    if (t->chosen && r->mistakes->count == before && ds_schedule_check(r->ctx, &trial) != DS_OK)
        config_mistake(r, config_section_place(root, "schedule"),
                       config_text(r, "all keys: descent explain %s", t->chosen->name), "%s", ds_error(r->ctx));
}

static int64_t limit(const config_table *t, const char *key)
{
    const ds_optval *v = config_value_of(t, key);
    return v->given ? v->integer : -1;
}

static void read_batch(reader *r, const node *batch, const ds_option *o, node *to)
{
    static const ds_option rows = {
        .name = "batch", .type = DS_OPT_INT, .lo = 1, .hi = 1e9, .help = "rows of a minibatch, or all"
    };
    ds_optval v = { 0 };
    const char *text = batch ? batch->text : o->def;
    bool all = text && !strcmp(text, "all");
    if (!batch)
        ds_option_parse(&rows, o->def, &v, NULL, 0);
    else if (!all && !config_scalar(r, &rows, batch, &v))
        return;
    r->config->train.batch = all ? 0 : v.integer;
    config_append(r, to, NODE_SCALAR, "batch", all ? "all" : config_text(r, "%lld", (long long)v.integer),
                  batch ? config_seen(batch) : config_nowhere);
}

static void read_checkpoint(reader *r, const node *n, node *to)
{
    config_table *t = config_read_map(r, "train", "checkpoint", ds_config_checkpoint, "{every: \"1 epoch\"}", n, to);
    if (!t) return;
    r->config->train.checkpoint_every = config_value_of(t, "every")->real;
    r->config->train.checkpoint_unit = config_value_of(t, "every")->unit;
    r->config->train.checkpoint_keep = (int)config_value_of(t, "keep")->integer;
}

static void read_train(reader *r, const node *root)
{
    ds_train_settings *s = &r->config->train;
    config_table *t = config_read_section(r, root, "train");
    if (!t) return;
    node *to = config_resolved_section(r, "train");
    config_resolve_table(r, t, NULL, to);
    s->epochs = limit(t, "epochs");
    s->steps = limit(t, "steps");
    s->seconds = config_value_of(t, "seconds")->given ? config_value_of(t, "seconds")->real : -1;
    s->accumulate = config_value_of(t, "accumulate")->integer;
    s->seed = (uint64_t)config_value_of(t, "seed")->integer;
    s->dtype = config_value_of(t, "dtype")->integer ? DS_F64 : DS_F32;
    s->order = config_value_of(t, "order")->text;
    s->on_nonfinite = (ds_on_nonfinite)config_value_of(t, "on_nonfinite")->integer;
    read_checkpoint(r, config_place_of(t, "checkpoint"), to);
    read_batch(r, config_place_of(t, "batch"), &t->common[ds_option_find(t->common, "batch")], to);
    config_read_stop(r, config_place_of(t, "stop"), to);
    config_read_keep(r, config_place_of(t, "keep"), to);
    config_read_average(r, config_place_of(t, "average"), to);
    config_read_retrain(r, config_place_of(t, "retrain"), to);
    const node *order = config_place_of(t, "order");
    if (order && config_value_of(t, "order")->given) config_choose(r, "sampler", "order", s->order, config_seen(order));
    bool ends = config_place_of(t, "epochs") || config_place_of(t, "steps") || config_place_of(t, "seconds");
    if (!ends && !t->quiet)
        config_mistake(r, config_section_place(root, "train"), "all keys: descent explain train",
                       "train has no end; give epochs, steps or seconds");
}

void config_read_all(reader *r, node *root)
{
    const char *names[16];
    for (int k = 0; k < ds_config_section_count; k++) names[k] = ds_config_sections[k].name;
    if (root->kind == NODE_SCALAR && !*root->text) root->kind = NODE_MAP;
    if (root->kind != NODE_MAP) {
        config_mistake(r, (place){ .line = 1, .column = 1, .width = 1, .setting = -1 }, NULL,
                       "found %s, wanted a map of sections: data, model, optimizer, schedule, train",
                       root->kind == NODE_LIST ? "a list" : "a single value");
        return;
    }
    for (const node *c = root->child; c; c = c->next) {
        bool known = false;
        for (int k = 0; k < ds_config_section_count; k++) known |= !strcmp(names[k], c->key);
        const char *near = known ? NULL : ds_nearest(c->key, names, ds_config_section_count);
        const char *hint = "sections: data, model, optimizer, schedule, train";
        if (near)
            config_mistake(r, c->key_at, hint, "unknown section \"%s\"; did you mean \"%s\"?", c->key, near);
        else if (!known)
            config_mistake(r, c->key_at, hint, "unknown section \"%s\"", c->key);
    }
    r->own->resolved = config_keep(r, sizeof(node));
    if (!r->own->resolved) return;
    r->own->resolved->kind = NODE_MAP;
    read_data(r, root);
    read_model(r, root);
    r->lays = r->mistakes->count == 0;
    config_read_optimizer(r, root);
    read_schedule(r, root);
    read_train(r, root);
}
