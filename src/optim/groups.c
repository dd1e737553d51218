/* groups.c - an optimizer: a rule on each group of tensors.
 *
 * Each group lies in one piece (ds_optim_arrange), so it is a stretch of the vectors with its own rule, options and
 * state; nothing is copied, and rules that look at norms see the tensors of their group. Without groups there is one
 * stretch, which is all of the vectors. A group's rate is its own lr times what the schedule makes of the optimizer's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "optim/groups.h"

/* ---- making it --------------------------------------------------------------------------------------------------- */

/* The tensors of a route as a space of their own; *from is where they begin. DS_EUSAGE: they do not lie in one piece. */
static ds_status gather(ds_optim *o, const ds_routes *r, int route, const ds_space *space, ds_stretch_group *g)
{
    g->from = -1;
    for (int i = 0; i < ds_space_count(space); i++) {
        const ds_segment *s = ds_space_segment(space, i);
        if (r->of[i] != route) continue;
        if (g->from < 0) g->from = s->offset;
        if (s->offset != g->from + ds_space_dim(&g->space))
            return ds_fail(o->ctx, DS_EUSAGE, "tensor \"%s\" does not lie with its group; ds_optim_arrange first",
                           s->name);
        DS_TRY(ds_space_add(&g->space, o->ctx, s));
    }
    g->n = ds_space_dim(&g->space);
    return DS_OK;
}

static ds_status add_group(ds_optim *o, const ds_optim_settings *s, const ds_route *r, ds_stretch_group *g)
{
    ds_optim_settings own = *s;
    own.rule = r->rule;
    own.n = g->n;
    if (g->space.count) own.space = &g->space;
    snprintf(g->name, sizeof g->name, "%s", r->name);
    return ds_stretch_create(&g->at, o->ctx, &own);
}

static int tensors_of(const ds_routes *r, int route, const ds_space *space)
{
    int n = 0;
    for (int i = 0; i < ds_space_count(space); i++) n += r->of[i] == route;
    return n;
}

static double real_of(const ds_optim *o, const ds_route *r, const char *option)
{
    return ds_rule_real(&(ds_rule_options){ &r->rule, o->book }, option);
}

/* One group for each route that has tensors and is not frozen. What is all of the space keeps the space. */
static ds_status fill_groups(ds_optim *o, const ds_optim_settings *s, const ds_routes *r)
{
    o->group = calloc((size_t)r->count, sizeof *o->group);
    if (!o->group) return ds_fail_memory(o->ctx, (size_t)r->count * sizeof *o->group, "groups of an optimizer");
    for (int k = 0; k < r->count; k++) {
        int tensors = s->space ? tensors_of(r, k, s->space) : 0;
        bool all = s->space ? tensors == ds_space_count(s->space) : k == 0;
        if (!r->route[k].rule.head || !(all || tensors)) continue;
        ds_stretch_group *g = &o->group[o->groups++];
        g->n = s->n;
        if (!all) DS_TRY(gather(o, r, k, s->space, g));
        DS_TRY(add_group(o, s, &r->route[k], g));
        if (all) break;
    }
    return DS_OK;
}

static ds_status list_states(ds_optim *o)
{
    for (int k = 0; k < o->groups; k++) o->states += ds_stretch_states(o->group[k].at);
    o->state = calloc((size_t)o->states + 1, sizeof *o->state);
    if (!o->state) return ds_fail_memory(o->ctx, (size_t)o->states * sizeof *o->state, "names of states");
    ds_state_place *p = o->state;
    for (int k = 0; k < o->groups; k++)
        for (int i = 0; i < ds_stretch_states(o->group[k].at); i++, p++) {
            *p = (ds_state_place){ k, i, "" };
            snprintf(p->name, sizeof p->name, "%s%s%s", o->group[k].name, *o->group[k].name ? "." : "",
                     ds_stretch_state_name(o->group[k].at, i));
        }
    return DS_OK;
}

static ds_status create(ds_optim *o, const ds_optim_settings *s)
{
    unsigned needs;
    DS_TRY(ds_optim_needs_of(o->ctx, s, s->space, &needs));
    DS_TRY(ds_routes_make(&o->routes, o->ctx, s, s->space));
    DS_TRY(fill_groups(o, s, &o->routes));
    o->lr = real_of(o, &o->routes.route[0], "lr");
    DS_TRY(ds_slow_open(&o->slow, o->ctx, s));
    DS_TRY(list_states(o));
    return ds_needs_open(o);
}

