/* radam.c - Adam that waits until its second moment can be trusted.
 *
 *   m, v as in adam.c;  rho_inf = 2 / (1 - b2) - 1,  rho_t = rho_inf - 2 t b2^t / c2
 *   rho_t > 5:  theta <- theta - lr (m / c1) r sqrt c2 / (sqrt v + eps),
 *               r^2 = (rho_t - 4)(rho_t - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho_t)
 *   otherwise:  theta <- theta - lr m / c1
 *
 * As in PyTorch, eps is added to the root before its correction. Both cases are theta - RATE m / (SIGHT sqrt v + FLOOR).
 * The same in both dialects: the book has no RAdam. Source: Liu et al. 2020, algorithm 2 (whose bound is 4). */
#include <math.h>

#include "optim/power.h"
#include "optim/rule.h"

enum { RATE, SIGHT, FLOOR, KEPT };

static void scalars(const ds_rule_step *s, double *out)
{
    double b2 = ds_rule_real(&s->option, "beta2"), power = ds_whole_power(b2, s->t), c2 = 1 - power;
    double c1 = 1 - ds_whole_power(ds_rule_real(&s->option, "beta1"), s->t);
    double end = 2 / (1 - b2) - 1, rho = end - 2 * (double)s->t * power / c2;
    bool sees = rho > 5;
    double r = sees ? sqrt((rho - 4) * (rho - 2) * end / ((end - 4) * (end - 2) * rho)) * sqrt(c2) : 1;
    double eps = ds_rule_real(&s->option, "eps");
    out[RATE] = s->lr / c1 * r;
    out[SIGHT] = sees;
    out[FLOOR] = sees ? (eps > 0 ? eps : 1e-30) : 1;
    out[KEPT] = ds_rule_shrink(s);
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    bool apart = ds_rule_flag(&b->option, "decoupled_weight_decay");
    ds_val grad = apart ? b->grad : ds_rule_decayed(b, b->theta), x = apart ? ds_rule_shrunk(b, KEPT) : b->theta;
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *v = ds_rule_keep(b, "v", 0);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, grad);
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, grad));
    ds_val root = ds_mul(g, ds_rule_scalar(b, SIGHT), ds_sqrt(g, v->next));
    root = ds_add(g, root, ds_rule_scalar(b, FLOOR));
    b->theta_next = ds_rule_moved(b, x, ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), m->next), root));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"), DS_RULE_BETAS,     DS_RULE_EPS("1e-8", "delta, added to the root before its correction"),
    DS_RULE_L2("0"),    DS_RULE_DECOUPLED, DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,   DS_RULE_END,
};

const ds_rule_def ds_rule_radam = {
    .head = { .name = "radam",
              .summary = "Adam that begins as momentum, until its mean square has seen enough",
              .formula =
                  "as adam, the step times r_t once rho_t > 5; before, theta <- theta - epsilon s / (1 - rho1^t)",
              .cite = "Liu et al. 2020",
              .options = options,
              .elsewhere = "PyTorch RAdam, Keras none, Caffe none, optax.radam (bound >= 5, corrected root)" },
    .scalars = scalars,
    .update = update,
};
