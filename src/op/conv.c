/* conv.c - 2-D convolution (cross-correlation), channels last: x [N,H,W,C], w [KH,KW,C/groups,O] -> [N,OH,OW,O].
 *
 *   y[n,oh,ow,o] = sum_{kh,kw,c} x[n, oh s - p + kh d, ow s - p + kw d, c] w[kh,kw,c,o]
 *
 * with stride s, pad p, dilation d; taps outside the image are 0. With groups, channel c meets the outputs of its own
 * group. The family conv, conv_input, conv_weight is closed under differentiation: each is bilinear, and its adjoints
 * are the other two. Source: Goodfellow et al. section 9.5; dilation: Yu and Koltun 2016. */
#include "op/op.h"

DS_VJP(conv)
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape x = ds_val_shape(g, n.in[0]), w = ds_val_shape(g, n.in[1]);
    if (i == 0) return ds_conv_input(g, dy, n.in[1], ds_conv_shape_of(&n), x.dim[1], x.dim[2]);
    return ds_conv_weight(g, n.in[0], dy, ds_conv_shape_of(&n), w.dim[0], w.dim[1]);
}
static const ds_conv_shape plain = { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }, strided = { { 2, 1 }, { 0, 1 }, { 1, 1 }, 1 },
                           grouped = { { 1, 2 }, { 2, 0 }, { 2, 1 }, 2 };
static ds_val plain_sample(ds_graph *g, const ds_val *in) { return ds_conv(g, in[0], in[1], plain); }
static ds_val strided_sample(ds_graph *g, const ds_val *in) { return ds_conv(g, in[0], in[1], strided); }
static ds_val grouped_sample(ds_graph *g, const ds_val *in) { return ds_conv(g, in[0], in[1], grouped); }

const ds_op ds_op_conv = {
    .head = { .name = "conv",
              .summary = "2-D convolution, channels last",
              .formula = "y = sum_{kh,kw,c} x w",
              .cite = "Goodfellow et al. section 9.5" },
    .vjp = conv_vjp,
    .samples =
        (const ds_op_sample[]){ { 2, { { 4, { 2, 5, 4, 3 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, plain_sample },
                                { 2, { { 4, { 2, 6, 4, 3 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, strided_sample },
                                { 2, { { 4, { 1, 5, 6, 4 } }, { 4, { 3, 2, 2, 6 } } }, "rr", -1, 1, grouped_sample },
                                { 0 } },
};

ds_val ds_conv(ds_graph *g, ds_val x, ds_val w, ds_conv_shape c)
{
    if (!ds_conv_operands_ok(g, "conv", x, w)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x), k = ds_val_shape(g, w), y = { 4, { s.dim[0], 0, 0, k.dim[3] } };
    for (int a = 0; a < 2 && s.rank == 4 && k.rank == 4 && c.stride[a] >= 1; a++)
        y.dim[1 + a] = ds_conv_extent(s.dim[1 + a], k.dim[a], &c, a);
    return ds_conv_node(g, &ds_op_conv, (ds_val[]){ x, w }, c, s, k, y, y);
}
