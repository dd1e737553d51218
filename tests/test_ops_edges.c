/* test_ops_edges.c - ops at sizes that several threads, leaves and tiles share, at extents of 0 and 1, on NaN, zeros
 * and ties, and with shapes that do not fit. */
#include "test_ops_support.h"

/* ---- sizes that several threads, leaves and tiles share ---------------------------------------------------------- */

static const ds_pool_shape window = { { 3, 2 }, { 2, 1 }, { 1, 1 } };
CASE(chain, ds_mul(g, ds_tanh(g, ds_add(g, in[0], in[1])), ds_exp(g, ds_scale(g, in[0], -0.5))))
CASE(column_chain, ds_sub(g, ds_mul(g, in[0], in[1]), ds_sigmoid(g, in[2])))
CASE(sum0, ds_sum(g, ds_square(g, in[0]), 1))
CASE(sum1, ds_sum(g, ds_mul(g, in[0], in[0]), 2))
CASE(sum_plain, ds_sum(g, in[0], 2))
CASE(sum_lead, ds_sum(g, in[0], 1))
CASE(sum_everything, ds_sum_all(g, in[0]))
CASE(sum_far_axes, ds_sum(g, in[0], 5))
CASE(max0, ds_max_over(g, in[0], 1))
CASE(max1, ds_max_over(g, ds_neg(g, in[0]), 2))
CASE(soft, ds_softmax(g, in[0]))
CASE(soft_plus_sum, ds_sum(g, ds_mul(g, ds_softmax(g, in[0]), in[0]), 1))
CASE(lse, ds_logsumexp(g, in[0]))
CASE(entropy, ds_cross_entropy(g, in[0], in[1], 0.1))
CASE(turned, ds_transpose(g, ds_relu(g, in[0]), (const int[]){ 1, 0 }))
CASE(turned3, ds_transpose(g, in[0], (const int[]){ 2, 0, 1 }))
CASE(cut_and_padded, ds_pad(g, ds_slice(g, in[0], 1, 3, 150), 0, 2, 1))
CASE(joined, ds_concat(g, 3, in, 1))
CASE(picked, ds_gather(g, in[0], in[1]))
CASE(scattered, ds_scatter_add(g, in[0], in[1], 40))
CASE(maximum_pooled, ds_max_pool(g, in[0], window))
CASE(mean_pooled, ds_avg_pool(g, in[0], window))
CASE(plane_mean, ds_global_avg_pool(g, in[0]))
CASE(dropped, ds_dropout(g, in[0], in[1], in[2], 5, 0.3))
CASE(normed, ds_batch_norm(g, in[0], in[1], in[2], 1e-5).y)
CASE(row_normed, ds_layer_norm(g, in[0], in[1], in[2], 1e-5))
CASE(dense, ds_relu(g, ds_add(g, ds_matmul(g, in[0], in[1], false, false), in[2])))
CASE(convolved,
     ds_tanh(g, ds_add(g, ds_conv(g, in[0], in[1], (ds_conv_shape){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }), in[2])))

