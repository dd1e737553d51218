/* cross_entropy.c - mean over rows of -sum_k q_k log softmax(z)_k; q is one-hot, smoothed to (1 - e) q + e / K when
 * asked. The op subtracts the largest output first, so no exponential overflows.   Goodfellow sec. 6.2.2.3, 7.5.1 */
#include "problem/problem.h"

static const ds_option options[] = {
    { "smoothing", DS_OPT_REAL, 0, 1, "0", NULL, "label_smoothing",
      "share e of the target that is spread over all classes", .why = "labels are taken at their word",
      .cite = "Goodfellow et al. 7.5.1; Szegedy et al. 2016",
      .elsewhere = "PyTorch CrossEntropyLoss(label_smoothing=), Keras CategoricalCrossentropy(label_smoothing=)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_val build(ds_graph *g, const ds_loss_ask *a)
{
    return ds_mean_all(g, ds_loss_weighted(g, a, ds_cross_entropy(g, a->z, a->labels, a->option[0].real)));
}

const ds_loss_def ds_loss_cross_entropy = {
    .head = { "cross-entropy", "softmax cross-entropy", "-log softmax(z)_y", "Goodfellow sec. 6.2.2.3", options,
              "PyTorch CrossEntropyLoss, Keras CategoricalCrossentropy(from_logits=True), Caffe SoftmaxWithLoss" },
    .fits = DS_FOR_CLASSES,
    .build = build,
    .marginals = ds_log,
};
