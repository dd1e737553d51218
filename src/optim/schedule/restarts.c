/* restarts.c - cosine with warm restarts: cycles of growing length, each from the rate down to the floor. Cycle i has
 * cycle * growth^i steps. Source: Loshchilov and Hutter 2017 (SGDR), section 3. */
#include "kernel/host.h"
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double cycle = ds_schedule_steps(a, "cycle", 1), growth = ds_schedule_real(a, "growth", 1), t = a->k;
    while (t >= cycle && cycle < 1e15) {
        t -= cycle;
        cycle *= growth;
    }
    return a->floor + (a->lr - a->floor) * (0.5 * (1 + ds_host_cos(3.141592653589793 * (t / cycle))));
}

static const ds_option options[] = {
    { "cycle", DS_OPT_SPAN, 1, 1e15, "10 epochs", NULL, "T_0", "length of the first cycle",
      .why = "the paper starts with 10 epochs", .elsewhere = "PyTorch T_0, Keras first_decay_steps=" },
    { "growth", DS_OPT_REAL, 1, 100, "2", NULL, "T_mult", "each cycle is that much longer than the one before",
      .why = "the paper doubles", .elsewhere = "PyTorch T_mult, Keras t_mul=" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_schedule_def ds_schedule_restarts = {
    .head = { .name = "restarts",
              .summary = "cosine from the rate to the floor, again and again",
              .formula = "epsilon_k = floor + (epsilon_0 - floor) (1 + cos(pi t / T_i)) / 2, T_{i+1} = growth T_i",
              .cite = "Loshchilov and Hutter 2017, section 3",
              .options = options,
              .elsewhere = "PyTorch CosineAnnealingWarmRestarts, Keras CosineDecayRestarts, optax.sgdr_schedule" },
    .needs_end = NULL,
    .rate = rate,
};
