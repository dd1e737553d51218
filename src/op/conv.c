/* conv.c - 2-D convolution (cross-correlation), channels last, with its two adjoints: closed under differentiation,
 * since each of the three is bilinear and its adjoints are the other two. Goodfellow section 9.5. conv y[n,oh,ow,o] =
 * sum_{kh,kw,c} x[n, oh s - p + kh d, ow s - p + kw d, c] w[kh,kw,c,o] conv_input   the x that y pulls back to;
 * conv_weight  the w attr.i = stride h, w, pad h, w, dilation h, w, groups */
#include "op/op.h"
#include "op/ops.h"

static ds_conv_shape shape_of(const ds_node *n)
{
    const int64_t *i = n->attr.i;
    return (ds_conv_shape){ { i[0], i[1] }, { i[2], i[3] }, { i[4], i[5] }, i[6] };
}
static ds_attr attr_of(ds_conv_shape c)
{
    return (ds_attr){ .i = { c.stride[0], c.stride[1], c.pad[0], c.pad[1], c.dilation[0], c.dilation[1], c.groups } };
}

static ds_val conv_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape x = ds_val_shape(g, n.in[0]), w = ds_val_shape(g, n.in[1]);
    if (i == 0) return ds_conv_input(g, dy, n.in[1], shape_of(&n), x.dim[1], x.dim[2]);
    return ds_conv_weight(g, n.in[0], dy, shape_of(&n), w.dim[0], w.dim[1]);
}
static ds_val conv_input_vjp(ds_graph *g, ds_val y, int i, ds_val dy) /* y = conv_input(dz, w) */
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape w = ds_val_shape(g, n.in[1]);
    if (i == 0) return ds_conv(g, dy, n.in[1], shape_of(&n));
    return ds_conv_weight(g, dy, n.in[0], shape_of(&n), w.dim[0], w.dim[1]);
}
static ds_val conv_weight_vjp(ds_graph *g, ds_val y, int i, ds_val dy) /* y = conv_weight(x, dz) */
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape x = ds_val_shape(g, n.in[0]);
    if (i == 0) return ds_conv_input(g, n.in[1], dy, shape_of(&n), x.dim[1], x.dim[2]);
    return ds_conv(g, n.in[0], dy, shape_of(&n));
}

static const ds_conv_shape plain = { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }, strided = { { 2, 1 }, { 0, 1 }, { 1, 1 }, 1 },
                           grouped = { { 1, 2 }, { 2, 0 }, { 2, 1 }, 2 };
static ds_val conv_plain(ds_graph *g, const ds_val *in) { return ds_conv(g, in[0], in[1], plain); }
static ds_val conv_strided(ds_graph *g, const ds_val *in) { return ds_conv(g, in[0], in[1], strided); }
static ds_val conv_grouped(ds_graph *g, const ds_val *in) { return ds_conv(g, in[0], in[1], grouped); }
static ds_val input_plain(ds_graph *g, const ds_val *in) { return ds_conv_input(g, in[0], in[1], plain, 5, 4); }
static ds_val input_strided(ds_graph *g, const ds_val *in) { return ds_conv_input(g, in[0], in[1], strided, 6, 4); }
static ds_val input_grouped(ds_graph *g, const ds_val *in) { return ds_conv_input(g, in[0], in[1], grouped, 5, 6); }
static ds_val weight_plain(ds_graph *g, const ds_val *in) { return ds_conv_weight(g, in[0], in[1], plain, 3, 3); }
static ds_val weight_strided(ds_graph *g, const ds_val *in) { return ds_conv_weight(g, in[0], in[1], strided, 3, 3); }
static ds_val weight_grouped(ds_graph *g, const ds_val *in) { return ds_conv_weight(g, in[0], in[1], grouped, 3, 2); }

