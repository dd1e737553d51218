/* confusion.c - how many rows of each class were predicted as each class; the value is the mean over classes of the
 * share predicted right (classes without rows left out): accuracy when every class counts the same. */
#include "problem/problem.h"

static void add(ds_metric *m, const double *z, int label, const double *target)
{
    (void)target;
    int guess = ds_predict(m, z);
    if (label >= 0 && label < m->classes && guess >= 0 && guess < m->classes)
        m->table[(int64_t)label * m->classes + guess]++;
}

static double value(const ds_metric *m)
{
    double sum = 0, classes = 0;
    for (int c = 0; c < m->classes; c++) {
        const int64_t *row = m->table + (int64_t)c * m->classes;
        int64_t total = 0;
        for (int j = 0; j < m->classes; j++) total += row[j];
        if (total == 0) continue;
        sum += (double)row[c] / (double)total;
        classes++;
    }
    return sum / classes;
}

const ds_metric_def ds_metric_confusion = {
    .head = { "confusion", "true against predicted classes; its value is the mean recall", NULL, NULL, NULL,
              "torchmetrics ConfusionMatrix, scikit-learn confusion_matrix" },
    .fits = DS_FOR_CLASSES,
    .table = true,
    .add = add,
    .value = value,
};
