/* squared_error.c - mean over elements of (z - y)^2, and the half of it.   Goodfellow eq. 5.4, 6.1 */
#include "problem/problem.h"

static ds_val build(ds_graph *g, const ds_loss_ask *a)
{
    return ds_mean_all(g, ds_loss_weighted(g, a, ds_square(g, ds_sub(g, a->z, a->target))));
}
static ds_val half(ds_graph *g, const ds_loss_ask *a) { return ds_scale(g, build(g, a), 0.5); }

const ds_loss_def ds_loss_squared_error = {
    .head = { "squared-error", "mean squared error", "(z - y)^2", "Goodfellow eq. 5.4", NULL,
              "PyTorch MSELoss, Keras MeanSquaredError, Caffe EuclideanLoss (half, a sum over outputs)" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS,
    .build = build,
};

const ds_loss_def ds_loss_half_squared_error = {
    .head = { "half-squared-error", "half of the mean squared error", "(z - y)^2 / 2", "Goodfellow eq. 6.1", NULL,
              "Caffe EuclideanLoss (a sum over outputs); PyTorch MSELoss / 2, Keras MeanSquaredError / 2" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS,
    .build = half,
};
