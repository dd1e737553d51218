/* route.c - which rule moves which tensor.
 *
 * A tensor belongs to the one group whose pattern and role it meets, or to none. Rules for matrices (ds_rule_def.rest)
 * leave vectors to another rule, group by group: so each group is one route or two, and no tensor is on more than one.
 * A kernel of a convolution counts as a matrix, as anything of two or more dimensions does. */
#include "optim/route.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/registry.h"

enum { NAMES = 8 };

/* Routes 2 g + 2 and 2 g + 3 are group g and its rest; 0 and 1 what no group names. */
typedef struct work {
    ds_ctx *ctx;
    const ds_optim_settings *set;
    const ds_space *space;
    ds_routes *out;
} work;

static ds_status fail(work *w, const char *key, ds_status status)
{
    ds_fail_key(w->ctx, key);
    return status;
}

static bool is_matrix(const ds_segment *s) { return s->shape.rank > 1; }

const char *ds_role_name(ds_role role) { return role == DS_WEIGHT ? "weight" : role == DS_BIAS ? "bias" : "norm"; }

static bool has_role(const ds_segment *s, const char *role)
{
    if (!role) return true;
    if (!strcmp(role, "matrix") || !strcmp(role, "vector")) return is_matrix(s) == !strcmp(role, "matrix");
    return !strcmp(role, ds_role_name(s->role));
}

/* The first names of a role, for messages. */
static const char *names_of(const work *w, const char *role, char *text, size_t bytes)
{
    size_t at = 0;
    int n = 0;
    for (int i = 0; i < ds_space_count(w->space) && at < bytes; i++) {
        const ds_segment *s = ds_space_segment(w->space, i);
        if (!has_role(s, role)) continue;
        if (n++ < NAMES) at += (size_t)snprintf(text + at, bytes - at, "%s%s", n > 1 ? ", " : "", s->name);
    }
    if (n > NAMES && at < bytes) snprintf(text + at, bytes - at, ", ...");
    return text;
}

/* The key of a group that says which tensors it means. */
static ds_status fail_group(work *w, int k, ds_status status)
{
    const ds_group *g = &w->set->group[k];
    char key[48];
    snprintf(key, sizeof key, "optimizer.groups.%d%s", k, g->match ? ".match" : g->role ? ".role" : "");
    return fail(w, key, status);
}

static ds_status check_group(work *w, int k, int met)
{
    static const char *const roles[] = { "weight", "bias", "norm", "matrix", "vector" };
    const ds_group *g = &w->set->group[k];
    char names[400] = "none";
    bool known = !g->role;
    for (int i = 0; i < 5 && !known; i++) known = !strcmp(g->role, roles[i]);
    if (!g->match && !g->role)
        return fail_group(w, k,
                          ds_fail(w->ctx, DS_ECONFIG, "group %d names no tensors; give it match, role or both", k));
    if (!known)
        return fail_group(w, k,
                          ds_fail(w->ctx, DS_ECONFIG,
                                  "group %d: found role \"%s\", wanted weight, bias, norm, matrix or vector", k,
                                  g->role));
    if (met) return DS_OK;
    return fail_group(w, k,
                      ds_fail(w->ctx, DS_ECONFIG, "group %d: no tensor%s%s%s is called \"%s\"; there are: %s", k,
                              g->role ? " of role \"" : "", g->role ? g->role : "", g->role ? "\"" : "",
                              g->match ? g->match : "*", names_of(w, g->role, names, sizeof names)));
}

/* of[i] = 2 (group + 1), of the group that names tensor i. */
static ds_status assign(work *w)
{
    for (int k = 0; k < w->set->groups; k++) {
        const ds_group *g = &w->set->group[k];
        int met = 0;
        for (int i = 0; i < ds_space_count(w->space); i++) {
            const ds_segment *s = ds_space_segment(w->space, i);
            if ((g->match && fnmatch(g->match, s->name, 0)) || !has_role(s, g->role)) continue;
            if (w->out->of[i])
                return fail_group(
                    w, k,
                    ds_fail(w->ctx, DS_ECONFIG,
                            "groups %d and %d both name tensor \"%s\"; narrow one of them: a tensor has one rule",
                            w->out->of[i] / 2 - 1, k, s->name));
            w->out->of[i] = 2 * (k + 1);
            met++;
        }
        DS_TRY(check_group(w, k, met));
    }
    return DS_OK;
}

/* ---- rules of routes --------------------------------------------------------------------------------------------- */

static const ds_part *rule_of(const work *w, int group)
{
    return group >= 0 && w->set->group[group].rule.head ? &w->set->group[group].rule : &w->set->rule;
}

/* What the settings say about the rest; NULL: nothing. */
static const ds_part *rest_of(const work *w, int group)
{
    const ds_part *own = group >= 0 && w->set->group[group].rest.head ? &w->set->group[group].rest : NULL;
    if (own) return own;
    bool same = rule_of(w, group)->head == w->set->rule.head;
    return same && w->set->rest.head ? &w->set->rest : NULL;
}

