/* binary_cross_entropy.c - mean over rows of sum_k softplus(z_k) - y_k z_k: -log likelihood of y_k under sigmoid(z_k),
 * without a sigmoid whose logarithm could be lost. y in [0, 1]; with two classes one output is enough.
 * Goodfellow eq. 6.25, 6.26 */
#include "kernel/math_big.h"
#include "problem/problem.h"

static ds_val build(ds_graph *g, const ds_loss_ask *a)
{
    ds_val lost = ds_sub(g, ds_softplus(g, a->z), ds_mul(g, a->target, a->z));
    return ds_scale(g, ds_sum_all(g, ds_loss_weighted(g, a, lost)), 1 / ds_rows_of(g, a->z));
}

static ds_val marginals(ds_graph *g, ds_val p) { return ds_sub(g, ds_log(g, p), ds_log1p(g, ds_neg(g, p))); }

static void draw(const double *z, int64_t width, ds_rng *r, double *y)
{
    const double e = 2.718281828459045;
    for (int64_t k = 0; k < width; k++) y[k] = ds_rng_uniform(r) * (1 + ds_power(e, -z[k])) < 1;
}

const ds_loss_def ds_loss_binary_cross_entropy = {
    .head = { "binary-cross-entropy", "cross-entropy of independent yes/no outputs", "softplus(z) - y z",
              "Goodfellow eq. 6.25", NULL,
              "PyTorch BCEWithLogitsLoss, Keras BinaryCrossentropy(from_logits=True), Caffe SigmoidCrossEntropyLoss" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS | DS_FOR_ONE_LOGIT,
    .build = build,
    .marginals = marginals,
    .draws = DS_FOR_REALS | DS_FOR_ONE_LOGIT,
    .draw = draw,
};
