/* one_cycle.c - up on half a cosine to the rate over the first part of the run, then down to almost nothing.
 * eps begins at eps_0 / start and ends at eps_0 / (start end). Source: Smith and Topin 2018. */
#include "kernel/host.h"
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double up = ds_schedule_real(a, "share", 0.3) * a->n, low = a->lr / ds_schedule_real(a, "start", 25);
    double end = low / ds_schedule_real(a, "end", 1e4), from = a->k < up ? low : a->lr, to = a->k < up ? a->lr : end;
    double t = a->k < up ? a->k / up : a->n > up ? (a->k - up) / (a->n - up) : 1;
    double x = to + (from - to) * (0.5 * (1 + ds_host_cos(3.141592653589793 * t)));
    return x > a->floor ? x : a->floor;
}

static const ds_option options[] = {
    { "share", DS_OPT_REAL, 0, 1, "0.3", NULL, "pct_start", "share of the run that goes up",
      .why = "PyTorch, after the paper", .elsewhere = "PyTorch OneCycleLR(pct_start)" },
    { "start", DS_OPT_REAL, 1, 1e9, "25", NULL, "div_factor", "the first rate is the rate divided by this",
      .why = "PyTorch, after the paper", .elsewhere = "PyTorch OneCycleLR(div_factor)" },
    { "end", DS_OPT_REAL, 1, 1e12, "1e4", NULL, "final_div_factor", "the last rate is the first divided by this",
      .why = "PyTorch, after the paper", .elsewhere = "PyTorch OneCycleLR(final_div_factor)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_schedule_def ds_schedule_one_cycle = {
    .head = { .name = "one_cycle",
              .summary = "up to the rate and down to almost nothing, once",
              .formula = "from epsilon_0 / start up to epsilon_0 over share n steps, then down to epsilon_0 / (start "
                         "end), on half cosines",
              .cite = "Smith and Topin, Super-convergence, 2018",
              .options = options,
              .elsewhere = "PyTorch OneCycleLR, optax.cosine_onecycle_schedule" },
    .needs_end = "",
    .rate = rate,
};