static const struct {
    const char *name;
    ds_op_sample s;
} wide[] = {
    { "chain", { 2, { { 2, { 300, 257 } }, { 1, { 257 } } }, "rr", -2, 2, chain } },
    { "chain in one row", { 2, { { 1, { 70001 } }, { 1, { 1 } } }, "rr", -2, 2, chain } },
    { "chain with columns",
      { 3, { { 3, { 7, 90, 131 } }, { 3, { 7, 1, 131 } }, { 2, { 90, 1 } } }, "rrr", -2, 2, column_chain } },
    { "chain in narrow rows",
      { 3, { { 3, { 50, 90, 3 } }, { 3, { 50, 1, 3 } }, { 2, { 90, 1 } } }, "rrr", -2, 2, column_chain } },
    { "sum of rows", { 1, { { 2, { 3001, 37 } } }, "r", -1, 1, sum0 } },
    { "sum of plain rows", { 1, { { 2, { 1025, 1030 } } }, "r", -1, 1, sum_lead } },
    { "sum along rows", { 1, { { 2, { 3, 70001 } } }, "r", -1, 1, sum1 } },
    { "sum along rows of leaves", { 1, { { 2, { 2, 12289 } } }, "r", -1, 1, sum_plain } },
    { "sum of all", { 1, { { 2, { 301, 231 } } }, "r", -1, 1, sum_everything } },
    { "sum of far axes", { 1, { { 3, { 70, 30, 50 } } }, "r", -1, 1, sum_far_axes } },
    { "max of rows", { 1, { { 2, { 501, 150 } } }, "r", -1, 1, max0 } },
    { "max along rows", { 1, { { 2, { 7, 10001 } } }, "r", -1, 1, max1 } },
    { "softmax", { 1, { { 2, { 200, 601 } } }, "r", -3, 3, soft } },
    { "softmax of long rows", { 1, { { 2, { 3, 9001 } } }, "r", -3, 3, soft_plus_sum } },
    { "logsumexp", { 1, { { 2, { 30, 5001 } } }, "r", -3, 3, lse } },
    { "cross entropy", { 2, { { 2, { 900, 100 } }, { 1, { 900 } } }, "ri", -3, 100, entropy } },
    { "transpose", { 1, { { 2, { 301, 203 } } }, "r", -1, 1, turned } },
    { "transpose of three", { 1, { { 3, { 41, 30, 53 } } }, "r", -1, 1, turned3 } },
    { "slice and pad", { 1, { { 2, { 400, 200 } } }, "r", -1, 1, cut_and_padded } },
    { "concat", { 3, { { 2, { 300, 70 } }, { 2, { 300, 1 } }, { 2, { 300, 133 } } }, "rrr", -1, 1, joined } },
    { "gather", { 2, { { 2, { 40, 300 } }, { 1, { 333 } } }, "ri", -1, 40, picked } },
    { "scatter_add", { 2, { { 2, { 333, 300 } }, { 1, { 333 } } }, "ri", -1, 40, scattered } },
    { "max pool", { 1, { { 4, { 7, 23, 18, 37 } } }, "p", -1, 1, maximum_pooled } },
    { "avg pool", { 1, { { 4, { 7, 23, 18, 37 } } }, "r", -1, 1, mean_pooled } },
    { "global avg pool", { 1, { { 4, { 7, 23, 18, 37 } } }, "r", -1, 1, plane_mean } },
    { "dropout", { 3, { { 2, { 300, 257 } }, { 1, { 4 } }, { 1, { 300 } } }, "rki", -1, 60000, dropped } },
    { "batch norm", { 3, { { 4, { 9, 13, 14, 37 } }, { 1, { 37 } }, { 1, { 37 } } }, "rrr", -1, 1, normed } },
    { "layer norm", { 3, { { 2, { 130, 517 } }, { 1, { 517 } }, { 1, { 517 } } }, "rrr", -1, 1, row_normed } },
    { "dense layer", { 3, { { 2, { 131, 97 } }, { 2, { 97, 61 } }, { 1, { 61 } } }, "rrr", -1, 1, dense } },
    { "conv layer",
      { 3, { { 4, { 3, 13, 12, 5 } }, { 4, { 3, 3, 5, 19 } }, { 1, { 19 } } }, "rrr", -1, 1, convolved } },
};

static void wide_conform(void **state)
{
    for (size_t k = 0; k < sizeof wide / sizeof wide[0]; k++)
        for (int t = DS_F32; t <= DS_F64; t++) {
            conform(*state, wide[k].name, &wide[k].s, (ds_dtype)t, true, false, false, true);
            conform(*state, wide[k].name, &wide[k].s, (ds_dtype)t, true, false, true, false);
        }
    none_wrong();
}

/* ---- extents of 0 and 1 ------------------------------------------------------------------------------------------ */

CASE(product, ds_matmul(g, in[0], in[1], false, false))
CASE(mean0, ds_mean(g, in[0], 1))
CASE(conv3, ds_conv(g, in[0], in[1], (ds_conv_shape){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }))
CASE(one_window, ds_max_pool(g, in[0], (ds_pool_shape){ { 1, 1 }, { 1, 1 }, { 0, 0 } }))
CASE(hot, ds_one_hot(g, in[0], DS_F64, 3))
CASE(empty_slice, ds_slice(g, in[0], 0, 1, 1))
CASE(padded_empty, ds_pad(g, ds_slice(g, in[0], 0, 1, 1), 0, 1, 2))
CASE(entropy_plain, ds_cross_entropy(g, in[0], in[1], 0))