ds_status ds_optim_create(ds_optim **out, ds_ctx *ctx, const ds_optim_settings *settings)
{
    *out = NULL;
    ds_optim *o = calloc(1, sizeof *o);
    if (!o) return ds_fail_memory(ctx, sizeof *o, "optimizer");
    *o = (ds_optim){ .ctx = ctx,
                     .n = settings->n,
                     .dtype = settings->dtype,
                     .space = settings->space,
                     .book = settings->dialect && !strcmp(settings->dialect, "book"),
                     .element = ds_dtype_bytes(settings->dtype),
                     .sam = settings->sam,
                     .seed = settings->seed };
    ds_status status = create(o, settings);
    if (status == DS_OK)
        *out = o;
    else
        ds_optim_free(o);
    return status;
}

void ds_optim_free(ds_optim *o)
{
    if (!o) return;
    for (int k = 0; k < o->groups; k++) {
        ds_stretch_free(o->group[k].at);
        ds_space_clear(&o->group[k].space);
    }
    ds_slow_close(&o->slow);
    ds_routes_free(&o->routes);
    free(o->group);
    free(o->state);
    ds_buffer_free(o->point);
    ds_needs_close(&o->needs);
    free(o);
}

ds_status ds_optim_arrange(ds_ctx *ctx, const ds_optim_settings *s, ds_problem *p)
{
    ds_routes r;
    DS_TRY(ds_routes_make(&r, ctx, s, ds_problem_space(p)));
    ds_problem_arrange(p, r.of);
    ds_routes_free(&r);
    return DS_OK;
}

/* ---- at work ----------------------------------------------------------------------------------------------------- */

double ds_optim_lr(const ds_optim *o) { return o->lr; }

/* Frozen tensors and groups that do not look ahead are at theta. */
ds_status ds_optim_point(ds_optim *o, const void *theta, const void **point)
{
    const void *own;
    *point = theta;
    if (o->groups == 1 && o->group[0].n == o->n) return ds_stretch_point(o->group[0].at, theta, point);
    for (int k = 0; k < o->groups; k++) {
        const ds_stretch_group *g = &o->group[k];
        const char *at = (const char *)theta + ds_group_offset(o, g);
        DS_TRY(ds_stretch_point(g->at, at, &own));
        if (own == at) continue;
        size_t bytes = (size_t)o->n * o->element;
        if (!o->point) o->point = ds_buffer_alloc(bytes);
        if (!o->point) return ds_fail_memory(o->ctx, bytes, "look-ahead point");
        if (*point == theta) memcpy(o->point, theta, bytes);
        *point = o->point;
        memcpy((char *)o->point + ds_group_offset(o, g), own, (size_t)g->n * o->element);
    }
    return DS_OK;
}

/* Without a rate of its own a group has the very rate that is given. */
static double rate_of(const ds_optim *o, const ds_stretch_group *g, double lr)
{
    double own = ds_stretch_lr(g->at);
    return own == o->lr ? lr : own * (lr / o->lr);
}

ds_status ds_optim_step(ds_optim *o, void *theta, const void *gradient, double lr)
{
    DS_TRY(ds_needs_check(o));
    ds_needs_before_step(o, theta);
    ds_slow_before(&o->slow, o->t + 1, theta);
    for (int k = 0; k < o->groups; k++) {
        const ds_stretch_group *g = &o->group[k];
        size_t at = ds_group_offset(o, g);
        const ds_given given = ds_needs_given(o, g);
        DS_TRY(ds_stretch_step(g->at, o->t + 1, (char *)theta + at, (const char *)gradient + at, &given,
                               rate_of(o, g, lr)));
        ds_slow_after(&o->slow, o->t + 1, theta, g->from, g->n);
    }
    o->t++;
    o->needs.told = 0;
    return DS_OK;
}

/* ---- what it remembers ------------------------------------------------------------------------------------------- */

static ds_stretch *owner(const ds_optim *o, int i) { return o->group[o->state[i].group].at; }

int ds_optim_states(const ds_optim *o) { return o->states; }
const char *ds_optim_state_name(const ds_optim *o, int i) { return o->state[i].name; }
int64_t ds_optim_state_count(const ds_optim *o, int i)
{
    return ds_stretch_state_count(owner(o, i), o->state[i].state);
}
void *ds_optim_state(ds_optim *o, int i) { return ds_stretch_state(owner(o, i), o->state[i].state); }

