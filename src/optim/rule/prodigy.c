/* prodigy.c - Adam that finds its own rate: d, a lower bound of the distance to the solution, grows while gradients keep
 * pointing away from the start.
 *
 *   k = lr d;  num <- q num + (d / d0) k <g, theta_0 - theta>,  s <- q s + (d / d0) k g,  q = sqrt b2
 *   m <- b1 m + (1 - b1) d g;  v <- b2 v + (1 - b2) d^2 g^2;  d' = max(d, d_coef num / |s|_1)
 *   theta <- (1 - k l) theta - k m / (sqrt v + d' eps)
 *
 * One d for all parameters. p = theta_0 - theta is added up from the steps, so that it keeps digits that theta loses. With
 * |s|_1 = 0 no gradient has come, and nothing moves. No bias correction, as in the authors' program. The same in both
 * dialects: the book has no Prodigy. Source: Mishchenko and Defazio 2024, algorithm 4. */
#include <math.h>

#include "optim/rule.h"

enum { RATE, GROWTH };

static void scalars(const ds_rule_step *s, double *out)
{
    out[RATE] = s->lr;
    out[GROWTH] = s->lr / ds_rule_real(&s->option, "d0");
}

/* d' from the gradient and the way walked so far; d0 k = d^2 lr / d0. */
static ds_val grown(ds_rule_build *b, ds_rule_state *d, ds_rule_state *p, ds_rule_state *s)
{
    ds_graph *g = b->g;
    double q = sqrt(ds_rule_real(&b->option, "beta2"));
    ds_rule_state *num = ds_rule_keep_number(b, "num", 0);
    ds_val weight = ds_mul(g, ds_rule_scalar(b, GROWTH), ds_square(g, d->now));
    ds_val dot = ds_sum_all(g, ds_mul(g, b->grad, p->now));
    num->next = ds_add(g, ds_scale(g, num->now, q), ds_mul(g, weight, dot));
    s->next = ds_add(g, ds_scale(g, s->now, q), ds_mul(g, weight, b->grad));
    ds_val size = ds_rule_least(b, ds_sum_all(g, ds_abs(g, s->next)), 1e-30);
    return ds_max(g, d->now, ds_div(g, ds_scale(g, num->next, ds_rule_real(&b->option, "d_coef")), size));
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    double l = ds_rule_real(&b->option, "weight_decay");
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *v = ds_rule_keep(b, "v", 0), *s = ds_rule_keep(b, "s", 0),
                  *p = ds_rule_keep(b, "p", 0), *d = ds_rule_keep_number(b, "d", ds_rule_real(&b->option, "d0"));
    d->next = grown(b, d, p, s);
    ds_val scaled = ds_mul(g, d->now, b->grad), k = ds_mul(g, ds_rule_scalar(b, RATE), d->now);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, scaled);
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, scaled));
    ds_val eps = ds_scale(g, d->next, ds_rule_real(&b->option, "eps"));
    ds_val root = ds_rule_least(b, ds_add(g, ds_sqrt(g, v->next), eps), 1e-30);
    ds_val step = ds_div(g, ds_mul(g, k, m->next), root);
    if (l != 0) step = ds_add(g, step, ds_mul(g, ds_scale(g, k, l), b->theta));
    p->next = ds_add(g, p->now, step);
    b->theta_next = ds_sub(g, b->theta, step);
}

static const ds_option options[] = {
    DS_RULE_LR("1"),
    DS_RULE_BETAS,
    DS_RULE_EPS("1e-8", "delta; d delta is added to the root"),
    { "d0", DS_OPT_REAL, 1e-12, 1, "1e-6", NULL, NULL, "what d starts from; below the distance to the solution",
      .why = "the authors'; where d stays at d0 for long, try 1e-5 or 1e-4", .cite = "Mishchenko and Defazio 2024",
      .elsewhere = "prodigyopt d0" },
    { "d_coef", DS_OPT_REAL, 1e-6, 1e6, "1", NULL, NULL, "factor of the estimate of d", .why = "the authors'",
      .elsewhere = "prodigyopt d_coef" },
    DS_RULE_DECAY("0", "coefficient lambda; theta loses epsilon d lambda theta"),
    DS_RULE_END,
};

const ds_rule_def ds_rule_prodigy = {
    .head = { .name = "prodigy",
              .summary = "Adam that estimates its rate from the way walked so far",
              .formula = "d <- max(d, num / |s|_1); theta <- theta - epsilon d m / (sqrt r + d delta)",
              .cite = "Mishchenko and Defazio 2024",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, prodigyopt, optax.contrib.prodigy" },
    .couples = true,
    .scalars = scalars,
    .update = update,
};
