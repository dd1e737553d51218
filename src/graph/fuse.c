/* fuse.c - groups of elementwise nodes that run as one pass over memory.
 *
 * Nodes are visited from outputs to inputs. A node joins the group of its consumers when all of them are in one; a
 * cheap node (at most one full-size operand) joins every group that uses it and is computed again there, which spares
 * writing and reading it; groups that share a dear node are merged when neither depends on the other. Everything else
 * starts a group of its own and is stored. A reduction opens a group for its prologue; a kernel with an epilogue takes
 * over the group that alone consumes it. */
#include <stdlib.h>
#include <string.h>

#include "graph/plan.h"

bool ds_in_group(const ds_group *q, int id)
{
    for (int i = 0; i < q->count; i++)
        if (q->member[i] == id) return true;
    return false;
}

int ds_memory_node(const ds_planner *p, int id)
{
    while (ds_is_view(p, id) || p->folded[id]) id = ds_at(p, id)->in[0].id;
    return id;
}

bool ds_fits_cut(ds_shape from, ds_shape s, int cut)
{
    int shift = s.rank - from.rank;
    for (int side = 0; side < 2; side++) {
        bool full = false, repeated = false;
        for (int a = side ? cut : 0; a < (side ? s.rank : cut); a++) {
            if (s.dim[a] == 1) continue;
            bool one = a < shift || from.dim[a - shift] == 1;
            if (one)
                repeated = true;
            else
                full = true;
        }
        if (full && repeated) return false;
    }
    return true;
}

int ds_new_group(ds_planner *p, ds_shape s, ds_dtype t)
{
    if (p->ngroups == p->group_capacity) {
        int capacity = p->group_capacity ? 2 * p->group_capacity : 64;
        ds_group *group = realloc(p->group, (size_t)capacity * sizeof *group);
        if (!group) return -1;
        p->group = group;
        p->group_capacity = capacity;
    }
    p->group[p->ngroups] = (ds_group){ .shape = s, .dtype = t, .cut = -1 };
    return p->ngroups++;
}

int ds_count_loads(const ds_planner *p, const ds_group *q)
{
    int seen[2 * DS_EW_MAX_OPERANDS], n = 0;
    for (int m = 0; m < q->count; m++) {
        const ds_node *node = ds_at(p, q->member[m]);
        for (int i = 0; i < node->nin; i++) {
            int id = node->in[i].id, k = 0;
            if (ds_in_group(q, id)) continue;
            while (k < n && seen[k] != id) k++;
            if (k < n) continue;
            if (n == 2 * DS_EW_MAX_OPERANDS) return n;
            seen[n++] = id;
        }
    }
    return n;
}

int ds_count_stores(const ds_planner *p, const ds_group *q)
{
    int n = 0;
    for (int m = 0; m < q->count; m++) n += p->stored[q->member[m]];
    return n;
}

/* Computing it twice costs less than storing it once: one light instruction on at most one full-size operand. */
static bool is_cheap(const ds_planner *p, int id)
{
    static const char *const light[] = { "add",           "sub",    "mul",  "scale",      "shift",
                                         "neg",           "square", "relu", "leaky_relu", "greater",
                                         "greater_equal", "abs",    "sign", "min",        "max" };
    const ds_node *n = ds_at(p, id);
    bool known = false;
    for (size_t k = 0; k < sizeof light / sizeof light[0] && !known; k++) known = !strcmp(n->op->head.name, light[k]);
    int full = 0;
    for (int i = 0; i < n->nin; i++) full += !p->folded[n->in[i].id] && ds_at(p, n->in[i].id)->op != &ds_op_fill;
    return known && full <= 1;
}

