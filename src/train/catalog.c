/* catalog.c - all registries in one list, and `explain`: everything that can be chosen, said from the same tables that
 * read it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/source.h"
#include "nn/nn.h"
#include "op/ops.h"
#include "optim/rule.h"
#include "optim/schedule.h"
#include "problem/problem.h"
#include "train/config_node.h"

static const ds_registry *const registries[] = {
    &ds_source_registry,     &ds_sampler_registry, &ds_transform_registry,   &ds_layer_registry,
    &ds_activation_registry, &ds_norm_registry,    &ds_initializer_registry, &ds_loss_registry,
    &ds_metric_registry,     &ds_rule_registry,    &ds_schedule_registry
};
enum { REGISTRIES = sizeof registries / sizeof registries[0] };

const ds_registry *const *ds_registries(int *count)
{
    *count = REGISTRIES;
    return registries;
}

const ds_registry *ds_registry_named(const char *kind)
{
    for (int k = 0; k < REGISTRIES; k++)
        if (!strcmp(registries[k]->kind, kind)) return registries[k];
    return NULL;
}

const ds_head *ds_definition(const char *kind, const char *name)
{
    const ds_registry *r = ds_registry_named(kind);
    for (int k = 0; r && k < r->count; k++)
        if (!strcmp(r->heads[k]->name, name)) return r->heads[k];
    return NULL;
}

/* ---- explain ----------------------------------------------------------------------------------------------------- */

static void say_range(ds_text *t, const ds_option *o)
{
    switch (o->type) {
    case DS_OPT_REAL:
    case DS_OPT_INT:
        ds_text_add(t, "%s from %g to %g", o->type == DS_OPT_INT ? "integer" : "number", o->lo, o->hi);
        break;
    case DS_OPT_BOOL: ds_text_add(t, "true | false"); break;
    case DS_OPT_CHOICE: ds_text_add(t, "%s", o->choices); break;
    case DS_OPT_SPAN: ds_text_add(t, "\"N steps\" | \"N epochs\""); break;
    case DS_OPT_RANGE: ds_text_add(t, "[lo, hi]"); break;
    default: ds_text_add(t, "text"); break;
    }
}

static void say_option(ds_text *t, const ds_option *o)
{
    ds_text_add(t, "  %-14s %s\n  %-14s ", o->name, o->help, "");
    say_range(t, o);
    if (!o->def)
        ds_text_add(t, "; must be given");
    else if (*o->def)
        ds_text_add(t, "; default %s", o->def);
    if (o->aliases) ds_text_add(t, "; also called %s", o->aliases);
    ds_text_add(t, "\n");
}

static void say_table(ds_text *t, const ds_option *o)
{
    for (; o && o->type != DS_OPT_END; o++) say_option(t, o);
}

static void say_head(ds_text *t, const char *kind, const ds_head *h)
{
    ds_text_add(t, "%s (%s): %s\n", h->name, kind, h->summary);
    if (h->formula) ds_text_add(t, "  formula        %s\n", h->formula);
    if (h->cite) ds_text_add(t, "  source         %s\n", h->cite);
    if (h->elsewhere) ds_text_add(t, "  elsewhere      %s\n", h->elsewhere);
    say_table(t, h->options);
    ds_text_add(t, "\n");
}

/* One option of a definition, with where it belongs. */
static bool say_one(ds_text *t, const char *kind, const char *owner, const ds_option *table, const char *formula,
                    const char *name)
{
    int k = table ? ds_option_find(table, name) : -1;
    if (k < 0) return false;
    ds_text_add(t, "%s of %s (%s)\n", table[k].name, owner, kind);
    if (formula) ds_text_add(t, "  formula        %s\n", formula);
    say_option(t, &table[k]);
    ds_text_add(t, "\n");
    return true;
}

/* The part after the last dot names an option; before it stands a section or a definition, or nothing: then every owner
 * is meant. */
