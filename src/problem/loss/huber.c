/* huber.c - mean over elements of r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2), r = z - y.   Huber 1964
 * With m = min(|r|, delta) both pieces are m (|r| - m / 2). */
#include "problem/problem.h"

static const ds_option options[] = {
    { "delta", DS_OPT_REAL, 1e-9, 1e9, "1", NULL, NULL, "residual at which squares turn to lines", .why = "PyTorch's",
      .elsewhere = "PyTorch HuberLoss(delta), Keras Huber(delta=)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_val build(ds_graph *g, const ds_loss_ask *a)
{
    ds_val r = ds_abs(g, ds_sub(g, a->z, a->target));
    ds_val m = ds_min(g, r, ds_fill(g, ds_val_dtype(g, r), ds_val_shape(g, r), a->option[0].real));
    return ds_mean_all(g, ds_loss_weighted(g, a, ds_mul(g, m, ds_sub(g, r, ds_scale(g, m, 0.5)))));
}

const ds_loss_def ds_loss_huber = {
    .head = { "huber", "squares near 0, lines beyond", "r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2)",
              "Huber 1964", options, "PyTorch HuberLoss, Keras Huber, Caffe SmoothL1Loss of forks" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS,
    .build = build,
};
