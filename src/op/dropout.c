/* dropout.c - y = x mask, mask 0 with probability `rate`, else 1 / (1 - rate). Srivastava et al. 2014; Goodfellow
 * section 7.12. dropout_mask is a pure function of (seed, step, site, row id, element): the same in forward, backward,
 * products and resumed runs. attr.i[0] = site, attr.f[0] = rate. */
#include "op/op.h"
#include "op/ops.h"

static ds_val none_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)g, (void)y, (void)i, (void)dy;
    return DS_NONE;
}
static ds_val mask(ds_graph *g, ds_val x, ds_val rng, ds_val ids, int site, double rate)
{
    return ds_node_make(g, &ds_op_dropout_mask, 2, (ds_val[]){ rng, ids }, &(ds_attr){ .i = { site }, .f = { rate } },
                        ds_val_dtype(g, x), ds_val_shape(g, x));
}
static ds_val mask_sample(ds_graph *g, const ds_val *in) { return mask(g, in[0], in[1], in[2], 3, 0.4); }
static ds_val dropout_sample(ds_graph *g, const ds_val *in)
{
    return ds_dropout(g, ds_square(g, in[0]), in[1], in[2], 3, 0.4);
}
#define SHAPES                                                                                                         \
    {                                                                                                                  \
        3, { { 2, { 4, 9 } }, { 1, { 4 } }, { 1, { 4 } } }, "rki", -1, 4,
const ds_op ds_op_dropout_mask = { .head = { .name = "dropout_mask", .summary = "0 or 1/(1-rate), by counter" },
                                   .flags = DS_OP_NONDIFF,
                                   .vjp = none_vjp,
                                   .samples = (const ds_op_sample[]){ SHAPES mask_sample },
                                   { 0 } }
}
;
const ds_op ds_op_dropout = {
    .head = { .name = "dropout", .summary = "units switched off at random", .formula = "y = x m / (1 - rate)" },
    .samples = (const ds_op_sample[]){ SHAPES dropout_sample },
    { 0 }
}
}
;

ds_val ds_dropout(ds_graph *g, ds_val x, ds_val rng, ds_val ids, int site, double rate)
{
    if (!ds_vals_ok(g, "dropout", 3, (ds_val[]){ x, rng, ids })) return DS_NONE;
    if (!(rate >= 0 && rate < 1)) return ds_graph_fail(g, DS_ERANGE, "dropout: rate is %g, wanted 0 <= rate < 1", rate);
    ds_shape s = ds_val_shape(g, x), k = ds_val_shape(g, rng), n = ds_val_shape(g, ids);
    if (s.rank < 1 || k.rank != 1 || k.dim[0] != 4 || n.rank != 1 || n.dim[0] != s.dim[0] ||
        ds_val_dtype(g, rng) != DS_I32 || ds_val_dtype(g, ids) != DS_I32)
        return ds_graph_fail(g, DS_ESHAPE, "dropout: wants a key i32 [4] and ids i32 [rows]");
    return rate == 0 ? x : ds_mul(g, x, mask(g, x, rng, ids, site, rate));
}