/* value: what every element of y must be, NaN for whatever the backends agree on. */
static const struct {
    const char *name;
    ds_op_sample s;
    double value;
} ends[] = {
    { "chain of nothing", { 2, { { 2, { 0, 5 } }, { 1, { 5 } } }, "rr", -1, 1, chain }, NAN },
    { "chain of no columns", { 2, { { 2, { 5, 0 } }, { 2, { 5, 1 } } }, "rr", -1, 1, chain }, NAN },
    { "chain of one", { 2, { { 2, { 1, 1 } }, { 1, { 1 } } }, "rr", -1, 1, chain }, NAN },
    { "chain of scalars", { 2, { { 0 }, { 0 } }, "rr", -1, 1, chain }, NAN },
    { "sum of no rows", { 1, { { 2, { 0, 5 } } }, "r", -1, 1, sum_lead }, 0 },
    { "sum of no columns", { 1, { { 2, { 5, 0 } } }, "r", -1, 1, sum_plain }, 0 },
    { "sum of no squares", { 1, { { 2, { 0, 5 } } }, "r", -1, 1, sum0 }, 0 },
    { "sum of nothing", { 1, { { 2, { 0, 0 } } }, "r", -1, 1, sum_everything }, 0 },
    { "sum of one", { 1, { { 2, { 1, 1 } } }, "r", 1, 1, sum_everything }, 1 },
    { "mean of one row", { 1, { { 2, { 1, 3 } } }, "r", 2, 2, mean0 }, 2 },
    { "mean of no rows", { 1, { { 2, { 0, 3 } } }, "r", -1, 1, mean0 }, NAN },
    { "max of no rows", { 1, { { 2, { 0, 3 } } }, "r", -1, 1, max0 }, -INFINITY },
    { "max of one row", { 1, { { 2, { 1, 3 } } }, "r", 3, 3, max0 }, 3 },
    { "softmax of no rows", { 1, { { 2, { 0, 5 } } }, "r", -1, 1, soft }, NAN },
    { "softmax of one class", { 1, { { 2, { 5, 1 } } }, "r", -1, 1, soft }, 1 },
    { "logsumexp of one class", { 1, { { 2, { 5, 1 } } }, "r", 2, 2, lse }, 2 },
    { "cross entropy of no rows", { 2, { { 2, { 0, 5 } }, { 1, { 0 } } }, "ri", -1, 5, entropy }, NAN },
    { "cross entropy of one class", { 2, { { 2, { 4, 1 } }, { 1, { 4 } } }, "ri", -1, 1, entropy_plain }, 0 },
    { "product over nothing", { 2, { { 2, { 3, 0 } }, { 2, { 0, 5 } } }, "rr", -1, 1, product }, 0 },
    { "product of no rows", { 2, { { 2, { 0, 3 } }, { 2, { 3, 5 } } }, "rr", -1, 1, product }, NAN },
    { "product of no columns", { 2, { { 2, { 2, 3 } }, { 2, { 3, 0 } } }, "rr", -1, 1, product }, NAN },
    { "product of no batch", { 2, { { 3, { 0, 2, 3 } }, { 3, { 0, 3, 4 } } }, "rr", -1, 1, product }, NAN },
    { "product of ones", { 2, { { 2, { 1, 1 } }, { 2, { 1, 1 } } }, "rr", 3, 3, product }, 9 },
    { "conv of no images", { 2, { { 4, { 0, 5, 4, 3 } }, { 4, { 3, 3, 3, 2 } } }, "rr", -1, 1, conv3 }, NAN },
    { "conv of no channels", { 2, { { 4, { 1, 5, 4, 0 } }, { 4, { 3, 3, 0, 2 } } }, "rr", -1, 1, conv3 }, 0 },
    { "conv to no channels", { 2, { { 4, { 1, 5, 4, 3 } }, { 4, { 3, 3, 3, 0 } } }, "rr", -1, 1, conv3 }, NAN },
    { "conv of one pixel", { 2, { { 4, { 1, 1, 1, 1 } }, { 4, { 3, 3, 1, 1 } } }, "rr", 2, 2, conv3 }, 4 },
    { "max pool of no images", { 1, { { 4, { 0, 5, 4, 3 } } }, "r", -1, 1, maximum_pooled }, NAN },
    { "max pool by one pixel", { 1, { { 4, { 1, 1, 1, 1 } } }, "r", 2, 2, one_window }, 2 },
    { "avg pool of no images", { 1, { { 4, { 0, 5, 4, 3 } } }, "r", -1, 1, mean_pooled }, NAN },
    { "avg pool of no channels", { 1, { { 4, { 2, 5, 4, 0 } } }, "r", -1, 1, mean_pooled }, NAN },
    { "global avg pool of one pixel", { 1, { { 4, { 2, 1, 1, 3 } } }, "r", 2, 2, plane_mean }, 2 },
    { "gather of nothing", { 2, { { 2, { 4, 3 } }, { 1, { 0 } } }, "ri", -1, 4, picked }, NAN },
    { "scatter of nothing", { 2, { { 2, { 0, 3 } }, { 1, { 0 } } }, "ri", -1, 4, scattered }, 0 },
    { "one-hot of nothing", { 1, { { 1, { 0 } } }, "i", 0, 3, hot }, NAN },
    { "concat with nothing", { 3, { { 2, { 2, 0 } }, { 2, { 2, 1 } }, { 2, { 2, 0 } } }, "rrr", 2, 2, joined }, 2 },
    { "slice of nothing", { 1, { { 2, { 4, 3 } } }, "r", -1, 1, empty_slice }, NAN },
    { "pad of nothing", { 1, { { 2, { 4, 3 } } }, "r", -1, 1, padded_empty }, 0 },
    { "transpose of nothing", { 1, { { 2, { 0, 3 } } }, "r", -1, 1, turned }, NAN },
    { "dropout of no rows", { 3, { { 2, { 0, 7 } }, { 1, { 4 } }, { 1, { 0 } } }, "rki", -1, 9, dropped }, NAN },
    { "batch norm of one row", { 3, { { 2, { 1, 3 } }, { 1, { 3 } }, { 1, { 3 } } }, "rrr", 2, 2, normed }, 2 },
    { "layer norm of one column", { 3, { { 2, { 4, 1 } }, { 1, { 1 } }, { 1, { 1 } } }, "rrr", 2, 2, row_normed }, 2 },
};

