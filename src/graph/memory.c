/* memory.c - where each value lies in the work area: largest first, at the lowest place that is free while it lives.
 *
 * A kernel's raw result shares memory with the first store of its epilogue. A lone program may write over an operand
 * that it is the last to read. Outputs, and what changing units read of the static part, live to the end. */
#include <stdlib.h>
#include <string.h>

#include "graph/plan.h"

typedef struct life {
    int node, from, to;
    size_t bytes;
} life;

typedef struct placer {
    ds_planner *p;
    life *of;    /* per node; bytes 0: no memory of its own */
    int *donor;  /* per node: node whose place it takes over, 0: none */
    char *given; /* per node: its place has been taken over */
    int now;     /* unit in running order */
} placer;

static size_t node_bytes(const ds_node *n)
{
    size_t bytes = (size_t)ds_shape_count(n->shape) * ds_dtype_bytes(n->dtype);
    return (bytes + 63) / 64 * 64 + 128; /* slack that kernels may read */
}

static bool has_memory(const ds_planner *p, int id)
{
    if (!p->needed[id] || p->unit_of[id] < 0) return false;
    /* the copy of an output that is an input, or that is asked for twice, has no name to be bound by */
    if (p->bound && p->output[id] && ds_at(p, id)->op != &ds_op_copy && !p->unit[p->unit_of[id]].node)
        return false; /* a program's result, bound by the caller */
    return p->stored[id] || !ds_is_elementwise(p, id);
}

static void touch(placer *m, int id, int when)
{
    id = m->p->same[id];
    if (m->of[id].bytes && m->of[id].to < when) m->of[id].to = when;
}

static void read_node(placer *m, int id)
{
    ds_planner *p = m->p;
    id = ds_memory_node(p, id);
    bool outlives =
        p->nchanging && m->now >= p->static_units && p->unit_of[id] >= 0 && !p->unit[p->unit_of[id]].changing;
    touch(m, id, outlives ? p->nunits : m->now);
}

static void read_group(placer *m, const ds_group *q)
{
    for (int k = 0; k < q->count; k++) {
        const ds_node *n = ds_at(m->p, q->member[k]);
        for (int i = 0; i < n->nin; i++)
            if (!ds_in_group(q, n->in[i].id)) read_node(m, n->in[i].id);
    }
}

static void find_lives(placer *m)
{
    ds_planner *p = m->p;
    for (m->now = 0; m->now < p->nunits; m->now++) {
        const ds_work *u = &p->unit[p->order[m->now]];
        if (u->node) {
            const ds_node *n = ds_at(p, u->node);
            for (int i = u->pre >= 0; i < n->nin; i++) read_node(m, n->in[i].id);
        }
        if (u->pre >= 0) read_group(m, &p->group[u->pre]);
        if (u->post >= 0) read_group(m, &p->group[u->post]);
    }
    for (int id = 1; id < p->count; id++)
        if (p->output[id]) touch(m, ds_memory_node(p, id), p->nunits);
}

/* Let the stores of lone group q take over operands that die here. */
static void donate(placer *m, const ds_group *q)
{
    ds_planner *p = m->p;
    for (int k = 0; k < q->count; k++) {
        const ds_node *n = ds_at(p, q->member[k]);
        for (int i = 0; i < n->nin; i++) {
            int id = n->in[i].id;
            if (ds_in_group(q, id) || p->folded[id] || !ds_shape_equal(ds_at(p, id)->shape, q->shape)) continue;
            id = p->same[ds_memory_node(p, id)];
            if (!m->of[id].bytes || m->of[id].to != m->now || m->given[id]) continue;
            for (int s = 0; s < q->count && !m->given[id]; s++) {
                int to = q->member[s];
                if (!p->stored[to] || m->donor[to] || m->of[to].bytes != m->of[id].bytes) continue;
                m->donor[to] = id;
                m->given[id] = 1;
            }
        }
    }
}

static int larger(const void *a, const void *b)
{
    const life *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return x->from - y->from;
}

/* First fit among those already placed that live at the same time. placed[] is sorted by offset. */
static size_t first_fit(const ds_planner *p, const life *l, const life *placed, int n, int *at)
{
    size_t end = 0;
    *at = n;
    for (int k = 0; k < n; k++) {
        if (placed[k].to < l->from || placed[k].from > l->to) continue;
        size_t start = p->offset[placed[k].node];
        if (start >= end + l->bytes) break;
        if (start + placed[k].bytes > end) end = start + placed[k].bytes;
    }
    for (*at = 0; *at < n && p->offset[placed[*at].node] <= end;) ++*at;
    return end;
}

