/* plateau.c - the rate falls when a number of the epochs has stopped improving: after more than `patience` epochs without
 * an improvement on the best it is multiplied by `factor`, and the next `cooldown` epochs do not count.
 * x improves on the best b (smaller is better) when x < b - min_delta, min_delta |b| where it is a share. A number that is
 * not finite never improves. The rate is eps_0 multiplied as often as the memory says: what is saved are counts.
 * Source: torch.optim.lr_scheduler.ReduceLROnPlateau (its eps, a least change of the rate, is left out). */
#include <math.h>
#include <string.h>

#include "optim/schedule.h"

static const ds_optval *option(const ds_part *schedule, const char *name)
{
    return &schedule->value[ds_option_find(schedule->head->options, name)];
}

static double rate(const ds_schedule_at *a)
{
    double r = a->lr, factor = ds_schedule_real(a, "factor", 1);
    int64_t cuts = a->s->memory ? a->s->memory->cuts : 0;
    for (int64_t k = 0; k < cuts && r > a->floor; k++) r *= factor;
    return r;
}

static bool better(const ds_part *schedule, double x, double best, bool more)
{
    double delta = option(schedule, "min_delta")->real;
    if (!isfinite(x)) return false;
    if (!isfinite(best)) return true;
    if (option(schedule, "relative")->integer) delta *= fabs(best);
    return more ? x > best + delta : x < best - delta;
}

static void look(const ds_part *schedule, ds_schedule_memory *m, double value, bool more)
{
    enum { AUTO, MIN, MAX };
    int64_t mode = option(schedule, "mode")->integer;
    bool improved = better(schedule, value, m->best, mode == AUTO ? more : mode == MAX);
    if (improved) m->best = value;
    m->idle = improved ? 0 : m->idle + 1;
    if (m->rest > 0) {
        m->rest--;
        m->idle = 0;
    }
    if (m->idle <= option(schedule, "patience")->integer) return;
    m->cuts++;
    m->rest = option(schedule, "cooldown")->integer;
    m->idle = 0;
}

static const ds_option options[] = {
    { .name = "watch",
      .type = DS_OPT_TEXT,
      .def = "val.loss",
      .kind = "column",
      .help = "number of an epoch that should improve",
      .why = "what the rate is chosen by",
      .elsewhere = "PyTorch step(metrics), Keras and Lightning monitor" },
    { .name = "factor",
      .type = DS_OPT_REAL,
      .lo = 1e-12,
      .hi = 1,
      .def = "0.1",
      .help = "what the rate is multiplied by",
      .why = "PyTorch and Keras",
      .elsewhere = "PyTorch factor, Keras factor" },
    { .name = "patience",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 1e9,
      .def = "10",
      .help = "epochs without improvement that are let pass; the next one lowers the rate",
      .why = "PyTorch and Keras",
      .elsewhere = "PyTorch patience, Keras patience (one more: there the last of them lowers it)" },
    { .name = "min_delta",
      .type = DS_OPT_REAL,
      .lo = 0,
      .hi = 1e30,
      .def = "1e-4",
      .aliases = "threshold",
      .help = "an improvement is more than this",
      .why = "PyTorch and Keras",
      .elsewhere = "PyTorch threshold, Keras min_delta" },
    { .name = "relative",
      .type = DS_OPT_BOOL,
      .def = "true",
      .help = "min_delta is a share of the best",
      .why = "PyTorch; losses have no scale of their own",
      .elsewhere = "PyTorch threshold_mode=\"rel\", Keras has false" },
    { .name = "cooldown",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 1e9,
      .def = "0",
      .help = "epochs after a lower rate that do not count",
      .why = "PyTorch and Keras",
      .elsewhere = "PyTorch cooldown, Keras cooldown" },
    { .name = "mode",
      .type = DS_OPT_CHOICE,
      .choices = "auto|min|max",
      .def = "auto",
      .help = "which way is better; auto: up for accuracies, down for all else",
      .why = "the number's name says it",
      .elsewhere = "PyTorch, Keras and Lightning mode" },
    { 0 },
};

const ds_schedule_def ds_schedule_plateau = {
    .head = { .name = "plateau",
              .summary = "falls by a factor when a watched number has stopped improving",
              .formula = "epsilon <- factor epsilon after more than patience epochs without improvement",
              .options = options,
              .elsewhere = "PyTorch ReduceLROnPlateau(min_lr: floor), Keras ReduceLROnPlateau, "
                           "optax.contrib.reduce_on_plateau; Caffe none" },
    .rate = rate,
    .look = look,
};
