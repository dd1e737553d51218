/* op.c - see op.h; and the registry of ops. */
#include "op/op.h"

#include "op/ops.h"

int ds_axis(ds_graph *g, const char *op, ds_val x, int axis)
{
    if (!ds_vals_ok(g, op, 1, &x)) return -1;
    int rank = ds_val_shape(g, x).rank, a = axis < 0 ? axis + rank : axis;
    if (a >= 0 && a < rank) return a;
    ds_graph_fail(g, DS_ESHAPE, "%s: axis %d of a value with %d axes", op, axis, rank);
    return -1;
}

ds_val ds_like(ds_graph *g, ds_val x, double value)
{
    return ds_fill(g, ds_val_dtype(g, x), ds_val_shape(g, x), value);
}

bool ds_constant(const ds_graph *g, ds_val x, double *c)
{
    const ds_node *n = ds_node_of(g, x);
    if (n->op != &ds_op_fill) return false;
    *c = n->attr.f[0];
    return true;
}

static bool is_real(ds_graph *g, const ds_op *op, int n, const ds_val *x)
{
    if (!ds_vals_ok(g, op->head.name, n, x)) return false;
    for (int i = 0; i < n; i++) {
        ds_dtype t = ds_val_dtype(g, x[i]);
        if (t != DS_I32 && t == ds_val_dtype(g, x[0])) continue;
        ds_graph_fail(g, DS_ESHAPE, "%s: operand %d is %s, wanted %s; use ds_cast", op->head.name, i, ds_dtype_name(t),
                      t == DS_I32 ? "f32 or f64" : ds_dtype_name(ds_val_dtype(g, x[0])));
        return false;
    }
    return true;
}

ds_val ds_map1(ds_graph *g, const ds_op *op, ds_val x, double f0, double f1)
{
    if (!is_real(g, op, 1, &x)) return DS_NONE;
    return ds_node_make(g, op, 1, &x, &(ds_attr){ .f = { f0, f1 } }, ds_val_dtype(g, x), ds_val_shape(g, x));
}

/* The common shape by NumPy's rule; false and a recorded mistake when there is none. */
static bool common_shape(ds_graph *g, const ds_op *op, int n, const ds_val *x, ds_shape *out)
{
    *out = (ds_shape){ 0 };
    for (int i = 0; i < n; i++) {
        ds_shape s = ds_val_shape(g, x[i]), was = *out;
        int rank = s.rank > was.rank ? s.rank : was.rank;
        out->rank = rank;
        for (int a = 0; a < rank; a++) {
            int64_t p = a < rank - was.rank ? 1 : was.dim[a - (rank - was.rank)],
                    q = a < rank - s.rank ? 1 : s.dim[a - (rank - s.rank)];
            if (p != q && p != 1 && q != 1) {
                char b[64], c[64];
                ds_graph_fail(g, DS_ESHAPE, "%s: %s and %s do not fit; extents must be equal or 1", op->head.name,
                              ds_shape_text(was, b, sizeof b), ds_shape_text(s, c, sizeof c));
                return false;
            }
            out->dim[a] = p == 1 ? q : p;
        }
    }
    return true;
}

static ds_val map(ds_graph *g, const ds_op *op, int n, ds_val *x)
{
    ds_shape s;
    if (!is_real(g, op, n, x) || !common_shape(g, op, n, x, &s)) return DS_NONE;
    for (int i = 0; i < n; i++) x[i] = ds_broadcast(g, x[i], s);
    return ds_node_make(g, op, n, x, NULL, ds_val_dtype(g, x[0]), s);
}

ds_val ds_map2(ds_graph *g, const ds_op *op, ds_val a, ds_val b) { return map(g, op, 2, (ds_val[]){ a, b }); }
ds_val ds_map3(ds_graph *g, const ds_op *op, ds_val a, ds_val b, ds_val c)
{
    return map(g, op, 3, (ds_val[]){ a, b, c });
}

static const ds_op *const ops[] = {
#define OP(name) &ds_op_##name,
#include "op/registry.def"
#undef OP
};

const ds_op *const *ds_ops(int *count)
{
    *count = (int)(sizeof ops / sizeof ops[0]);
    return ops;
}
