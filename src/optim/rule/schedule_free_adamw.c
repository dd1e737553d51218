/* schedule_free_adamw.c - rule "schedule-free-sgd" with D = g / (sqrt(v / c2) + eps), v <- b2 v + (1 - b2) g^2 (formulas
 * there). beta1 is b, the share of the average in y; nothing else of Adam's first moment is left.
 * Source: Defazio et al. 2024, algorithm 1. */
#include <math.h>

#include "optim/power.h"
#include "optim/rule.h"

enum { ROOT = 3 }; /* after those of the family */

static void scalars(const ds_rule_step *s, double *out)
{
    ds_schedule_free_scalars(s, out);
    out[ROOT] = 1 / sqrt(1 - ds_whole_power(ds_rule_real(&s->option, "beta2"), s->t));
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b2 = ds_rule_real(&b->option, "beta2");
    ds_rule_state *d;
    ds_schedule_free_point(b, ds_rule_real(&b->option, "beta1"), &d);
    ds_rule_state *v = ds_rule_keep(b, "v", 0);
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, b->grad));
    ds_val root = ds_mul(g, ds_sqrt(g, v->next), ds_rule_scalar(b, ROOT));
    root = ds_rule_above(b, root, ds_rule_real(&b->option, "eps"));
    ds_schedule_free_update(b, d, ds_div(g, b->grad, root));
}

static const ds_option options[] = {
    DS_RULE_LR("2.5e-3"),
    DS_RULE_BETA(1, "0.9", "share b of the average in the point where the gradient is taken"),
    DS_RULE_BETA(2, "0.999", "decay rho2 of the second moment"),
    DS_RULE_EPS("1e-8", "delta, added to the corrected root"),
    DS_RULE_FREE_R,
    DS_RULE_DECAY("0", "coefficient lambda; z loses epsilon lambda y"),
    DS_RULE_END,
};

const ds_rule_def ds_rule_schedule_free_adamw = {
    .head = { .name = "schedule-free-adamw",
              .summary = "AdamW that averages its iterates and needs no schedule",
              .formula = "as schedule-free-sgd with g / (sqrt(r / (1 - rho2^t)) + delta) in place of g",
              .cite = "Defazio et al. 2024",
              .options = options,
              .elsewhere = "schedulefree.AdamWScheduleFree, optax.contrib.schedule_free_adamw; Keras and Caffe none" },
    .number = { "sum", "most" },
    .scalars = scalars,
    .update = update,
};
