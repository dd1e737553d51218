/* rmsprop.c - steps divided by a running root mean square: r <- rho r + (1 - rho) g^2.
 *
 *   book   theta <- theta - lr g / sqrt(delta + r), delta = 1e-6
 *   torch  theta <- theta - lr g / (sqrt r + eps), eps = 1e-8
 *          centered: r - m^2 with m <- rho m + (1 - rho) g in place of r
 *          momentum: v <- a v + g / (sqrt r + eps), theta <- theta - lr v
 *
 * r - m^2 can come out below 0 by rounding: it counts as 0 then. Source: Goodfellow et al. algorithm 8.5; Hinton 2012;
 * Graves 2013 (centered). */
#include "optim/rule.h"

enum { RATE };

void ds_rmsprop_scalars(const ds_rule_step *s, double *out) { out[RATE] = s->lr; }

static ds_val variance(ds_rule_build *b, ds_val r, ds_val grad, double rho)
{
    ds_graph *g = b->g;
    ds_rule_state *m = ds_rule_keep(b, "m", 0);
    m->next = ds_rule_mix(b, rho, m->now, 1 - rho, grad);
    return ds_rule_least(b, ds_sub(g, r, ds_square(g, m->next)), 0);
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double rho = ds_rule_real(&b->option, "rho"), eps = ds_rule_real(&b->option, "eps");
    double a = ds_rule_real(&b->option, "momentum");
    ds_val grad = ds_rule_decayed(b, b->theta), lr = ds_rule_scalar(b, RATE);
    ds_rule_state *r = ds_rule_keep(b, "r", 0);
    r->next = ds_rule_mix(b, rho, r->now, 1 - rho, ds_square(g, grad));
    ds_val spread = ds_rule_flag(&b->option, "centered") ? variance(b, r->next, grad, rho) : r->next;
    ds_val root =
        b->option.book ? ds_sqrt(g, ds_rule_above(b, spread, eps)) : ds_rule_above(b, ds_sqrt(g, spread), eps);
    if (a == 0) {
        b->theta_next = ds_sub(g, b->theta, ds_div(g, ds_mul(g, lr, grad), root));
        return;
    }
    ds_rule_state *v = ds_rule_keep(b, "v", 0);
    v->next = ds_add(g, ds_scale(g, v->now, a), ds_div(g, grad, root));
    b->theta_next = ds_rule_moved(b, b->theta, ds_mul(g, lr, v->next));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-2"),
    { "rho", DS_OPT_REAL, 0, 1, "0.99", NULL, "alpha", "decay rho of the mean square",
      .why = "PyTorch's: about the last 100 squares count", .cite = "Goodfellow et al. 8.5.2; Hinton 2012",
      .elsewhere = "PyTorch alpha, Keras rho (0.9), Caffe rms_decay" },
    DS_RULE_EPS("1e-8", "added to the root (book: delta, 1e-6, inside the root)"),
    DS_RULE_L2("0"),
    DS_RULE_MOMENTUM("0"),
    { "centered", DS_OPT_BOOL, 0, 0, "false", NULL, NULL, "divide by the root of the variance instead",
      .why = "the mean costs one more vector of state", .cite = "Graves 2013, eq. 38 to 45",
      .elsewhere = "PyTorch centered, Keras centered, Caffe none" },
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};
static const ds_rule_default_def in_book[] = {
    { "eps", "1e-6" }, { "momentum", NULL }, { "centered", NULL }, { "cautious", NULL }, { NULL, NULL }
};

const ds_rule_def ds_rule_rmsprop = {
    .head = { .name = "rmsprop",
              .summary = "steps divided by the running root mean square of the gradient",
              .formula = "r <- rho r + (1 - rho) g^2; theta <- theta - epsilon g / sqrt(delta + r)",
              .cite = "Goodfellow et al. algorithm 8.5; Hinton 2012",
              .options = options,
              .elsewhere = "PyTorch RMSprop, Keras RMSprop, Caffe RMSProp, optax.rmsprop" },
    .book = in_book,
    .scalars = ds_rmsprop_scalars,
    .update = update,
};
