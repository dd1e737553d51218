/* squared_error.c - mean over elements of (z - y)^2, and the half of it.   Goodfellow eq. 5.4, 6.1 */
#include "problem/problem.h"

static ds_val build(ds_graph *g, const ds_optval *o, ds_val z, ds_val y)
{
    (void)o;
    return ds_mean_all(g, ds_square(g, ds_sub(g, z, y)));
}

static ds_val half(ds_graph *g, const ds_optval *o, ds_val z, ds_val y) { return ds_scale(g, build(g, o, z, y), 0.5); }

const ds_loss_def ds_loss_squared_error = {
    .head = { "squared-error", "mean squared error", "(z - y)^2", "Goodfellow eq. 5.4", NULL, "PyTorch MSELoss, Keras MeanSquaredError" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS, .build = build,
};

const ds_loss_def ds_loss_half_squared_error = {
    .head = { "half-squared-error", "half of the mean squared error", "(z - y)^2 / 2", "Goodfellow eq. 6.1", NULL, "Caffe EuclideanLoss, of one output" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS, .build = half,
};