/* Room for id, with operands that a rank-2 program can address where one is wanted. */
static bool can_join(const ds_planner *p, const ds_group *q, int id)
{
    const ds_node *n = ds_at(p, id);
    if (p->unfused || q->count == DS_EW_MAX_INSTRS || n->dtype != q->dtype || !ds_shape_equal(n->shape, q->shape))
        return false;
    bool varies = q->reduction ? p->varies[q->reduction] : p->varies[q->member[0]];
    if (varies != p->varies[id] && !is_cheap(p, id)) return false; /* a rerun should not repeat it */
    ds_group trial = *q;
    trial.member[trial.count++] = id;
    if (ds_count_loads(p, &trial) > DS_EW_MAX_OPERANDS || ds_count_stores(p, &trial) >= DS_EW_MAX_OPERANDS)
        return false;
    if (!q->reduction) return true;
    if (p->output[id]) return false; /* a prologue leaves nothing in memory */
    for (int i = 0; i < n->nin; i++)
        if (p->folded[n->in[i].id] && !ds_fits_cut(ds_at(p, ds_at(p, n->in[i].id)->in[0].id)->shape, n->shape, q->cut))
            return false;
    return n->op != &ds_op_broadcast || ds_fits_cut(ds_at(p, n->in[0].id)->shape, n->shape, q->cut);
}

/* Mark id's groups whole: they run as one, so what needs a member needs them all. True when an earlier node was marked.
 */
static bool mark_groups(const ds_planner *p, int id, char *mark)
{
    bool earlier = false;
    for (int j = 0; j < DS_JOIN && p->joined[DS_JOIN * id + j] >= 0; j++) {
        const ds_group *q = &p->group[p->joined[DS_JOIN * id + j]];
        for (int m = 0; m < q->count; m++) {
            if (mark[q->member[m]]) continue;
            mark[q->member[m]] = 1;
            earlier |= q->member[m] < id;
        }
    }
    return earlier;
}

void ds_spread_marks(const ds_planner *p, const ds_group *q, int high)
{
    char *mark = p->mark;
    for (bool again = true; again;) {
        again = false;
        for (int id = 1; id <= high; id++) {
            const ds_node *n = ds_at(p, id);
            bool was = mark[id];
            for (int i = 0; i < n->nin && p->needed[id] && !mark[id]; i++) mark[id] = mark[n->in[i].id];
            if (mark[id] && !was && !ds_in_group(q, id)) again |= mark_groups(p, id, mark);
        }
    }
}

/* Whether a member of q is computed from one of `from`, directly or through other groups. */
static bool depends(const ds_planner *p, const ds_group *q, const ds_group *from)
{
    int high = 0;
    char *mark = p->mark;
    for (int m = 0; m < from->count; m++) mark[from->member[m]] = 1;
    for (int m = 0; m < q->count; m++)
        if (q->member[m] > high) high = q->member[m];
    ds_spread_marks(p, q, high);
    bool found = false;
    for (int m = 0; m < q->count && !found; m++) found = mark[q->member[m]] && !ds_in_group(from, q->member[m]);
    memset(mark, 0, (size_t)p->count);
    return found;
}

/* Merge b into a when neither needs the other's results. */
static bool merge(ds_planner *p, int a, int b)
{
    ds_group *x = &p->group[a], *y = &p->group[b];
    if (p->no_merge || x->reduction || y->reduction || x->anchor || y->anchor || y->dead || x->dead) return false;
    if (p->varies[x->member[0]] != p->varies[y->member[0]]) return false;
    if (x->dtype != y->dtype || !ds_shape_equal(x->shape, y->shape) || x->count + y->count > DS_EW_MAX_INSTRS)
        return false;
    if (depends(p, x, y) || depends(p, y, x)) return false;
    ds_group trial = *x;
    for (int m = 0; m < y->count; m++)
        if (!ds_in_group(&trial, y->member[m])) trial.member[trial.count++] = y->member[m];
    if (ds_count_loads(p, &trial) > DS_EW_MAX_OPERANDS || ds_count_stores(p, &trial) >= DS_EW_MAX_OPERANDS)
        return false;
    for (int m = 0; m < y->count; m++) {
        int *slot = &p->joined[DS_JOIN * y->member[m]], n = 0;
        for (int j = 0; j < DS_JOIN; j++)
            if (slot[j] >= 0 && slot[j] != b && slot[j] != a) slot[n++] = slot[j];
        slot[n++] = a;
        while (n < DS_JOIN) slot[n++] = -1;
    }
    *x = trial;
    y->dead = true;
    return true;
}

