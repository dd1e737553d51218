/* after.c - ends a run after so many steps or epochs, while schedules keep the length that train.epochs and train.steps
 * give them: the first part of a longer plan, such as training anew for the steps that early stopping has found. */
#include "train/stop/stop.h"

static bool ends(const ds_part *rule, int64_t step, int64_t epoch)
{
    const ds_optval *v = &rule->value[0];
    return (double)step >= (v->unit == DS_UNIT_EPOCHS ? v->real * (double)epoch : v->real);
}

static const ds_option options[] = {
    { .name = "after",
      .type = DS_OPT_SPAN,
      .lo = 0,
      .hi = 1e15,
      .help = "where the run ends, in steps or epochs",
      .elsewhere = "Caffe max_iter beside a longer stepvalue" },
    { 0 },
};

const ds_stop_def ds_stop_after = {
    .head = { .name = "after",
              .summary = "ends a run early in its schedule, which keeps the length of the budget",
              .options = options },
    .reason = DS_DONE_STEPS,
    .once = true,
    .ends = ends,
};