const ds_op ds_op_conv = {
    .head = { .name = "conv", .summary = "2-D convolution, channels last", .formula = "y = sum_{kh,kw,c} x w" },
    .vjp = conv_vjp,
    .samples =
        (const ds_op_sample[]){ { 2, { { 4, { 2, 5, 4, 3 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, conv_plain },
                                { 2, { { 4, { 2, 6, 4, 3 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, conv_strided },
                                { 2, { { 4, { 1, 5, 6, 4 } }, { 4, { 3, 2, 2, 6 } } }, "rr", -1, 1, conv_grouped },
                                { 0 } },
};
const ds_op ds_op_conv_input = {
    .head = { .name = "conv_input", .summary = "adjoint of conv in its input" },
    .vjp = conv_input_vjp,
    .samples =
        (const ds_op_sample[]){ { 2, { { 4, { 2, 5, 4, 2 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, input_plain },
                                { 2, { { 4, { 2, 2, 4, 2 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, input_strided },
                                { 2, { { 4, { 1, 5, 3, 6 } }, { 4, { 3, 2, 2, 6 } } }, "rr", -1, 1, input_grouped },
                                { 0 } },
};
const ds_op ds_op_conv_weight = {
    .head = { .name = "conv_weight", .summary = "adjoint of conv in its weights" },
    .vjp = conv_weight_vjp,
    .samples =
        (const ds_op_sample[]){ { 2, { { 4, { 2, 5, 4, 3 } }, { 4, { 2, 5, 4, 2 } } }, "rr", -1, 1, weight_plain },
                                { 2, { { 4, { 2, 6, 4, 3 } }, { 4, { 2, 2, 4, 2 } } }, "rr", -1, 1, weight_strided },
                                { 2, { { 4, { 1, 5, 6, 4 } }, { 4, { 1, 5, 3, 6 } } }, "rr", -1, 1, weight_grouped },
                                { 0 } },
};

static int64_t out_extent(int64_t in, int64_t kernel, const ds_conv_shape *c, int a)
{
    int64_t span = in + 2 * c->pad[a] - c->dilation[a] * (kernel - 1) - 1;
    return span < 0 ? 0 : span / c->stride[a] + 1;
}

/* Four axes each, sane attributes, channels that fit; x and w by shape, whichever is the output. */
static bool check(ds_graph *g, const char *op, ds_shape x, ds_shape w, ds_shape y, const ds_conv_shape *c)
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
    for (int k = 0; k < 2; k++) good = good && y.dim[1 + k] == out_extent(x.dim[1 + k], w.dim[k], c, k);
    if (!good)
        ds_graph_fail(
            g, DS_ESHAPE,
            "%s: input %s, weights %s and output %s do not fit (wanted [N,H,W,C], [KH,KW,C/groups,O], groups %lld)", op,
            ds_shape_text(x, a, sizeof a), ds_shape_text(w, b, sizeof b), ds_shape_text(y, d, sizeof d),
            (long long)c->groups);
    return good;
}

static ds_val make(ds_graph *g, const ds_op *op, ds_val a, ds_val b, ds_conv_shape c, ds_shape out)
{
    ds_attr attr = attr_of(c);
    return ds_node_make(g, op, 2, (ds_val[]){ a, b }, &attr, ds_val_dtype(g, a), out);
}

static bool same_real(ds_graph *g, const char *op, ds_val a, ds_val b)
{
    if (!ds_vals_ok(g, op, 2, (ds_val[]){ a, b })) return false;
    if (ds_val_dtype(g, a) == ds_val_dtype(g, b) && ds_val_dtype(g, a) != DS_I32) return true;
    ds_graph_fail(g, DS_ESHAPE, "%s: both operands must be f32 or both f64", op);
    return false;
}

ds_val ds_conv(ds_graph *g, ds_val x, ds_val w, ds_conv_shape c)
{
    if (!same_real(g, "conv", x, w)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x), k = ds_val_shape(g, w), y = { 4, { s.dim[0], 0, 0, k.dim[3] } };
    for (int a = 0; a < 2 && s.rank == 4 && k.rank == 4 && c.stride[a] >= 1; a++)
        y.dim[1 + a] = out_extent(s.dim[1 + a], k.dim[a], &c, a);
    return check(g, "conv", s, k, y, &c) ? make(g, &ds_op_conv, x, w, c, y) : DS_NONE;
}

ds_val ds_conv_input(ds_graph *g, ds_val dy, ds_val w, ds_conv_shape c, int64_t h, int64_t wd)
{
    if (!same_real(g, "conv_input", dy, w)) return DS_NONE;
    ds_shape y = ds_val_shape(g, dy), k = ds_val_shape(g, w), x = { 4, { y.dim[0], h, wd, k.dim[2] * c.groups } };
    return check(g, "conv_input", x, k, y, &c) ? make(g, &ds_op_conv_input, dy, w, c, x) : DS_NONE;
}

ds_val ds_conv_weight(ds_graph *g, ds_val x, ds_val dy, ds_conv_shape c, int64_t kh, int64_t kw)
{
    if (!same_real(g, "conv_weight", x, dy)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x), y = ds_val_shape(g, dy),
             k = { 4, { kh, kw, c.groups >= 1 ? s.dim[3] / c.groups : 0, y.dim[3] } };
    return check(g, "conv_weight", s, k, y, &c) ? make(g, &ds_op_conv_weight, x, dy, c, k) : DS_NONE;
}
