/* explain.c - what a name means: sections, kinds, definitions and options, said from the same tables that read them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descent/optim.h"
#include "nn/nn.h"
#include "op/ops.h"
#include "train/config_node.h"

enum { MOST = 512 };

/* An option and whom it belongs to. */
typedef struct owned {
    char kind[24], owner[CONFIG_PATH]; /* "rule", "adam"; "section", "train"; "map", "model.penalty" */
    const ds_head *head;               /* NULL: of a section, a map or of all layers */
    const ds_option *option;
    bool said;
} owned;

typedef struct found {
    owned list[MOST];
    int count;
} found;

typedef struct wanted {
    const char *owner, *option;
    found *out;
} wanted;

static void collect(void *arg, const char *kind, const char *owner, const ds_head *head, const ds_option *table)
{
    wanted *w = arg;
    int k = ds_option_find(table, w->option);
    bool itself = !*w->owner && head && !strcmp(head->name, w->option); /* "dense" of dense is said with dense */
    if (k < 0 || itself || !config_means(w->owner, kind, owner) || w->out->count == MOST) return;
    owned *o = &w->out->list[w->out->count++];
    *o = (owned){ .head = head, .option = &table[k] };
    snprintf(o->kind, sizeof o->kind, "%s", kind);
    snprintf(o->owner, sizeof o->owner, "%s", owner);
}

/* ---- saying ------------------------------------------------------------------------------------------------------ */

/* Text in lines of at most 100 characters, from column `indent` on; the first line is begun already. */
static void say_wrapped(ds_text *t, const char *text, int indent)
{
    int column = indent;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > 100) {
            ds_text_add(t, "\n");
            ds_text_repeat(t, ' ', column = indent);
        } else if (column > indent) {
            ds_text_add(t, " ");
            column++;
        }
        ds_text_put(t, text, (size_t)length);
        column += length;
        text += length + (text[length] == ' ');
    }
    ds_text_add(t, "\n");
}

static void say_line(ds_text *t, const char *label, const char *text)
{
    if (!text) return;
    ds_text_add(t, "  %-14s ", label);
    say_wrapped(t, text, 17);
}

/* Say a text that was put together, and give it back. */
static void say_text(ds_text *t, const char *label, ds_text *line)
{
    char *text = ds_text_take(line);
    say_line(t, label, text);
    if (!text) t->failed = true;
    free(text);
}

/* "; 1e-7 in dialect book" where a rule's default differs there. */
static void add_dialect(ds_text *t, const ds_head *rule, const ds_option *o)
{
    if (!rule || ds_definition("rule", rule->name) != rule) return;
    const char *book = ds_rule_default(rule, "book", o->name);
    if (!book)
        ds_text_add(t, "; no effect in dialect book");
    else if (o->def && strcmp(book, o->def))
        ds_text_add(t, "; %s in dialect book", book);
}

/* "default 1e-8; 1e-7 in dialect book" */
static void add_default(ds_text *t, const ds_head *rule, const ds_option *o)
{
    if (!o->def)
        ds_text_add(t, "; must be given");
    else if (*o->def)
        ds_text_add(t, "; default %s", o->def);
    add_dialect(t, rule, o);
}

static void say_option(ds_text *t, const ds_head *head, const ds_option *o)
{
    char wants[512];
    ds_text line = { 0 };
    ds_text_add(&line, "%s", ds_option_wants(o, wants, sizeof wants));
    add_default(&line, head, o);
    if (o->aliases) ds_text_add(&line, "; also called %s", o->aliases);
    say_line(t, o->name, o->help);
    say_text(t, "", &line);
}

static void say_table(ds_text *t, const ds_head *head, const ds_option *o)
{
    for (; o && o->type != DS_OPT_END; o++) say_option(t, head, o);
}

static void say_head(ds_text *t, const char *kind, const ds_head *h)
{
    ds_text_add(t, "%s (%s): %s\n", h->name, kind, h->summary);
    say_line(t, "formula", h->formula);
    say_line(t, "source", h->cite);
    say_line(t, "elsewhere", h->elsewhere);
    say_table(t, h, h->options);
    if (!strcmp(kind, "layer")) ds_text_add(t, "  keys that every layer may have: descent explain layer\n");
    ds_text_add(t, "\n");
}

static void say_kind(ds_text *t, const ds_registry *r)
{
    ds_text_add(t, "%s: %s\n", r->kind, r->summary);
    for (int k = 0; k < r->count; k++) say_line(t, r->heads[k]->name, r->heads[k]->summary);
    if (!strcmp(r->kind, "layer")) {
        ds_text_add(t, "keys of every entry, where they have an effect:\n");
        say_table(t, NULL, ds_layer_common());
    }
    ds_text_add(t, "\n");
}

