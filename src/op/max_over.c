/* max_over.c - the maximum over a set of axes (bit mask attr.i[0]); their extents become 1. The first of equals stays,
 * a NaN wins. dx = dy at the first maximum, one of the subgradients. Source: Goodfellow et al. section 6.3 (maxout:
 * Goodfellow et al. 2013). */
#include "op/op.h"

DS_VJP(max_over) { return ds_mul(g, dy, ds_first_max(g, ds_in(g, y, i), (unsigned)ds_node_of(g, y)->attr.i[0])); }
static ds_val max_middle(ds_graph *g, const ds_val *in) { return ds_max_over(g, ds_square(g, in[0]), 2); }
static ds_val max_last(ds_graph *g, const ds_val *in) { return ds_max_over(g, in[0], 4); }
static ds_val max_lead(ds_graph *g, const ds_val *in) { return ds_max_over(g, in[0], 3); }

const ds_op ds_op_max_over = {
    .head = { .name = "max_over",
              .summary = "maximum over axes; derivative to the first one",
              .formula = "y = max_i x_i",
              .cite = "Goodfellow et al. section 6.3 (maxout: Goodfellow et al. 2013)" },
    .vjp = max_over_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 3, { 2, 5, 3 } } }, "p", 0.1, 1, max_middle },
                                       { 1, { { 3, { 2, 3, 21 } } }, "p", -1, 1, max_last },
                                       { 1, { { 3, { 2, 5, 3 } } }, "p", -1, 1, max_lead },
                                       { 0 } },
};

ds_val ds_max_over(ds_graph *g, ds_val x, unsigned axes) { return ds_reduce(g, &ds_op_max_over, x, axes); }
