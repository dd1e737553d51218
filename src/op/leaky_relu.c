/* leaky_relu.c - the rectifier with a slope below 0 (attr.f[0]). dx = dy where x > 0, else a dy. Source: Goodfellow et
 * al. section 6.3.1; Maas et al. 2013. */
#include "op/op.h"

DS_VJP(leaky_relu)
{
    double s = ds_node_of(g, y)->attr.f[0];
    ds_val x = ds_in(g, y, i);
    return ds_mul(g, dy, ds_where(g, ds_greater(g, x, ds_like(g, x, 0)), ds_like(g, x, 1), ds_like(g, x, s)));
}
DS_SAMPLES1(leaky_relu, -2, 2, ds_leaky_relu(g, in[0], 0.1))

const ds_op ds_op_leaky_relu = {
    .head = { .name = "leaky_relu",
              .summary = "rectifier with a slope below 0",
              .formula = "y = x > 0 ? x : a x",
              .cite = "Goodfellow et al. section 6.3.1; Maas et al. 2013" },
    DS_ELEMENTWISE(leaky_relu),
    .vjp = leaky_relu_vjp,
    .samples = leaky_relu_samples,
};

ds_val ds_leaky_relu(ds_graph *g, ds_val x, double slope) { return ds_map1(g, &ds_op_leaky_relu, x, slope, 0); }
