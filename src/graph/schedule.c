/* schedule.c - units (what becomes one step) and the order in which they run: the order of construction, each unit
 * after those it reads, units that depend on no `changing` input first. */
#include <stdlib.h>
#include <string.h>

#include "graph/plan.h"

/* Visit every memory node that a unit reads from outside itself. */
typedef bool (*visit_fn)(ds_planner *p, int unit, int node);

static bool visit_group(ds_planner *p, int unit, const ds_group *q, int own, visit_fn visit)
{
    for (int m = 0; m < q->count; m++) {
        const ds_node *n = ds_at(p, q->member[m]);
        for (int i = 0; i < n->nin; i++) {
            if (ds_in_group(q, n->in[i].id)) continue;
            int id = ds_memory_node(p, n->in[i].id);
            if (id != own && !visit(p, unit, id)) return false;
        }
    }
    return true;
}

static bool visit_reads(ds_planner *p, int unit, visit_fn visit)
{
    const ds_work *u = &p->unit[unit];
    if (u->node) {
        const ds_node *n = ds_at(p, u->node);
        for (int i = 0; i < n->nin; i++)
            if (!(i == 0 && u->pre >= 0) && !visit(p, unit, ds_memory_node(p, n->in[i].id))) return false;
    }
    if (u->pre >= 0 && !visit_group(p, unit, &p->group[u->pre], u->node, visit)) return false;
    return u->post < 0 || visit_group(p, unit, &p->group[u->post], u->node, visit);
}

static void group_key(const ds_planner *p, ds_work *u, const ds_group *q)
{
    for (int m = 0; m < q->count; m++)
        if (q->member[m] > u->key && p->stored[q->member[m]]) u->key = q->member[m];
}

static void own_group(ds_planner *p, int unit, const ds_group *q)
{
    for (int m = 0; m < q->count; m++)
        if (p->stored[q->member[m]] && !q->reduction) p->unit_of[q->member[m]] = unit;
    for (int k = 0; k < q->nsums; k++) p->unit_of[q->sum[k]] = unit;
}

static void make_units(ds_planner *p)
{
    for (int id = 1; id < p->count; id++) {
        p->unit_of[id] = -1;
        if (!p->needed[id] || ds_is_source(p, id) || ds_is_view(p, id) || ds_is_elementwise(p, id) || p->hosted[id])
            continue;
        p->unit_of[id] = p->nunits;
        p->unit[p->nunits++] = (ds_work){ .node = id, .pre = -1, .post = -1, .key = id };
    }
    for (int g = 0; g < p->ngroups; g++) {
        ds_group *q = &p->group[g];
        if (q->dead || q->count + q->nsums == 0) continue;
        int k = q->reduction ? p->unit_of[q->reduction] : q->anchor ? p->unit_of[q->anchor] : p->nunits++;
        ds_work *u = &p->unit[k];
        if (!q->reduction && !q->anchor) *u = (ds_work){ .pre = -1, .post = -1 };
        *(q->reduction ? &u->pre : &u->post) = g;
        group_key(p, u, q);
        own_group(p, k, q);
    }
}

static int by_key(const void *a, const void *b)
{
    const ds_work *x = *(const ds_work *const *)a, *y = *(const ds_work *const *)b;
    return (x->key > y->key) - (x->key < y->key);
}

static bool is_changing(ds_planner *p, int unit, int node)
{
    bool yes = false;
    for (int k = 0; k < p->nchanging; k++) yes |= p->changing[k].id == node;
    if (p->unit_of[node] >= 0) yes |= p->unit[p->unit_of[node]].changing;
    p->unit[unit].changing |= yes;
    return true;
}

static bool is_ready(ds_planner *p, int unit, int node)
{
    (void)unit;
    return p->unit_of[node] < 0 || p->unit[p->unit_of[node]].placed;
}

ds_status ds_schedule(ds_planner *p)
{
    make_units(p);
    ds_work **natural = malloc(((size_t)p->nunits + 1) * sizeof *natural);
    if (!natural) return ds_fail_memory(p->ctx, (size_t)p->nunits * sizeof *natural, "a plan");
    for (int k = 0; k < p->nunits; k++) natural[k] = &p->unit[k];
    qsort(natural, (size_t)p->nunits, sizeof *natural, by_key);
    int placed = 0;
    for (bool progress = true; progress && placed < p->nunits;) { /* one round when keys respect reads */
        progress = false;
        for (int k = 0; k < p->nunits; k++) {
            int u = (int)(natural[k] - p->unit);
            if (natural[k]->placed || !visit_reads(p, u, is_ready)) continue;
            visit_reads(p, u, is_changing);
            natural[k]->placed = progress = true;
            p->order[placed++] = u;
        }
    }
    free(natural);
    if (placed < p->nunits) return DS_EUSAGE; /* a cycle of merged groups: the caller plans again without merging */
    int n = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < placed; k++)
            if (p->unit[p->order[k]].changing == (pass == 1)) p->unit[p->order[k]].key = n++;
        if (pass == 0) p->static_units = n;
    }
    for (int k = 0; k < p->nunits; k++) p->order[p->unit[k].key] = k;
    return DS_OK;
}