/* Groups that use id as an operand; *other is set when something else does too. */
static int using_groups(const ds_planner *p, int id, int list[DS_JOIN], bool *other)
{
    int n = 0;
    for (int u = p->use_first[id]; u < p->use_first[id + 1]; u++) {
        const int *joined = &p->joined[DS_JOIN * p->use[u]];
        *other |= joined[0] < 0;
        for (int j = 0; j < DS_JOIN && joined[j] >= 0; j++) {
            int k = 0;
            while (k < n && list[k] != joined[j]) k++;
            if (k < n) continue;
            if (n == DS_JOIN)
                *other = true;
            else
                list[n++] = joined[j];
        }
    }
    return n;
}

static void join(ds_planner *p, int q, int id)
{
    int *slot = &p->joined[DS_JOIN * id];
    while (*slot >= 0) slot++; /* at most DS_JOIN groups use a node that joins */
    *slot = q;
    if (p->group[q].reduction != id) p->group[q].member[p->group[q].count++] = id;
}

/* A node that must be stored for others can still be computed and stored by one group that uses it, unless that group
 * waits for another user. Returns the group, -1: none. */
static int storing_group(const ds_planner *p, int id, const int *list, int n)
{
    for (int k = 0; k < n && !p->no_merge; k++) {
        const ds_group *q = &p->group[list[k]];
        ds_group rest = { .count = 0 };
        bool fits = !q->reduction && p->varies[id] == p->varies[q->member[0]] && can_join(p, q, id);
        for (int u = p->use_first[id]; u < p->use_first[id + 1] && fits; u++) {
            if (ds_in_group(q, p->use[u])) continue;
            fits = rest.count < DS_EW_MAX_INSTRS;
            if (fits) rest.member[rest.count++] = p->use[u];
        }
        if (fits && !depends(p, q, &rest)) return list[k];
    }
    return -1;
}

static ds_status place_elementwise(ds_planner *p, int id)
{
    int list[DS_JOIN];
    bool other = false;
    int n = using_groups(p, id, list, &other);
    bool fits = !other && n > 0;
    for (int k = 0; k < n && fits; k++) fits = can_join(p, &p->group[list[k]], id);
    if (fits && n > 1 && !(is_cheap(p, id) && !p->output[id])) {
        for (int k = 1; k < n && fits; k++) fits = merge(p, list[0], list[k]);
        fits = fits && can_join(p, &p->group[list[0]], id);
        n = 1;
    }
    p->stored[id] = p->output[id] || !fits;
    if (!fits) {
        const ds_node *node = ds_at(p, id);
        int q = storing_group(p, id, list, n);
        list[0] = q >= 0 ? q : ds_new_group(p, node->shape, node->dtype);
        n = 1;
        if (list[0] < 0) return ds_fail_memory(p->ctx, sizeof(ds_group), "a plan");
    }
    for (int k = 0; k < n; k++) join(p, list[k], id);
    return DS_OK;
}

/* Leading or trailing axes only: then the prologue is a rectangle cut between kept and reduced. */
static int reduction_cut(const ds_node *n)
{
    int rank = n->shape.rank;
    unsigned axes = (unsigned)n->attr.i[0], all = (1u << rank) - 1;
    if (axes == all) return 0;
    for (int cut = 1; cut < rank; cut++) {
        unsigned lead = (1u << cut) - 1;
        if (axes == lead || axes == (all & ~lead)) return cut;
    }
    return -1;
}

static ds_status open_prologue(ds_planner *p, int id)
{
    const ds_node *n = ds_at(p, id), *x = ds_at(p, n->in[0].id);
    const ds_kernel_def *k = ds_kernel_of(p, id);
    if (p->unfused || !k || !(k->flags & DS_KERNEL_PRE) || x->dtype != n->dtype) return DS_OK;
    int cut = reduction_cut(n);
    if (cut < 0 || !ds_is_elementwise(p, n->in[0].id) || p->folded[n->in[0].id]) return DS_OK;
    int q = ds_new_group(p, x->shape, x->dtype);
    if (q < 0) return ds_fail_memory(p->ctx, sizeof(ds_group), "a plan");
    p->group[q].reduction = id;
    p->group[q].cut = cut;
    join(p, q, id);
    return DS_OK;
}

