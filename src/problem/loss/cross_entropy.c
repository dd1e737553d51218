/* cross_entropy.c - mean over rows of -sum_k q_k log softmax(z)_k; q is one-hot, smoothed to (1 - e) q + e / K when
 * asked. The op subtracts the largest output first, so no exponential overflows.   Goodfellow sec. 6.2.2.3, 7.5.1 */
#include "kernel/math_big.h"
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
    double smoothing = a->drawn ? 0 : a->option[0].real;
    return ds_mean_all(g, ds_loss_weighted(g, a, ds_cross_entropy(g, a->z, a->labels, smoothing)));
}

/* The first class whose share of the sum of e^(z - max z) reaches beyond u. */
static void draw(const double *z, int64_t width, ds_rng *r, double *y)
{
    const double e = 2.718281828459045;
    double most = z[0], sum = 0, at = 0;
    for (int64_t k = 1; k < width; k++) most = z[k] > most ? z[k] : most;
    for (int64_t k = 0; k < width; k++) sum += ds_power(e, z[k] - most);
    double u = ds_rng_uniform(r) * sum;
    int64_t k = 0;
    while (k < width - 1 && (at += ds_power(e, z[k] - most)) <= u) k++;
    y[0] = (double)k;
}

const ds_loss_def ds_loss_cross_entropy = {
    .head = { "cross-entropy", "softmax cross-entropy", "-log softmax(z)_y", "Goodfellow sec. 6.2.2.3", options,
              "PyTorch CrossEntropyLoss, Keras CategoricalCrossentropy(from_logits=True), Caffe SoftmaxWithLoss" },
    .fits = DS_FOR_CLASSES,
    .build = build,
    .marginals = ds_log,
    .draws = DS_FOR_CLASSES,
    .draw = draw,
};
