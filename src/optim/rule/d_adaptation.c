/* d_adaptation.c - Adam that finds its own rate by D-Adaptation: d, a lower bound of the distance to the solution, grows by
 * how well a step along past gradients would have served the new one.
 *
 *   k = d lr sqrt(c2) / c1,  c_i = 1 - b_i^t;  num <- q num + (1 - q) k <g, s / (sqrt v + eps)>,  q = sqrt b2
 *   m <- b1 m + (1 - b1) k g;  v <- b2 v + (1 - b2) g^2;  s <- q s + (1 - q) k g
 *   d <- max(d, num / ((1 - q) |s|_1));  theta <- (1 - k l) theta - m / (sqrt v + eps)
 *
 * num sees s and v as they were before. One d for all parameters. The same in both dialects: the book has no such rule.
 * Source: Defazio and Mishchenko 2023, algorithm 5. */
#include <math.h>

#include "optim/power.h"
#include "optim/rule.h"

enum { RATE };

static void scalars(const ds_rule_step *s, double *out)
{
    double c1 = 1 - ds_whole_power(ds_rule_real(&s->option, "beta1"), s->t);
    double c2 = 1 - ds_whole_power(ds_rule_real(&s->option, "beta2"), s->t);
    out[RATE] = s->lr * sqrt(c2) / c1;
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2"), q = sqrt(b2);
    double eps = ds_rule_real(&b->option, "eps"), l = ds_rule_real(&b->option, "weight_decay");
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *v = ds_rule_keep(b, "v", 0), *s = ds_rule_keep(b, "s", 0),
                  *num = ds_rule_keep_number(b, "num", 0),
                  *d = ds_rule_keep_number(b, "d", ds_rule_real(&b->option, "d0"));
    ds_val k = ds_mul(g, ds_rule_scalar(b, RATE), d->now), scaled = ds_mul(g, k, b->grad);
    ds_val along = ds_div(g, s->now, ds_rule_above(b, ds_sqrt(g, v->now), eps));
    ds_val dot = ds_sum_all(g, ds_mul(g, b->grad, along));
    num->next = ds_rule_mix(b, q, num->now, 1 - q, ds_mul(g, k, dot));
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, scaled);
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, b->grad));
    s->next = ds_rule_mix(b, q, s->now, 1 - q, scaled);
    ds_val size = ds_rule_least(b, ds_scale(g, ds_sum_all(g, ds_abs(g, s->next)), 1 - q), 1e-30);
    d->next = ds_max(g, d->now, ds_div(g, num->next, size));
    ds_val step = ds_div(g, m->next, ds_rule_above(b, ds_sqrt(g, v->next), eps));
    if (l != 0) step = ds_add(g, step, ds_mul(g, ds_scale(g, k, l), b->theta));
    b->theta_next = ds_sub(g, b->theta, step);
}

static const ds_option options[] = {
    DS_RULE_LR("1"),
    DS_RULE_BETAS,
    DS_RULE_EPS("1e-8", "delta, added to the root"),
    { "d0", DS_OPT_REAL, 1e-12, 1, "1e-6", NULL, NULL, "what d starts from; below the distance to the solution",
      .why = "the authors'", .cite = "Defazio and Mishchenko 2023", .elsewhere = "dadaptation d0" },
    DS_RULE_DECAY("0", "coefficient lambda; theta loses k lambda theta"),
    DS_RULE_END,
};

const ds_rule_def ds_rule_d_adaptation = {
    .head = { .name = "d-adaptation",
              .summary = "Adam that raises its own rate while gradients agree",
              .formula = "d <- max(d, num / ((1 - sqrt rho2) |s|_1)); theta <- theta - m / (sqrt r + delta), m of d g",
              .cite = "Defazio and Mishchenko 2023",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, dadaptation.DAdaptAdam" },
    .couples = true,
    .scalars = scalars,
    .update = update,
};
