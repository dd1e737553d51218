/* adam.c - moments with bias correction; AdamW is a member of this family.
 *
 *   m <- b1 m + (1 - b1) g
 *   v <- b2 v + (1 - b2) g^2
 *   theta <- theta - lr (m / c1) / (sqrt(v / c2) + eps),  c_i = 1 - b_i^t
 *
 * The same formula in both dialects: the correction comes before eps, eps stands outside the root. It is computed as
 * theta - (lr / c1) m / (sqrt(v) (1 / sqrt c2) + eps), the quotients on the host in f64. amsgrad (torch): the largest v
 * so far, uncorrected, in place of v. Weight decay l: L2, g + l theta (Adam); decoupled, theta (1 - lr l) first
 * (AdamW).
 * Source: Goodfellow et al. algorithm 8.7; Kingma and Ba 2015; Reddi et al. 2018; Loshchilov and Hutter 2019. */
#include <math.h>

#include "optim/power.h"
#include "optim/rule.h"

enum { RATE, ROOT, KEPT };

void ds_adam_scalars(const ds_rule_step *s, double *out)
{
    double c1 = 1 - ds_whole_power(ds_rule_real(&s->option, "beta1"), s->t);
    double c2 = 1 - ds_whole_power(ds_rule_real(&s->option, "beta2"), s->t);
    out[RATE] = s->lr / c1;
    out[ROOT] = 1 / sqrt(c2);
    out[KEPT] = ds_rule_shrink(s);
}

/* The part after the decay: from gradient grad, theta begins at x. */
static void moments(ds_rule_build *b, ds_val grad, ds_val x)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *v = ds_rule_keep(b, "v", 0);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, grad);
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, grad));
    ds_val most = v->next;
    if (ds_rule_flag(&b->option, "amsgrad")) {
        ds_rule_state *vmax = ds_rule_keep(b, "vmax", 0);
        most = vmax->next = ds_max(g, vmax->now, v->next);
    }
    ds_val root = ds_mul(g, ds_sqrt(g, most), ds_rule_scalar(b, ROOT));
    root = ds_rule_above(b, root, ds_rule_real(&b->option, "eps"));
    b->theta_next = ds_rule_moved(b, x, ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), m->next), root));
}

void ds_adam_update(ds_rule_build *b) { moments(b, ds_rule_decayed(b, b->theta), b->theta); }

void ds_adamw_update(ds_rule_build *b) { moments(b, b->grad, ds_rule_shrunk(b, KEPT)); }

static const ds_option options[] = {
    DS_RULE_LR("1e-3"), DS_RULE_BETAS,   DS_RULE_EPS("1e-8", "delta, added to the corrected root"),
    DS_RULE_L2("0"),    DS_RULE_AMSGRAD, DS_RULE_CAUTIOUS,
    DS_RULE_END,
};
static const ds_rule_default_def in_book[] = { { "amsgrad", NULL }, { NULL, NULL } };

const ds_rule_def ds_rule_adam = {
    .head = { .name = "adam",
              .summary = "momentum and RMSProp, both corrected for starting from zero",
              .formula = "s <- rho1 s + (1 - rho1) g; r <- rho2 r + (1 - rho2) g^2; "
                         "theta <- theta - epsilon (s / (1 - rho1^t)) / (sqrt(r / (1 - rho2^t)) + delta)",
              .cite = "Goodfellow et al. algorithm 8.7; Kingma and Ba 2015",
              .options = options,
              .elsewhere = "PyTorch Adam, Keras Adam, Caffe Adam, optax.adam" },
    .book = in_book,
    .scalars = ds_adam_scalars,
    .update = ds_adam_update,
};
