/* adadelta.c - steps in the unit of past steps: a ratio of two running root mean squares.
 *
 *   v <- rho v + (1 - rho) g^2;  d = sqrt(u + eps) g / sqrt(v + eps);  u <- rho u + (1 - rho) d^2;  theta <- theta - lr d
 *
 * The same in both dialects: the book has no Adadelta. Source: Zeiler 2012, algorithm 1. */
#include "optim/rule.h"

enum { RATE };

static void scalars(const ds_rule_step *s, double *out) { out[RATE] = s->lr; }

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double rho = ds_rule_real(&b->option, "rho"), eps = ds_rule_real(&b->option, "eps");
    ds_val grad = ds_rule_decayed(b, b->theta);
    ds_rule_state *v = ds_rule_keep(b, "v", 0), *u = ds_rule_keep(b, "u", 0);
    v->next = ds_rule_mix(b, rho, v->now, 1 - rho, ds_square(g, grad));
    ds_val past = ds_sqrt(g, ds_rule_above(b, u->now, eps)), root = ds_sqrt(g, ds_rule_above(b, v->next, eps));
    ds_val d = ds_div(g, ds_mul(g, past, grad), root);
    u->next = ds_rule_mix(b, rho, u->now, 1 - rho, ds_square(g, d));
    b->theta_next = ds_sub(g, b->theta, ds_mul(g, ds_rule_scalar(b, RATE), d));
}

static const ds_option options[] = {
    DS_RULE_LR("1"),
    { "rho", DS_OPT_REAL, 0, 1, "0.9", NULL, NULL, "decay rho of both mean squares",
      .why = "PyTorch's: about the last 10 squares count", .cite = "Zeiler 2012",
      .elsewhere = "PyTorch rho, Keras rho (0.95), Caffe momentum" },
    DS_RULE_EPS("1e-6", "added to both mean squares; the first steps have the length of its root"),
    DS_RULE_L2("0"),
    DS_RULE_END,
};

const ds_rule_def ds_rule_adadelta = {
    .head = { .name = "adadelta",
              .summary = "steps whose size comes from past steps over past gradients",
              .formula = "v <- rho v + (1 - rho) g^2; d = g sqrt(u + eps) / sqrt(v + eps); "
                         "u <- rho u + (1 - rho) d^2; theta <- theta - epsilon d",
              .cite = "Zeiler 2012",
              .options = options,
              .elsewhere = "PyTorch Adadelta, Keras Adadelta, Caffe AdaDelta, optax.adadelta" },
    .scalars = scalars,
    .update = update,
};
