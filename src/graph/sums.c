/* sums.c - sums over all rows that the kernel which makes their values takes along.
 *
 * Batch norm adds up what a convolution has just written (mean; forward), and a gradient and its product with the
 * centred activation (backward). Such a sum over all axes but the last joins the epilogue of the convolution, in the
 * same leaves and tree, and spares reading its operands again. The kernel hands out whole images, so an image must be
 * whole leaves. */
#include <stdlib.h>
#include <string.h>

#include "graph/plan.h"
#include "kernel/vec.h"

/* Sums all axes but the last of [images, .., channels], an image in whole leaves. */
static bool is_column_sum(const ds_planner *p, int id)
{
    const ds_node *n = ds_at(p, id);
    if (!p->needed[id] || strcmp(n->op->head.name, "sum")) return false;
    ds_shape s = ds_at(p, n->in[0].id)->shape;
    int64_t rows = 1;
    for (int a = 1; a < s.rank - 1; a++) rows *= s.dim[a];
    return s.rank > 2 && (unsigned)n->attr.i[0] == (1u << (s.rank - 1)) - 1 && s.dim[s.rank - 1] > 1 && rows > 0 &&
           rows % DS_COLUMN_LEAF == 0;
}

static bool takes_sums(const ds_planner *p, int id)
{
    if (ds_is_source(p, id) || ds_is_view(p, id) || ds_is_elementwise(p, id)) return false;
    const ds_kernel_def *k = ds_kernel_of(p, id);
    return k && k->flags & DS_KERNEL_SUMS;
}

/* The epilogue of kernel node id, made when there is none. */
static int epilogue_of(ds_planner *p, int id)
{
    for (int k = 0; k < p->ngroups; k++)
        if (p->group[k].anchor == id && !p->group[k].dead) return k;
    int k = ds_new_group(p, ds_at(p, id)->shape, ds_at(p, id)->dtype);
    if (k >= 0) p->group[k].anchor = id;
    return k;
}

/* Whether host q can compute group r, a prologue, from values that do not come from q themselves. */
static bool can_take(const ds_planner *p, const ds_group *q, const ds_group *r)
{
    ds_group all = *q;
    int high = 0;
    if (!ds_shape_equal(q->shape, r->shape) || q->dtype != r->dtype) return false;
    for (int m = 0; m < r->count; m++) {
        if (ds_in_group(q, r->member[m])) continue;
        if (all.count == DS_EW_MAX_INSTRS) return false;
        all.member[all.count++] = r->member[m];
        if (r->member[m] > high) high = r->member[m];
    }
    if (ds_count_loads(p, &all) > DS_EW_MAX_OPERANDS || ds_count_stores(p, q) + DS_EW_MAX_SUMS >= DS_EW_MAX_OPERANDS)
        return false;
    char *mark = p->mark;
    for (int m = 0; m < q->count; m++) mark[q->member[m]] = 1;
    mark[q->anchor] = 1;
    ds_spread_marks(p, r, high);
    bool free_of_q = true;
    for (int m = 0; m < r->count; m++)
        for (int i = 0; i < ds_at(p, r->member[m])->nin; i++) {
            int id = ds_at(p, r->member[m])->in[i].id;
            free_of_q &= !mark[id] || id == q->anchor || ds_in_group(&all, id);
        }
    memset(mark, 0, (size_t)p->count);
    return free_of_q;
}

static void take(ds_planner *p, int host, ds_group *r)
{
    ds_group *q = &p->group[host];
    int index = (int)(r - p->group);
    for (int m = 0; m < r->count; m++) {
        int *slot = &p->joined[DS_JOIN * r->member[m]], n = 0;
        for (int j = 0; j < DS_JOIN; j++)
            if (slot[j] >= 0 && slot[j] != index && slot[j] != host) slot[n++] = slot[j];
        slot[n++] = host;
        while (n < DS_JOIN) slot[n++] = -1;
        if (!ds_in_group(q, r->member[m])) q->member[q->count++] = r->member[m];
    }
    r->dead = true;
}

/* The epilogue that can take sum id, -1: none. r: its prologue, NULL: none. */
static int host_of(ds_planner *p, int id, const ds_group *r)
{
    int x = ds_at(p, id)->in[0].id;
    if (!r && takes_sums(p, x)) return epilogue_of(p, x);
    for (int k = 0; k < p->ngroups; k++) {
        const ds_group *q = &p->group[k];
        if (q->dead || !q->anchor || !takes_sums(p, q->anchor) || q->nsums == DS_EW_MAX_SUMS) continue;
        if (!r && ds_in_group(q, x)) return k;
        bool meets = false;
        for (int m = 0; r && m < r->count && !meets; m++)
            for (int i = 0; i < ds_at(p, r->member[m])->nin; i++)
                meets |= ds_in_group(q, ds_at(p, r->member[m])->in[i].id);
        if (meets && can_take(p, q, r)) return k;
    }
    return -1;
}

ds_status ds_host_sums(ds_planner *p)
{
    for (int id = 1; id < p->count; id++) {
        if (!is_column_sum(p, id)) continue;
        ds_group *r = NULL;
        for (int k = 0; k < p->ngroups && !r; k++)
            if (p->group[k].reduction == id && p->group[k].count) r = &p->group[k];
        int host = host_of(p, id, r);
        if (host < 0 || p->varies[id] != p->varies[p->group[host].anchor]) continue;
        ds_group *q = &p->group[host];
        if (q->nsums == DS_EW_MAX_SUMS) continue;
        if (r) take(p, host, r);
        q->sum[q->nsums++] = id;
        p->hosted[id] = 1;
    }
    return DS_OK;
}
