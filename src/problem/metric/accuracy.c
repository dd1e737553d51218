/* accuracy.c - share of rows whose predicted class is the true one, and the 0-1 error, which is the rest.   Goodfellow
 * sec. 5.1.2 */
#include "problem/problem.h"

static void add(ds_metric *m, const double *z, int label, const double *target)
{
    (void)target;
    m->hits += ds_predict(m, z) == label;
}

static double accuracy(const ds_metric *m) { return (double)m->hits / (double)m->rows; }
static double error(const ds_metric *m) { return (double)(m->rows - m->hits) / (double)m->rows; }

const ds_metric_def ds_metric_accuracy = {
    .head = { "accuracy", "share of rows predicted right", NULL, "Goodfellow sec. 5.1.2", NULL,
              "Keras SparseCategoricalAccuracy, torchmetrics Accuracy, Caffe Accuracy" },
    .fits = DS_FOR_CLASSES,
    .add = add,
    .value = accuracy,
};

const ds_metric_def ds_metric_error = {
    .head = { "error", "share of rows predicted wrong", NULL, "Goodfellow sec. 5.1.2", NULL,
              "1 - accuracy of Keras, torchmetrics and Caffe" },
    .fits = DS_FOR_CLASSES,
    .add = add,
    .value = error,
};
