/* lars.c - momentum whose rate is scaled for each tensor by its norm over the gradient's.
 *
 *   local = eta |theta| / (|g| + l |theta|), 1 where a norm is 0;  v <- a v + lr local (g + l theta);  theta <- theta - v
 *
 * Vectors (biases, gains) have local = 1 and no decay. The same in both dialects: the book has no LARS.
 * Source: You, Gitman, Ginsburg 2017, algorithm 1. */
#include "optim/rule.h"

enum { RATE };

static void scalars(const ds_rule_step *s, double *out) { out[RATE] = s->lr; }

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double l = ds_rule_real(&b->option, "weight_decay");
    ds_rule_state *v = ds_rule_keep(b, "v", 0);
    ds_val size = ds_rule_norms(b, b->theta), slope = ds_rule_norms(b, b->grad);
    ds_val below = ds_add(g, slope, ds_scale(g, size, l)), matrices = ds_rule_matrices(b);
    ds_val zero = ds_scale(g, slope, 0), one = ds_shift(g, zero, 1);
    ds_val local = ds_rule_norm_ratio(b, ds_scale(g, size, ds_rule_real(&b->option, "eta")), below);
    local = ds_where(g, ds_greater(g, slope, zero), local, one);
    ds_val u = ds_add(g, b->grad, ds_mul(g, ds_scale(g, b->theta, l), matrices));
    ds_val step = ds_mul(g, ds_mul(g, ds_rule_scalar(b, RATE), local), u);
    v->next = ds_add(g, ds_scale(g, v->now, ds_rule_real(&b->option, "momentum")), step);
    b->theta_next = ds_rule_moved(b, b->theta, v->next);
}

static const ds_option options[] = {
    DS_RULE_LR("1"),
    DS_RULE_MOMENTUM("0.9"),
    { "eta", DS_OPT_REAL, 0, 1e9, "1e-3", NULL, NULL, "trust in the ratio of the norms", .why = "the paper's",
      .cite = "You, Gitman, Ginsburg 2017", .elsewhere = "optax trust_coefficient" },
    DS_RULE_DECAY("0", "coefficient lambda; lambda theta is added to the gradient of matrices"),
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_lars = {
    .head = { .name = "lars",
              .summary = "momentum with a rate for each tensor by its norm",
              .formula =
                  "v <- alpha v + epsilon eta |theta| / (|g| + lambda |theta|) (g + lambda theta); theta <- theta - v",
              .cite = "You, Gitman, Ginsburg 2017",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, optax.lars" },
    .couples = true,
    .scalars = scalars,
    .update = update,
};
