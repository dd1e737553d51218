/* descent/op.h - constructors of graph nodes. Shapes are row-major, images channels last [N, H, W, C].
 * Elementwise ops of two values broadcast as NumPy does (an explicit broadcast node is made). All are safe on none. */
#ifndef DESCENT_OP_H
#define DESCENT_OP_H

#include "descent/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* elementwise, one value */
DS_API ds_val ds_neg(ds_graph *g, ds_val x);
DS_API ds_val ds_exp(ds_graph *g, ds_val x);
DS_API ds_val ds_expm1(ds_graph *g, ds_val x);
DS_API ds_val ds_log(ds_graph *g, ds_val x);
DS_API ds_val ds_log1p(ds_graph *g, ds_val x);
DS_API ds_val ds_sqrt(ds_graph *g, ds_val x);
DS_API ds_val ds_sin(ds_graph *g, ds_val x);
DS_API ds_val ds_cos(ds_graph *g, ds_val x);
DS_API ds_val ds_tanh(ds_graph *g, ds_val x);
DS_API ds_val ds_sigmoid(ds_graph *g, ds_val x);
DS_API ds_val ds_softplus(ds_graph *g, ds_val x);
DS_API ds_val ds_erf(ds_graph *g, ds_val x);
DS_API ds_val ds_abs(ds_graph *g, ds_val x);
DS_API ds_val ds_sign(ds_graph *g, ds_val x);  /* -1, 0, 1; NaN stays NaN */
DS_API ds_val ds_floor(ds_graph *g, ds_val x); /* not differentiable */
DS_API ds_val ds_square(ds_graph *g, ds_val x);
DS_API ds_val ds_relu(ds_graph *g, ds_val x);
DS_API ds_val ds_leaky_relu(ds_graph *g, ds_val x, double slope);
DS_API ds_val ds_elu(ds_graph *g, ds_val x, double alpha);
DS_API ds_val ds_gelu(ds_graph *g, ds_val x); /* erf form */
DS_API ds_val ds_gelu_tanh(ds_graph *g, ds_val x);
DS_API ds_val ds_silu(ds_graph *g, ds_val x);
DS_API ds_val ds_scale(ds_graph *g, ds_val x, double a); /* a x */
DS_API ds_val ds_shift(ds_graph *g, ds_val x, double a); /* x + a */

/* elementwise, several values */
DS_API ds_val ds_add(ds_graph *g, ds_val a, ds_val b);
DS_API ds_val ds_sub(ds_graph *g, ds_val a, ds_val b);
DS_API ds_val ds_mul(ds_graph *g, ds_val a, ds_val b);
DS_API ds_val ds_div(ds_graph *g, ds_val a, ds_val b);
DS_API ds_val ds_pow(ds_graph *g, ds_val a, ds_val b);
DS_API ds_val ds_min(ds_graph *g, ds_val a, ds_val b); /* NaN if either is; derivative to a on ties */
DS_API ds_val ds_max(ds_graph *g, ds_val a, ds_val b);
DS_API ds_val ds_greater(ds_graph *g, ds_val a, ds_val b); /* 1 or 0, not differentiable */
DS_API ds_val ds_greater_equal(ds_graph *g, ds_val a, ds_val b);
DS_API ds_val ds_equal(ds_graph *g, ds_val a, ds_val b);
DS_API ds_val ds_where(ds_graph *g, ds_val c, ds_val a, ds_val b); /* c != 0 ? a : b, elementwise */
DS_API ds_val ds_cast(ds_graph *g, ds_val x, ds_dtype t);          /* f32 <-> f64, i32 -> real */

/* shape; axes counts from 0, negative from the end */
DS_API ds_val ds_broadcast(ds_graph *g, ds_val x, ds_shape s); /* NumPy rule */
DS_API ds_val ds_reshape(ds_graph *g, ds_val x, ds_shape s);   /* one extent may be -1 */
DS_API ds_val ds_transpose(ds_graph *g, ds_val x, const int *perm);
DS_API ds_val ds_slice(ds_graph *g, ds_val x, int axis, int64_t from, int64_t to);
DS_API ds_val ds_pad(ds_graph *g, ds_val x, int axis, int64_t before, int64_t after); /* zeros */
DS_API ds_val ds_concat(ds_graph *g, int n, const ds_val *x, int axis);
DS_API ds_val ds_gather(ds_graph *g, ds_val x, ds_val index); /* rows: y[i,...] = x[index[i],...] */
DS_API ds_val ds_scatter_add(ds_graph *g, ds_val dy, ds_val index, int64_t rows);
DS_API ds_val ds_one_hot(ds_graph *g, ds_val index, ds_dtype t, int64_t classes); /* [N] -> [N, classes] */

