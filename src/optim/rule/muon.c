/* muon.c - momentum, made orthogonal: the step of each matrix has singular values near 1.
 *
 *   m <- a m + (1 - a) g;  u = m, or a m + (1 - a) g again (nesterov);  X = u / |u|
 *   X <- p_k(X), k = 1 .. steps, p(X) = x0 X + x1 (X X') X + x2 (X X')^2 X
 *   theta <- (1 - lr l) theta - lr s X
 *
 * of matrices [outputs, inputs], a kernel of a convolution [outputs, inputs x kernel height x width]; memory has their
 * transpose, which changes nothing but the side of X X' (the shorter one is taken). An odd polynomial of X changes its
 * singular values by the polynomial and leaves their vectors alone. quintic: one p with the largest slope at 0, values
 * end between 0.7 and 1.2. express: p_k are the best of their degree for what p_1 .. p_k-1 leave; from the eighth on
 * they double the digits of the polar factor.
 *
 * Stable: |u| bounds the largest singular value, so X starts within the unit ball. Where u = 0 there is no step.
 * Source: Jordan et al. 2024 (Muon), Amsel et al. 2025 algorithm 1 (Polar Express), Liu et al. 2025 (scale); numbers and
 * order of operations as torch.optim.Muon, which multiplies in bf16 where we keep the type of theta. */
#include <math.h>

#include "optim/rule.h"

enum { RATE, KEEP };
enum { QUINTIC, EXPRESS };
enum { ORIGINAL, MATCH_RMS };

static const double quintic[3] = { 3.4445, -4.7750, 2.0315 };
/* For singular values in [1e-3, 1]; all but the last are meant for values up to 1.01. */
static const double express[8][3] = {
    { 8.28721201814563, -23.595886519098837, 17.300387312530933 },
    { 4.107059111542203, -2.9478499167379106, 0.5448431082926601 },
    { 3.9486908534822946, -2.908902115962949, 0.5518191394370137 },
    { 3.3184196573706015, -2.488488024314874, 0.51004894012372 },
    { 2.300652019954817, -1.6689039845747493, 0.4188073119525673 },
    { 1.891301407787398, -1.2679958271945868, 0.37680408948524835 },
    { 1.8750014808534479, -1.2500016453999487, 0.3750001645474248 },
    { 1.875, -1.25, 0.375 },
};

static void scalars(const ds_rule_step *s, double *out)
{
    out[RATE] = s->lr;
    out[KEEP] = ds_rule_shrink(s);
}

/* One step of the iteration. A is symmetric, so that A A' says to the product that its result is too. */
static ds_val polynomial(ds_rule_build *b, ds_val X, const double p[3])
{
    ds_graph *g = b->g;
    ds_shape s = ds_val_shape(g, X);
    bool wide = s.dim[0] <= s.dim[1];
    ds_val A = ds_matmul(g, X, X, !wide, wide);
    ds_val B = ds_rule_mix(b, p[1], A, p[2], ds_matmul(g, A, A, false, true));
    return ds_add(g, ds_scale(g, X, p[0]), wide ? ds_matmul(g, B, X, false, false) : ds_matmul(g, X, B, false, false));
}

static ds_val orthogonal(ds_rule_build *b, ds_val u)
{
    ds_graph *g = b->g;
    int steps = (int)ds_rule_real(&b->option, "steps");
    double eps = ds_rule_real(&b->option, "eps");
    bool best = ds_rule_choice(&b->option, "polynomials") == EXPRESS;
    ds_val size = ds_sqrt(g, ds_sum_all(g, ds_square(g, u)));
    size = best ? ds_rule_above(b, ds_scale(g, size, 1.01), eps) : ds_rule_least(b, size, eps > 0 ? eps : 1e-30);
    ds_val X = ds_div(g, u, size);
    for (int k = 0; k < steps; k++) {
        const double *e = express[k < 7 ? k : 7], c = k < 7 ? 1.01 : 1;
        const double safe[3] = { e[0] / c, e[1] / (c * c * c), e[2] / (c * c * c * c * c) };
        X = polynomial(b, X, best ? safe : quintic);
    }
    return X;
}

static double scale(const ds_rule_build *b)
{
    double out = (double)b->out, in = (double)b->in;
    if (ds_rule_choice(&b->option, "scale") == MATCH_RMS) return 0.2 * sqrt(out > in ? out : in);
    return out > in ? sqrt(out / in) : 1;
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    double a = ds_rule_real(&b->option, "momentum");
    ds_rule_state *m = ds_rule_keep(b, "m", 0);
    m->next = ds_rule_mix(b, a, m->now, 1 - a, b->grad);
    ds_val u = ds_rule_flag(&b->option, "nesterov") ? ds_rule_mix(b, a, m->next, 1 - a, b->grad) : m->next;
    ds_val step = ds_mul(g, ds_rule_scalar(b, RATE), ds_scale(g, orthogonal(b, u), scale(b)));
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEEP), step);
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    { .name = "momentum",
      .type = DS_OPT_REAL,
      .hi = 1,
      .def = "0.95",
      .help = "share alpha of the mean gradient that is kept",
      .why = "PyTorch's: about the last 20 gradients count",
      .cite = "Jordan et al. 2024",
      .elsewhere = "PyTorch momentum, optax beta" },
    { .name = "nesterov",
      .type = DS_OPT_BOOL,
      .def = "true",
      .help = "mix the gradient into the mean once more",
      .why = "PyTorch's",
      .cite = "Jordan et al. 2024",
      .elsewhere = "PyTorch nesterov, optax nesterov" },
    { .name = "polynomials",
      .type = DS_OPT_CHOICE,
      .def = "quintic",
      .choices = "quintic|express",
      .help = "quintic: one for all steps; express: the best for each",
      .why = "PyTorch's; express comes nearer to the polar factor at the same cost",
      .cite = "Jordan et al. 2024; Amsel et al. 2025",
      .elsewhere = "PyTorch ns_coefficients, optax ns_coeffs" },
    { .name = "steps",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = 30,
      .def = "5",
      .help = "steps of the iteration",
      .why = "PyTorch's; each is three products of matrices",
      .cite = "Jordan et al. 2024",
      .elsewhere = "PyTorch ns_steps, optax ns_steps" },
    { .name = "scale",
      .type = DS_OPT_CHOICE,
      .def = "original",
      .choices = "original|match_rms_adamw",
      .help = "original: sqrt(max(1, outputs / inputs)); match_rms_adamw: 0.2 sqrt(max(outputs, inputs))",
      .why = "PyTorch's; with match_rms_adamw AdamW's lr and weight_decay can stay",
      .cite = "Jordan et al. 2024; Liu et al. 2025",
      .elsewhere = "PyTorch adjust_lr_fn" },
    DS_RULE_EPS("1e-7", "least norm that u is divided by"),
    DS_RULE_SHRINK("0.1"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_muon = {
    .head = { .name = "muon",
              .summary = "momentum with orthogonal steps, for matrices",
              .formula = "m <- alpha m + (1 - alpha) g; theta <- (1 - epsilon lambda) theta - epsilon s X, X near the "
                         "polar factor of alpha m + (1 - alpha) g",
              .cite = "Jordan et al. 2024; Amsel et al. 2025",
              .options = options,
              .elsewhere = "PyTorch Muon, Keras Muon, Caffe none, optax.contrib.muon" },
    .rest = "adamw",
    .each = true,
    .couples = true,
    .scalars = scalars,
    .update = update,
};
