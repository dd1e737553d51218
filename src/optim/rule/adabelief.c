/* adabelief.c - Adam that divides by how far the gradient is from its mean.
 *
 *   m <- b1 m + (1 - b1) g;  s <- b2 s + (1 - b2) (g - m)^2 + eps
 *   theta <- (1 - lr l) theta - lr (m / c1) / (sqrt(s / c2) + eps)
 *
 * eps gathers in s, as the paper has it. The same in both dialects: the book has no AdaBelief.
 * Source: Zhuang et al. 2020, algorithm 2. */
#include "optim/rule.h"

enum { RATE, ROOT, KEPT }; /* Adam's scalars */

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    double eps = ds_rule_real(&b->option, "eps");
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *s = ds_rule_keep(b, "s", 0);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, b->grad);
    ds_val surprise = ds_square(g, ds_sub(g, b->grad, m->next));
    s->next = ds_shift(g, ds_rule_mix(b, b2, s->now, 1 - b2, surprise), eps);
    ds_val root = ds_rule_above(b, ds_mul(g, ds_sqrt(g, s->next), ds_rule_scalar(b, ROOT)), eps);
    ds_val step = ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), m->next), root);
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEPT), step);
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    DS_RULE_BETAS,
    DS_RULE_EPS("1e-16", "delta, added to s at each step and to its corrected root"),
    DS_RULE_SHRINK("0"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_adabelief = {
    .head = { .name = "adabelief",
              .summary = "Adam that trusts a gradient near its running mean",
              .formula = "m <- rho1 m + (1 - rho1) g; s <- rho2 s + (1 - rho2) (g - m)^2 + delta; "
                         "theta <- theta - epsilon (m / (1 - rho1^t)) / (sqrt(s / (1 - rho2^t)) + delta)",
              .cite = "Zhuang et al. 2020",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, optax.adabelief" },
    .scalars = ds_adam_scalars,
    .update = update,
};
