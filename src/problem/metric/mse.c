/* mse.c - mean over elements of (z - y)^2, summed in f64 row after row, so that no batch size changes a bit. */
#include <math.h>

#include "problem/problem.h"

static void add(ds_metric *m, const double *z, int label, const double *target)
{
    for (int64_t k = 0; k < m->width; k++) {
        double r = z[k] - (target ? target[k] : k == label);
        m->sum = fma(r, r, m->sum);
    }
}

static double value(const ds_metric *m) { return m->sum / ((double)m->rows * (double)m->width); }

const ds_metric_def ds_metric_mse = {
    .head = { "mse", "mean squared error", "(z - y)^2", "Goodfellow eq. 5.4", NULL,
              "Keras MeanSquaredError, torchmetrics MeanSquaredError" },
    .fits = DS_FOR_CLASSES | DS_FOR_REALS,
    .add = add,
    .value = value,
};
