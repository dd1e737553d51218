/* rprop.c - a step length of its own for each parameter, grown while the gradient keeps its sign.
 *
 *   h <- clamp(h eta, step_min, step_max),  eta = eta_plus, eta_minus, 1 as g p is above, below, at 0
 *   g <- 0 where g p < 0;  theta <- theta - h sign g;  p <- g
 *
 * h starts at lr, and no later rate is looked at, as in PyTorch. The sign of g p is that of sign g times sign p, so that
 * small gradients do not underflow. For full batches: a minibatch's noise turns signs.
 * Source: Riedmiller and Braun 1993; without weight backtracking (Rprop-, Igel and Huesken 2000). */
#include "optim/rule.h"

static void scalars(const ds_rule_step *s, double *out)
{
    (void)s;
    (void)out;
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    ds_dtype t = ds_val_dtype(g, b->theta);
    ds_shape n = ds_val_shape(g, b->theta);
    ds_val zero = ds_fill(g, t, n, 0), one = ds_fill(g, t, n, 1);
    ds_val up = ds_fill(g, t, n, ds_rule_real(&b->option, "eta_plus")),
           down = ds_fill(g, t, n, ds_rule_real(&b->option, "eta_minus"));
    ds_rule_state *p = ds_rule_keep(b, "p", 0), *h = ds_rule_keep(b, "h", ds_rule_real(&b->option, "lr"));
    ds_val turn = ds_mul(g, ds_sign(g, b->grad), ds_sign(g, p->now)), turned = ds_greater(g, zero, turn);
    ds_val eta = ds_where(g, turned, down, ds_where(g, ds_greater(g, turn, zero), up, one));
    ds_val longest = ds_fill(g, t, n, ds_rule_real(&b->option, "step_max"));
    h->next = ds_min(g, ds_rule_least(b, ds_mul(g, h->now, eta), ds_rule_real(&b->option, "step_min")), longest);
    p->next = ds_where(g, turned, zero, b->grad);
    b->theta_next = ds_sub(g, b->theta, ds_mul(g, h->next, ds_sign(g, p->next)));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-2"),
    { "eta_minus", DS_OPT_REAL, 0, 1, "0.5", NULL, NULL, "factor of the step length where the gradient's sign turned",
      .why = "the minimum was passed, in the middle on average", .cite = "Riedmiller and Braun 1993",
      .elsewhere = "PyTorch etas[0]" },
    { "eta_plus", DS_OPT_REAL, 1, 1e9, "1.2", NULL, NULL, "factor of the step length where the sign stayed",
      .why = "grows slower than it shrinks, so that a step passes the minimum seldom",
      .cite = "Riedmiller and Braun 1993", .elsewhere = "PyTorch etas[1]" },
    { "step_min", DS_OPT_REAL, 0, 1e9, "1e-6", NULL, NULL, "least step length", .why = "PyTorch's",
      .elsewhere = "PyTorch step_sizes[0]" },
    { "step_max", DS_OPT_REAL, 0, 1e9, "50", NULL, NULL, "greatest step length", .why = "PyTorch's",
      .elsewhere = "PyTorch step_sizes[1]" },
    DS_RULE_END,
};

static const char *conflict(const ds_rule_options *o, const char **why)
{
    *why = "is above step_max; make it smaller";
    return ds_rule_real(o, "step_min") > ds_rule_real(o, "step_max") ? "step_min" : NULL;
}

const ds_rule_def ds_rule_rprop = {
    .head = { .name = "rprop",
              .summary = "step lengths that grow and shrink by the gradient's sign alone",
              .formula = "h <- h eta(sign(g p)); theta <- theta - h sign g",
              .cite = "Riedmiller and Braun 1993",
              .options = options,
              .elsewhere = "PyTorch Rprop, Keras none, Caffe none, optax.rprop" },
    .conflict = conflict,
    .scalars = scalars,
    .update = update,
};
