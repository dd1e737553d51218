/* own_ops.c - the ops that the graph itself needs: input, fill, broadcast, copy, reshape. */
#include "descent/op.h"
#include "graph/graph.h"

static ds_val vjp_none(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)g, (void)y, (void)i, (void)dy;
    return DS_NONE;
}

const ds_op ds_op_input = { .head = { .name = "input", .summary = "memory bound at run time" }, .vjp = vjp_none };
const ds_op ds_op_fill = { .head = { .name = "fill", .summary = "a constant, every element attr.f[0]" },
                           .vjp = vjp_none };

ds_val ds_input(ds_graph *g, const char *name, ds_dtype t, ds_shape s)
{
    for (int a = 0; a < s.rank; a++)
        if (s.dim[a] < 0) return ds_graph_fail(g, DS_ESHAPE, "input %s: extent %d is negative", name, a);
    ds_val v = ds_node_make(g, &ds_op_input, 0, NULL, NULL, t, s);
    if (!ds_val_ok(v)) return v;
    g->node[v.id].name = ds_arena_text(&g->names, name);
    return g->node[v.id].name ? v : ds_graph_fail(g, DS_EMEM, "out of memory: name of an input");
}

ds_val ds_fill(ds_graph *g, ds_dtype t, ds_shape s, double x)
{
    return ds_node_make(g, &ds_op_fill, 0, NULL, &(ds_attr){ .f = { x } }, t, s);
}

/* broadcast: y[..] = x[..] with extents of 1 repeated; dx = sum of dy over the repeated axes. */
static ds_val broadcast_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)i;
    ds_shape from = ds_val_shape(g, ds_node_of(g, y)->in[0]), to = ds_val_shape(g, y);
    unsigned axes = 0;
    int shift = to.rank - from.rank;
    for (int a = 0; a < to.rank; a++)
        if (a < shift || from.dim[a - shift] != to.dim[a]) axes |= 1u << a;
    return ds_reshape(g, ds_sum(g, dy, axes), from);
}
static ds_val sample_broadcast(ds_graph *g, const ds_val *in) { return ds_broadcast(g, in[0], DS_SHAPE(4, 3, 5)); }
const ds_op ds_op_broadcast = {
    .head = { .name = "broadcast", .summary = "repeat along axes of extent 1", .formula = "y[i,j] = x[0,j]" },
    .vjp = broadcast_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 1 } } }, "r", -1, 1, sample_broadcast },
                                       { 1, { { 1, { 5 } } }, "r", -1, 1, sample_broadcast },
                                       { 0 } },
};

ds_val ds_broadcast(ds_graph *g, ds_val x, ds_shape s)
{
    if (!ds_vals_ok(g, "broadcast", 1, &x)) return DS_NONE;
    ds_shape from = ds_val_shape(g, x);
    if (ds_shape_equal(from, s)) return x;
    int shift = s.rank - from.rank;
    bool fits = shift >= 0;
    for (int a = 0; fits && a < from.rank; a++) fits = from.dim[a] == 1 || from.dim[a] == s.dim[a + shift];
    if (!fits) {
        char a[64], b[64];
        return ds_graph_fail(g, DS_ESHAPE, "broadcast: %s cannot be repeated to %s; extents must be equal or 1",
                             ds_shape_text(from, a, sizeof a), ds_shape_text(s, b, sizeof b));
    }
    const ds_node *n = ds_node_of(g, x);
    if (n->op == &ds_op_fill) return ds_fill(g, n->dtype, s, n->attr.f[0]);
    return ds_node_make(g, &ds_op_broadcast, 1, &x, NULL, n->dtype, s);
}

/* copy: y = x in memory of its own. */
static ds_val copy_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)g, (void)y, (void)i;
    return dy;
}
const ds_op ds_op_copy = { .head = { .name = "copy", .summary = "the same values in memory of their own" },
                           .vjp = copy_vjp };

ds_val ds_copy(ds_graph *g, ds_val v)
{
    const ds_node n = *ds_node_of(g, v);
    return ds_node_make(g, &ds_op_copy, 1, &v, NULL, n.dtype, n.shape);
}

/* reshape: the same elements in the same order under another shape. */
static ds_val reshape_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)i;
    return ds_reshape(g, dy, ds_val_shape(g, ds_node_of(g, y)->in[0]));
}
static ds_val sample_reshape(ds_graph *g, const ds_val *in) { return ds_reshape(g, in[0], DS_SHAPE(2, -1)); }
const ds_op ds_op_reshape = {
    .head = { .name = "reshape", .summary = "same elements, other extents" },
    .flags = DS_OP_VIEW,
    .vjp = reshape_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 4, 3 } } }, "r", -1, 1, sample_reshape }, { 0 } },
};

ds_val ds_reshape(ds_graph *g, ds_val x, ds_shape s)
{
    if (!ds_vals_ok(g, "reshape", 1, &x)) return DS_NONE;
    ds_shape from = ds_val_shape(g, x);
    int64_t count = ds_shape_count(from), known = 1;
    int open = -1;
    for (int a = 0; a < s.rank; a++)
        if (s.dim[a] < 0)
            open = a;
        else
            known *= s.dim[a];
    if (open >= 0) s.dim[open] = known ? count / known : 0;
    if (ds_shape_count(s) != count) {
        char a[64], b[64];
        return ds_graph_fail(g, DS_ESHAPE, "reshape: %s has %lld elements, %s does not",
                             ds_shape_text(from, a, sizeof a), (long long)count, ds_shape_text(s, b, sizeof b));
    }
    if (ds_shape_equal(from, s)) return x;
    const ds_node *n = ds_node_of(g, x);
    if (n->op == &ds_op_fill) return ds_fill(g, n->dtype, s, n->attr.f[0]);
    if (n->op == &ds_op_reshape) return ds_reshape(g, n->in[0], s);
    return ds_node_make(g, &ds_op_reshape, 1, &x, NULL, n->dtype, s);
}