/* reductions over the axes in the bit mask; the reduced extents become 1 (ds_reshape drops them) */
DS_API ds_val ds_sum(ds_graph *g, ds_val x, unsigned axes);
DS_API ds_val ds_mean(ds_graph *g, ds_val x, unsigned axes);
DS_API ds_val ds_max_over(ds_graph *g, ds_val x, unsigned axes); /* derivative to the first maximum */
DS_API ds_val ds_sum_all(ds_graph *g, ds_val x);                 /* scalar, rank 0 */
DS_API ds_val ds_mean_all(ds_graph *g, ds_val x);
DS_API ds_val ds_logsumexp(ds_graph *g, ds_val x);   /* over the last axis, extent becomes 1 */
DS_API ds_val ds_softmax(ds_graph *g, ds_val x);     /* over the last axis */
DS_API ds_val ds_log_softmax(ds_graph *g, ds_val x); /* over the last axis */
/* Negative log-probability of the label by softmax, per row: logits [N, C], labels I32 [N] -> [N]. smoothing s mixes in
 * the mean over classes with weight s. */
DS_API ds_val ds_cross_entropy(ds_graph *g, ds_val logits, ds_val labels, double smoothing);

/* products */
/* Matrix product over the last two axes, op(a) op(b), op transposes when told; leading axes equal. */
DS_API ds_val ds_matmul(ds_graph *g, ds_val a, ds_val b, bool transpose_a, bool transpose_b);
typedef struct ds_conv_shape {
    int64_t stride[2], pad[2], dilation[2], groups;
} ds_conv_shape;
/* x [N,H,W,C], w [KH,KW,C/groups,O] -> [N,OH,OW,O] */
DS_API ds_val ds_conv(ds_graph *g, ds_val x, ds_val w, ds_conv_shape c);
DS_API ds_val ds_conv_input(ds_graph *g, ds_val dy, ds_val w, ds_conv_shape c, int64_t h,
                            int64_t wd); /* adjoint in x */
DS_API ds_val ds_conv_weight(ds_graph *g, ds_val x, ds_val dy, ds_conv_shape c, int64_t kh,
                             int64_t kw); /* adjoint in w */

/* pooling over [N,H,W,C]; stride = size, no padding, a ragged edge is dropped unless said otherwise */
typedef struct ds_pool_shape {
    int64_t size[2], stride[2], pad[2];
} ds_pool_shape;
DS_API ds_val ds_max_pool(ds_graph *g, ds_val x, ds_pool_shape p); /* ties: first index */
DS_API ds_val ds_avg_pool(ds_graph *g, ds_val x, ds_pool_shape p); /* counts real elements */
DS_API ds_val ds_global_avg_pool(ds_graph *g, ds_val x);           /* [N,H,W,C] -> [N,C] */

/* random; rng is an I32 input [4]: seed low, seed high, step low, step high; ids I32 [N], one per row of x.
 * site tells two masks of one graph apart. */
DS_API ds_val ds_dropout(ds_graph *g, ds_val x, ds_val rng, ds_val ids, int site, double rate);

/* normalization over all axes but the last (batch) or over the last (layer) */
typedef struct ds_norm_out {
    ds_val y, mean, var;
} ds_norm_out; /* mean, biased var of this batch, [C] */
DS_API ds_norm_out ds_batch_norm(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, double eps);
DS_API ds_val ds_batch_norm_eval(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, ds_val mean, ds_val var, double eps);
DS_API ds_val ds_layer_norm(ds_graph *g, ds_val x, ds_val gamma, ds_val beta, double eps);

#ifdef __cplusplus
}
#endif
#endif