static void ends_conform(void **state)
{
    ds_ctx **ctxs = *state;
    for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++)
        for (int t = DS_F32; t <= DS_F64; t++) {
            const ds_op_sample *s = &ends[k].s;
            conform(ctxs, ends[k].name, s, (ds_dtype)t, true, true, false, true);
            built b = build(ctxs[0], s, (ds_dtype)t, false, false);
            data d = make_data(&b, s, (ds_dtype)t, 9, false);
            ds_graph_free(b.g);
            results r =
                run(ctxs[0], s, (ds_dtype)t, false, false, &d, (choice){ .name = ends[k].name, .backend = "cpu" });
            for (int64_t e = 0; e < r.count[0] && !isnan(ends[k].value); e++)
                if (get(r.t[0], r.at[0], e) != ends[k].value)
                    WRONG("%s: %.17g, wanted %g", ends[k].name, get(r.t[0], r.at[0], e), ends[k].value);
            free_results(&r);
            free_data(&d);
        }
    none_wrong();
}

/* ---- rules for NaN, zeros and ties, by hand ---------------------------------------------------------------------- */

static void one_value(ds_ctx *ctx, const char *name, ds_val (*f)(ds_graph *g, const ds_val *in), double a, double b,
                      double want)
{
    ds_op_sample s = { 2, { { 1, { 1 } }, { 1, { 1 } } }, "rr", 0, 1, f };
    for (int t = DS_F32; t <= DS_F64; t++) {
        data d = { .in = { memory_for((ds_dtype)t, 1), memory_for((ds_dtype)t, 1) } };
        put((ds_dtype)t, d.in[0], 0, a);
        put((ds_dtype)t, d.in[1], 0, b);
        results r = run(ctx, &s, (ds_dtype)t, false, false, &d, (choice){ .name = name, .backend = "cpu" });
        double y = get((ds_dtype)t, r.at[0], 0);
        if (!(isnan(want) ? isnan(y) : y == want && signbit(y) == signbit(want)))
            WRONG("%s(%g, %g) is %g, wanted %g", name, a, b, y, want);
        free_results(&r);
        free_data(&d);
    }
}

