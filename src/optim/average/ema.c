/* ema.c - exponential average: m <- a m + (1 - a) theta from m = 0, read as m / (1 - a^k).
 * Kept in its corrected form, x <- x + (1 - a) / (1 - a^k) (theta - x), which is the same thing and ready to be read.
 * Without correction the first weights start it, x_1 = theta_1, and keep the share a^(k-1).
 * Source: Goodfellow et al. 8.7.3 (the moving average for non-convex problems); the correction: Kingma and Ba 2015. */
#include "optim/average.h"
#include "optim/power.h"

static double share(const ds_average_settings *s, int64_t k)
{
    double a = ds_average_real(s, "decay", 0);
    if (k == 1) return 1;
    bool correct = s->average.value[ds_option_find(s->average.head->options, "correct")].integer;
    return correct ? (1 - a) / (1 - ds_whole_power(a, k)) : 1 - a;
}

static const ds_option options[] = {
    { .name = "decay",
      .type = DS_OPT_REAL,
      .lo = 0,
      .hi = 0.9999999999,
      .def = "0.999",
      .aliases = "alpha",
      .help = "share a of the average that a step keeps",
      .why = "remembers about 1 / (1 - a) = 1,000 steps",
      .elsewhere = "PyTorch get_ema_multi_avg_fn(decay), Keras ema_momentum, optax.ema(decay)" },
    { .name = "correct",
      .type = DS_OPT_BOOL,
      .def = "true",
      .help = "divide by 1 - a^k, so that early weights do not count too much; false: start from the first weights",
      .why = "without it the first weights keep the share a^(k-1)",
      .cite = "Kingma and Ba 2015, section 3",
      .elsewhere = "optax.ema(debias=True); PyTorch has false" },
    DS_AVERAGE_START("0 steps", "steps or epochs left out at the beginning", "it forgets its beginning by itself"),
    DS_AVERAGE_EVERY("1 steps", "a pass over memory is cheap beside a step"),
    DS_AVERAGE_NORMS("average", "costs no pass over the data"),
    { 0 },
};

const ds_average_def ds_average_ema = {
    .head = { .name = "ema",
              .summary = "exponential moving average of the weights, bias corrected",
              .formula = "m <- a m + (1 - a) theta; x = m / (1 - a^k)",
              .cite = "Goodfellow et al. 8.7.3; Kingma and Ba 2015 (correction)",
              .options = options,
              .elsewhere = "PyTorch AveragedModel(get_ema_multi_avg_fn), optax.ema(debias=True)" },
    .start = ds_average_given_start,
    .share = share,
};
