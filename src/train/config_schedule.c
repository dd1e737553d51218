/* config_schedule.c - the parts of schedules that are made of schedules: `parts: [{name: constant, span: "3 epochs"},
 * {name: cosine}]`. */
#include "descent/optim.h"
#include "optim/schedule.h"
#include "train/config_node.h"

/* Name and keys of an entry, {name: cosine, ...}; NULL: a mistake was reported. */
static config_table *read_entry(reader *r, const ds_option *parts, const node *entry)
{
    const node *name = entry->kind == NODE_MAP ? config_child(entry, "name") : NULL;
    if (!name && entry->kind == NODE_MAP) name = config_child(entry, "kind");
    if (entry->bad || (name && name->bad)) return NULL;
    if (!name || name->kind != NODE_SCALAR) {
        config_mistake(r, config_seen(entry), "all of them: descent explain schedule",
                       "a part of a schedule wants a map with a name: {name: cosine, ...}");
        return NULL;
    }
    config_table *t = config_keep(r, sizeof *t);
    const ds_head *head = t ? config_choose(r, "schedule", "schedule", name->text, config_seen(name)) : NULL;
    if (!head) return NULL;
    *t = (config_table){ .where = config_text(r, "schedule \"%s\"", head->name),
                         .role = "schedule",
                         .learn = head->name,
                         .kind = "schedule",
                         .common = parts->map,
                         .chosen = head };
    config_read_table(r, t, entry, config_seen(name));
    return t;
}

static void read_part(reader *r, const ds_option *parts, const node *entry, ds_schedule_part *p, node *to, bool last)
{
    config_table *t = read_entry(r, parts, entry);
    if (!t) return;
    node *kept = config_append(r, to, NODE_MAP, NULL, NULL, config_seen(entry));
    config_resolve_table(r, t, NULL, kept);
    config_take_part(t, &p->schedule);
    config_read_parts(r, t, &p->part, &p->parts, kept);
    const ds_optval *span = config_value_of(t, "span");
    if (!span) return;
    p->factor = config_value_of(t, "factor")->real;
    if (span->given) {
        p->span = span->real;
        p->span_unit = span->unit;
    } else if (!last && !config_place_of(t, "span")) {
        config_mistake(r, config_seen(entry), NULL,
                       "schedule \"%s\" wants a span, as in span: \"3 epochs\": the last alone may leave it out",
                       t->chosen->name);
    }
}

void config_read_parts(reader *r, const config_table *t, const ds_schedule_part **part, int *count, node *to)
{
    const ds_schedule_def *def = ds_schedule_of(t->chosen);
    if (!def || !def->combines) return;
    const ds_option *parts = &t->chosen->options[ds_option_find(t->chosen->options, "parts")];
    const node *list = config_place_of(t, "parts");
    if (list && list->bad) return;
    if (!list || list->kind != NODE_LIST || !list->child) {
        config_mistake(r, list ? config_seen(list) : config_seen(config_place_of(t, "name")),
                       "all of them: descent explain schedule", "schedule \"%s\" wants \"parts\", a %s",
                       t->chosen->name, parts->help);
        return;
    }
    int n = 0;
    for (const node *c = list->child; c; c = c->next) n++;
    ds_schedule_part *all = config_keep(r, (size_t)n * sizeof *all);
    node *kept = config_append(r, to, NODE_LIST, "parts", NULL, config_seen(list));
    if (!all) return;
    *part = all;
    for (const node *c = list->child; c; c = c->next) read_part(r, parts, c, &all[(*count)++], kept, !c->next);
}