/* Options of all definitions of a registry, each name once. */
static void say_options(ds_text *t, const ds_registry *r)
{
    ds_text names = { 0 };
    for (int k = 0; k < r->count; k++)
        for (const ds_option *o = r->heads[k]->options; o && o->type != DS_OPT_END; o++) {
            bool before = false;
            for (int i = 0; i < k; i++) before |= ds_option_find(r->heads[i]->options, o->name) >= 0;
            if (!before) ds_text_add(&names, "%s%s", names.bytes ? ", " : "", o->name);
        }
    if (names.bytes) say_text(t, "their options", &names);
}

static void say_section(ds_text *t, const ds_section *s)
{
    ds_text_add(t, "%s (section of a config): %s\n", s->name, s->summary);
    say_table(t, NULL, s->options);
    if (s->kind) {
        const ds_registry *r = ds_registry_named(s->kind);
        ds_text_add(t, "and the options of what %s names:\n", s->selector);
        for (int k = 0; r && k < r->count; k++) say_line(t, r->heads[k]->name, r->heads[k]->summary);
        if (r) say_options(t, r);
    }
    ds_text_add(t, "\n");
}

static bool alike(const owned *a, const owned *b)
{
    return !strcmp(a->option->name, b->option->name) && a->option->help && b->option->help &&
           !strcmp(a->option->help, b->option->help) && !strcmp(a->kind, b->kind);
}

/* How the key is written on a command line: optimizer.beta2, model.layers.N.pad. A part has options once it is named in
 * a map. */
static void say_key(ds_text *t, const owned *o)
{
    char path[CONFIG_PATH], around[CONFIG_PATH];
    ds_text line = { 0 };
    config_option_path(o->kind, o->owner, o->option->name, path);
    if (!*path) return;
    ds_text_add(&line, "%s", path);
    config_key_of_kind(o->kind, around);
    if (o->head && strchr(around, '.') && !config_listed(o->kind))
        ds_text_add(&line, ", where %s is {name: %s, ...}", around, o->head->name);
    say_text(t, "key", &line);
}

static void say_default(ds_text *t, const owned *o)
{
    const ds_option *option = o->option;
    ds_text line = { 0 };
    if (!option->def)
        ds_text_add(&line, "none, it must be given");
    else
        ds_text_add(&line, "%s", *option->def ? option->def : "absent");
    if (option->why) ds_text_add(&line, ": %s", option->why);
    add_dialect(&line, o->head, option);
    say_text(t, "default", &line);
}

/* Names that the value may have. */
static void say_values(ds_text *t, const ds_option *o)
{
    const ds_registry *r = o->kind && !o->map ? ds_registry_named(o->kind) : NULL;
    ds_text names = { 0 };
    for (int k = 0; r && k < r->count; k++) ds_text_add(&names, "%s%s", k ? ", " : "", r->heads[k]->name);
    if (r) say_text(t, "values", &names);
}

/* Of a group: the defaults that differ from the first one's. */
static void say_other_defaults(ds_text *t, const found *f, int first)
{
    const owned *o = &f->list[first];
    ds_text line = { 0 };
    for (int k = first + 1; k < f->count; k++) {
        const owned *p = &f->list[k];
        if (alike(o, p) && o->option->def && p->option->def && strcmp(o->option->def, p->option->def))
            ds_text_add(&line, "%s%s of %s", line.bytes ? ", " : "", p->option->def, p->owner);
    }
    if (line.bytes) say_text(t, "", &line);
}

/* Formulas of the definitions that share an option; of many only how to see them. */
static void say_formulas(ds_text *t, const found *f, int first, int same)
{
    enum { MANY = 3 };
    const owned *o = &f->list[first];
    for (int k = first; k < f->count && same <= MANY; k++) {
        const ds_head *h = f->list[k].head;
        ds_text line = { 0 };
        if (!alike(o, &f->list[k]) || !h || !h->formula) continue;
        if (same > 1) ds_text_add(&line, "%s: ", h->name);
        ds_text_add(&line, "%s", h->formula);
        say_text(t, "formula", &line);
    }
    if (same > MANY && o->head) say_line(t, "formula", "of each: descent explain NAME");
}

