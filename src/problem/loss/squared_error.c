/* squared_error.c - mean over elements of (z - y)^2, and the half of it.   Goodfellow eq. 5.4, 6.1 */
#include <math.h>

#include "problem/problem.h"

static ds_val build(ds_graph *g, const ds_loss_ask *a)
{
    return ds_mean_all(g, ds_loss_weighted(g, a, ds_square(g, ds_sub(g, a->z, a->target))));
}
static ds_val half(ds_graph *g, const ds_loss_ask *a) { return ds_scale(g, build(g, a), 0.5); }

/* The mean over K outputs of (z - y)^2 is minus the logarithm of a normal density of variance K / 2. */
static void draw_around(const double *z, int64_t width, double variance, ds_rng *r, double *y)
{
    for (int64_t k = 0; k < width; k++) y[k] = z[k] + sqrt(variance) * ds_rng_normal(r);
}
static void draw(const double *z, int64_t width, ds_rng *r, double *y)
{
    draw_around(z, width, (double)width / 2, r, y);
}
static void draw_half(const double *z, int64_t width, ds_rng *r, double *y)
{
    draw_around(z, width, (double)width, r, y);
}

const ds_loss_def ds_loss_squared_error = {
    .head = { "squared-error", "mean squared error", "(z - y)^2", "Goodfellow eq. 5.4", NULL,
              "PyTorch MSELoss, Keras MeanSquaredError, Caffe EuclideanLoss (half, a sum over outputs)" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS,
    .build = build,
    .draws = DS_FOR_REALS,
    .draw = draw,
};

const ds_loss_def ds_loss_half_squared_error = {
    .head = { "half-squared-error", "half of the mean squared error", "(z - y)^2 / 2", "Goodfellow eq. 6.1", NULL,
              "Caffe EuclideanLoss (a sum over outputs); PyTorch MSELoss / 2, Keras MeanSquaredError / 2" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS,
    .build = half,
    .draws = DS_FOR_REALS,
    .draw = draw_half,
};
