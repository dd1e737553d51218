/* polyak.c - the mean of the weights after every step: x_k = (1/k) sum theta_i.
 * Source: Polyak 1990; Polyak and Juditsky 1992; Goodfellow et al. 8.7.3. */
#include "optim/average.h"

static const ds_option options[] = {
    DS_AVERAGE_START("0 steps", "steps or epochs left out at the beginning", "the book's mean is over all"),
    DS_AVERAGE_EVERY("1 steps", "a pass over memory is cheap beside a step"),
    DS_AVERAGE_NORMS("average", "costs no pass over the data"),
    { 0 },
};

const ds_average_def ds_average_polyak = {
    .head = { .name = "polyak",
              .summary = "mean of the weights of all steps",
              .formula = "x_k = (1/k) sum_{i<=k} theta_i",
              .cite = "Goodfellow et al. 8.7.3; Polyak and Juditsky 1992",
              .options = options,
              .elsewhere = "PyTorch ASGD, AveragedModel" },
    .start = ds_average_given_start,
    .share = ds_average_mean,
};
