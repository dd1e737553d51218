/* lamb.c - Adam whose step is as long as the tensor it moves, times the rate.
 *
 *   m, v as in adam.c;  u = (m / c1) / (sqrt(v / c2) + eps) + l theta
 *   theta <- theta - lr (|theta| / |u|) u,  norms of each tensor; the ratio is 1 where a norm is 0
 *
 * Vectors (biases, gains) move by u without decay and ratio. The same in both dialects: the book has no LAMB.
 * Source: You et al. 2020, algorithm 2, with phi the identity. */
#include "optim/rule.h"

enum { RATE, ROOT }; /* Adam's scalars at rate 1, then the rate */
enum { LR = 3 };

static void scalars(const ds_rule_step *s, double *out)
{
    ds_rule_step unit = *s;
    unit.lr = 1;
    ds_adam_scalars(&unit, out);
    out[LR] = s->lr;
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *v = ds_rule_keep(b, "v", 0);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, b->grad);
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, b->grad));
    ds_val root = ds_mul(g, ds_sqrt(g, v->next), ds_rule_scalar(b, ROOT));
    root = ds_rule_above(b, root, ds_rule_real(&b->option, "eps"));
    ds_val u = ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), m->next), root), matrices = ds_rule_matrices(b);
    u = ds_add(g, u, ds_mul(g, ds_scale(g, b->theta, ds_rule_real(&b->option, "weight_decay")), matrices));
    ds_val ratio = ds_rule_norm_ratio(b, ds_rule_norms(b, b->theta), ds_rule_norms(b, u));
    b->theta_next = ds_rule_moved(b, b->theta, ds_mul(g, ds_mul(g, ds_rule_scalar(b, LR), ratio), u));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    DS_RULE_BETAS,
    DS_RULE_EPS("1e-6", "delta, added to the corrected root"),
    DS_RULE_DECAY("0", "coefficient lambda; lambda theta is added to the step of matrices"),
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_lamb = {
    .head = { .name = "lamb",
              .summary = "Adam with steps in proportion to each tensor's norm",
              .formula = "u as adam's step, plus lambda theta; theta <- theta - epsilon (|theta| / |u|) u",
              .cite = "You et al. 2020",
              .options = options,
              .elsewhere = "PyTorch none, Keras Lamb, Caffe none, optax.lamb" },
    .couples = true,
    .scalars = scalars,
    .update = update,
};
