/* conv_input.c - the adjoint of conv in its image: what x gets when y pulls back dy.
 *
 *   dx[n,h,w,c] = sum over the taps (oh,kh), (ow,kw) that reach (h,w), and over o, of dy[n,oh,ow,o] w[kh,kw,c,o]
 *
 * h, w are given: several extents of x lead to one extent of y. Also known as transposed convolution.
 * Source: Goodfellow et al. section 9.5 (the function h). */
#include "op/op.h"

/* y = conv_input(dz, w) */
DS_VJP(conv_input)
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape w = ds_val_shape(g, n.in[1]);
    if (i == 0) return ds_conv(g, dy, n.in[1], ds_conv_shape_of(&n));
    return ds_conv_weight(g, dy, n.in[0], ds_conv_shape_of(&n), w.dim[0], w.dim[1]);
}
static const ds_conv_shape plain = { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }, strided = { { 2, 1 }, { 0, 1 }, { 1, 1 }, 1 },
                           grouped = { { 1, 2 }, { 2, 0 }, { 2, 1 }, 2 };
static ds_val plain_sample(ds_graph *g, const ds_val *in) { return ds_conv_input(g, in[0], in[1], plain, 5, 4); }
static ds_val strided_sample(ds_graph *g, const ds_val *in) { return ds_conv_input(g, in[0], in[1], strided, 6, 4); }
static ds_val grouped_sample(ds_graph *g, const ds_val *in) { return ds_conv_input(g, in[0], in[1], grouped, 5, 6); }

const ds_op ds_op_conv_input = {
    .head = { .name = "conv_input",
              .summary = "adjoint of conv in its input",
              .formula = "x = sum_{oh,ow,o} y w",
              .cite = "Goodfellow et al. section 9.5" },
    .vjp = conv_input_vjp,
    .samples =
        (const ds_op_sample[]){ { 2, { { 4, { 2, 5, 4, 2 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, plain_sample },
                                { 2, { { 4, { 2, 2, 4, 2 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, strided_sample },
                                { 2, { { 4, { 1, 5, 3, 6 } }, { 4, { 3, 2, 2, 6 } } }, "rr", -1, 1, grouped_sample },
                                { 0 } },
};

ds_val ds_conv_input(ds_graph *g, ds_val dy, ds_val w, ds_conv_shape c, int64_t h, int64_t wd)
{
    if (!ds_conv_operands_ok(g, "conv_input", dy, w)) return DS_NONE;
    ds_shape y = ds_val_shape(g, dy), k = ds_val_shape(g, w), x = { 4, { y.dim[0], h, wd, k.dim[2] * c.groups } };
    return ds_conv_node(g, &ds_op_conv_input, (ds_val[]){ dy, w }, c, x, k, y, x);
}
