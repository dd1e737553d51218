/* inverse.c - the rate falls as one over the time: eps_k = eps_0 / (1 + k / every)^power. Source: Robbins and Monro 1951;
 * CS231n, Neural networks 3, 1/t decay. */
#include "kernel/math_big.h"
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double x = 1 + a->k / ds_schedule_steps(a, "every", 1);
    return a->lr / ds_power(x, ds_schedule_real(a, "power", 1));
}

static const ds_option options[] = {
    { "every", DS_OPT_SPAN, 1e-9, 1e15, "1 epochs", NULL, NULL, "span after which the rate is a half (power 1)",
      .why = "an epoch is the natural unit of a run", .elsewhere = "Keras decay_steps=, Caffe 1 / gamma" },
    { "power", DS_OPT_REAL, 0, 100, "1", NULL, NULL, "power of the time; 0.5 for the root", .why = "the classic 1/t",
      .elsewhere = "Caffe power" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_schedule_def ds_schedule_inverse = {
    .head = { .name = "inverse",
              .summary = "falls as one over the step",
              .formula = "epsilon_k = epsilon_0 / (1 + k / every)^power",
              .cite = "Robbins and Monro 1951; CS231n, Neural networks 3",
              .options = options,
              .elsewhere = "PyTorch LambdaLR, Keras InverseTimeDecay, Caffe lr_policy: inv" },
    .needs_end = NULL,
    .rate = rate,
};
