/* step.c - a staircase: eps_k = eps_0 gamma^floor(k / every). */
#include <math.h>

#include "optim/power.h"
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double stairs = floor(a->k / ds_schedule_steps(a, "every", 1));
    return a->lr * ds_whole_power(ds_schedule_real(a, "gamma", 0), stairs < 1e18 ? (int64_t)stairs : (int64_t)1e18);
}

static const ds_option options[] = {
    { "every", DS_OPT_SPAN, 1e-9, 1e15, NULL, NULL, "step_size", "length of a stair, in steps or epochs",
      .elsewhere = "PyTorch StepLR(step_size), Keras PiecewiseConstantDecay, Caffe stepsize" },
    { "gamma", DS_OPT_REAL, 0, 1, "0.1", NULL, NULL, "factor from stair to stair",
      .why = "PyTorch's and Caffe's usual factor", .elsewhere = "PyTorch StepLR(gamma), Caffe gamma" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_schedule_def ds_schedule_step = {
    .head = { .name = "step",
              .summary = "multiplies the rate by gamma every so many steps or epochs",
              .formula = "epsilon_k = epsilon_0 gamma^floor(k / every)",
              .cite = "Goodfellow et al. 8.3.1",
              .options = options,
              .elsewhere = "PyTorch StepLR, Keras PiecewiseConstantDecay, Caffe lr_policy: step" },
    .rate = rate,
};
