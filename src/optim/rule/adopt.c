/* adopt.c - Adam that divides by the second moment of the gradients before this one.
 *
 *   t = 1:  v <- g^2, and nothing else
 *   t > 1:  n = clip(g / max(sqrt v, eps), -k, k), k = (t - 1)^(1/4);  m <- b1 m + (1 - b1) n
 *           theta <- (1 - lr l) theta - lr m;  then v <- b2 v + (1 - b2) g^2
 *
 * Step 1 is the same with k = 0, rate 0, b2 = 0. The same in both dialects: the book has no ADOPT.
 * Source: Taniguchi et al. 2024, algorithm 2 with the clipping of its final version. */
#include <math.h>

#include "optim/rule.h"

enum { RATE, KEPT, LOW, HIGH, OLD, NEW };

static void scalars(const ds_rule_step *s, double *out)
{
    bool moves = s->t > 1;
    double b2 = ds_rule_real(&s->option, "beta2");
    out[RATE] = moves ? s->lr : 0;
    out[KEPT] = moves ? ds_rule_shrink(s) : 1;
    out[HIGH] = sqrt(sqrt((double)(s->t - 1)));
    out[LOW] = -out[HIGH];
    out[OLD] = moves ? b2 : 0;
    out[NEW] = moves ? 1 - b2 : 1;
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), eps = ds_rule_real(&b->option, "eps");
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *v = ds_rule_keep(b, "v", 0);
    ds_val n = ds_div(g, b->grad, ds_rule_least(b, ds_sqrt(g, v->now), eps > 0 ? eps : 1e-30));
    n = ds_min(g, ds_max(g, n, ds_rule_scalar(b, LOW)), ds_rule_scalar(b, HIGH));
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, n);
    ds_val kept = ds_mul(g, ds_rule_scalar(b, OLD), v->now);
    v->next = ds_add(g, kept, ds_mul(g, ds_rule_scalar(b, NEW), ds_square(g, b->grad)));
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEPT), ds_mul(g, ds_rule_scalar(b, RATE), m->next));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    DS_RULE_BETA(1, "0.9", "decay of the moment"),
    DS_RULE_BETA(2, "0.9999", "decay of the mean square"),
    DS_RULE_EPS("1e-6", "least root"),
    DS_RULE_SHRINK("0"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_adopt = {
    .head = { .name = "adopt",
              .summary = "Adam in an order that converges for any beta2",
              .formula = "n = clip(g / max(sqrt r, delta), (t - 1)^(1/4)); s <- rho1 s + (1 - rho1) n; "
                         "theta <- theta - epsilon s; r <- rho2 r + (1 - rho2) g^2",
              .cite = "Taniguchi et al. 2024",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, optax.contrib.adopt" },
    .scalars = scalars,
    .update = update,
};
