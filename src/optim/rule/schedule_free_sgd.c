/* schedule_free_sgd.c - descent whose iterates are averaged as they come, in place of a schedule of the rate;
 * schedule-free AdamW is a member of this family.
 *
 *   g at y = b x + (1 - b) z;  z <- z - lr (D + l y);  x <- (1 - c) x + c z
 *   c = w_t / (w_1 + ... + w_t),  w_t = t^r (largest rate so far)^2,  D = g, or g / (sqrt(v / c2) + eps)
 *
 * theta is x, the average: what is evaluated and saved. In place of z stands d = z - x, which starts at 0:
 *   y = x + (1 - b) d;  e = d - lr (D + l y);  x <- x + c e;  d <- (1 - c) e
 * so that x is never recovered from y and z, and b = 0 needs no care. Running statistics of batch norm are those seen at
 * y. The same in both dialects: the book has no such rule. Source: Defazio et al. 2024, algorithm 1 and appendix A. */
#include "kernel/math_big.h"
#include "optim/rule.h"

enum { SUM, MOST };               /* numbers kept */
enum { RATE, SHARE, REST, FREE }; /* FREE: the first that a member may use */

void ds_schedule_free_scalars(const ds_rule_step *s, double *out)
{
    if (s->lr > s->kept[MOST]) s->kept[MOST] = s->lr;
    double w = ds_power((double)s->t, ds_rule_real(&s->option, "r")) * s->kept[MOST] * s->kept[MOST];
    s->kept[SUM] += w;
    double c = s->kept[SUM] > 0 ? w / s->kept[SUM] : 0;
    out[RATE] = s->lr;
    out[SHARE] = c;
    out[REST] = 1 - c;
}

ds_val ds_schedule_free_point(ds_rule_build *b, double share, ds_rule_state **d)
{
    *d = ds_rule_keep(b, "d", 0);
    b->point = ds_add(b->g, b->theta, ds_scale(b->g, (*d)->now, 1 - share));
    return b->point;
}

void ds_schedule_free_update(ds_rule_build *b, ds_rule_state *d, ds_val way)
{
    ds_graph *g = b->g;
    double l = ds_rule_real(&b->option, "weight_decay");
    if (l != 0) way = ds_add(g, way, ds_scale(g, b->point, l));
    ds_val e = ds_sub(g, d->now, ds_mul(g, ds_rule_scalar(b, RATE), way));
    d->next = ds_mul(g, ds_rule_scalar(b, REST), e);
    b->theta_next = ds_add(g, b->theta, ds_mul(g, ds_rule_scalar(b, SHARE), e));
}

static void update(ds_rule_build *b)
{
    ds_rule_state *d;
    ds_schedule_free_point(b, ds_rule_real(&b->option, "momentum"), &d);
    ds_schedule_free_update(b, d, b->grad);
}

static const ds_option options[] = {
    DS_RULE_LR("1"),
    { "momentum", DS_OPT_REAL, 0, 1, "0.9", NULL, NULL,
      "share b of the average in the point where the gradient is taken", .why = "its paper's",
      .cite = "Defazio et al. 2024", .elsewhere = "schedulefree momentum" },
    DS_RULE_FREE_R,
    DS_RULE_DECAY("0", "coefficient lambda; lambda y is added to the gradient at y"),
    DS_RULE_END,
};

const ds_rule_def ds_rule_schedule_free_sgd = {
    .head = { .name = "schedule-free-sgd",
              .summary = "descent that averages its iterates and needs no schedule",
              .formula = "g at y = b x + (1 - b) z; z <- z - epsilon g; x <- (1 - c) x + c z; theta is x",
              .cite = "Defazio et al. 2024",
              .options = options,
              .elsewhere = "schedulefree.SGDScheduleFree, optax.contrib.schedule_free_sgd; Keras and Caffe none" },
    .number = { "sum", "most" },
    .scalars = ds_schedule_free_scalars,
    .update = update,
};
