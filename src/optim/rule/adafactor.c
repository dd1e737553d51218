/* adafactor.c - Adam's scaling with second moments of rows and columns alone, steps clipped and relative to the weights.
 *
 *   R <- (1 - w) R + w mean_j g_ij^2,  C <- (1 - w) C + w mean_i g_ij^2,  w = t^-p;  v_ij = R_i C_j / mean R
 *   u = g / sqrt(v);  u <- u / max(1, rms(u) / d);  theta <- (1 - lr l) theta - max(eps2, rms(theta)) min(lr, 1 / sqrt t) u
 *
 * of each matrix, a kernel of a convolution all its axes but the outputs by the outputs; v of a vector is whole. rms is
 * the root of the mean of squares. State: rows + columns numbers a matrix.
 *
 * Dialects: torch keeps eps1 out of the means and bounds mean R by eps1 and v by eps1^2 from below; book has the paper's
 * g^2 + eps1 in the means and no bound. Both take lr as the bound on the relative step (the paper's is 1e-2). PyTorch
 * factors a kernel's last two axes, height by width, which saves little; the paper has matrices alone.
 *
 * Stable: R / mean R comes before the product with C, so that small squares do not vanish in f32.
 * Source: Shazeer and Stern 2018, algorithms 4 to 6; torch.optim.Adafactor. */
#include <math.h>

#include "kernel/math_big.h"
#include "optim/rule.h"

enum { RATE, KEEP, OLD, NEW };

static void scalars(const ds_rule_step *s, double *out)
{
    double t = (double)s->t, relative = 1 / sqrt(t);
    out[RATE] = s->lr < relative ? s->lr : relative;
    out[KEEP] = ds_rule_shrink(s);
    out[NEW] = ds_power(t, -ds_rule_real(&s->option, "power"));
    out[OLD] = 1 - out[NEW];
}

static ds_val rms(ds_graph *g, ds_val x) { return ds_sqrt(g, ds_mean_all(g, ds_square(g, x))); }

/* A mean that forgets, of the second moments' numbers. */
static ds_val remember(ds_rule_build *b, const char *name, ds_val x, bool unused)
{
    ds_rule_state *s = ds_rule_keep_shaped(b, name, 0, ds_val_shape(b->g, x), unused);
    if (unused) return x;
    ds_val old = ds_mul(b->g, ds_rule_scalar(b, OLD), s->now);
    return s->next = ds_add(b->g, old, ds_mul(b->g, ds_rule_scalar(b, NEW), x));
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    ds_shape shape = ds_val_shape(g, b->theta);
    bool whole = shape.dim[0] < 2 || shape.dim[1] < 2;
    double eps = ds_rule_real(&b->option, "eps1");
    ds_val square = ds_square(g, b->grad);
    if (b->option.book) square = ds_shift(g, square, eps);
    ds_val R = remember(b, "R", ds_mean(g, square, 2), whole), C = remember(b, "C", ds_mean(g, square, 1), whole);
    ds_val v = remember(b, "v", square, !whole), mean = ds_mean_all(g, R);
    if (!b->option.book) mean = ds_rule_least(b, mean, eps);
    if (!whole) v = ds_mul(g, ds_broadcast(g, ds_div(g, R, mean), shape), ds_broadcast(g, C, shape));
    if (!b->option.book) v = ds_rule_least(b, v, eps * eps);
    ds_val u = ds_div(g, b->grad, ds_sqrt(g, v));
    ds_val over = ds_rule_least(b, ds_scale(g, rms(g, u), 1 / ds_rule_real(&b->option, "clip")), 1);
    ds_val size = ds_rule_least(b, rms(g, b->theta), ds_rule_real(&b->option, "eps2"));
    ds_val rate = ds_div(g, ds_mul(g, ds_rule_scalar(b, RATE), size), over);
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEEP), ds_mul(g, rate, u));
}

static const ds_option options[] = {
    DS_RULE_LR("1e-2"),
    { .name = "power",
      .type = DS_OPT_REAL,
      .hi = 10,
      .def = "0.8",
      .help = "power p: the new squares of step t count t^-p",
      .why = "the paper's and PyTorch's: the mean reaches ever farther back, and needs no correction",
      .cite = "Shazeer and Stern 2018, section 7.2",
      .elsewhere = "PyTorch beta2_decay (-power), optax decay_rate" },
    { .name = "eps1",
      .type = DS_OPT_REAL,
      .lo = 1e-37,
      .hi = 1,
      .def = "1.1920929e-07",
      .help = "least root of a second moment (book: added to the squares)",
      .why = "PyTorch's in f32: the distance from 1 to the next number",
      .cite = "Shazeer and Stern 2018, algorithm 4",
      .elsewhere = "PyTorch eps[0], optax epsilon" },
    { .name = "eps2",
      .type = DS_OPT_REAL,
      .hi = 1e9,
      .def = "1e-3",
      .help = "least size that weights are taken to have",
      .why = "the paper's: weights at 0 must be able to leave it",
      .cite = "Shazeer and Stern 2018, section 8",
      .elsewhere = "PyTorch eps[1], optax multiply_by_parameter_scale" },
    { .name = "clip",
      .type = DS_OPT_REAL,
      .lo = 1e-6,
      .hi = 1e9,
      .def = "1",
      .help = "bound d on the root mean square of the scaled gradient",
      .why = "the paper's and PyTorch's",
      .cite = "Shazeer and Stern 2018, section 6",
      .elsewhere = "PyTorch d, optax clipping_threshold" },
    DS_RULE_SHRINK("0"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

static const ds_rule_default_def book[] = { { "eps1", "1e-30" }, { NULL, NULL } };

const ds_rule_def ds_rule_adafactor = {
    .head = { .name = "adafactor",
              .summary = "Adam's scaling by second moments of rows and columns alone",
              .formula = "v = R C / mean R, R and C means of the rows and columns of g^2; theta <- theta - "
                         "rms(theta) min(epsilon, t^(-1/2)) u, u = g / sqrt(v) clipped",
              .cite = "Shazeer and Stern 2018",
              .options = options,
              .elsewhere = "PyTorch Adafactor, Keras Adafactor, Caffe none, optax.adafactor" },
    .book = book,
    .each = true,
    .couples = true,
    .scalars = scalars,
    .update = update,
};
