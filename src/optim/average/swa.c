/* swa.c - stochastic weight averaging: the mean of the weights at the end of each epoch (or cycle) late in the run;
 * batch norm then measures its statistics anew, since those of the raw weights do not fit the average.
 * Source: Izmailov et al. 2018, algorithm 1. */
#include "optim/average.h"

static double start(const ds_average_settings *s) { return ds_average_steps(s, "start", 0.75 * (double)s->total); }

static const ds_option options[] = {
    DS_AVERAGE_START("", "steps or epochs before it; absent: three quarters of the run",
                     "most of the way is behind, the weights wander about a minimum"),
    DS_AVERAGE_EVERY("1 epochs", "the paper's cycle"),
    DS_AVERAGE_NORMS("recalibrate", "few and distant weights: their mean has statistics of its own"),
    { 0 },
};

const ds_average_def ds_average_swa = {
    .head = { .name = "swa",
              .summary = "mean of the weights at the ends of the late epochs, batch norm recalibrated",
              .formula = "x <- (k x + theta) / (k + 1) once a cycle",
              .cite = "Izmailov et al. 2018, algorithm 1",
              .options = options,
              .elsewhere = "PyTorch swa_utils.AveragedModel and update_bn" },
    .needs_end = "start",
    .start = start,
    .share = ds_average_mean,
};