/* Options of one name, those that mean the same together. */
static void say_owned(ds_text *t, found *f)
{
    char wants[512];
    for (int i = 0; i < f->count; i++) {
        owned *o = &f->list[i];
        int same = 0;
        if (o->said) continue;
        ds_text_add(t, "%s of ", o->option->name);
        for (int k = i; k < f->count; k++)
            if (alike(o, &f->list[k])) {
                ds_text_add(t, "%s%s", same++ ? ", " : "", f->list[k].owner);
                f->list[k].said = true;
            }
        ds_text_add(t, " (%s)\n", o->kind);
        const ds_head *alone = same == 1 ? o->head : NULL;
        say_line(t, "meaning", o->option->help);
        say_formulas(t, f, i, same);
        say_line(t, "takes", ds_option_wants(o->option, wants, sizeof wants));
        say_values(t, o->option);
        say_default(t, o);
        say_other_defaults(t, f, i);
        say_line(t, "source", o->option->cite ? o->option->cite : alone ? alone->cite : NULL);
        say_line(t, "elsewhere", o->option->elsewhere ? o->option->elsewhere : alone ? alone->elsewhere : NULL);
        say_line(t, "also called", o->option->aliases);
        say_key(t, o);
        ds_text_add(t, "\n");
    }
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

typedef struct words {
    const char *list[2 * MOST];
    int count;
} words;

static void add_word(words *w, const char *word)
{
    if (w->count < 2 * MOST) w->list[w->count++] = word;
}

static void add_names(void *arg, const char *kind, const char *owner, const ds_head *head, const ds_option *table)
{
    if (strcmp(kind, "map")) add_word(arg, head ? head->name : owner); /* a map's name is a key around it */
    for (; table && table->type != DS_OPT_END; table++) add_word(arg, table->name);
}

/* Names of the options that "owner.option" could have meant. */
typedef struct neighbours {
    const char *owner;
    words *words;
} neighbours;

static void add_neighbours(void *arg, const char *kind, const char *owner, const ds_head *head, const ds_option *table)
{
    neighbours *n = arg;
    (void)head;
    if (!config_means(n->owner, kind, owner)) return;
    for (; table && table->type != DS_OPT_END; table++) add_word(n->words, table->name);
}

static void say_nothing(ds_text *t, const char *name, const char *owner)
{
    words *w = calloc(1, sizeof *w);
    if (!w) {
        t->failed = true;
        return;
    }
    int n;
    const char *near = NULL;
    ds_text_add(t, "nothing is called \"%s\"", name);
    if (*owner) {
        config_each_table(add_neighbours, &(neighbours){ owner, w });
        near = ds_nearest(config_last_word(name), w->list, w->count);
    }
    if (near) {
        ds_text_add(t, "; did you mean \"%s.%s\"?\n", owner, near);
    } else {
        const ds_registry *const *all = ds_registries(&n);
        for (int q = 0; q < n; q++) add_word(w, all[q]->kind);
        config_each_table(add_names, w);
        near = ds_nearest(name, w->list, w->count);
        if (!near) near = ds_nearest(config_last_word(name), w->list, w->count);
        if (near)
            ds_text_add(t, "; did you mean \"%s\"?\n", near);
        else
            ds_text_add(t, "; there are the sections data, model, optimizer, schedule, train, and what they name\n");
    }
    free(w);
}

typedef struct map_wanted {
    ds_text *t;
    const char *name;
    bool *any;
} map_wanted;

/* A map within a section, by its path or its last word. */
static void say_map(void *arg, const char *kind, const char *owner, const ds_head *head, const ds_option *table)
{
    map_wanted *w = arg;
    char path[CONFIG_PATH];
    config_without_positions(owner, path, sizeof path);
    if (strcmp(kind, "map") || (strcmp(w->name, path) && strcmp(w->name, config_last_word(path)))) return;
    ds_text_add(w->t, "keys of %s:\n", owner);
    say_table(w->t, head, table);
    ds_text_add(w->t, "\n");
    *w->any = true;
}

/* Sections, kinds, definitions and ops of this very name. */
static bool say_named(ds_text *t, const char *name)
{
    bool any = false;
    int n, count;
    for (int s = 0; s < ds_config_section_count; s++)
        if (!strcmp(ds_config_sections[s].name, name)) {
            say_section(t, &ds_config_sections[s]);
            any = true;
        }
    const ds_registry *const *all = ds_registries(&n);
    for (int q = 0; q < n; q++)
        if (!strcmp(all[q]->kind, name) && !any) {
            say_kind(t, all[q]);
            any = true;
        }
    config_each_table(say_map, &(map_wanted){ t, name, &any });
    for (int q = 0; q < n; q++)
        for (int k = 0; k < all[q]->count; k++)
            if (!strcmp(all[q]->heads[k]->name, name)) {
                say_head(t, all[q]->kind, all[q]->heads[k]);
                any = true;
            }
    const ds_op *const *ops = ds_ops(&count);
    for (int k = 0; k < count && !any; k++)
        if (!strcmp(ops[k]->head.name, name)) {
            say_head(t, "op", &ops[k]->head);
            any = true;
        }
    return any;
}

char *ds_explain(const char *asked, bool *out)
{
    ds_text t = { 0 };
    char name[128], owner[128] = "";
    config_without_positions(asked, name, sizeof name);
    const char *dot = strrchr(name, '.');
    if (dot) snprintf(owner, sizeof owner, "%.*s", (int)(dot - name), name);
    found *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    bool any = say_named(&t, name);
    wanted w = { .owner = owner, .option = dot ? dot + 1 : name, .out = f };
    config_each_table(collect, &w);
    say_owned(&t, f);
    any |= f->count > 0;
    free(f);
    if (!any) say_nothing(&t, asked, owner);
    if (out) *out = any;
    return ds_text_take(&t);
}
