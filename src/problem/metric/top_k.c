/* top_k.c - share of rows whose true class is among the k largest outputs; of equal outputs the first counts as larger.
 */
#include "problem/problem.h"

static const ds_option options[] = {
    { "k", DS_OPT_INT, 1, 1 << 20, "5", NULL, NULL, "how many guesses", .why = "ImageNet's",
      .elsewhere = "Keras TopKCategoricalAccuracy(k=), Caffe accuracy_param.top_k" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static void add(ds_metric *m, const double *z, int label, const double *target)
{
    (void)target;
    if (label < 0 || label >= m->width || z[label] != z[label]) return;
    int64_t before = 0;
    for (int64_t j = 0; j < m->width; j++) before += z[j] > z[label] || (z[j] == z[label] && j < label);
    m->hits += before < m->part.value[0].integer;
}

static double value(const ds_metric *m) { return (double)m->hits / (double)m->rows; }

const ds_metric_def ds_metric_top_k = {
    .head = { "top-k", "share of rows with the true class among the k largest outputs", NULL, NULL, options,
              "Keras SparseTopKCategoricalAccuracy, torchmetrics Accuracy(top_k=), Caffe Accuracy(top_k)" },
    .fits = DS_FOR_CLASSES,
    .add = add,
    .value = value,
};
