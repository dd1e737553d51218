/* polynomial.c - the rate falls to the floor as a power of the time left: eps_k = floor + (eps_0 - floor) (1 - k / n)^power.
 * Source: Caffe, lr_policy "poly"; Chen et al., DeepLab (2017). */
#include "kernel/math_big.h"
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double left = a->n > 0 ? 1 - a->k / a->n : 0;
    return a->floor + (a->lr - a->floor) * ds_power(left > 0 ? left : 0, ds_schedule_real(a, "power", 1));
}

static const ds_option options[] = {
    { "power", DS_OPT_REAL, 0, 100, "1", NULL, NULL, "power of the time left", .why = "a straight line",
      .elsewhere = "PyTorch PolynomialLR(power), Caffe power" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_schedule_def ds_schedule_polynomial = {
    .head = { .name = "polynomial",
              .summary = "falls to the floor as a power of the time left",
              .formula = "epsilon_k = floor + (epsilon_0 - floor) (1 - k / n)^power",
              .cite = "Chen et al., DeepLab, 2017",
              .options = options,
              .elsewhere = "PyTorch PolynomialLR, Keras PolynomialDecay, Caffe lr_policy: poly" },
    .needs_end = "",
    .rate = rate,
};
