/* mars.c - AdamW or Lion on gradients whose noise is reduced by the difference to the batch before.
 *
 *   c = g + gamma b1 / (1 - b1) (g - p);   c <- c / max(1, |c|), norms of each tensor
 *   p is the gradient of the step before on its own batch, or with `exact` the gradient of this batch at the weights of
 *   the step before; in the first step c = g
 *   adamw   m, v <- moments of c as in adam.c;  theta <- (1 - lr l) theta - lr (m / c1) / (sqrt(v / c2) + eps)
 *   lion    m <- b1 m + (1 - b1) c;             theta <- (1 - lr l) theta - lr sign m
 *
 * Exact differences see the change of weights alone and cost a second gradient a step. A rule for matrices: its authors
 * leave vectors to AdamW. The same in both dialects: the book has no MARS.
 * Source: Yuan et al. 2024, algorithm 1 with equations 3.2 and 3.3, and the variants MARS-AdamW and MARS-Lion. */
#include "graph/graph.h"
#include "optim/rule.h"

enum { LION = 1 };
enum { RATE, ROOT, KEPT, SHARE }; /* the first three are Adam's */

static unsigned needs(const ds_rule_options *o, int64_t t)
{
    return ds_rule_flag(o, "exact") && t != 1 ? DS_NEED_GRADIENT : 0;
}

static void scalars(const ds_rule_step *s, double *out)
{
    double b1 = ds_rule_real(&s->option, "beta1");
    ds_adam_scalars(s, out);
    if (ds_rule_choice(&s->option, "base") == LION) out[RATE] = s->lr;
    out[SHARE] = s->t > 1 ? ds_rule_real(&s->option, "gamma") * b1 / (1 - b1) : 0;
}

/* The gradient with less noise. */
static ds_val corrected(ds_rule_build *b)
{
    ds_graph *g = b->g;
    ds_val before;
    if (ds_rule_flag(&b->option, "exact")) {
        before = ds_rule_given(b, DS_NEED_GRADIENT);
    } else {
        ds_rule_state *kept = ds_rule_keep(b, "previous", 0);
        kept->next = ds_copy(g, b->grad);
        before = kept->now;
    }
    ds_val c = ds_add(g, b->grad, ds_mul(g, ds_sub(g, b->grad, before), ds_rule_scalar(b, SHARE)));
    return ds_div(g, c, ds_rule_least(b, ds_rule_norms(b, c), 1));
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double b1 = ds_rule_real(&b->option, "beta1");
    ds_val given = b->grad;
    b->grad = corrected(b); /* what the base takes for the gradient */
    if (ds_rule_choice(&b->option, "base") == LION) {
        ds_rule_state *m = ds_rule_keep(b, "m", 0);
        m->next = ds_rule_mix(b, b1, m->now, 1 - b1, b->grad);
        b->theta_next = ds_sub(g, ds_rule_shrunk(b, KEPT), ds_mul(g, ds_rule_scalar(b, RATE), ds_sign(g, m->next)));
    } else {
        ds_adamw_update(b);
    }
    b->grad = given;
}

/* Lion has no second moment. */
static const char *conflict(const ds_rule_options *o, const char **why)
{
    static const char *const of_adamw[] = { "beta2", "eps" };
    if (ds_rule_choice(o, "base") != LION) return NULL;
    *why = "base lion has no second moment, so it has no effect; leave it out or take base adamw";
    for (int i = 0; i < 2; i++)
        if (o->part->value[ds_option_find(o->part->head->options, of_adamw[i])].given) return of_adamw[i];
    return NULL;
}

static const ds_option options[] = {
    DS_RULE_LR("3e-3"),
    DS_RULE_BETA(1, "0.95", "decay of the first moment"),
    DS_RULE_BETA(2, "0.99", "decay of the second moment"),
    DS_RULE_EPS("1e-8", "delta, added to the corrected root"),
    { .name = "gamma",
      .type = DS_OPT_REAL,
      .hi = 10,
      .def = "0.025",
      .help = "strength of the correction; 0: none",
      .why = "its paper's; 1 with exact differences is STORM's full correction, which is too much for noisy steps",
      .cite = "Yuan et al. 2024" },
    { .name = "base",
      .type = DS_OPT_CHOICE,
      .choices = "adamw|lion",
      .def = "adamw",
      .help = "what is done with the corrected gradient",
      .why = "the variant that its authors report first",
      .cite = "Yuan et al. 2024, algorithms 2 and 3" },
    { .name = "exact",
      .type = DS_OPT_BOOL,
      .def = "false",
      .help = "take the difference on one batch, by a second gradient at the weights before",
      .why = "the gradient of the batch before is at hand; its authors found it nearly as good",
      .cite = "Yuan et al. 2024, section 3.3" },
    DS_RULE_SHRINK("1e-2"),
    DS_RULE_COUPLING,
    DS_RULE_END,
};

const ds_rule_def ds_rule_mars = {
    .head = { .name = "mars",
              .summary = "AdamW or Lion on gradients with reduced variance",
              .formula = "c = g + gamma rho1 / (1 - rho1) (g - g_before); c <- c / max(1, |c|); then as adamw or lion",
              .cite = "Yuan et al. 2024",
              .options = options,
              .elsewhere = "PyTorch none, Keras none, Caffe none" },
    .conflict = conflict,
    .rest = "adamw",
    .needs = needs,
    .couples = true,
    .scalars = scalars,
    .update = update,
};
