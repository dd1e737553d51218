/* ademamix.c - Adam with a second, slow moment of the gradient that is not corrected.
 *
 *   m1 <- b1 m1 + (1 - b1) g;  m2 <- b3_t m2 + (1 - b3_t) g;  v <- b2 v + (1 - b2) g^2
 *   theta <- (1 - lr l) theta - lr (m1 / c1 + a_t m2) / (sqrt(v / c2) + eps)
 *   a_t = alpha min(t / T, 1);  1 / ln b3_t goes from 1 / ln b1 to 1 / ln b3 as t / T from 0 to 1
 *
 * T is alpha_warmup for a and slow_warmup for b3; 0: from the start. The same in both dialects: the book has no AdEMAMix.
 * Source: Pagliardini et al. 2024, algorithm 1. */
#include "kernel/math_big.h"
#include "optim/rule.h"

enum { RATE, ROOT, KEPT, SLOW, LONG, SHORT }; /* the first three are Adam's */

/* How far a warm-up has come. */
static double progress(const ds_rule_step *s, const char *warmup)
{
    double t = (double)s->t, span = ds_rule_real(&s->option, warmup);
    return t < span ? t / span : 1;
}

/* With u = 1 / ln b: b3_t = b1^(u1 / ((1 - x) u1 + x u3)), and u1 / u3 = ln b3 / ln b1. */
static double long_decay(const ds_rule_step *s)
{
    double x = progress(s, "slow_warmup"), b1 = ds_rule_real(&s->option, "beta1"),
           b3 = ds_rule_real(&s->option, "beta3");
    if (x >= 1 || b1 <= 0 || b3 <= 0) return b3;
    double ratio = ds_logarithm(b1) / ds_logarithm(b3);
    return ds_power(b1, 1 / (1 - x + x * ratio));
}

static void scalars(const ds_rule_step *s, double *out)
{
    ds_adam_scalars(s, out);
    out[SLOW] = s->lr * ds_rule_real(&s->option, "alpha") * progress(s, "alpha_warmup");
    out[LONG] = long_decay(s);
    out[SHORT] = 1 - out[LONG];
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    ds_rule_state *m1 = ds_rule_keep(b, "m1", 0), *m2 = ds_rule_keep(b, "m2", 0), *v = ds_rule_keep(b, "v", 0);
    m1->next = ds_rule_mix(b, b1, m1->now, 1 - b1, b->grad);
    ds_val kept = ds_mul(g, ds_rule_scalar(b, LONG), m2->now);
    m2->next = ds_add(g, kept, ds_mul(g, ds_rule_scalar(b, SHORT), b->grad));
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, b->grad));
    ds_val root = ds_mul(g, ds_sqrt(g, v->next), ds_rule_scalar(b, ROOT));
    root = ds_rule_above(b, root, ds_rule_real(&b->option, "eps"));
    ds_val fast = ds_mul(g, ds_rule_scalar(b, RATE), m1->next), slow = ds_mul(g, ds_rule_scalar(b, SLOW), m2->next);
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEPT), ds_div(g, ds_add(g, fast, slow), root));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    DS_RULE_BETAS,
    DS_RULE_BETA(3, "0.9999", "decay of the slow moment"),
    { "alpha", DS_OPT_REAL, 0, 1e9, "5", NULL, NULL, "weight of the slow moment", .why = "the paper takes 5 to 8",
      .cite = "Pagliardini et al. 2024", .elsewhere = "optax alpha" },
    { "alpha_warmup", DS_OPT_INT, 0, 1e15, "0", NULL, NULL, "steps over which alpha rises from 0",
      .why = "none unless asked for; the paper takes the length of the run" },
    { "slow_warmup", DS_OPT_INT, 0, 1e15, "0", NULL, NULL, "steps over which beta3 rises from beta1",
      .why = "none unless asked for; the paper takes the length of the run" },
    DS_RULE_EPS("1e-8", "delta, added to the corrected root"),
    DS_RULE_SHRINK("0"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_ademamix = {
    .head = { .name = "ademamix",
              .summary = "Adam that mixes in a moment of gradients long past",
              .formula = "s1, r as adam; s2 <- rho3 s2 + (1 - rho3) g; theta <- theta - epsilon (s1 / (1 - rho1^t) + "
                         "alpha s2) / (sqrt(r / (1 - rho2^t)) + delta)",
              .cite = "Pagliardini et al. 2024",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, optax.contrib.ademamix" },
    .scalars = scalars,
    .update = update,
};
