/* rmsprop_nesterov.c - RMSProp with Nesterov momentum: r <- rho r + (1 - rho) g^2.
 *
 *   book   g at theta + a v;  v <- a v - lr g / sqrt r;  theta <- theta + v
 *          The book divides by sqrt r alone; r is kept from 0 by the floor eps = 1e-30, which no gradient above 1e-14
 *          feels (|g| / sqrt r is at most 1 / sqrt(1 - rho)).
 *   torch  n = g / (sqrt r + eps);  v <- a v + n;  theta <- theta - lr (n + a v)
 *          PyTorch's RMSprop has no Nesterov form, so this joins its RMSprop to the Nesterov form of its SGD.
 *
 * Source: Goodfellow et al. algorithm 8.6. */
#include "optim/rule.h"

enum { RATE };

static ds_val mean_square(ds_rule_build *b, ds_val grad)
{
    double rho = ds_rule_real(&b->option, "rho");
    ds_rule_state *r = ds_rule_keep(b, "r", 0);
    r->next = ds_rule_mix(b, rho, r->now, 1 - rho, ds_square(b->g, grad));
    return r->next;
}

static void book(ds_rule_build *b, double a, double floor)
{
    ds_graph *g = b->g;
    ds_rule_state *v = ds_rule_keep(b, "v", 0);
    ds_val kept = ds_scale(g, v->now, a);
    b->point = ds_add(g, b->theta, kept);
    ds_val grad = ds_rule_decayed(b, b->point), r = mean_square(b, grad);
    ds_val root = ds_sqrt(g, ds_rule_least(b, r, floor > 0 ? floor : 1e-30));
    v->next = ds_sub(g, kept, ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), grad), root));
    b->theta_next = ds_add(g, b->theta, v->next);
}

static void torch(ds_rule_build *b, double a, double eps)
{
    ds_graph *g = b->g;
    ds_val grad = ds_rule_decayed(b, b->theta);
    ds_val n = ds_div(g, grad, ds_rule_above(b, ds_sqrt(g, mean_square(b, grad)), eps));
    ds_rule_state *v = ds_rule_keep(b, "v", 0);
    v->next = ds_add(g, ds_scale(g, v->now, a), n);
    ds_val d = ds_add(g, n, ds_scale(g, v->next, a));
    b->theta_next = ds_rule_moved(b, b->theta, ds_mul(g, ds_rule_scalar(b, RATE), d));
}

static void update(ds_rule_build *b)
{
    double a = ds_rule_real(&b->option, "momentum"), eps = ds_rule_real(&b->option, "eps");
    if (b->option.book)
        book(b, a, eps);
    else
        torch(b, a, eps);
}

static const ds_option options[] = {
    DS_RULE_LR("1e-2"),
    { "rho", DS_OPT_REAL, 0, 1, "0.99", NULL, "alpha", "decay rho of the mean square",
      .why = "PyTorch's: about the last 100 squares count", .cite = "Goodfellow et al. 8.5.2; Hinton 2012",
      .elsewhere = "PyTorch alpha, Keras rho (0.9), Caffe rms_decay" },
    DS_RULE_EPS("1e-8", "added to the root (book: least r, 1e-30)"),
    DS_RULE_L2("0"),
    DS_RULE_MOMENTUM("0.9"),
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};
static const ds_rule_default_def in_book[] = { { "eps", "1e-30" }, { "cautious", NULL }, { NULL, NULL } };

const ds_rule_def ds_rule_rmsprop_nesterov = {
    .head = { .name = "rmsprop-nesterov",
              .summary = "RMSProp whose gradient is taken where the velocity leads",
              .formula = "g at theta + alpha v; r <- rho r + (1 - rho) g^2; v <- alpha v - epsilon g / sqrt r; theta "
                         "<- theta + v",
              .cite = "Goodfellow et al. algorithm 8.6",
              .options = options,
              .elsewhere = "none in PyTorch, Keras and Caffe; optax.rmsprop(nesterov=True) is near" },
    .book = in_book,
    .scalars = ds_rmsprop_scalars,
    .update = update,
};
