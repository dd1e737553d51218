/* linear.c - linear decay until step tau, then constant: eps_k = (1 - a) eps_0 + a eps_tau, a = min(k / tau, 1).
 * The book's usual eps_tau is a hundredth of eps_0. Source: Goodfellow et al. 8.3.1, equation 8.14. */
#include "optim/schedule.h"

static double rate(const ds_schedule_at *a)
{
    double tau = ds_schedule_steps(a, "tau", a->n), end = ds_schedule_real(a, "end", a->lr / 100);
    double alpha = a->k < tau ? a->k / tau : 1;
    return (1 - alpha) * a->lr + alpha * end;
}

static const ds_option options[] = {
    { "tau", DS_OPT_SPAN, 0, 1e15, "", NULL, NULL, "steps or epochs of the decay (absent: to the end of the run)",
      .why = "the run is as long as its budget says, and the decay as the run", .cite = "Goodfellow et al. eq. 8.14",
      .elsewhere = "PyTorch LinearLR(total_iters), Keras PolynomialDecay(decay_steps=), Caffe lr_policy: \"poly\"" },
    { "end", DS_OPT_REAL, 0, 1e9, "", NULL, NULL, "rate eps_tau from tau on (absent: a hundredth of the first)",
      .why = "the book: about 1 % of the first rate", .cite = "Goodfellow et al. 8.3.1",
      .elsewhere = "PyTorch LinearLR(end_factor), Keras PolynomialDecay(end_learning_rate=)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

const ds_schedule_def ds_schedule_linear = {
    .head = { .name = "linear",
              .summary = "falls on a line until step tau, then stays",
              .formula = "epsilon_k = (1 - a) epsilon_0 + a epsilon_tau, a = min(k / tau, 1)",
              .cite = "Goodfellow et al. equation 8.14",
              .options = options,
              .elsewhere = "PyTorch LinearLR, Keras PolynomialDecay(power=1), Caffe lr_policy: poly with power 1, "
                           "optax.linear_schedule" },
    .needs_end = "tau",
    .rate = rate,
};