CASE(do_min, ds_min(g, in[0], in[1]))
CASE(do_max, ds_max(g, in[0], in[1]))
CASE(do_relu, ds_add(g, ds_relu(g, in[0]), ds_mul(g, ds_relu(g, in[0]), in[1])))
CASE(do_sign, ds_mul(g, ds_sign(g, in[0]), in[1]))
CASE(do_greater, ds_greater(g, in[0], in[1]))
CASE(do_at_least, ds_greater_equal(g, in[0], in[1]))
CASE(do_equal, ds_equal(g, in[0], in[1]))
CASE(do_where, ds_where(g, in[0], in[1], ds_neg(g, in[1])))
CASE(do_leaky, ds_add(g, ds_leaky_relu(g, in[0], 0.5), in[1]))
CASE(do_pow, ds_pow(g, in[0], in[1]))
CASE(do_floor, ds_add(g, ds_floor(g, in[0]), in[1]))

static void rules_by_hand(void **state)
{
    ds_ctx *ctx = ((ds_ctx **)*state)[0];
#define IS(f, a, b, want) one_value(ctx, #f, do_##f, a, b, want)
    IS(min, 1, 2, 1), IS(min, 2, 1, 1), IS(min, NAN, 1, NAN), IS(min, 1, NAN, NAN), IS(min, -INFINITY, 1, -INFINITY);
    IS(max, 1, 2, 2), IS(max, 2, 1, 2), IS(max, NAN, 1, NAN), IS(max, 1, NAN, NAN), IS(max, -INFINITY, 1, 1);
    IS(relu, -2, 1, 0), IS(relu, 3, 1, 6), IS(relu, NAN, 1, NAN), IS(relu, INFINITY, 1, INFINITY);
    IS(sign, -2, 1, -1), IS(sign, 3, 1, 1), IS(sign, 0, 1, 0), IS(sign, NAN, 1, NAN);
    IS(greater, 1, 1, 0), IS(greater, 2, 1, 1), IS(greater, NAN, 1, 0), IS(greater, 1, NAN, 0);
    IS(at_least, 1, 1, 1), IS(at_least, 1, 2, 0), IS(at_least, NAN, NAN, 0);
    IS(equal, 0, -0.0, 1), IS(equal, NAN, NAN, 0), IS(equal, 3, 3, 1);
    IS(where, 0, 2, -2), IS(where, -0.0, 2, -2), IS(where, 1, 2, 2), IS(where, NAN, 2, 2);
    IS(leaky, -4, 1, -1), IS(leaky, 4, 1, 5), IS(leaky, NAN, 1, NAN);
    IS(pow, 2, 10, 1024), IS(pow, -2, 3, -8), IS(pow, -2, 0.5, NAN), IS(pow, 0, 0, 1), IS(pow, NAN, 0, 1),
        IS(pow, 1, NAN, 1);
    IS(floor, -1.5, 0.25, -1.75), IS(floor, 1.5, 0.25, 1.25), IS(floor, INFINITY, 1, INFINITY);
#undef IS
    none_wrong();
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

CASE(bad_add, ds_add(g, in[0], in[1]))
CASE(bad_where, ds_where(g, in[0], in[1], in[1]))
CASE(bad_real, ds_exp(g, in[0]))
CASE(bad_broadcast, ds_broadcast(g, in[0], DS_SHAPE(3, 4)))
CASE(bad_reshape, ds_reshape(g, in[0], DS_SHAPE(7)))
CASE(bad_reshape_two, ds_reshape(g, in[0], DS_SHAPE(-1, -1)))
CASE(bad_sum, ds_sum(g, in[0], 8))
CASE(bad_max, ds_max_over(g, in[0], 1))
CASE(bad_transpose, ds_transpose(g, in[0], (const int[]){ 0, 0 }))
CASE(bad_slice, ds_slice(g, in[0], 0, 2, 9))
CASE(bad_slice_axis, ds_slice(g, in[0], 2, 0, 1))
CASE(bad_pad, ds_pad(g, in[0], 0, -1, 0))
CASE(bad_concat, ds_concat(g, 2, in, 0))
CASE(bad_hot, ds_one_hot(g, in[0], DS_F32, 3))
CASE(bad_grad, (ds_grad(g, in[0], 1, in, &(ds_val){ 0 }), in[0]))
CASE(bad_norm, ds_batch_norm(g, in[0], in[1], in[1], 1e-3).y)
CASE(bad_pool, ds_max_pool(g, in[0], (ds_pool_shape){ { 9, 9 }, { 1, 1 }, { 0, 0 } }))

static const ds_op_sample refused[] = {
    { 2, { { 2, { 3, 5 } }, { 1, { 4 } } }, "rr", 0, 1, bad_add },
    { 2, { { 2, { 3, 5 } }, { 2, { 3, 5 } } }, "ri", 0, 1, bad_add },
    { 2, { { 2, { 3, 5 } }, { 2, { 5, 3 } } }, "rr", 0, 1, bad_where },
    { 1, { { 2, { 3, 5 } } }, "i", 0, 1, bad_real },
    { 1, { { 1, { 5 } } }, "r", 0, 1, bad_broadcast },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_reshape },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_reshape_two },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_sum },
    { 1, { { 2, { 3, 5 } } }, "i", 0, 1, bad_max },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_transpose },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_slice },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_slice_axis },
    { 1, { { 2, { 3, 5 } } }, "r", 0, 1, bad_pad },
    { 2, { { 2, { 3, 5 } }, { 2, { 3, 4 } } }, "rr", 0, 1, bad_concat },
    { 2, { { 2, { 3, 5 } }, { 1, { 4 } } }, "rr", 0, 1, picked },
    { 2, { { 2, { 3, 5 } }, { 1, { 4 } } }, "ri", 0, 1, scattered },
    { 1, { { 1, { 4 } } }, "r", 0, 1, bad_hot },
    { 2, { { 2, { 3, 5 } }, { 2, { 4, 5 } } }, "rr", 0, 1, product },
    { 2, { { 2, { 3, 5 } }, { 3, { 1, 5, 4 } } }, "rr", 0, 1, product },
    { 2, { { 3, { 2, 3, 5 } }, { 3, { 1, 5, 4 } } }, "rr", 0, 1, product },
    { 2, { { 4, { 1, 5, 4, 3 } }, { 4, { 3, 3, 2, 2 } } }, "rr", 0, 1, conv3 },
    { 2, { { 3, { 5, 4, 3 } }, { 4, { 3, 3, 3, 2 } } }, "rr", 0, 1, conv3 },
    { 1, { { 4, { 1, 5, 4, 3 } } }, "r", 0, 1, bad_pool },
    { 1, { { 3, { 5, 4, 3 } } }, "r", 0, 1, maximum_pooled },
    { 1, { { 0 } }, "r", 0, 1, soft },
    { 2, { { 2, { 3, 5 } }, { 1, { 4 } } }, "ri", 0, 1, entropy },
    { 2, { { 2, { 3, 5 } }, { 1, { 3 } } }, "rr", 0, 1, entropy },
    { 3, { { 2, { 4, 9 } }, { 1, { 3 } }, { 1, { 4 } } }, "rki", 0, 1, dropped },
    { 3, { { 2, { 4, 9 } }, { 1, { 4 } }, { 1, { 5 } } }, "rki", 0, 1, dropped },
    { 2, { { 2, { 6, 3 } }, { 1, { 4 } } }, "rr", 0, 1, bad_norm },
    { 3, { { 2, { 6, 3 } }, { 1, { 4 } }, { 1, { 3 } } }, "rrr", 0, 1, row_normed },
    { 1, { { 1, { 3 } } }, "r", 0, 1, bad_grad },
};

