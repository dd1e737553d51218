/* own_ops.c - the ops that the graph and its planner make by themselves: input, fill, copy. */
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
