/* product.c - schedules times each other: each as a share of the rate it starts from, and eps_k = eps_0 prod_i of these.
 * The product of one schedule is that schedule. Source: as torch.optim.lr_scheduler.ChainedScheduler of schedulers that
 * multiply the rate. */
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double product = ds_schedule_part_rate(a, 0);
    for (int i = 1; i < a->parts && a->lr > 0; i++) product *= ds_schedule_part_rate(a, i) / a->lr;
    return product;
}

static const ds_option part[] = {
    { .name = "name", .type = DS_OPT_TEXT, .aliases = "kind", .kind = "schedule", .help = "which schedule" },
    { 0 },
};

static const ds_option options[] = {
    { .name = "parts",
      .type = DS_OPT_OTHER,
      .def = "",
      .choices = "a list of schedules",
      .kind = "schedule",
      .list = true,
      .map = part,
      .help = "list of schedules: [{name: cosine}, {name: step, every: \"10 epochs\"}]",
      .elsewhere = "PyTorch ChainedScheduler(schedulers)" },
    { 0 },
};

const ds_schedule_def ds_schedule_product = {
    .head = { .name = "product",
              .summary = "schedules times each other, each as a share of the first rate",
              .formula = "epsilon_k = epsilon_0 prod_i (part_i(k) / epsilon_0)",
              .options = options,
              .elsewhere = "PyTorch ChainedScheduler; Keras, Caffe and optax none" },
    .rate = rate,
    .combines = true,
};
