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
    const char *kind, *owner; /* "rule", "adam"; "section", "train" */
    const ds_head *head;      /* NULL: of a section or of all layers */
    const ds_option *option;
    bool said;
} owned;

typedef struct found {
    owned list[MOST];
    int count;
} found;

/* ---- lists of what there is -------------------------------------------------------------------------------------- */

/* Visit every table that a config knows, those of sections first. */
typedef void visitor(void *arg, const char *kind, const char *owner, const ds_head *head, const ds_option *table);
static void each_table(visitor *visit, void *arg)
{
    for (int s = 0; s < ds_config_section_count; s++)
        visit(arg, "section", ds_config_sections[s].name, NULL, ds_config_sections[s].options);
    visit(arg, "section", "penalty", NULL, ds_config_penalty);
    visit(arg, "layer", "every layer", NULL, ds_layer_common());
    int n;
    const ds_registry *const *all = ds_registries(&n);
    for (int q = 0; q < n; q++)
        for (int k = 0; k < all[q]->count; k++)
            visit(arg, all[q]->kind, all[q]->heads[k]->name, all[q]->heads[k], all[q]->heads[k]->options);
}

/* Whether `owner` in "owner.option" means this table: a definition, a kind, or the section that selects the kind. */
static bool means(const char *owner, const char *kind, const char *name, const ds_head *head)
{
    if (!*owner || !strcmp(owner, name) || !strcmp(owner, kind)) return true;
    if (!strcmp(name, "every layer")) return ds_definition("layer", owner) != NULL;
    for (int s = 0; s < ds_config_section_count; s++)
        if (head && ds_config_sections[s].kind && !strcmp(ds_config_sections[s].kind, kind) &&
            !strcmp(ds_config_sections[s].name, owner))
            return true;
    return !strcmp(owner, "model.penalty") && !strcmp(name, "penalty");
}

typedef struct wanted {
    const char *owner, *option;
    found *out;
} wanted;

static void collect(void *arg, const char *kind, const char *owner, const ds_head *head, const ds_option *table)
{
    wanted *w = arg;
    int k = ds_option_find(table, w->option);
    bool itself = !*w->owner && head && !strcmp(head->name, w->option); /* "dense" of dense is said with dense */
    if (k < 0 || itself || !means(w->owner, kind, owner, head) || w->out->count == MOST) return;
    w->out->list[w->out->count++] = (owned){ .kind = kind, .owner = owner, .head = head, .option = &table[k] };
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

/* "default 1e-8; 1e-7 in dialect book" */
static void add_default(ds_text *t, const ds_head *rule, const ds_option *o)
{
    if (!o->def)
        ds_text_add(t, "; must be given");
    else if (*o->def)
        ds_text_add(t, "; default %s", o->def);
    if (!rule || ds_definition("rule", rule->name) != rule) return;
    const char *book = ds_rule_default(rule, "book", o->name);
    if (!book)
        ds_text_add(t, "; no effect in dialect book");
    else if (o->def && strcmp(book, o->def))
        ds_text_add(t, "; %s in dialect book", book);
}

static void say_option(ds_text *t, const ds_head *head, const ds_option *o)
{
    char wants[512];
    ds_text line = { 0 };
    ds_text_add(&line, "%s", ds_option_wants(o, wants, sizeof wants));
    add_default(&line, head, o);
    if (o->aliases) ds_text_add(&line, "; also called %s", o->aliases);
    char *text = ds_text_take(&line);
    say_line(t, o->name, o->help);
    say_line(t, "", text ? text : "");
    if (!text) t->failed = true;
    free(text);
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

static void say_section(ds_text *t, const ds_section *s)
{
    ds_text_add(t, "%s (section of a config): %s\n", s->name, s->summary);
    say_table(t, NULL, s->options);
    if (s->kind) {
        const ds_registry *r = ds_registry_named(s->kind);
        ds_text_add(t, "and the options of what %s names:\n", s->selector);
        for (int k = 0; r && k < r->count; k++) say_line(t, r->heads[k]->name, r->heads[k]->summary);
    }
    ds_text_add(t, "\n");
}

static bool alike(const owned *a, const owned *b)
{
    return !strcmp(a->option->name, b->option->name) && a->option->help && b->option->help &&
           !strcmp(a->option->help, b->option->help) && !strcmp(a->kind, b->kind);
}

/* Options of one name, those that mean the same together. */
static void say_owned(ds_text *t, found *f)
{
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
        if (same == 1 && o->head) say_line(t, "formula", o->head->formula);
        if (same == 1 && o->head) say_line(t, "source", o->head->cite);
        if (same == 1 && o->head) say_line(t, "elsewhere", o->head->elsewhere);
        say_option(t, o->head, o->option);
        for (int k = i + 1; k < f->count; k++) {
            const owned *p = &f->list[k];
            if (alike(o, p) && o->option->def && p->option->def && strcmp(o->option->def, p->option->def))
                ds_text_add(t, "  %-14s default of %s: %s\n", "", p->owner, p->option->def);
        }
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
    (void)kind;
    add_word(arg, head ? head->name : owner);
    for (; table && table->type != DS_OPT_END; table++) add_word(arg, table->name);
}

static void say_nothing(ds_text *t, const char *name)
{
    words *w = calloc(1, sizeof *w);
    if (!w) {
        t->failed = true;
        return;
    }
    int n;
    const ds_registry *const *all = ds_registries(&n);
    for (int q = 0; q < n; q++) add_word(w, all[q]->kind);
    each_table(add_names, w);
    const char *dot = strrchr(name, '.'), *near = ds_nearest(name, w->list, w->count);
    if (!near && dot) near = ds_nearest(dot + 1, w->list, w->count);
    ds_text_add(t, "nothing is called \"%s\"", name);
    if (near)
        ds_text_add(t, "; did you mean \"%s\"?\n", near);
    else
        ds_text_add(t, "; there are the sections data, model, optimizer, schedule, train, and what they name\n");
    free(w);
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
    if (!strcmp(name, "penalty") || !strcmp(name, "model.penalty")) {
        ds_text_add(t, "penalty (part of section model): what is added to the loss\n");
        say_table(t, NULL, ds_config_penalty);
        ds_text_add(t, "\n");
        return true;
    }
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

char *ds_explain(const char *name, bool *out)
{
    ds_text t = { 0 };
    char owner[64] = "";
    const char *dot = strrchr(name, '.');
    if (dot) snprintf(owner, sizeof owner, "%.*s", (int)(dot - name), name);
    found *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    bool any = say_named(&t, name);
    wanted w = { .owner = owner, .option = dot ? dot + 1 : name, .out = f };
    each_table(collect, &w);
    say_owned(&t, f);
    any |= f->count > 0;
    free(f);
    if (!any) say_nothing(&t, name);
    if (out) *out = any;
    return ds_text_take(&t);
}
