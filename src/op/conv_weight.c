/* conv_weight.c - the adjoint of conv in its weights: what w gets when y pulls back dy.
 *
 *   dw[kh,kw,c,o] = sum_{n,oh,ow} x[n, oh s - p + kh d, ow s - p + kw d, c] dy[n,oh,ow,o]
 *
 * The kernel's extents are given: several of them lead to one extent of y.
 * Source: Goodfellow et al. section 9.5 (the function g). */
#include "op/op.h"

/* y = conv_weight(x, dz) */
DS_VJP(conv_weight)
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape x = ds_val_shape(g, n.in[0]);
    if (i == 0) return ds_conv_input(g, n.in[1], dy, ds_conv_shape_of(&n), x.dim[1], x.dim[2]);
    return ds_conv(g, n.in[0], dy, ds_conv_shape_of(&n));
}
static const ds_conv_shape plain = { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }, strided = { { 2, 1 }, { 0, 1 }, { 1, 1 }, 1 },
                           grouped = { { 1, 2 }, { 2, 0 }, { 2, 1 }, 2 };
static ds_val plain_sample(ds_graph *g, const ds_val *in) { return ds_conv_weight(g, in[0], in[1], plain, 3, 3); }
static ds_val strided_sample(ds_graph *g, const ds_val *in) { return ds_conv_weight(g, in[0], in[1], strided, 3, 3); }
static ds_val grouped_sample(ds_graph *g, const ds_val *in) { return ds_conv_weight(g, in[0], in[1], grouped, 3, 2); }

const ds_op ds_op_conv_weight = {
    .head = { .name = "conv_weight",
              .summary = "adjoint of conv in its weights",
              .formula = "w = sum_{n,oh,ow} x y",
              .cite = "Goodfellow et al. section 9.5" },
    .vjp = conv_weight_vjp,
    .samples =
        (const ds_op_sample[]){ { 2, { { 4, { 2, 5, 4, 3 } }, { 4, { 2, 5, 4, 2 } } }, "rr", -1, 1, plain_sample },
                                { 2, { { 4, { 2, 6, 4, 3 } }, { 4, { 2, 2, 4, 2 } } }, "rr", -1, 1, strided_sample },
                                { 2, { { 4, { 1, 5, 6, 4 } }, { 4, { 1, 5, 3, 6 } } }, "rr", -1, 1, grouped_sample },
                                { 0 } },
};

ds_val ds_conv_weight(ds_graph *g, ds_val x, ds_val dy, ds_conv_shape c, int64_t kh, int64_t kw)
{
    if (!ds_conv_operands_ok(g, "conv_weight", x, dy)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x), y = ds_val_shape(g, dy),
             k = { 4, { kh, kw, c.groups >= 1 ? s.dim[3] / c.groups : 0, y.dim[3] } };
    return ds_conv_node(g, &ds_op_conv_weight, (ds_val[]){ x, dy }, c, s, k, y, k);
}
