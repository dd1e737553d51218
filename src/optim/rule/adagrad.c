/* adagrad.c - rates that shrink with the sum of squared gradients.
 *
 *   r <- r + g^2;  theta <- theta - lr g / (delta + sqrt r)
 *   book   r starts at 0, delta = 1e-7
 *   torch  r starts at initial_accumulator_value, delta = 1e-10, lr / (1 + (t - 1) lr_decay)
 *
 * Source: Goodfellow et al. algorithm 8.4; Duchi, Hazan, Singer 2011. */
#include "optim/rule.h"

enum { RATE };

static void scalars(const ds_rule_step *s, double *out)
{
    out[RATE] = s->lr / (1 + (double)(s->t - 1) * ds_rule_real(&s->option, "lr_decay"));
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    ds_val grad = ds_rule_decayed(b, b->theta);
    ds_rule_state *r = ds_rule_keep(b, "r", ds_rule_real(&b->option, "initial_accumulator_value"));
    r->next = ds_add(g, r->now, ds_square(g, grad));
    ds_val root = ds_rule_above(b, ds_sqrt(g, r->next), ds_rule_real(&b->option, "eps"));
    b->theta_next = ds_sub(g, b->theta, ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), grad), root));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-2"),
    { "lr_decay", DS_OPT_REAL, 0, 1e9, "0", NULL, NULL, "the rate is divided by 1 + (t - 1) lr_decay",
      .why = "the sum of squares shrinks the rate already", .elsewhere = "PyTorch lr_decay" },
    DS_RULE_L2("0"),
    { "initial_accumulator_value", DS_OPT_REAL, 0, 1e9, "0", NULL, NULL, "what r starts from",
      .why = "PyTorch's and the book's: the first step then has the length of the rate",
      .cite = "Duchi et al. 2011; Goodfellow et al. algorithm 8.4",
      .elsewhere = "PyTorch initial_accumulator_value, Keras initial_accumulator_value (0.1)" },
    DS_RULE_EPS("1e-10", "delta, added to the root (book: 1e-7)"),
    DS_RULE_END,
};
static const ds_rule_default_def in_book[] = {
    { "eps", "1e-7" }, { "lr_decay", NULL }, { "initial_accumulator_value", NULL }, { NULL, NULL }
};

const ds_rule_def ds_rule_adagrad = {
    .head = { .name = "adagrad",
              .summary = "each parameter's rate shrinks with the sum of its squared gradients",
              .formula = "r <- r + g^2; theta <- theta - epsilon g / (delta + sqrt r)",
              .cite = "Goodfellow et al. algorithm 8.4; Duchi et al. 2011",
              .options = options,
              .elsewhere = "PyTorch Adagrad, Keras Adagrad, Caffe AdaGrad, optax.adagrad" },
    .book = in_book,
    .scalars = scalars,
    .update = update,
};
