/* cosine.c - half a cosine from the rate down to the floor: eps_k = floor + (eps_0 - floor) (1 + cos(pi k / n)) / 2, n
 * the steps after the warm-up. Source: Loshchilov and Hutter 2017 (SGDR), equation 5, without restarts. */
#include "kernel/host.h"
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double turn = a->n > 0 ? a->k / a->n : 0;
    return a->floor + (a->lr - a->floor) * (0.5 * (1 + ds_host_cos(3.141592653589793 * turn)));
}

const ds_schedule_def ds_schedule_cosine = {
    .head = { .name = "cosine",
              .summary = "falls along half a cosine to the floor at the end of the run",
              .formula = "epsilon_k = floor + (epsilon_0 - floor) (1 + cos(pi k / n)) / 2",
              .cite = "Loshchilov and Hutter 2017, equation 5",
              .elsewhere = "PyTorch CosineAnnealingLR, Keras CosineDecay, Caffe none, optax.cosine_decay_schedule" },
    .needs_end = "",
    .rate = rate,
};
