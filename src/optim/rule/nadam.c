/* nadam.c - Adam whose first moment is Nesterov's: the step takes the newest gradient and the next share of the moment.
 *
 *   m, v as in adam.c;  root = sqrt(v / c2) + eps
 *   torch  theta <- theta - lr ((1 - mu_t) / (1 - P_t) g + mu_{t+1} / (1 - P_{t+1}) m) / root,
 *          mu_t = b1 (1 - 0.96^(t momentum_decay) / 2),  P_t = mu_1 ... mu_t
 *   book   mu_t = b1 for all t (the book has no NAdam: the paper without its schedule of mu)
 *
 * m itself decays by b1. P_t is made anew at each step and stays 0 once 1 - P_t is 1, so nothing of it is kept.
 * Source: Dozat 2016, algorithm 8; without its decay b2 on the numerator's v, as everywhere. */
#include <math.h>

#include "kernel/math_big.h"
#include "optim/power.h"
#include "optim/rule.h"

enum { NEW, OLD, ROOT, KEPT };

/* mu_t, with q = 0.96^momentum_decay. */
static double share(const ds_rule_step *s, double q, int64_t t)
{
    double b1 = ds_rule_real(&s->option, "beta1");
    return s->option.book ? b1 : b1 * (1 - 0.5 * ds_whole_power(q, t));
}

static void scalars(const ds_rule_step *s, double *out)
{
    double q = ds_power(0.96, ds_rule_real(&s->option, "momentum_decay")), product = 1;
    for (int64_t i = 1; i <= s->t && product > 0x1p-60; i++) product *= share(s, q, i);
    double mu = share(s, q, s->t), next = share(s, q, s->t + 1);
    out[NEW] = s->lr * (1 - mu) / (1 - product);
    out[OLD] = s->lr * next / (1 - product * next);
    out[ROOT] = 1 / sqrt(1 - ds_whole_power(ds_rule_real(&s->option, "beta2"), s->t));
    out[KEPT] = ds_rule_shrink(s);
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    bool apart = ds_rule_flag(&b->option, "decoupled_weight_decay");
    ds_val grad = apart ? b->grad : ds_rule_decayed(b, b->theta), x = apart ? ds_rule_shrunk(b, KEPT) : b->theta;
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *v = ds_rule_keep(b, "v", 0);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, grad);
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, grad));
    ds_val root = ds_mul(g, ds_sqrt(g, v->next), ds_rule_scalar(b, ROOT));
    root = ds_rule_above(b, root, ds_rule_real(&b->option, "eps"));
    ds_val d = ds_add(g, ds_mul(g, ds_rule_scalar(b, NEW), grad), ds_mul(g, ds_rule_scalar(b, OLD), m->next));
    b->theta_next = ds_rule_moved(b, x, ds_div(g, d, root));
}

static const ds_option options[] = {
    DS_RULE_LR("2e-3"),
    DS_RULE_BETAS,
    DS_RULE_EPS("1e-8", "delta, added to the corrected root"),
    { "momentum_decay", DS_OPT_REAL, 0, 1, "4e-3", NULL, NULL, "how fast mu_t rises from near beta1 / 2 to beta1",
      .why = "the paper's: half of the rise in about 4,000 steps", .cite = "Dozat 2016",
      .elsewhere = "PyTorch momentum_decay, Keras 0.004" },
    DS_RULE_L2("0"),
    DS_RULE_DECOUPLED,
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};
static const ds_rule_default_def in_book[] = { { "momentum_decay", NULL }, { NULL, NULL } };

const ds_rule_def ds_rule_nadam = {
    .head = { .name = "nadam",
              .summary = "Adam with Nesterov's momentum",
              .formula = "moments as adam; theta <- theta - epsilon ((1 - mu_t) g / (1 - P_t) + mu_{t+1} s / "
                         "(1 - P_{t+1})) / (sqrt(r / (1 - rho2^t)) + delta)",
              .cite = "Dozat 2016",
              .options = options,
              .elsewhere = "PyTorch NAdam, Keras Nadam, Caffe none, optax.nadam (as dialect book)" },
    .book = in_book,
    .scalars = scalars,
    .update = update,
};
