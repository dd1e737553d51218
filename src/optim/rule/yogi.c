/* yogi.c - Adam whose second moment moves by steps of g^2, not in proportion to its distance.
 *
 *   m <- b1 m + (1 - b1) g;  v <- v - (1 - b2) sign(v - g^2) g^2
 *   torch  theta <- (1 - lr l) theta - lr (m / c1) / (sqrt(v / c2) + eps), as the implementations for PyTorch and optax
 *   book   the paper's algorithm: without the corrections c_i
 *
 * Source: Zaheer et al. 2018, algorithm 2. */
#include "optim/rule.h"

enum { RATE, ROOT, KEPT }; /* Adam's scalars */

static void scalars(const ds_rule_step *s, double *out)
{
    ds_adam_scalars(s, out);
    if (!s->option.book) return;
    out[RATE] = s->lr;
    out[ROOT] = 1;
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    ds_rule_state *m = ds_rule_keep(b, "m", 0),
                  *v = ds_rule_keep(b, "v", ds_rule_real(&b->option, "initial_accumulator_value"));
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, b->grad);
    ds_val square = ds_square(g, b->grad), way = ds_sign(g, ds_sub(g, v->now, square));
    v->next = ds_sub(g, v->now, ds_mul(g, way, ds_scale(g, square, 1 - b2)));
    ds_val root = ds_mul(g, ds_sqrt(g, v->next), ds_rule_scalar(b, ROOT));
    root = ds_rule_above(b, root, ds_rule_real(&b->option, "eps"));
    ds_val step = ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), m->next), root);
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEPT), step);
}

static const ds_option options[] = {
    DS_RULE_LR("1e-2"),
    DS_RULE_BETAS,
    DS_RULE_EPS("1e-3", "delta, added to the root; large, as the paper wants it"),
    { "initial_accumulator_value", DS_OPT_REAL, 0, 1e9, "1e-6", NULL, NULL, "what v starts from",
      .why = "that of the implementations; the paper takes squares of a first large batch",
      .cite = "Zaheer et al. 2018", .elsewhere = "optax initial_accumulator_value" },
    DS_RULE_SHRINK("0"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_yogi = {
    .head = { .name = "yogi",
              .summary = "Adam whose rates cannot jump up when gradients turn small",
              .formula = "s as adam; r <- r - (1 - rho2) sign(r - g^2) g^2; theta <- theta - epsilon s / (sqrt r + "
                         "delta)",
              .cite = "Zaheer et al. 2018",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, optax.yogi" },
    .scalars = scalars,
    .update = update,
};
