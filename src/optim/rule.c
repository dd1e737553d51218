/* rule.c - options of rules in their dialects, and the pieces that updates are built of. */
#include "optim/rule.h"

#include <string.h>

#include "nn/nn.h"

static const ds_optval *option_value(const ds_rule_options *o, const char *name)
{
    int k = ds_option_find(o->part->head->options, name);
    return k < 0 ? NULL : &o->part->value[k];
}

double ds_rule_real(const ds_rule_options *o, const char *name)
{
    int k = ds_option_find(o->part->head->options, name);
    if (k < 0) return 0;
    const ds_optval *v = &o->part->value[k];
    return o->part->head->options[k].type == DS_OPT_INT ? (double)v->integer : v->real;
}

bool ds_rule_flag(const ds_rule_options *o, const char *name)
{
    const ds_optval *v = option_value(o, name);
    return v && v->integer;
}

static ds_rule_state *keep(ds_rule_build *b, const char *name, double initial, ds_shape shape)
{
    ds_rule_state *s = &b->state[b->nstates++];
    s->name = name;
    s->initial = initial;
    s->count = ds_shape_count(shape);
    s->now = ds_input(b->g, name, ds_val_dtype(b->g, b->theta), shape);
    return s;
}

ds_rule_state *ds_rule_keep(ds_rule_build *b, const char *name, double initial)
{
    return keep(b, name, initial, ds_val_shape(b->g, b->theta));
}

ds_rule_state *ds_rule_keep_number(ds_rule_build *b, const char *name, double initial)
{
    return keep(b, name, initial, (ds_shape){ 0 });
}

ds_val ds_rule_scalar(ds_rule_build *b, int i)
{
    if (!ds_val_ok(b->scalar[i]))
        b->scalar[i] = ds_input(b->g, "scalar", ds_val_dtype(b->g, b->theta), (ds_shape){ 0 });
    return b->scalar[i];
}

ds_val ds_rule_decayed(ds_rule_build *b, ds_val x)
{
    double l = ds_rule_real(&b->option, "weight_decay");
    return l == 0 ? b->grad : ds_add(b->g, b->grad, ds_scale(b->g, x, l));
}

ds_val ds_rule_shrunk(ds_rule_build *b, int i)
{
    return ds_rule_real(&b->option, "weight_decay") == 0 ? b->theta : ds_mul(b->g, b->theta, ds_rule_scalar(b, i));
}

ds_val ds_rule_mix(ds_rule_build *b, double a, ds_val x, double c, ds_val y)
{
    return ds_add(b->g, ds_scale(b->g, x, a), ds_scale(b->g, y, c));
}

ds_val ds_rule_least(ds_rule_build *b, ds_val x, double least)
{
    return ds_max(b->g, x, ds_fill(b->g, ds_val_dtype(b->g, x), ds_val_shape(b->g, x), least));
}

/* 1e-30 is a normal number in f32 too, and far below what a gradient gives. */
ds_val ds_rule_above(ds_rule_build *b, ds_val x, double eps)
{
    return eps > 0 ? ds_shift(b->g, x, eps) : ds_rule_least(b, x, 1e-30);
}

/* ---- dialects --------------------------------------------------------------------------------------------------- */

static bool is_book(const char *dialect) { return dialect && strcmp(dialect, "book") == 0; }

const char *ds_rule_default(const ds_head *rule, const char *dialect, const char *option)
{
    const ds_rule_def *def = ds_rule_of(rule);
    int k = def ? ds_option_find(rule->options, option) : -1;
    if (k < 0) return NULL;
    for (const ds_rule_default_def *d = is_book(dialect) ? def->book : NULL; d && d->option; d++)
        if (strcmp(d->option, rule->options[k].name) == 0) return d->value;
    return rule->options[k].def;
}

ds_status ds_rule_parse(ds_ctx *ctx, const char *text, ds_part *out)
{
    return ds_part_parse(ctx, NULL, &ds_rule_registry, "optimizer", text, out);
}

/* The table's default stands where the dialect has none: those are all neutral (0 or false). */
static ds_status resolve_option(ds_ctx *ctx, const char *dialect, ds_part *rule, int k)
{
    const ds_option *o = &rule->head->options[k];
    const char *def = ds_rule_default(rule->head, dialect, o->name);
    char why[256];
    if (rule->value[k].given && !def)
        return ds_fail(ctx, DS_ECONFIG,
                       "rule \"%s\" has no option \"%s\" in dialect \"%s\"; leave it out or take dialect \"torch\"",
                       rule->head->name, o->name, dialect);
    if (rule->value[k].given) return DS_OK;
    if (ds_option_parse(o, def ? def : o->def, &rule->value[k], why, sizeof why) != DS_OK)
        return ds_fail(ctx, DS_EBUG, "default of option \"%s\" of \"%s\": %s", o->name, rule->head->name, why);
    rule->value[k].given = false;
    return DS_OK;
}

ds_status ds_rule_resolve(ds_ctx *ctx, const char *dialect, ds_part *rule, const char **option)
{
    const char *at_fault = NULL, *why = NULL;
    if (!option) option = &at_fault;
    *option = NULL;
    const ds_rule_def *def = ds_rule_of(rule->head);
    if (!def)
        return ds_fail(ctx, DS_EUNKNOWN, "found \"%s\", wanted an optimizer rule",
                       rule->head ? rule->head->name : "nothing");
    if (dialect && !is_book(dialect) && strcmp(dialect, "torch") != 0)
        return ds_fail(ctx, DS_EUNKNOWN, "found dialect \"%s\", wanted \"torch\" or \"book\"", dialect);
    for (int k = 0; rule->head->options[k].type != DS_OPT_END; k++) {
        ds_status status = resolve_option(ctx, dialect, rule, k);
        if (status != DS_OK) {
            *option = rule->head->options[k].name;
            return status;
        }
    }
    ds_rule_options o = { rule, is_book(dialect) };
    *option = def->conflict ? def->conflict(&o, &why) : NULL;
    return *option ? ds_fail(ctx, DS_ECONFIG, "option \"%s\" of rule \"%s\": %s", *option, rule->head->name, why)
                   : DS_OK;
}

bool ds_rule_couples(const ds_head *rule)
{
    const ds_rule_def *def = ds_rule_of(rule);
    return def && def->couples;
}
