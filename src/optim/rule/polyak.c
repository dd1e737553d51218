/* polyak.c - descent whose rate follows from the loss: as far as the tangent plane reaches the lowest value f*.
 *
 *   r = min((f - f*) / (c |g|^2 + eps), lr)        0 where f is below f*
 *   theta <- theta - r g
 *
 * f the loss of the step's batch with its penalty, |g| over all that the rule moves, lr the largest rate, so a schedule
 * lowers the ceiling. On convex f with the right f* and c = 1 each step comes closer to every minimum. The rate is kept as
 * the number "rate". The same in both dialects: the book has no Polyak step.
 * Source: Polyak 1987, section 5.3; with the ceiling and c: Loizou et al. 2021 (SPS_max), equation 5. */
#include "optim/rule.h"

enum { GAP, MOST };

static unsigned needs(const ds_rule_options *o, int64_t t)
{
    (void)o;
    (void)t;
    return DS_NEED_LOSS;
}

static void scalars(const ds_rule_step *s, double *out)
{
    double gap = s->loss - ds_rule_real(&s->option, "fstar");
    out[GAP] = gap > 0 ? gap : 0;
    out[MOST] = s->lr;
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    ds_rule_state *rate = ds_rule_keep_number(b, "rate", 0);
    ds_val square = ds_scale(g, ds_sum_all(g, ds_square(g, b->grad)), ds_rule_real(&b->option, "c"));
    square = ds_rule_above(b, square, ds_rule_real(&b->option, "eps"));
    rate->next = ds_min(g, ds_div(g, ds_rule_scalar(b, GAP), square), ds_rule_scalar(b, MOST));
    b->theta_next = ds_sub(g, b->theta, ds_mul(g, b->grad, rate->next));
}

static const ds_option options[] = {
    DS_RULE_LR("1"),
    { .name = "fstar",
      .type = DS_OPT_REAL,
      .lo = -1e30,
      .hi = 1e30,
      .def = "0",
      .aliases = "f_min",
      .help = "lowest value f* of the loss",
      .why = "networks that fit their data reach about 0; where they cannot, a higher value keeps steps from growing",
      .cite = "Polyak 1987",
      .elsewhere = "optax polyak_sgd f_min" },
    { .name = "c",
      .type = DS_OPT_REAL,
      .lo = 1e-3,
      .hi = 1e3,
      .def = "1",
      .help = "factor of the squared norm; the rate is in inverse proportion to it",
      .why = "Polyak's; 0.5 is the choice for losses that are not convex",
      .cite = "Loizou et al. 2021",
      .elsewhere = "optax polyak_sgd scaling, its inverse" },
    DS_RULE_EPS("0", "added to the squared norm"),
    DS_RULE_END,
};

const ds_rule_def ds_rule_polyak = {
    .head = { .name = "polyak",
              .summary = "descent at the rate that the loss and the gradient's norm give",
              .formula = "theta <- theta - min((f - fstar) / (c |g|^2 + eps), epsilon) g",
              .cite = "Polyak 1987; Loizou et al. 2021",
              .options = options,
              .elsewhere = "PyTorch none, Keras none, Caffe none, optax.polyak_sgd" },
    .needs = needs,
    .couples = true,
    .scalars = scalars,
    .update = update,
};