static ds_status pack(placer *m)
{
    ds_planner *p = m->p;
    life *todo = malloc(2 * ((size_t)p->count + 1) * sizeof *todo), *placed = todo + p->count + 1;
    if (!todo) return ds_fail_memory(p->ctx, (size_t)p->count * sizeof *todo, "a plan");
    int n = 0, done = 0;
    for (int id = 1; id < p->count; id++)
        if (m->of[id].bytes && !m->donor[id]) {
            todo[n] = m->of[id];
            todo[n++].node = id;
        }
    qsort(todo, (size_t)n, sizeof *todo, larger);
    for (int k = 0; k < n; k++) {
        int at;
        size_t place = first_fit(p, &todo[k], placed, done, &at);
        p->offset[todo[k].node] = place;
        memmove(placed + at + 1, placed + at, (size_t)(done - at) * sizeof *placed);
        placed[at] = todo[k];
        done++;
        if (place + todo[k].bytes > p->work_bytes) p->work_bytes = place + todo[k].bytes;
    }
    free(todo);
    return DS_OK;
}

/* A chain of takeovers is one stay in memory: the head lives until the last link dies. Later units first. */
static void join_chains(placer *m)
{
    ds_planner *p = m->p;
    for (int k = p->nunits - 1; k >= 0; k--) {
        const ds_work *u = &p->unit[p->order[k]];
        for (int s = 0; !u->node && s < p->group[u->post].count; s++) {
            int id = p->group[u->post].member[s];
            if (m->donor[id] && m->of[id].to > m->of[m->donor[id]].to) m->of[m->donor[id]].to = m->of[id].to;
        }
    }
}

/* Places of takers from their donors (earlier units first), then of nodes that share memory by construction. */
static void settle(placer *m)
{
    ds_planner *p = m->p;
    for (int k = 0; k < p->nunits; k++) {
        const ds_work *u = &p->unit[p->order[k]];
        for (int s = 0; !u->node && s < p->group[u->post].count; s++) {
            int id = p->group[u->post].member[s];
            if (m->donor[id]) p->offset[id] = p->offset[m->donor[id]];
        }
    }
    for (int id = 1; id < p->count; id++)
        if (p->same[id] != id) p->offset[id] = p->offset[p->same[id]];
}

/* Every value alone, none reused: what the checking backend wants. */
static void spread(placer *m)
{
    ds_planner *p = m->p;
    for (int id = 1; id < p->count; id++)
        if (m->of[id].bytes) {
            p->offset[id] = p->work_bytes;
            p->work_bytes += m->of[id].bytes;
        }
}

ds_status ds_place(ds_planner *p)
{
    placer m = { .p = p };
    bool poison = p->backend->flags & DS_BACKEND_POISON;
    m.of = calloc((size_t)p->count, sizeof *m.of);
    m.donor = calloc((size_t)p->count, sizeof *m.donor);
    m.given = calloc((size_t)p->count, 1);
    ds_status status =
        m.of && m.donor && m.given ? DS_OK : ds_fail_memory(p->ctx, (size_t)p->count * sizeof *m.of, "a plan");
    for (int k = 0; status == DS_OK && k < p->nunits; k++) {
        const ds_work *u = &p->unit[p->order[k]];
        if (u->node && u->post >= 0) /* raw result under the first store */
            for (int s = p->group[u->post].count - 1; s >= 0; s--)
                if (p->stored[p->group[u->post].member[s]]) p->same[u->node] = p->group[u->post].member[s];
    }
    for (int id = 1; status == DS_OK && id < p->count; id++)
        if (has_memory(p, id) && p->same[id] == id) {
            int when = p->unit[p->unit_of[id]].key;
            m.of[id] = (life){ id, when, when, node_bytes(ds_at(p, id)) };
        }
    if (status == DS_OK) find_lives(&m);
    for (m.now = 0; status == DS_OK && m.now < p->nunits && !poison; m.now++) {
        const ds_work *u = &p->unit[p->order[m.now]];
        if (!u->node) donate(&m, &p->group[u->post]);
    }
    if (status == DS_OK) {
        join_chains(&m);
        if (poison)
            spread(&m);
        else
            status = pack(&m);
        settle(&m);
    }
    free(m.given);
    free(m.of);
    free(m.donor);
    return status;
}
