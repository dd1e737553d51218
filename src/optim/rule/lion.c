/* lion.c - steps of one length by the sign of a mixture of moment and gradient.
 *
 *   theta <- (1 - lr l) theta - lr sign(b1 m + (1 - b1) g);  then m <- b2 m + (1 - b2) g
 *
 * sign 0 = 0. beta1 = beta2 is Signum. The same in both dialects: the book has no Lion.
 * Source: Chen et al. 2023, algorithm 2. */
#include "optim/rule.h"

enum { RATE, KEPT };

void ds_sign_scalars(const ds_rule_step *s, double *out)
{
    out[RATE] = s->lr;
    out[KEPT] = ds_rule_shrink(s);
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    ds_rule_state *m = ds_rule_keep(b, "m", 0);
    ds_val way = ds_sign(g, ds_rule_mix(b, b1, m->now, 1 - b1, b->grad));
    m->next = ds_rule_mix(b, b2, m->now, 1 - b2, b->grad);
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEPT), ds_mul(g, ds_rule_scalar(b, RATE), way));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-4"),
    DS_RULE_BETA(1, "0.9", "share of the moment in the step's direction"),
    DS_RULE_BETA(2, "0.99", "decay of the moment"),
    DS_RULE_SHRINK("0"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_lion = {
    .head = { .name = "lion",
              .summary = "equal steps by the sign of momentum and gradient mixed",
              .formula = "theta <- theta - epsilon (sign(rho1 s + (1 - rho1) g) + lambda theta); "
                         "s <- rho2 s + (1 - rho2) g",
              .cite = "Chen et al. 2023",
              .options = options,
              .elsewhere = "PyTorch none, Keras Lion, Caffe none, optax.lion" },
    .scalars = ds_sign_scalars,
    .update = update,
};
