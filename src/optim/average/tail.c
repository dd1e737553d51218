/* tail.c - the mean over the last part of the run: what was far from the end does not count.
 * Source: Rakhlin, Shamir and Sridharan 2012 (suffix averaging); Goodfellow et al. 8.7.3. */
#include "optim/average.h"

static double start(const ds_average_settings *s)
{
    return (double)s->total - ds_average_real(s, "share", 0) * (double)s->total;
}

static const ds_option options[] = {
    { .name = "share",
      .type = DS_OPT_REAL,
      .lo = 1e-9,
      .hi = 1,
      .def = "0.1",
      .help = "part of all steps, counted from the end",
      .why = "where the run has arrived; more when the rate falls early",
      .elsewhere = "PyTorch: AveragedModel updated near the end" },
    DS_AVERAGE_EVERY("1 steps", "a pass over memory is cheap beside a step"),
    DS_AVERAGE_NORMS("average", "costs no pass over the data"),
    { 0 },
};

const ds_average_def ds_average_tail = {
    .head = { .name = "tail",
              .summary = "mean of the weights of the last part of the run",
              .formula = "x = (1/k) sum of theta_i over the last k = share n of n steps",
              .cite = "Rakhlin et al. 2012; Goodfellow et al. 8.7.3",
              .options = options },
    .needs_end = "",
    .start = start,
    .share = ds_average_mean,
};
