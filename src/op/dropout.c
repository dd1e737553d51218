/* dropout.c - units switched off at random: y = x mask (dropout_mask), so that the mean of y is x. The key rng is i32
 * [4], ids i32 [rows]. Evaluation leaves it out. Source: Srivastava et al. 2014; Goodfellow et al. section 7.12. */
#include "op/op.h"

static ds_val sample(ds_graph *g, const ds_val *in) { return ds_dropout(g, ds_square(g, in[0]), in[1], in[2], 3, 0.4); }

const ds_op ds_op_dropout = {
    .head = { .name = "dropout",
              .summary = "units switched off at random",
              .formula = "y = x m / (1 - rate)",
              .cite = "Srivastava et al. 2014; Goodfellow et al. section 7.12" },
    .samples =
        (const ds_op_sample[]){ { 3, { { 2, { 4, 9 } }, { 1, { 4 } }, { 1, { 4 } } }, "rki", -1, 4, sample }, { 0 } },
};

ds_val ds_dropout(ds_graph *g, ds_val x, ds_val rng, ds_val ids, int site, double rate)
{
    if (!ds_vals_ok(g, "dropout", 3, (ds_val[]){ x, rng, ids })) return DS_NONE;
    if (!(rate >= 0 && rate < 1)) return ds_graph_fail(g, DS_ERANGE, "dropout: rate is %g, wanted 0 <= rate < 1", rate);
    ds_shape s = ds_val_shape(g, x), k = ds_val_shape(g, rng), n = ds_val_shape(g, ids);
    if (s.rank < 1 || k.rank != 1 || k.dim[0] != 4 || n.rank != 1 || n.dim[0] != s.dim[0] ||
        ds_val_dtype(g, rng) != DS_I32 || ds_val_dtype(g, ids) != DS_I32)
        return ds_graph_fail(g, DS_ESHAPE, "dropout: wants a key i32 [4] and ids i32 [rows]");
    return rate == 0 ? x : ds_mul(g, x, ds_dropout_mask(g, x, rng, ids, site, rate));
}