int ds_optim_state_find(const ds_optim *o, const char *name)
{
    for (int i = 0; i < o->states; i++)
        if (strcmp(o->state[i].name, name) == 0) return i;
    return -1;
}

double *ds_optim_numbers(ds_optim *o) { return ds_stretch_numbers(o->group[0].at); }
int64_t ds_optim_steps(const ds_optim *o) { return o->t; }
void ds_optim_set_steps(ds_optim *o, int64_t steps) { o->t = steps; }

static void remember_numbers(const ds_stretch_group *g, ds_state *st)
{
    for (int i = 0; ds_stretch_number_name(g->at, i); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", g->name, *g->name ? "." : "", ds_stretch_number_name(g->at, i));
        ds_state_real(st, "optim", name, &ds_stretch_numbers(g->at)[i]);
    }
}

void ds_optim_remember(ds_optim *o, ds_state *st)
{
    for (int i = 0; i < o->states; i++)
        ds_state_vector(st, "optim", o->state[i].name, o->dtype, ds_optim_state_count(o, i), ds_optim_state(o, i));
    if (o->slow.weights) ds_state_vector(st, "optim", "slow", o->dtype, o->n, o->slow.weights);
    ds_needs_remember(o, st);
    ds_state_integer(st, "optim", "steps", &o->t);
    for (int k = 0; k < o->groups; k++) remember_numbers(&o->group[k], st);
}

/* ---- who moves what ---------------------------------------------------------------------------------------------- */

int ds_optim_groups(const ds_optim *o)
{
    int n = 0;
    for (int k = 0; k < o->routes.count && o->space; k++) n += tensors_of(&o->routes, k, o->space) > 0;
    return n ? n : 1;
}

/* What of the states lies beside one tensor. */
static size_t state_bytes(const ds_optim *o, const ds_route *r, const ds_segment *s)
{
    int64_t elements = 0;
    for (int k = 0; k < o->groups; k++) {
        const ds_stretch_group *g = &o->group[k];
        if (!strcmp(g->name, r->name)) elements += ds_stretch_beside(g->at, s->offset - g->from, s->count);
    }
    return (size_t)elements * o->element;
}

bool ds_optim_routing(const ds_optim *o, int i, ds_routing *out)
{
    const ds_segment *s = o->space ? ds_space_segment(o->space, i) : NULL;
    if (!s) return false;
    const ds_route *r = &o->routes.route[o->routes.of[i]];
    *out = (ds_routing){ .name = s->name,
                         .shape = s->shape,
                         .role = ds_role_name(s->role),
                         .group = r->name,
                         .rule = r->rule.head ? r->rule.head->name : NULL };
    if (!r->rule.head) return true;
    out->lr = real_of(o, r, "lr");
    out->weight_decay = real_of(o, r, "weight_decay");
    out->state_bytes = state_bytes(o, r, s);
    return true;
}

void ds_optim_leave_out(const ds_optim *o, void *gradient)
{
    for (int i = 0; o->space && i < ds_space_count(o->space); i++) {
        const ds_segment *s = ds_space_segment(o->space, i);
        if (!o->routes.route[o->routes.of[i]].rule.head)
            memset((char *)gradient + (size_t)s->offset * o->element, 0, (size_t)s->count * o->element);
    }
}

size_t ds_optim_state_bytes(const ds_optim *o)
{
    int64_t elements = o->slow.weights ? o->n : 0;
    for (int i = 0; i < o->states; i++) elements += ds_optim_state_count(o, i);
    return (size_t)elements * o->element;
}

size_t ds_optim_bytes(const ds_optim *o)
{
    size_t bytes = (size_t)o->n * o->element * (size_t)((o->point != NULL) + (o->slow.weights != NULL));
    bytes += ds_needs_bytes(o);
    for (int k = 0; k < o->groups; k++) bytes += ds_stretch_bytes(o->group[k].at);
    return bytes;
}

size_t ds_optim_traffic(const ds_optim *o)
{
    size_t bytes = 0;
    for (int k = 0; k < o->groups; k++) bytes += ds_stretch_traffic(o->group[k].at);
    return bytes;
}
