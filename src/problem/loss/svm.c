/* svm.c - multiclass SVM: mean over rows of sum over wrong classes j of max(0, s_j - s_y + delta), or of its square.
 * Weston, Watkins 1999; course notes (CS231n). The derivative at the hinge is 0. */
#include "problem/problem.h"

static const ds_option options[] = {
    { "delta", DS_OPT_REAL, 0, 1e9, "1", NULL, "margin", "margin by which the true class should lead",
      .why = "any number but 0 would do: scores scale with the weights, which a penalty holds",
      .cite = "CS231n, linear classification",
      .elsewhere = "PyTorch MultiMarginLoss(margin), Keras none, Caffe HingeLoss (1)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

/* max(0, s_j - s_y + delta), 0 at j = y. */
static ds_val margins(ds_graph *g, const ds_loss_ask *a)
{
    ds_val s = a->z, q = a->target, own = ds_sum(g, ds_mul(g, q, s), 1u << 1);
    ds_val lack = ds_relu(g, ds_shift(g, ds_sub(g, s, own), a->option[0].real));
    return ds_mul(g, lack, ds_shift(g, ds_neg(g, q), 1));
}

static ds_val hinge(ds_graph *g, const ds_loss_ask *a)
{
    return ds_scale(g, ds_sum_all(g, ds_loss_weighted(g, a, margins(g, a))), 1 / ds_rows_of(g, a->z));
}

static ds_val squared(ds_graph *g, const ds_loss_ask *a)
{
    return ds_scale(g, ds_sum_all(g, ds_loss_weighted(g, a, ds_square(g, margins(g, a)))), 1 / ds_rows_of(g, a->z));
}

const ds_loss_def ds_loss_svm = {
    .head = { "svm", "multiclass SVM (hinge)", "sum_{j != y} max(0, s_j - s_y + delta)", "Weston, Watkins 1999",
              options,
              "PyTorch MultiMarginLoss times the number of classes, Keras CategoricalHinge (the worst class alone), "
              "Caffe HingeLoss (one against all)" },
    .fits = DS_FOR_CLASSES,
    .build = hinge,
};

const ds_loss_def ds_loss_squared_svm = {
    .head = { "squared-svm", "multiclass SVM with squared hinge", "sum_{j != y} max(0, s_j - s_y + delta)^2",
              "Weston, Watkins 1999", options,
              "PyTorch MultiMarginLoss(p=2) times the number of classes, Caffe HingeLoss(norm: L2), Keras SquaredHinge "
              "(one against all)" },
    .fits = DS_FOR_CLASSES,
    .build = squared,
};
