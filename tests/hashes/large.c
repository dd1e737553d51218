/* large.c - shapes past every tile and leaf, where the order of a sum could show: products, convolutions, reductions,
 * and the functions over long arrays that reach into every branch. */
#include "hashes.h"

#include <stdio.h>

#include "descent/op.h"
#include "graph/graph.h"

static ds_val product(ds_graph *g, const ds_val *in) { return ds_matmul(g, in[0], in[1], false, false); }
static ds_val product_t(ds_graph *g, const ds_val *in) { return ds_matmul(g, in[0], in[1], true, true); }
static ds_val dense(ds_graph *g, const ds_val *in)
{
    return ds_relu(g, ds_add(g, ds_matmul(g, in[0], in[1], false, false), in[2]));
}
static ds_val conv(ds_graph *g, const ds_val *in)
{
    return ds_conv(g, in[0], in[1], (ds_conv_shape){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 });
}
static ds_val conv_stride(ds_graph *g, const ds_val *in)
{
    return ds_conv(g, in[0], in[1], (ds_conv_shape){ { 2, 2 }, { 1, 1 }, { 1, 1 }, 1 });
}
static ds_val conv_groups(ds_graph *g, const ds_val *in)
{
    return ds_conv(g, in[0], in[1], (ds_conv_shape){ { 1, 1 }, { 2, 2 }, { 2, 2 }, 2 });
}
static ds_val sum_rows(ds_graph *g, const ds_val *in) { return ds_sum(g, ds_square(g, in[0]), 1); }
static ds_val sum_all(ds_graph *g, const ds_val *in) { return ds_sum_all(g, in[0]); }
static ds_val softmax(ds_graph *g, const ds_val *in) { return ds_log_softmax(g, in[0]); }
static ds_val batch(ds_graph *g, const ds_val *in) { return ds_batch_norm(g, in[0], in[1], in[2], 1e-5).y; }
static ds_val layer(ds_graph *g, const ds_val *in) { return ds_layer_norm(g, in[0], in[1], in[2], 1e-5); }
static ds_val dropout(ds_graph *g, const ds_val *in) { return ds_dropout(g, in[0], in[1], in[2], 1, 0.3); }

static const struct {
    const char *name;
    ds_op_sample sample;
} products[] = {
    { "large.matmul", { 2, { { 2, { 67, 530 } }, { 2, { 530, 35 } } }, "rr", -1, 1, product } },
    { "large.matmul_tall", { 2, { { 2, { 1037, 9 } }, { 2, { 9, 19 } } }, "rr", -1, 1, product } },
    { "large.matmul_transposed", { 2, { { 2, { 130, 33 } }, { 2, { 50, 130 } } }, "rr", -1, 1, product_t } },
    { "large.dense", { 3, { { 2, { 33, 100 } }, { 2, { 100, 65 } }, { 1, { 65 } } }, "rrr", -1, 1, dense } },
    { "large.conv", { 2, { { 4, { 18, 9, 11, 5 } }, { 4, { 3, 3, 5, 18 } } }, "rr", -1, 1, conv } },
    { "large.conv_stride", { 2, { { 4, { 3, 16, 15, 16 } }, { 4, { 3, 3, 16, 33 } } }, "rr", -1, 1, conv_stride } },
    { "large.conv_groups", { 2, { { 4, { 2, 9, 8, 6 } }, { 4, { 3, 3, 3, 8 } } }, "rr", -1, 1, conv_groups } },
    { "large.sum_rows", { 1, { { 2, { 1029, 19 } } }, "r", -1, 1, sum_rows } },
    { "large.sum_all", { 1, { { 2, { 311, 67 } } }, "r", -1, 1, sum_all } },
    { "large.log_softmax", { 1, { { 2, { 65, 131 } } }, "r", -9, 9, softmax } },
    { "large.batch_norm", { 3, { { 4, { 17, 5, 7, 19 } }, { 1, { 19 } }, { 1, { 19 } } }, "rrr", -1, 1, batch } },
    { "large.layer_norm", { 3, { { 2, { 35, 131 } }, { 1, { 131 } }, { 1, { 131 } } }, "rrr", -1, 1, layer } },
    { "large.dropout", { 3, { { 2, { 33, 130 } }, { 1, { 4 } }, { 1, { 33 } } }, "rki", -1, 99, dropout } },
};

/* Functions of one value over a wide and a narrow range. */
static const struct {
    const char *name;
    ds_val (*build)(ds_graph *g, ds_val x);
    double lo, hi;
} functions[] = {
    { "exp", ds_exp, -110, 95 },    { "expm1", ds_expm1, -20, 20 },       { "log", ds_log, 1e-42, 1e5 },
    { "log1p", ds_log1p, -0.9, 9 }, { "sin", ds_sin, -1000, 1000 },       { "cos", ds_cos, -1000, 1000 },
    { "tanh", ds_tanh, -12, 12 },   { "sigmoid", ds_sigmoid, -100, 100 }, { "softplus", ds_softplus, -60, 60 },
    { "erf", ds_erf, -7, 7 },       { "gelu", ds_gelu, -9, 9 },           { "silu", ds_silu, -30, 30 },
};
static size_t which;
static ds_val function(ds_graph *g, const ds_val *in) { return functions[which].build(g, in[0]); }
static ds_val power(ds_graph *g, const ds_val *in) { return ds_pow(g, in[0], in[1]); }

void hash_large(void)
{
    char name[64];
    for (int t = DS_F32; t <= DS_F64; t++) {
        for (size_t k = 0; k < sizeof products / sizeof products[0]; k++)
            hash_sample(products[k].name, &products[k].sample, (ds_dtype)t);
        for (which = 0; which < sizeof functions / sizeof functions[0]; which++) {
            ds_op_sample wide = { 1, { { 2, { 7, 1001 } } }, "r", functions[which].lo, functions[which].hi, function };
            ds_op_sample narrow = wide;
            narrow.lo = functions[which].lo / 1000, narrow.hi = functions[which].hi / 1000;
            snprintf(name, sizeof name, "wide.%s", functions[which].name);
            hash_sample(name, &wide, (ds_dtype)t);
            snprintf(name, sizeof name, "narrow.%s", functions[which].name);
            hash_sample(name, &narrow, (ds_dtype)t);
        }
        ds_op_sample pow_sample = { 2, { { 1, { 5001 } }, { 1, { 5001 } } }, "rr", 1e-3, 20, power };
        hash_sample("wide.pow", &pow_sample, (ds_dtype)t);
    }
}
