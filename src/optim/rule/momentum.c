/* momentum.c - heavy-ball momentum, with Nesterov's correction or without; SGD and Nesterov are members of this family.
 *
 *   book   v <- a v - lr g;  theta <- theta + v;  Nesterov: g is taken at theta + a v
 *   torch  v <- a v + (1 - dampening) g, at the first step v <- g;  theta <- theta - lr v;  Nesterov: - lr (g + a v)
 *
 * While lr stays, v_book = -lr v_torch; when it moves, the book's velocity keeps the old rate. With Nesterov torch's
 * theta is the book's look-ahead point theta + a v. a = 0 keeps no state. Source: Goodfellow et al. 8.3.2,
 * algorithms 8.2 and 8.3; Polyak 1964; Sutskever et al. 2013. */
#include "optim/rule.h"

enum { RATE, SHARE };

const char *ds_momentum_conflict(const ds_rule_options *o, const char **why)
{
    bool nesterov = ds_rule_flag(o, "nesterov");
    double a = ds_rule_real(o, "momentum"), dampening = ds_rule_real(o, "dampening");
    *why = "needs momentum above 0 to have an effect";
    if (nesterov && a == 0) return "nesterov";
    if (dampening != 0 && a == 0) return "dampening";
    *why = "does not go with nesterov; leave one of them out";
    return nesterov && dampening != 0 ? "dampening" : NULL;
}

void ds_momentum_scalars(const ds_rule_step *s, double *out)
{
    out[RATE] = s->lr;
    out[SHARE] = s->t == 1 ? 1 : 1 - ds_rule_real(&s->option, "dampening");
}

/* The rate is inside the velocity. */
static void book(ds_rule_build *b, double a)
{
    ds_graph *g = b->g;
    ds_rule_state *v = ds_rule_keep(b, "v", 0);
    ds_val kept = ds_scale(g, v->now, a);
    if (ds_rule_flag(&b->option, "nesterov")) b->point = ds_add(g, b->theta, kept);
    ds_val grad = ds_rule_decayed(b, ds_val_ok(b->point) ? b->point : b->theta);
    v->next = ds_sub(g, kept, ds_mul(g, ds_rule_scalar(b, RATE), grad));
    b->theta_next = ds_add(g, b->theta, v->next);
}

/* The rate is outside the velocity. */
static void torch(ds_rule_build *b, double a)
{
    ds_graph *g = b->g;
    ds_val grad = ds_rule_decayed(b, b->theta), share = grad;
    if (ds_rule_real(&b->option, "dampening") != 0) share = ds_mul(g, ds_rule_scalar(b, SHARE), grad);
    ds_rule_state *v = ds_rule_keep(b, "v", 0);
    v->next = ds_add(g, ds_scale(g, v->now, a), share);
    ds_val d = ds_rule_flag(&b->option, "nesterov") ? ds_add(g, grad, ds_scale(g, v->next, a)) : v->next;
    b->theta_next = ds_rule_moved(b, b->theta, ds_mul(g, ds_rule_scalar(b, RATE), d));
}

void ds_momentum_update(ds_rule_build *b)
{
    double a = ds_rule_real(&b->option, "momentum");
    if (a == 0)
        b->theta_next = ds_sub(b->g, b->theta, ds_mul(b->g, ds_rule_scalar(b, RATE), ds_rule_decayed(b, b->theta)));
    else if (b->option.book)
        book(b, a);
    else
        torch(b, a);
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"), DS_RULE_MOMENTUM("0.9"), DS_RULE_DAMPENING, DS_RULE_NESTEROV("false"),
    DS_RULE_L2("0"),    DS_RULE_CAUTIOUS,        DS_RULE_END,
};
const ds_rule_default_def ds_momentum_book[] = { { "dampening", NULL }, { "cautious", NULL }, { NULL, NULL } };

const ds_rule_def ds_rule_momentum = {
    .head = { .name = "momentum",
              .summary = "gradient descent with a velocity that remembers past gradients",
              .formula = "v <- alpha v - epsilon g; theta <- theta + v",
              .cite = "Goodfellow et al. algorithm 8.2; Polyak 1964",
              .options = options,
              .elsewhere =
                  "PyTorch SGD(momentum=), Keras SGD(momentum=), Caffe SGD with momentum, optax.sgd(momentum=)" },
    .book = ds_momentum_book,
    .conflict = ds_momentum_conflict,
    .scalars = ds_momentum_scalars,
    .update = ds_momentum_update,
};