/* A broadcast whose users are all elementwise becomes strides of their operands. */
static bool can_fold(const ds_planner *p, int id)
{
    if (ds_at(p, id)->op != &ds_op_broadcast || p->output[id]) return false;
    for (int u = p->use_first[id]; u < p->use_first[id + 1]; u++)
        if (!(ds_at(p, p->use[u])->op->flags & DS_OP_ELEMENTWISE)) return false;
    return true;
}

/* Give group q to the latest kernel node that it alone consumes, when the kernel runs epilogues. */
static void find_anchor(ds_planner *p, int index)
{
    ds_group *q = &p->group[index];
    for (int m = 0; m < q->count; m++) {
        const ds_node *n = ds_at(p, q->member[m]);
        for (int i = 0; i < n->nin; i++) {
            int id = n->in[i].id, list[DS_JOIN];
            if (id <= q->anchor || ds_is_source(p, id) || ds_is_view(p, id) || ds_is_elementwise(p, id) ||
                p->output[id])
                continue;
            const ds_kernel_def *k = ds_kernel_of(p, id);
            bool other = false;
            if (!k || !(k->flags & DS_KERNEL_POST) || !ds_shape_equal(ds_at(p, id)->shape, q->shape)) continue;
            if (ds_at(p, id)->dtype != q->dtype || q->shape.rank < 1 || p->varies[id] != p->varies[q->member[0]])
                continue;
            if (using_groups(p, id, list, &other) == 1 && !other) q->anchor = id;
        }
    }
    for (int m = 0; m < q->count && q->anchor; m++) {
        const ds_node *n = ds_at(p, q->member[m]);
        for (int i = 0; i < n->nin; i++)
            if (p->folded[n->in[i].id] &&
                !ds_fits_cut(ds_at(p, ds_at(p, n->in[i].id)->in[0].id)->shape, q->shape, q->shape.rank - 1))
                q->anchor = 0;
        if (n->op == &ds_op_broadcast && !ds_fits_cut(ds_at(p, n->in[0].id)->shape, q->shape, q->shape.rank - 1))
            q->anchor = 0;
    }
}

/* Two groups that read the same memory and do not need each other share one pass over it. */
static void merge_siblings(ds_planner *p)
{
    for (int a = 0; a < p->ngroups; a++)
        for (int b = a + 1, tries = 0; b < p->ngroups && tries < 3; b++) {
            if (p->group[a].dead || p->group[b].dead || p->group[b].reduction) continue;
            tries++;
            bool shared = false;
            for (int m = 0; m < p->group[a].count && !shared; m++)
                for (int i = 0; i < ds_at(p, p->group[a].member[m])->nin && !shared; i++) {
                    int list[DS_JOIN], n;
                    bool other = false;
                    n = using_groups(p, ds_at(p, p->group[a].member[m])->in[i].id, list, &other);
                    for (int k = 0; k < n; k++) shared |= list[k] == b;
                }
            if (shared) merge(p, a, b);
        }
}

ds_status ds_fuse(ds_planner *p)
{
    for (int id = 1; id < p->count; id++) p->folded[id] = p->needed[id] && can_fold(p, id);
    for (int id = p->count - 1; id > 0; id--) {
        if (!p->needed[id] || ds_is_source(p, id) || ds_is_view(p, id) || p->folded[id]) continue;
        if (ds_is_elementwise(p, id)) {
            DS_TRY(place_elementwise(p, id));
        } else {
            p->stored[id] = 1;
            if (!strcmp(ds_at(p, id)->op->head.name, "sum") || !strcmp(ds_at(p, id)->op->head.name, "max_over"))
                DS_TRY(open_prologue(p, id));
        }
    }
    for (int q = 0; q < p->ngroups && !p->unfused; q++)
        if (!p->group[q].dead && !p->group[q].reduction) find_anchor(p, q);
    if (!p->unfused) merge_siblings(p);
    return p->unfused || p->no_merge ? DS_OK : ds_host_sums(p);
}
