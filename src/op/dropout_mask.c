/* dropout_mask.c - 0 with probability rate (attr.f[0]), else 1 / (1 - rate), for each element of x's shape: a pure
 * function of (seed, step, site, row id, element), by Philox. So it is the same in forward, backward, products,
 * resumed runs and whatever the batch. attr.i[0] is the site. No derivative. Source: Srivastava et al. 2014; Salmon et
 * al. 2011. */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_dropout_mask(g, in[0], in[1], in[2], 3, 0.4); }

const ds_op ds_op_dropout_mask = {
    .head = { .name = "dropout_mask",
              .summary = "0 or 1/(1-rate), by counter",
              .formula = "m = [u >= rate] / (1 - rate)",
              .cite = "Srivastava et al. 2014; Salmon et al. 2011" },
    .flags = DS_OP_NONDIFF,
    .vjp = ds_no_vjp,
    .samples =
        (const ds_op_sample[]){ { 3, { { 2, { 4, 9 } }, { 1, { 4 } }, { 1, { 4 } } }, "rki", -1, 4, sample }, { 0 } },
};

ds_val ds_dropout_mask(ds_graph *g, ds_val x, ds_val rng, ds_val ids, int site, double rate)
{
    return ds_node_make(g, &ds_op_dropout_mask, 2, (ds_val[]){ rng, ids }, &(ds_attr){ .i = { site }, .f = { rate } },
                        ds_val_dtype(g, x), ds_val_shape(g, x));
}
