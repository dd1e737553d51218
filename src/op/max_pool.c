/* max_pool.c - the largest element of each window of [N,H,W,C]; of equals the first, NaN wins. It is pool_take at
 * max_pool_index, so dx = dy at the first maximum, and second derivatives are those of the chosen elements. Source:
 * Goodfellow et al. section 9.3; Zhou and Chellappa 1988. */
#include "op/op.h"

static const ds_pool_shape two = { { 2, 2 }, { 2, 2 }, { 0, 0 } }, three = { { 3, 2 }, { 2, 1 }, { 1, 1 } };
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_max_pool(g, in[0], two); }
static ds_val sample3(ds_graph *g, const ds_val *in) { return ds_max_pool(g, ds_square(g, in[0]), three); }

const ds_op ds_op_max_pool = {
    .head = { .name = "max_pool",
              .summary = "largest element of each window; a tie counts for the first",
              .formula = "y = max over the window",
              .cite = "Goodfellow et al. section 9.3; Zhou and Chellappa 1988" },
    .samples = (const ds_op_sample[]){ { 1, { { 4, { 2, 4, 4, 3 } } }, "p", -1, 1, sample },
                                       { 1, { { 4, { 2, 5, 4, 3 } } }, "p", 0.1, 1, sample3 },
                                       { 0 } },
};

/* A ReLU before the pool moves behind it: it never falls and keeps NaN, so the maximum is the same for every value, and
 * its derivative is 0 in the windows where the places could differ. The plane then needs neither a pass for the ReLU's
 * derivative nor to be kept. */
ds_val ds_max_pool(ds_graph *g, ds_val x, ds_pool_shape p)
{
    if (ds_vals_ok(g, "max_pool", 1, &x) && ds_node_of(g, x)->op == &ds_op_relu)
        return ds_relu(g, ds_max_pool(g, ds_in(g, x, 0), p));
    ds_val index = ds_max_pool_index(g, x, p);
    return ds_val_ok(index) ? ds_pool_take(g, x, index, p) : DS_NONE;
}
