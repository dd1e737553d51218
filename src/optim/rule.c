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

int ds_rule_choice(const ds_rule_options *o, const char *name)
{
    const ds_optval *v = option_value(o, name);
    return v ? (int)v->integer : 0;
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
    ds_rule_state *s = keep(b, name, initial, ds_val_shape(b->g, b->theta));
    s->vector = true;
    return s;
}

ds_rule_state *ds_rule_keep_shaped(ds_rule_build *b, const char *name, double initial, ds_shape shape, bool unused)
{
    ds_rule_state *s = keep(b, name, initial, shape);
    if (unused) s->count = 0;
    return s;
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

ds_val ds_rule_given(ds_rule_build *b, unsigned need)
{
    ds_val *v = &b->given[ds_need_index(need)];
    if (!ds_val_ok(*v)) *v = ds_input(b->g, "given", ds_val_dtype(b->g, b->theta), ds_val_shape(b->g, b->theta));
    return *v;
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

enum { BY_RATE, BY_SCHEDULE, FIXED, CORRECTED }; /* in the order of option weight_decay_coupling */

/* The schedule's share of the rate: option lr is what it starts from. */
double ds_rule_shrink(const ds_rule_step *s)
{
    double l = ds_rule_real(&s->option, "weight_decay"), base = ds_rule_real(&s->option, "lr");
    switch (ds_rule_choice(&s->option, "weight_decay_coupling")) {
    case BY_SCHEDULE: return 1 - s->lr / base * l;
    case FIXED: return 1 - l;
    case CORRECTED: return 1 - s->lr * (s->lr / base) * l;
    default: return 1 - s->lr * l;
    }
}

/* By signs, since a product of small numbers may vanish. */
ds_val ds_rule_moved(ds_rule_build *b, ds_val x, ds_val step)
{
    ds_graph *g = b->g;
    if (!ds_rule_flag(&b->option, "cautious")) return ds_sub(g, x, step);
    ds_val against = ds_mul(g, ds_sign(g, step), ds_sign(g, b->grad));
    ds_val mask = ds_greater(g, against, ds_scale(g, against, 0));
    ds_val share = ds_rule_least(b, ds_rule_means(b, mask), 1e-3);
    return ds_sub(g, x, ds_mul(g, step, ds_div(g, mask, share)));
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

void ds_rule_load(const ds_rule_refresh *r, int state, int64_t at, int64_t n, double *to)
{
    if (r->dtype == DS_F32)
        for (int64_t i = 0; i < n; i++) to[i] = ((const float *)r->state[state])[at + i];
    else
        memcpy(to, (const double *)r->state[state] + at, (size_t)n * sizeof *to);
}

void ds_rule_store(const ds_rule_refresh *r, int state, int64_t at, int64_t n, const double *from)
{
    if (r->dtype == DS_F32)
        for (int64_t i = 0; i < n; i++) ((float *)r->state[state])[at + i] = (float)from[i];
    else
        memcpy((double *)r->state[state] + at, from, (size_t)n * sizeof *from);
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

/* What is said of options that many rules have; as ds_rule_def.conflict. */
static const char *shared_conflict(const ds_rule_options *o, const char **why)
{
    const ds_option *table = o->part->head->options;
    int coupling = ds_rule_choice(o, "weight_decay_coupling");
    bool coupled = ds_option_find(table, "decoupled_weight_decay") >= 0 && !ds_rule_flag(o, "decoupled_weight_decay");
    if (ds_rule_flag(o, "cautious") && ds_option_find(table, "momentum") >= 0 && ds_rule_real(o, "momentum") == 0) {
        *why = "needs momentum above 0: other steps always go against the gradient";
        return "cautious";
    }
    *why = coupled                                ? "needs decoupled_weight_decay to have an effect"
           : ds_rule_real(o, "weight_decay") == 0 ? "needs weight_decay above 0 to have an effect"
           : ds_rule_real(o, "lr") == 0           ? "needs lr above 0, which the rate is compared with"
                                                  : NULL;
    return coupling && *why ? "weight_decay_coupling" : NULL;
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
    if (!*option) *option = shared_conflict(&o, &why);
    return *option ? ds_fail(ctx, DS_ECONFIG, "option \"%s\" of rule \"%s\": %s", *option, rule->head->name, why)
                   : DS_OK;
}

bool ds_rule_couples(const ds_head *rule)
{
    const ds_rule_def *def = ds_rule_of(rule);
    return def && def->couples;
}

bool ds_rule_takes_matrices(const ds_head *rule)
{
    const ds_rule_def *def = ds_rule_of(rule);
    return def && def->each;
}
