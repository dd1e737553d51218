/* sequence.c - schedules one after another: part i has the steps from S_i to S_(i+1), S_(i+1) = S_i + span_i, and sees
 * them counted from 0, with span_i as its end and factor_i times the rate as its start. The last part has what is left.
 * Source: as torch.optim.lr_scheduler.SequentialLR, where each part starts from the rate of the optimizer too. */
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    ds_schedule_at b = *a;
    int i = 0;
    double span = ds_schedule_part_steps(a, 0);
    for (; i + 1 < a->parts && b.k >= span; span = ds_schedule_part_steps(a, ++i)) {
        b.k -= span;
        b.n -= span;
    }
    if (span > 0)
        b.n = span;
    else
        b.n = a->n < 0 ? -1 : b.n > 0 ? b.n : 0;
    if (b.n >= 0 && b.k > b.n) b.k = b.n;
    if (a->part[i].factor > 0) b.lr *= a->part[i].factor;
    return ds_schedule_part_rate(&b, i);
}

static const ds_option part[] = {
    { .name = "name", .type = DS_OPT_TEXT, .aliases = "kind", .kind = "schedule", .help = "which schedule" },
    { .name = "span",
      .type = DS_OPT_SPAN,
      .lo = 1e-9,
      .hi = 1e15,
      .def = "",
      .help = "how long it counts, \"3 epochs\"; the last may leave it out and goes to the end of the run",
      .why = "only the last can tell when it ends",
      .elsewhere = "PyTorch SequentialLR(milestones=), optax.join_schedules(boundaries=), the sums of spans" },
    { .name = "factor",
      .type = DS_OPT_REAL,
      .lo = 1e-30,
      .hi = 1e30,
      .def = "1",
      .help = "it starts from this times the rate",
      .why = "the rate of the optimizer is where schedules start",
      .elsewhere = "in PyTorch the lr of the part's own" },
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
      .help = "list of schedules, each with its span: [{name: constant, span: \"3 epochs\"}, {name: cosine}]",
      .elsewhere = "PyTorch SequentialLR(schedulers=), optax.join_schedules(schedules)" },
    { 0 },
};

const ds_schedule_def ds_schedule_sequence = {
    .head = { .name = "sequence",
              .summary = "schedules one after another",
              .formula = "epsilon_k = part_i(k - S_i), S_i <= k < S_i + span_i = S_(i+1)",
              .options = options,
              .elsewhere = "PyTorch SequentialLR, optax.join_schedules; Keras and Caffe none" },
    .rate = rate,
    .combines = true,
    .in_turn = true,
};
