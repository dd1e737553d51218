/* adamax.c - Adam with the largest recent gradient in place of the root mean square.
 *
 *   m <- b1 m + (1 - b1) g;  u <- max(b2 u, |g| + eps);  theta <- theta - lr / (1 - b1^t) m / u
 *
 * The same in both dialects: the book has no Adamax. eps is PyTorch's, the paper has none.
 * Source: Kingma and Ba 2015, algorithm 2. */
#include "optim/power.h"
#include "optim/rule.h"

enum { RATE };

static void scalars(const ds_rule_step *s, double *out)
{
    out[RATE] = s->lr / (1 - ds_whole_power(ds_rule_real(&s->option, "beta1"), s->t));
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    ds_val grad = ds_rule_decayed(b, b->theta);
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *u = ds_rule_keep(b, "u", 0);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, grad);
    ds_val size = ds_rule_above(b, ds_abs(g, grad), ds_rule_real(&b->option, "eps"));
    u->next = ds_max(g, ds_scale(g, u->now, b2), size);
    b->theta_next = ds_rule_moved(b, b->theta, ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), m->next), u->next));
}

static const ds_option options[] = {
    DS_RULE_LR("2e-3"), DS_RULE_BETAS,    DS_RULE_EPS("1e-8", "added to |g|"),
    DS_RULE_L2("0"),    DS_RULE_CAUTIOUS, DS_RULE_END,
};

const ds_rule_def ds_rule_adamax = {
    .head = { .name = "adamax",
              .summary = "Adam that divides by the largest recent gradient",
              .formula = "s <- rho1 s + (1 - rho1) g; u <- max(rho2 u, |g| + delta); "
                         "theta <- theta - epsilon s / ((1 - rho1^t) u)",
              .cite = "Kingma and Ba 2015",
              .options = options,
              .elsewhere = "PyTorch Adamax, Keras Adamax, Caffe none, optax.adamax" },
    .scalars = scalars,
    .update = update,
};
