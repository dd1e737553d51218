/* op.c - see op.h; and the registry of ops. */
#include "op/op.h"

ds_val ds_no_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)g, (void)y, (void)i, (void)dy;
    return DS_NONE;
}

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

/* Kernels reduce one stretch of adjacent axes; a set with gaps goes from the last stretch to the first. */
ds_val ds_reduce(ds_graph *g, const ds_op *op, ds_val x, unsigned axes)
{
    if (!ds_vals_ok(g, op->head.name, 1, &x)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    if (axes >> s.rank)
        return ds_graph_fail(g, DS_ESHAPE, "%s: axes mask %#x for a value with %d axes", op->head.name, axes, s.rank);
    if (ds_val_dtype(g, x) == DS_I32)
        return ds_graph_fail(g, DS_ESHAPE, "%s: i32 values have no sums; use ds_cast", op->head.name);
    unsigned last = 0;
    for (int a = s.rank - 1; a >= 0 && (!last || axes >> a & 1); a--) last |= axes & 1u << a;
    if (last != axes) return ds_reduce(g, op, ds_reduce(g, op, x, last), axes & ~last);
    for (int a = 0; a < s.rank; a++)
        if (axes >> a & 1) s.dim[a] = 1;
    return ds_node_make(g, op, 1, &x, &(ds_attr){ .i = { axes } }, ds_val_dtype(g, x), s);
}

bool ds_rows_ok(ds_graph *g, const char *op, ds_val x)
{
    if (!ds_vals_ok(g, op, 1, &x)) return false;
    if (ds_val_shape(g, x).rank > 0 && ds_val_dtype(g, x) != DS_I32) return true;
    ds_graph_fail(g, DS_ESHAPE, "%s: wants rows of real scores", op);
    return false;
}

unsigned ds_last_axis(const ds_graph *g, ds_val x) { return 1u << (ds_val_shape(g, x).rank - 1); }

bool ds_index_ok(ds_graph *g, const char *op, ds_val x, ds_val index, bool same)
{
    if (!ds_vals_ok(g, op, 2, (ds_val[]){ x, index })) return false;
    ds_shape s = ds_val_shape(g, x), k = ds_val_shape(g, index);
    if (s.rank >= 1 && k.rank == 1 && ds_val_dtype(g, index) == DS_I32 && (!same || k.dim[0] == s.dim[0])) return true;
    char a[64], b[64];
    ds_graph_fail(g, DS_ESHAPE, "%s: rows are %s and the index %s; wanted an i32 index%s", op,
                  ds_shape_text(s, a, sizeof a), ds_shape_text(k, b, sizeof b), same ? ", one for each row" : "");
    return false;
}

bool ds_channels_ok(ds_graph *g, const char *op, ds_val x, int n, const ds_val *c)
{
    if (!ds_vals_ok(g, op, 1, &x) || !ds_vals_ok(g, op, n, c)) return false;
    ds_shape s = ds_val_shape(g, x);
    for (int k = 0; k < n; k++) {
        ds_shape p = ds_val_shape(g, c[k]);
        if (s.rank >= 2 && p.rank == 1 && p.dim[0] == s.dim[s.rank - 1]) continue;
        char a[64], b[64];
        ds_graph_fail(g, DS_ESHAPE, "%s: values are %s and a parameter %s; wanted one for each channel (last axis)", op,
                      ds_shape_text(s, a, sizeof a), ds_shape_text(p, b, sizeof b));
        return false;
    }
    return true;
}

ds_val ds_inverse_deviation(ds_graph *g, ds_val var, double eps)
{
    return ds_div(g, ds_like(g, var, 1), ds_sqrt(g, ds_shift(g, var, eps)));
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