/* Each is refused with DS_ESHAPE and a message, and so is every plan of such a graph; later constructors are safe. */
static void wrong_shapes(void **state)
{
    ds_ctx *ctx = ((ds_ctx **)*state)[0];
    for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++) {
        const ds_op_sample *s = &refused[k];
        ds_graph *g;
        ds_plan *p = NULL;
        ds_val in[DS_MAX_IN];
        OK(ds_graph_create(&g, ctx));
        for (int i = 0; i < s->nin; i++) in[i] = ds_input(g, "x", type_of(s, i, DS_F32), s->shape[i]);
        ds_val y = s->build(g, in);
        if (ds_graph_status(g) != DS_ESHAPE) fail_msg("wrong shapes %zu: %s", k, ds_status_text(ds_graph_status(g)));
        if (strlen(ds_error(ctx)) < 10) fail_msg("wrong shapes %zu: the message is \"%s\"", k, ds_error(ctx));
        assert_false(ds_val_ok(ds_exp(g, y)));
        assert_int_equal(ds_plan_create(&p, g, 1, &in[0], NULL), DS_ESHAPE);
        assert_null(p);
        ds_graph_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(wide_conform), cmocka_unit_test(ends_conform),
                                        cmocka_unit_test(rules_by_hand), cmocka_unit_test(wrong_shapes) };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
