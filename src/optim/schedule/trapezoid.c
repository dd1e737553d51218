/* trapezoid.c - warm-up, stable, decay: the rate stays, then falls on a line to the floor over the last part of the run (the
 * warm-up is the common one). Source: Hu et al., MiniCPM (2024); Haegele et al. 2024. */
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double from = (1 - ds_schedule_real(a, "share", 0.2)) * a->n;
    double t = a->k > from && a->n > from ? (a->k - from) / (a->n - from) : 0;
    return a->lr + t * (a->floor - a->lr);
}

static const ds_option options[] = {
    { "share", DS_OPT_REAL, 0, 1, "0.2", NULL, NULL, "share of the run that falls",
      .why = "10 to 20 % keep what a full cosine gains (Haegele et al.)", .elsewhere = "Megatron lr-wsd-decay-iters" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_schedule_def ds_schedule_trapezoid = {
    .head = { .name = "trapezoid",
              .summary = "stays, and falls on a line at the end (warm-up, stable, decay)",
              .formula = "epsilon_k = epsilon_0 until (1 - share) n, then on a line to the floor",
              .cite = "Hu et al., MiniCPM, 2024; Haegele et al. 2024",
              .options = options,
              .elsewhere = "optax.join_schedules, Megatron WSD" },
    .needs_end = "",
    .rate = rate,
};
