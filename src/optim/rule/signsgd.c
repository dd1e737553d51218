/* signsgd.c - steps of one length by the gradient's sign; Signum, by the momentum's, is a member of this family.
 *
 *   m <- a m + (1 - a) g;  theta <- (1 - lr l) theta - lr sign m;  a = 0 keeps no m
 *
 * sign 0 = 0. The same in both dialects: the book has no such rule. Source: Bernstein et al. 2018, algorithm 1. */
#include "optim/rule.h"

enum { RATE, KEPT };

void ds_sign_update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double a = ds_rule_real(&b->option, "momentum");
    ds_val way = b->grad;
    if (a != 0) {
        ds_rule_state *m = ds_rule_keep(b, "m", 0);
        way = m->next = ds_rule_mix(b, a, m->now, 1 - a, b->grad);
    }
    ds_val step = ds_mul(g, ds_rule_scalar(b, RATE), ds_sign(g, way));
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEPT), step);
}

static const ds_option options[] = { DS_RULE_LR("1e-3"), DS_RULE_MOMENTUM("0"), DS_RULE_SHRINK("0"), DS_RULE_COUPLING,
                                     DS_RULE_END };

const ds_rule_def ds_rule_signsgd = {
    .head = { .name = "signsgd",
              .summary = "equal steps by the gradient's sign",
              .formula = "theta <- theta - epsilon sign g",
              .cite = "Bernstein et al. 2018",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, optax.sign_sgd" },
    .scalars = ds_sign_scalars,
    .update = ds_sign_update,
};
