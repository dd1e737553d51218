/* sophia.c - momentum divided by a running diagonal of the Hessian, each element's step bounded by the rate.
 *
 *   every k-th step, the first one too:   h <- b2 h + (1 - b2) e
 *     hutchinson (Sophia-H)   e = u (H u), u of +1 and -1: the diagonal of the Hessian on average
 *     gnb        (Sophia-G)   e = n s^2, s the gradient on n labels drawn from the model: that of Gauss-Newton
 *   m <- b1 m + (1 - b1) g
 *   theta <- (1 - lr l) theta - lr clip(m / max(gamma h, eps), 1)
 *
 * Where h is not positive, or small, the step is lr in the moment's direction; so it is on most elements until h, which
 * starts from 0, has grown. H and s are of the step's batch; the loss without penalty in s. The same in both dialects: the
 * book has no Sophia.
 * Source: Liu et al. 2024, algorithms 1 to 3. */
#include "optim/rule.h"

enum { HUTCHINSON, GNB };
enum { RATE, KEPT, OLD, NEW };

static bool refreshes(const ds_rule_options *o, int64_t t)
{
    int64_t k = (int64_t)ds_rule_real(o, "period");
    return k == 1 || t % k == 1;
}

static unsigned needs(const ds_rule_options *o, int64_t t)
{
    if (t > 0 && !refreshes(o, t)) return 0;
    return ds_rule_choice(o, "estimator") == GNB ? DS_NEED_SAMPLED : DS_NEED_PRODUCT;
}

static void scalars(const ds_rule_step *s, double *out)
{
    double b2 = ds_rule_real(&s->option, "beta2");
    bool fresh = refreshes(&s->option, s->t), gnb = ds_rule_choice(&s->option, "estimator") == GNB;
    out[RATE] = s->lr;
    out[KEPT] = ds_rule_shrink(s);
    out[OLD] = fresh ? b2 : 1;
    out[NEW] = fresh ? (1 - b2) * (gnb ? s->rows : 1) : 0;
}

static ds_val estimate(ds_rule_build *b)
{
    if (ds_rule_choice(&b->option, "estimator") == GNB) return ds_square(b->g, ds_rule_given(b, DS_NEED_SAMPLED));
    return ds_rule_given(b, DS_NEED_PRODUCT);
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1");
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *h = ds_rule_keep(b, "h", 0);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, b->grad);
    h->next = ds_add(g, ds_mul(g, h->now, ds_rule_scalar(b, OLD)), ds_mul(g, estimate(b), ds_rule_scalar(b, NEW)));
    ds_val under = ds_scale(g, h->next, ds_rule_real(&b->option, "gamma"));
    ds_val way = ds_div(g, m->next, ds_rule_least(b, under, ds_rule_real(&b->option, "eps")));
    ds_val one = ds_fill(g, ds_val_dtype(g, way), ds_val_shape(g, way), 1);
    way = ds_max(g, ds_min(g, way, one), ds_neg(g, one));
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEPT), ds_mul(g, ds_rule_scalar(b, RATE), way));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    DS_RULE_BETA(1, "0.96", "decay of the moment"),
    DS_RULE_BETA(2, "0.99", "decay of the diagonal from one estimate to the next"),
    { .name = "estimator",
      .type = DS_OPT_CHOICE,
      .choices = "hutchinson|gnb",
      .def = "hutchinson",
      .help =
          "of the diagonal: Hessian products with random signs, or squared gradients on labels drawn from the model",
      .why = "it serves every loss; gnb wants a likelihood, cannot be negative and is less noisy",
      .cite = "Liu et al. 2024, algorithms 1 and 2" },
    { .name = "period",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = 1e9,
      .def = "10",
      .help = "steps from one estimate to the next",
      .why = "its paper's: an estimate costs as much as one or two gradients, and the diagonal changes slowly",
      .cite = "Liu et al. 2024" },
    { .name = "gamma",
      .type = DS_OPT_REAL,
      .lo = 1e-30,
      .hi = 1e30,
      .def = "0.01",
      .help = "factor of the diagonal: larger ones bound fewer elements and make shorter steps",
      .why = "its paper's for hutchinson, 0.05 for gnb: 10 to 50 of 100 elements should be within the bound",
      .cite = "Liu et al. 2024, section 3.1" },
    DS_RULE_EPS("1e-12", "least divisor"),
    DS_RULE_SHRINK("0"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_sophia = {
    .head = { .name = "sophia",
              .summary = "momentum over a running Hessian diagonal, each element's step bounded",
              .formula = "every k steps r <- rho2 r + (1 - rho2) diagonal; s <- rho1 s + (1 - rho1) g; "
                         "theta <- (1 - epsilon lambda) theta - epsilon clip(s / max(gamma r, delta), 1)",
              .cite = "Liu et al. 2024",
              .options = options,
              .elsewhere = "PyTorch none, Keras none, Caffe none, optax.contrib.sophia" },
    .needs = needs,
    .scalars = scalars,
    .update = update,
};
