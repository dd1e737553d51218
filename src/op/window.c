/* window.c - windows that slide over [N,H,W,C]: attributes, extents and checks of convolution and pooling.
 *
 *   extent  floor((in + 2 pad - dilation (kernel - 1) - 1) / stride) + 1 along each axis (Dumoulin and Visin 2016)
 *   attr.i  of a convolution: stride h, w, pad h, w, dilation h, w, groups
 *           of a pool: size h, w, stride h, w, pad h, w */
#include "op/op.h"

/* ---- convolution ------------------------------------------------------------------------------------------------- */

ds_conv_shape ds_conv_shape_of(const ds_node *n)
{
    const int64_t *i = n->attr.i;
    return (ds_conv_shape){ { i[0], i[1] }, { i[2], i[3] }, { i[4], i[5] }, i[6] };
}

int64_t ds_conv_extent(int64_t in, int64_t kernel, const ds_conv_shape *c, int a)
{
    int64_t span = in + 2 * c->pad[a] - c->dilation[a] * (kernel - 1) - 1;
    return span < 0 ? 0 : span / c->stride[a] + 1;
}

bool ds_conv_operands_ok(ds_graph *g, const char *op, ds_val a, ds_val b)
{
    if (!ds_vals_ok(g, op, 2, (ds_val[]){ a, b })) return false;
    if (ds_val_dtype(g, a) == ds_val_dtype(g, b) && ds_val_dtype(g, a) != DS_I32) return true;
    ds_graph_fail(g, DS_ESHAPE, "%s: both operands must be f32 or both f64", op);
    return false;
}

/* Four axes each, sane attributes, channels that fit. */
static bool conv_fits(ds_graph *g, const char *op, ds_shape x, ds_shape w, ds_shape y, const ds_conv_shape *c)
{
    char a[64], b[64], d[64];
    bool good = c->groups >= 1;
    for (int k = 0; k < 2; k++) good = good && c->stride[k] >= 1 && c->pad[k] >= 0 && c->dilation[k] >= 1;
    if (!good) {
        ds_graph_fail(g, DS_ERANGE, "%s: stride, dilation and groups must be at least 1, pad at least 0", op);
        return false;
    }
    good = x.rank == 4 && w.rank == 4 && y.rank == 4 && w.dim[0] >= 1 && w.dim[1] >= 1 &&
           x.dim[3] == w.dim[2] * c->groups && w.dim[3] % c->groups == 0;
    good = good && y.dim[0] == x.dim[0] && y.dim[3] == w.dim[3];
    for (int k = 0; k < 2; k++) good = good && y.dim[1 + k] == ds_conv_extent(x.dim[1 + k], w.dim[k], c, k);
    if (!good)
        ds_graph_fail(
            g, DS_ESHAPE,
            "%s: input %s, weights %s and output %s do not fit (wanted [N,H,W,C], [KH,KW,C/groups,O], groups %lld)", op,
            ds_shape_text(x, a, sizeof a), ds_shape_text(w, b, sizeof b), ds_shape_text(y, d, sizeof d),
            (long long)c->groups);
    return good;
}

ds_val ds_conv_node(ds_graph *g, const ds_op *op, const ds_val *in, ds_conv_shape c, ds_shape x, ds_shape w, ds_shape y,
                    ds_shape out)
{
    if (!conv_fits(g, op->head.name, x, w, y, &c)) return DS_NONE;
    ds_attr attr = { .i = { c.stride[0], c.stride[1], c.pad[0], c.pad[1], c.dilation[0], c.dilation[1], c.groups } };
    return ds_node_make(g, op, 2, in, &attr, ds_val_dtype(g, in[0]), out);
}

/* ---- pooling ----------------------------------------------------------------------------------------------------- */

ds_pool_shape ds_pool_shape_of(const ds_node *n)
{
    const int64_t *i = n->attr.i;
    return (ds_pool_shape){ { i[0], i[1] }, { i[2], i[3] }, { i[4], i[5] } };
}

ds_attr ds_pool_attr(ds_pool_shape p)
{
    return (ds_attr){ .i = { p.size[0], p.size[1], p.stride[0], p.stride[1], p.pad[0], p.pad[1] } };
}

bool ds_pooled_shape(ds_graph *g, const char *op, ds_val x, const ds_pool_shape *p, ds_shape *y)
{
    char text[64];
    if (!ds_vals_ok(g, op, 1, &x)) return false;
    ds_shape s = *y = ds_val_shape(g, x);
    for (int k = 0; k < 2; k++) {
        bool sane =
            s.rank == 4 && p->size[k] >= 1 && p->stride[k] >= 1 && p->pad[k] >= 0 && 2 * p->pad[k] <= p->size[k];
        if (!sane || s.dim[1 + k] + 2 * p->pad[k] < p->size[k]) {
            ds_graph_fail(g, DS_ESHAPE,
                          "%s: a window of %lldx%lld does not fit %s; wanted [N,H,W,C], stride at least 1, pad at most "
                          "half the size",
                          op, (long long)p->size[0], (long long)p->size[1], ds_shape_text(s, text, sizeof text));
            return false;
        }
        y->dim[1 + k] = (s.dim[1 + k] + 2 * p->pad[k] - p->size[k]) / p->stride[k] + 1;
    }
    return true;
}
