/* config_train.c - the keys of section train that are more than a value: stop, keep, average. */
#include <string.h>

#include "descent/optim.h"
#include "train/config_node.h"
#include "train/stop/stop.h"

/* ---- stop -------------------------------------------------------------------------------------------------------- */

/* The number of an epoch that the value of a key names; false and a mistake. */
static bool read_column(reader *r, const char *key, const char *text, place at)
{
    if (strncmp(text, "test.", 5)) return config_choose(r, "column", key, text, at);
    config_mistake(r, at, "all of them: descent explain column",
                   "\"%s\": %s cannot be watched, test rows are scored once a run has ended; hold rows out and watch "
                   "val.%s",
                   key, text, text + 5);
    return false;
}

/* The rule that an entry's keys choose; NULL and a mistake. */
static const ds_head *stop_rule_of(reader *r, const node *entry)
{
    const char *hint = "all of them: descent explain stop";
    if (entry->bad) return NULL;
    if (entry->kind != NODE_MAP || !entry->child) {
        config_mistake(r, config_seen(entry), hint, "found %s, wanted a stop rule: {watch: val.loss, patience: 5}",
                       entry->kind == NODE_LIST  ? "a list"
                       : entry->kind == NODE_MAP ? "an empty map"
                                                 : config_text(r, "\"%s\"", entry->text));
        return NULL;
    }
    for (const node *c = entry->child; c; c = c->next)
        if (ds_stop_chosen_by(c->key)) return ds_stop_chosen_by(c->key);
    const char *keys[16];
    int n = 0;
    for (; n < ds_stop_registry.count && n < 16; n++) keys[n] = ds_stop_registry.heads[n]->options[0].name;
    const char *near = NULL;
    const node *at = entry->child;
    for (const node *c = entry->child; c && !near; c = c->next)
        if ((near = ds_nearest(c->key, keys, n))) at = c;
    if (near)
        config_mistake(r, at->key_at, hint, "unknown key \"%s\" in stop; did you mean \"%s\"?", at->key, near);
    else
        config_mistake(r, at->key_at, hint, "a stop rule says what it watches: {watch: val.loss, patience: 5}");
    return NULL;
}

static bool same_rule(const ds_part *rules, int n, const ds_head *head)
{
    for (int k = 0; k < n; k++)
        if (rules[k].head == head) return true;
    return false;
}

/* key: of a rule that stands alone; NULL: an entry of a list. */
static void read_stop_rule(reader *r, const node *entry, const char *key, ds_part *rules, int *count, node *to)
{
    const ds_head *head = stop_rule_of(r, entry);
    config_table *t = head ? config_keep(r, sizeof *t) : NULL;
    if (!t) return;
    if (ds_stop_of(head)->once && same_rule(rules, *count, head)) {
        config_mistake(r, config_seen(entry), NULL, "a run has one %s; remove one of them", head->name);
        return;
    }
    *t = (config_table){ .where = "stop",
                         .role = "stop rule",
                         .learn = head->name,
                         .kind = "stop",
                         .common = ds_config_nothing,
                         .chosen = head,
                         .chosen_first = true };
    int before = r->mistakes->count;
    config_read_table(r, t, entry, config_seen(entry));
    config_resolve_table(r, t, NULL, config_append(r, to, NODE_MAP, key, NULL, config_seen(entry)));
    if (t->value[1][0].given && !ds_stop_of(head)->ends)
        read_column(r, head->options[0].name, t->value[1][0].text, config_seen(t->at[1][0]));
    if (r->mistakes->count > before) return;
    config_take_part(t, &rules[(*count)++]);
}

void config_read_stop(reader *r, const node *n, node *to)
{
    ds_train_settings *s = &r->config->train;
    int count = 0;
    if (!n || n->bad) return;
    for (const node *c = n->child; c; c = c->next) count++;
    ds_part *rules = config_keep(r, ((size_t)count + 1) * sizeof *rules);
    if (!rules) return;
    s->stop = rules;
    if (n->kind != NODE_LIST) {
        read_stop_rule(r, n, "stop", rules, &s->stops, to);
        return;
    }
    node *kept = config_append(r, to, NODE_LIST, "stop", NULL, config_seen(n));
    for (const node *c = n->child; c; c = c->next) read_stop_rule(r, c, NULL, rules, &s->stops, kept);
}

/* ---- keep, average ----------------------------------------------------------------------------------------------- */

void config_read_keep(reader *r, const node *n, node *to)
{
    config_table *t = config_keep(r, sizeof *t);
    if (!t || !n || n->bad) return;
    *t = (config_table){ .where = "train.keep", .learn = "keep", .common = ds_config_keep };
    if (n->kind != NODE_MAP)
        config_mistake(r, config_seen(n), "all keys: descent explain keep", "\"keep\" wants a map: {best: val.loss}");
    config_read_table(r, t, n->kind == NODE_MAP ? n : NULL, config_nowhere);
    config_resolve_table(r, t, NULL, config_append(r, to, NODE_MAP, "keep", NULL, config_seen(n)));
    const ds_optval *best = config_value_of(t, "best");
    bool none = best->given && !strcmp(best->text, "none");
    if (best->given && (none || read_column(r, "best", best->text, config_seen(config_place_of(t, "best")))))
        r->config->train.best = best->text;
    const ds_optval *last = config_value_of(t, "last");
    if (last->given) r->config->train.checkpoint_keep = (int)last->integer;
}

/* Read after keep. */
void config_read_retrain(reader *r, const node *n, node *to)
{
    ds_train_settings *s = &r->config->train;
    config_table *t = config_keep(r, sizeof *t);
    s->retrain_epochs = -1;
    if (!t || !n || n->bad) return;
    *t = (config_table){ .where = "train.retrain", .learn = "retrain", .common = ds_config_retrain };
    if (n->kind != NODE_MAP)
        config_mistake(r, config_seen(n), "all keys: descent explain retrain",
                       "\"retrain\" wants a map: {strategy: anew}");
    config_read_table(r, t, n->kind == NODE_MAP ? n : NULL, config_nowhere);
    config_resolve_table(r, t, NULL, config_append(r, to, NODE_MAP, "retrain", NULL, config_seen(n)));
    const ds_optval *epochs = config_value_of(t, "epochs");
    s->retrain = (ds_retrain)config_value_of(t, "strategy")->integer;
    if (epochs->given) s->retrain_epochs = epochs->integer;
    if (epochs->given && s->retrain != DS_RETRAIN_CONTINUE)
        config_mistake(r, config_place_of(t, "epochs")->key_at, NULL,
                       "\"epochs\" has no effect without strategy: continue; remove it");
    if (s->retrain && s->best && !strcmp(s->best, "none"))
        config_mistake(r, n->key_at, NULL, "\"retrain\" goes by the best weights, but keep has best: none");
}

void config_read_average(reader *r, const node *n, node *to)
{
    const char *text = n ? config_part(r, "average", "average", n, to) : NULL;
    if (text && ds_average_parse(r->ctx, text, &r->config->train.average) != DS_OK)
        config_mistake(r, config_seen(n), "all keys: descent explain average", "%s", ds_error(r->ctx));
}