static ds_status resolve(work *w, ds_route *r, const ds_part *rule)
{
    const char *option;
    char key[96];
    r->rule = *rule;
    ds_status status = ds_rule_resolve(w->ctx, w->set->dialect, &r->rule, &option);
    if (status == DS_OK) return status;
    snprintf(key, sizeof key, "optimizer%s%s%s%s", *r->name ? "." : "", r->name, option ? "." : "",
             option ? option : "");
    return fail(w, key, status);
}

/* Matrices of a group on its first route, vectors on its second where its rule leaves them. */
static ds_status divide(work *w, int group)
{
    ds_route *r = &w->out->route[2 * (group + 1)];
    const ds_rule_def *def = ds_rule_of(rule_of(w, group)->head);
    int matrices = 0, vectors = 0, *of = w->out->of;
    snprintf(r[1].name, sizeof r->name, "rest");
    if (group >= 0) snprintf(r->name, sizeof r->name, "groups.%d", group);
    if (group >= 0) snprintf(r[1].name, sizeof r->name, "groups.%d.rest", group);
    if (group >= 0 && w->set->group[group].frozen) return DS_OK;
    DS_TRY(resolve(w, r, rule_of(w, group)));
    char key[48];
    snprintf(key, sizeof key, "optimizer.%s", r[1].name);
    const ds_part *rest = rest_of(w, group);
    bool own = group < 0 ? rest != NULL : w->set->group[group].rest.head != NULL;
    if (!def->rest && own)
        return fail(w, key,
                    ds_fail(w->ctx, DS_ECONFIG, "rule \"%s\" moves tensors of any shape: rest has no effect; remove it",
                            def->head.name));
    if (!def->rest || !w->space) return DS_OK;
    for (int i = 0; i < ds_space_count(w->space); i++) {
        if (of[i] != 2 * (group + 1)) continue;
        bool matrix = is_matrix(ds_space_segment(w->space, i));
        matrices += matrix;
        vectors += !matrix;
        of[i] += !matrix;
    }
    if (own && !vectors && (matrices || group >= 0))
        return fail(w, key, ds_fail(w->ctx, DS_ECONFIG, "rest has no effect: there are no vectors; remove it"));
    if (!matrices && vectors) {
        snprintf(key, sizeof key, "optimizer%s%s", *r->name ? "." : "", r->name);
        return fail(w, key,
                    ds_fail(w->ctx, DS_ECONFIG, "rule \"%s\" is for matrices, and %s has none; name another rule%s",
                            def->head.name, group < 0 ? "what no group names" : "the group",
                            group < 0 ? "" : " for it"));
    }
    ds_part standard = { .head = ds_registry_find(&ds_rule_registry, def->rest) };
    return resolve(w, &r[1], rest ? rest : &standard);
}

/* One route must be trained; and its rate is a share of the schedule, which begins with the settings' own. */
static ds_status check_rates(work *w)
{
    const ds_routes *r = w->out;
    bool book = w->set->dialect && !strcmp(w->set->dialect, "book"), trained = false;
    double base = ds_rule_real(&(ds_rule_options){ &r->route[0].rule, book }, "lr");
    for (int i = 0; i < ds_space_count(w->space); i++) {
        const ds_route *own = &r->route[r->of[i]];
        if (!own->rule.head) continue;
        trained = true;
        if (base == 0 && ds_rule_real(&(ds_rule_options){ &own->rule, book }, "lr") > 0)
            return fail(w, "optimizer.lr",
                        ds_fail(w->ctx, DS_ECONFIG,
                                "the optimizer's lr is 0 and \"%s\" has a rate: its share of the schedule cannot be "
                                "told; freeze groups instead",
                                own->name));
    }
    return trained ? DS_OK
                   : fail(w, "optimizer.groups",
                          ds_fail(w->ctx, DS_ECONFIG, "all tensors are frozen; leave one to be trained"));
}

static ds_status make(work *w)
{
    int segments = w->space ? ds_space_count(w->space) : 0;
    w->out->count = 2 * (w->set->groups + 1);
    w->out->route = calloc((size_t)w->out->count, sizeof *w->out->route);
    w->out->of = calloc((size_t)segments + 1, sizeof *w->out->of);
    if (!w->out->route || !w->out->of)
        return ds_fail_memory(w->ctx, (size_t)w->out->count * sizeof *w->out->route, "groups of an optimizer");
    if (w->set->groups && !w->space)
        return ds_fail(w->ctx, DS_EUSAGE, "groups of an optimizer want a space, whose tensors they name");
    DS_TRY(assign(w));
    for (int g = -1; g < w->set->groups; g++) DS_TRY(divide(w, g));
    return w->space ? check_rates(w) : DS_OK;
}

ds_status ds_routes_make(ds_routes *out, ds_ctx *ctx, const ds_optim_settings *s, const ds_space *space)
{
    *out = (ds_routes){ 0 };
    work w = { ctx, s, space, out };
    ds_status status = make(&w);
    if (status != DS_OK) ds_routes_free(out);
    return status;
}

void ds_routes_free(ds_routes *r)
{
    free(r->route);
    free(r->of);
    *r = (ds_routes){ 0 };
}
