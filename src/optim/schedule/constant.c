/* constant.c - the rate stays. */
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a) { return a->lr; }

const ds_schedule_def ds_schedule_constant = {
    .head = { .name = "constant",
              .summary = "the rate stays",
              .formula = "epsilon_k = epsilon_0",
              .elsewhere = "PyTorch ConstantLR(factor=1), Keras a number, Caffe lr_policy: fixed" },
    .rate = rate,
};
