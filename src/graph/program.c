/* program.c - the ds_ew_program of a group: operands with strides, dims collapsed, registers reused. */
#include <limits.h>
#include <string.h>

#include "graph/plan.h"

typedef struct builder {
    const ds_planner *p;
    const ds_group *q;
    ds_program_plan *out;
    int64_t stride[DS_EW_MAX_OPERANDS][DS_MAX_RANK]; /* of loads, over the group's full shape */
    int reg[DS_EW_MAX_INSTRS];                       /* code of each member's value: register or -1-load */
    int last[DS_EW_MAX_INSTRS];                      /* last member that reads it; INT_MAX when stored */
} builder;

static int member_index(const ds_group *q, int id)
{
    for (int m = 0; m < q->count; m++)
        if (q->member[m] == id) return m;
    return -1;
}

/* Strides of an operand of shape `from`, repeated to s. */
static void operand_strides(ds_shape from, ds_shape s, int64_t *stride)
{
    int64_t step = 1;
    int shift = s.rank - from.rank;
    for (int a = s.rank - 1; a >= 0; a--) {
        int64_t extent = a < shift ? 1 : from.dim[a - shift];
        stride[a] = extent == 1 ? 0 : step;
        step *= extent;
    }
}

/* Code (-1-k) of the load for operand id of a member; equal loads are one. */
static int load_of(builder *b, int id, bool repeated)
{
    const ds_planner *p = b->p;
    int shown = p->folded[id] ? ds_at(p, id)->in[0].id : id;
    const ds_node *n = ds_at(p, shown);
    int64_t stride[DS_MAX_RANK] = { 0 };
    int memory = ds_memory_node(p, shown);
    if (n->op != &ds_op_fill && (p->folded[id] || repeated || ds_shape_equal(n->shape, b->q->shape)))
        operand_strides(n->shape, b->q->shape, stride);
    bool fill = ds_at(p, memory)->op == &ds_op_fill;
    double x = fill ? ds_at(p, memory)->attr.f[0] : 0;
    if (fill) memset(stride, 0, sizeof stride);
    ds_ew_program *w = &b->out->program;
    for (int k = 0; k < w->nload; k++)
        if (fill ? b->out->load_node[k] < 0 && !memcmp(&b->out->load_fill[k], &x, sizeof x)
                 : b->out->load_node[k] == memory && !memcmp(b->stride[k], stride, sizeof stride))
            return -1 - k;
    int k = w->nload++;
    b->out->load_node[k] = fill ? -1 : memory;
    b->out->load_fill[k] = x;
    w->load[k].dtype = n->dtype;
    memcpy(b->stride[k], stride, sizeof stride);
    return -1 - k;
}

static int value_code(builder *b, const ds_node *user, int i)
{
    int m = member_index(b->q, user->in[i].id);
    return m >= 0 ? b->reg[m] : load_of(b, user->in[i].id, user->op == &ds_op_broadcast);
}

/* Last reader of each member, in member order (ascending ids here). */
static void find_last_uses(builder *b)
{
    const ds_group *q = b->q;
    for (int m = 0; m < q->count; m++) b->last[m] = m;
    for (int m = 0; m < q->count; m++) {
        const ds_node *n = ds_at(b->p, q->member[m]);
        for (int i = 0; i < n->nin; i++) {
            int k = member_index(q, n->in[i].id);
            if (k >= 0) b->last[k] = m;
        }
    }
    for (int m = 0; m < q->count; m++)
        if (b->p->stored[q->member[m]] || (q->reduction && ds_at(b->p, q->reduction)->in[0].id == q->member[m]))
            b->last[m] = INT_MAX;
    for (int k = 0; k < q->nsums; k++) {
        int m = member_index(q, ds_at(b->p, q->sum[k])->in[0].id);
        if (m >= 0) b->last[m] = INT_MAX;
    }
}

static void emit(builder *b)
{
    ds_ew_program *w = &b->out->program;
    int owner[DS_EW_MAX_INSTRS]; /* member whose value a register holds, -1: free */
    for (int m = 0; m < b->q->count; m++) {
        const ds_node *n = ds_at(b->p, b->q->member[m]);
        int src[3] = { INT16_MIN, INT16_MIN, INT16_MIN };
        for (int i = 0; i < n->nin && i < 3; i++) src[i] = value_code(b, n, i);
        if (!(n->op->flags & DS_OP_ELEMENTWISE)) { /* copy, broadcast: another name for its operand */
            b->reg[m] = src[0];
            if (src[0] >= 0 && b->last[m] > b->last[owner[src[0]]]) b->last[owner[src[0]]] = b->last[m];
            continue;
        }
        for (int r = 0; r < w->nreg; r++)
            if (owner[r] >= 0 && b->last[owner[r]] <= m) owner[r] = -1;
        int r = 0;
        while (r < w->nreg && owner[r] >= 0) r++;
        if (r == w->nreg) w->nreg++;
        owner[r] = m;
        b->reg[m] = r;
        ds_ew_instr *e = &w->instr[w->ninstr++];
        *e = (ds_ew_instr){ .code = (uint16_t)n->op->code, .dst = (int16_t)r, .imm = { n->attr.f[0], n->attr.f[1] } };
        for (int i = 0; i < 3; i++) e->src[i] = (int16_t)src[i];
    }
}