static bool say_options(ds_text *t, const char *name)
{
    char owner[64] = "";
    const char *dot = strrchr(name, '.');
    bool found = false;
    if (dot) snprintf(owner, sizeof owner, "%.*s", (int)(dot - name), name);
    const char *option = dot ? dot + 1 : name;
    for (int s = 0; s < ds_config_section_count; s++) {
        const config_section *c = &ds_config_sections[s];
        bool meant = !*owner || !strcmp(owner, c->name);
        if (meant) found |= say_one(t, "config", c->name, c->options, NULL, option);
        const ds_registry *r = c->kind ? ds_registry_named(c->kind) : NULL;
        for (int k = 0; r && k < r->count && meant && *owner; k++)
            found |= say_one(t, r->kind, r->heads[k]->name, r->heads[k]->options, r->heads[k]->formula, option);
    }
    for (int q = 0; q < REGISTRIES; q++)
        for (int k = 0; k < registries[q]->count; k++) {
            const ds_head *h = registries[q]->heads[k];
            if (!*owner || !strcmp(owner, h->name))
                found |= say_one(t, registries[q]->kind, h->name, h->options, h->formula, option);
        }
    if (!*owner || !strcmp(owner, "layer"))
        found |= say_one(t, "every layer", "layers", ds_layer_common(), NULL, option);
    return found;
}

static const char *nearest(const char *name)
{
    const char *names[512];
    int n = 0;
    for (int s = 0; s < ds_config_section_count; s++) {
        names[n++] = ds_config_sections[s].name;
        for (const ds_option *o = ds_config_sections[s].options; o->type != DS_OPT_END && n < 512; o++)
            names[n++] = o->name;
    }
    for (int q = 0; q < REGISTRIES; q++)
        for (int k = 0; k < registries[q]->count && n < 500; k++) {
            names[n++] = registries[q]->heads[k]->name;
            for (const ds_option *o = registries[q]->heads[k]->options; o && o->type != DS_OPT_END && n < 500; o++)
                names[n++] = o->name;
        }
    return ds_nearest(name, names, n);
}

char *ds_explain(const char *name, bool *found)
{
    ds_text t = { 0 };
    bool any = false;
    for (int s = 0; s < ds_config_section_count; s++)
        if (!strcmp(ds_config_sections[s].name, name)) {
            ds_text_add(&t, "%s (section of a config): %s\n", name, ds_config_sections[s].summary);
            say_table(&t, ds_config_sections[s].options);
            if (ds_config_sections[s].kind)
                ds_text_add(&t, "  and the options of the %s named by %s\n", ds_config_sections[s].kind,
                            ds_config_sections[s].selector);
            any = true;
        }
    for (int q = 0; q < REGISTRIES; q++) {
        if (!strcmp(registries[q]->kind, name)) {
            ds_text_add(&t, "%s: %s\n", name, registries[q]->summary);
            for (int k = 0; k < registries[q]->count; k++)
                ds_text_add(&t, "  %-20s %s\n", registries[q]->heads[k]->name, registries[q]->heads[k]->summary);
            any = true;
        }
        for (int k = 0; k < registries[q]->count; k++)
            if (!strcmp(registries[q]->heads[k]->name, name)) {
                say_head(&t, registries[q]->kind, registries[q]->heads[k]);
                any = true;
            }
    }
    any |= say_options(&t, name);
    int count;
    const ds_op *const *ops = ds_ops(&count);
    for (int k = 0; k < count && !any; k++)
        if (!strcmp(ops[k]->head.name, name)) {
            say_head(&t, "op", &ops[k]->head);
            any = true;
        }
    if (!any) {
        const char *near = nearest(name);
        ds_text_add(&t, "nothing is called \"%s\"%s%s%s\n", name,
                    near ? "; did you mean \"" : "; try `descent explain optimizer`", near ? near : "",
                    near ? "\"?" : "");
    }
    if (found) *found = any;
    return ds_text_take(&t);
}
