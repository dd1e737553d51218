/* exponential.c - smooth exponential decay: eps_k = eps_0 gamma^(k / every). */
#include "kernel/math_big.h"
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    return a->lr * ds_power(ds_schedule_real(a, "gamma", 0), a->k / ds_schedule_steps(a, "every", 1));
}

static const ds_option options[] = {
    { "gamma", DS_OPT_REAL, 0, 1, NULL, NULL, NULL, "factor over each span `every`",
      .elsewhere =
          "PyTorch ExponentialLR(gamma), Keras ExponentialDecay(decay_rate=), Caffe lr_policy: \"exp\" gamma" },
    { "every", DS_OPT_SPAN, 1e-9, 1e15, "1 epochs", NULL, NULL, "span of one factor gamma, in steps or epochs",
      .why = "the usual meaning: a factor an epoch", .elsewhere = "Keras ExponentialDecay(decay_steps=)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_schedule_def ds_schedule_exponential = {
    .head = { .name = "exponential",
              .summary = "falls by the factor gamma over each span, smoothly",
              .formula = "epsilon_k = epsilon_0 gamma^(k / every)",
              .cite = "Goodfellow et al. 8.3.1",
              .options = options,
              .elsewhere =
                  "PyTorch ExponentialLR, Keras ExponentialDecay, Caffe lr_policy: exp, optax.exponential_decay" },
    .rate = rate,
};