static void emit_stores(builder *b)
{
    ds_ew_program *w = &b->out->program;
    for (int m = 0; m < b->q->count; m++) {
        int id = b->q->member[m];
        bool reduced = b->q->reduction && ds_at(b->p, b->q->reduction)->in[0].id == id;
        if (b->q->reduction ? !reduced : !b->p->stored[id]) continue;
        int k = w->nstore++;
        w->store[k].dtype = w->dtype;
        w->store_reg[k] = (int16_t)b->reg[m];
        b->out->store_node[k] = id;
    }
}

static void emit_sums(builder *b)
{
    ds_ew_program *w = &b->out->program;
    for (w->nsum = 0; w->nsum < b->q->nsums; w->nsum++) {
        const ds_node *n = ds_at(b->p, b->q->sum[w->nsum]);
        w->sum[w->nsum].reg = (int16_t)value_code(b, n, 0);
        b->out->sum_node[w->nsum] = b->q->sum[w->nsum];
    }
}

/* Neighbouring dims become one where every operand's strides allow; extents of 1 go. */
static int collapse(builder *b, int64_t *dim, int first, int last, int *keep)
{
    int n = 0;
    for (int a = first; a < last; a++) {
        int64_t extent = b->q->shape.dim[a];
        if (extent == 1) continue;
        bool joins = n > 0;
        for (int k = 0; k < b->out->program.nload && joins; k++)
            joins = b->stride[k][keep[n - 1]] == b->stride[k][a] * extent;
        if (joins) {
            dim[n - 1] *= extent;
            keep[n - 1] = a;
        } else {
            dim[n] = extent;
            keep[n++] = a;
        }
    }
    return n;
}

static ds_status set_dims(builder *b, int cut)
{
    ds_ew_program *w = &b->out->program;
    int64_t dim[DS_MAX_RANK + 2] = { 1, 1 };
    int keep[DS_MAX_RANK + 2], n, rank = b->q->shape.rank;
    if (cut < 0) {
        n = collapse(b, dim, 0, rank, keep);
        if (n == 0) keep[n++] = -1;
    } else { /* one dim on each side, made up where a side is empty */
        int left = collapse(b, dim, 0, cut, keep);
        if (left == 0) keep[0] = -1;
        int right = left > 1 ? 2 : collapse(b, dim + 1, cut, rank, keep + 1);
        if (right == 0) {
            keep[1] = -1;
            dim[1] = 1;
        }
        if (left > 1 || right > 1) return ds_fail(b->p->ctx, DS_EBUG, "plan: a fused program does not fit two dims");
        if (left == 0) dim[0] = 1;
        n = 2;
    }
    if (n > DS_EW_MAX_DIMS)
        return ds_fail(b->p->ctx, DS_ESHAPE, "elementwise: more than %d broadcast patterns", DS_EW_MAX_DIMS);
    w->rank = n;
    int64_t step = 1;
    for (int d = n - 1; d >= 0; d--) {
        w->dim[d] = dim[d];
        for (int k = 0; k < w->nload; k++) w->load[k].stride[d] = keep[d] < 0 ? 0 : b->stride[k][keep[d]];
        for (int k = 0; k < w->nstore; k++) w->store[k].stride[d] = step;
        step *= dim[d];
    }
    return DS_OK;
}

ds_status ds_program_make(const ds_planner *p, const ds_group *group, int cut, ds_program_plan *out)
{
    ds_group q = *group;
    for (int i = 1; i < q.count; i++) /* ascending ids: operands before users */
        for (int k = i; k > 0 && q.member[k - 1] > q.member[k]; k--) {
            int t = q.member[k];
            q.member[k] = q.member[k - 1];
            q.member[k - 1] = t;
        }
    builder b = { .p = p, .q = &q, .out = out };
    memset(out, 0, sizeof *out);
    out->program.dtype = q.dtype;
    find_last_uses(&b);
    emit(&b);
    emit_stores(&b);
    emit_sums(&b);
    return set_dims(&b, cut);
}
