/* shampoo.c - each matrix between inverse fourth roots of its own second moments, at another rule's length.
 *
 *   L <- L + g g',  R <- R + g' g          (beta2 = 1), else means that forget, b L + (1 - b) g g', over 1 - b^t
 *   m <- b1 m + (1 - b1) g;  f = m / (1 - b1^t)
 *   d = (L + eps)^-1/4 f (R + eps)^-1/4
 *   theta <- (1 - lr l) theta - lr d |a| / |d|,  a: what the graft would do
 *
 * of blocks of at most `block` x `block` elements, cut evenly, each with its own L, R and norms (Frobenius). The graft a
 * is Adam's f / (sqrt(v / c2) + graft_eps), sgd's f, or none: d as it is. The roots are computed at each step that
 * `period` divides, from eigenvalues w + max(0, -min w) + eps; before the first time a is the step (f for none).
 *
 * An inverse fourth root of L and of R, since the product of the two sides shall be an inverse square root.
 * Source: Gupta, Koren, Singer 2018; blocks, grafting and period: Anil et al. 2020, Shi et al. 2023 (Distributed Shampoo,
 * whose order of operations this is). */
#include <math.h>
#include <string.h>

#include "kernel/dense.h"
#include "kernel/eigen.h"
#include "optim/power.h"
#include "optim/rule.h"

enum { RATE, KEEP, MEAN, ROOT, READY };
enum { M, V, L, R, PL, PR };
enum { GRAFT_ADAM, GRAFT_SGD, GRAFT_NONE };
enum { SLACK = 16 }; /* numbers behind a matrix that products read */

static void scalars(const ds_rule_step *s, double *out)
{
    out[RATE] = s->lr;
    out[KEEP] = ds_rule_shrink(s);
    out[MEAN] = 1 / (1 - ds_whole_power(ds_rule_real(&s->option, "beta1"), s->t));
    out[ROOT] = 1 / sqrt(1 - ds_whole_power(ds_rule_real(&s->option, "graft_beta2"), s->t));
    out[READY] = (double)s->t >= ds_rule_real(&s->option, "period");
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

typedef struct blocks {
    int64_t down, across, rows, cols; /* how many, and of what size */
} blocks;

static blocks blocks_of(const ds_rule_options *o, int64_t rows, int64_t cols)
{
    int64_t most = (int64_t)ds_rule_real(o, "block");
    blocks c = { rows > 0 ? (rows + most - 1) / most : 1, cols > 0 ? (cols + most - 1) / most : 1, 0, 0 };
    c.rows = (rows + c.down - 1) / c.down;
    c.cols = (cols + c.across - 1) / c.across;
    return c;
}

/* [rows, cols] to [blocks, their rows, their columns]; the last ones are filled up with zeros. */
static ds_val divide(ds_graph *g, ds_val x, blocks c)
{
    ds_shape s = ds_val_shape(g, x);
    if (c.down * c.rows > s.dim[0]) x = ds_pad(g, x, 0, 0, c.down * c.rows - s.dim[0]);
    if (c.across * c.cols > s.dim[1]) x = ds_pad(g, x, 1, 0, c.across * c.cols - s.dim[1]);
    if (c.across > 1)
        x = ds_transpose(g, ds_reshape(g, x, DS_SHAPE(c.down, c.rows, c.across, c.cols)), (const int[]){ 0, 2, 1, 3 });
    return ds_reshape(g, x, DS_SHAPE(c.down * c.across, c.rows, c.cols));
}

static ds_val unite(ds_graph *g, ds_val x, blocks c, ds_shape s)
{
    if (c.across > 1)
        x = ds_transpose(g, ds_reshape(g, x, DS_SHAPE(c.down, c.across, c.rows, c.cols)), (const int[]){ 0, 2, 1, 3 });
    x = ds_reshape(g, x, DS_SHAPE(c.down * c.rows, c.across * c.cols));
    if (c.down * c.rows > s.dim[0]) x = ds_slice(g, x, 0, 0, s.dim[0]);
    return c.across * c.cols > s.dim[1] ? ds_slice(g, x, 1, 0, s.dim[1]) : x;
}

/* ---- the update -------------------------------------------------------------------------------------------------- */

/* A side's sums, which the roots of the same step see. */
static void gather(ds_rule_build *b, const char *name, int64_t count, int64_t n, ds_val x, bool right)
{
    double beta = ds_rule_real(&b->option, "beta2");
    ds_rule_state *s = ds_rule_keep_shaped(b, name, 0, DS_SHAPE(count, n, n), false);
    ds_val square = ds_matmul(b->g, x, x, right, !right);
    s->early = true;
    s->next = beta == 1 ? ds_add(b->g, s->now, square) : ds_rule_mix(b, beta, s->now, 1 - beta, square);
}

static ds_val lengths(ds_graph *g, ds_val x) { return ds_sqrt(g, ds_sum(g, ds_square(g, x), 6)); }

static ds_val grafted(ds_rule_build *b, ds_val f)
{
    ds_graph *g = b->g;
    double b2 = ds_rule_real(&b->option, "graft_beta2");
    bool adam = ds_rule_choice(&b->option, "graft") == GRAFT_ADAM;
    ds_rule_state *v = ds_rule_keep_shaped(b, "v", 0, ds_val_shape(g, b->theta), !adam);
    if (!adam) return f;
    v->vector = true;
    v->next = ds_rule_mix(b, b2, v->now, 1 - b2, ds_square(g, b->grad));
    ds_val root = ds_mul(g, ds_sqrt(g, v->next), ds_rule_scalar(b, ROOT));
    return ds_div(g, f, ds_rule_above(b, root, ds_rule_real(&b->option, "graft_eps")));
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    ds_shape shape = ds_val_shape(g, b->theta);
    blocks c = blocks_of(&b->option, shape.dim[0], shape.dim[1]);
    double b1 = ds_rule_real(&b->option, "beta1");
    ds_rule_state *m = ds_rule_keep(b, "m", 0);
    m->next = ds_rule_mix(b, b1, m->now, 1 - b1, b->grad);
    ds_val f = ds_mul(g, ds_rule_scalar(b, MEAN), m->next), a = grafted(b, f), x = divide(g, b->grad, c);
    int64_t count = c.down * c.across;
    gather(b, "L", count, c.rows, x, false);
    gather(b, "R", count, c.cols, x, true);
    ds_val left = ds_rule_keep_shaped(b, "PL", 0, DS_SHAPE(count, c.rows, c.rows), false)->now;
    ds_val right = ds_rule_keep_shaped(b, "PR", 0, DS_SHAPE(count, c.cols, c.cols), false)->now;
    ds_val d = ds_matmul(g, ds_matmul(g, left, divide(g, f, c), false, false), right, false, false);
    if (ds_rule_choice(&b->option, "graft") != GRAFT_NONE) {
        ds_val ratio = ds_div(g, lengths(g, divide(g, a, c)), ds_rule_least(b, lengths(g, d), 1e-30));
        d = ds_mul(g, d, ds_broadcast(g, ratio, ds_val_shape(g, d)));
    }
    ds_val step = ds_where(g, ds_broadcast(g, ds_rule_scalar(b, READY), shape), unite(g, d, c, shape), a);
    b->theta_next = ds_rule_moved(b, ds_rule_shrunk(b, KEEP), ds_mul(g, ds_rule_scalar(b, RATE), step));
}

/* ---- the roots --------------------------------------------------------------------------------------------------- */

static int64_t largest_side(const ds_rule_refresh *r)
{
    blocks c = blocks_of(&r->option, r->rows, r->cols);
    return c.rows > c.cols ? c.rows : c.cols;
}

static size_t scratch(const ds_rule_refresh *r)
{
    int64_t n = largest_side(r);
    return (size_t)(3 * (n * n + SLACK + 8) + 4 * n) * sizeof(double);
}

static int64_t tasks(const ds_rule_refresh *r)
{
    blocks c = blocks_of(&r->option, r->rows, r->cols);
    return r->t % (int64_t)ds_rule_real(&r->option, "period") ? 0 : 2 * c.down * c.across;
}

/* A <- (A / c + eps)^-1/4 by eigenvalues, in memory of its own. */
static bool inverse_root(const ds_rule_refresh *r, int64_t n, double *A, double c, double *Z)
{
    double eps = ds_rule_real(&r->option, "eps"), *value = Z + n * n + SLACK, *rest = value + n;
    if (!ds_symmetric_eigen(n, A, value, rest)) return false;
    double least = n && value[n - 1] < 0 ? -value[n - 1] / c : 0;
    for (int64_t k = 0; k < n; k++) {
        double w = value[k] / c + least + eps, root = w > 0 ? 1 / sqrt(sqrt(w)) : 0;
        for (int64_t i = 0; i < n; i++) Z[k * n + i] = root * A[k * n + i];
    }
    double *out = rest;
    ds_dense_product(
        r->product,
        &(ds_dense){ .m = n, .n = n, .k = n, .a = A, .lda = n, .turned = true, .b = Z, .ldb = n, .c = out, .ldc = n });
    memcpy(A, out, (size_t)(n * n) * sizeof *A);
    return true;
}

static bool run(const ds_rule_refresh *r, int64_t task, double *memory)
{
    blocks c = blocks_of(&r->option, r->rows, r->cols);
    bool right = task >= c.down * c.across;
    int64_t n = right ? c.cols : c.rows, at = (right ? task - c.down * c.across : task) * n * n;
    double beta = ds_rule_real(&r->option, "beta2"), *A = memory, *Z = A + (n * n + SLACK + 7) / 8 * 8;
    ds_rule_load(r, right ? R : L, at, n * n, A);
    if (!inverse_root(r, n, A, beta == 1 ? 1 : 1 - ds_whole_power(beta, r->t), Z)) return false;
    ds_rule_store(r, right ? PR : PL, at, n * n, A);
    return true;
}

static const ds_rule_stage refresh = { tasks, scratch, run };

static const char *conflict(const ds_rule_options *o, const char **why)
{
    static const char *const adams[] = { "graft_beta2", "graft_eps" };
    for (int k = 0; k < 2 && ds_rule_choice(o, "graft") != GRAFT_ADAM; k++)
        if (o->part->value[ds_option_find(o->part->head->options, adams[k])].given) {
            *why = "it belongs to graft=adam; take that or leave it out";
            return adams[k];
        }
    return NULL;
}

static const ds_option options[] = {
    DS_RULE_LR("1e-3"),
    DS_RULE_BETA(1, "0.9", "decay of the mean gradient"),
    { .name = "beta2",
      .type = DS_OPT_REAL,
      .hi = 1,
      .def = "0.999",
      .aliases = "rho2",
      .help = "decay of L and R; 1: sums that forget nothing",
      .why = "that of Adam's second moment",
      .cite = "Shi et al. 2023",
      .elsewhere = "Distributed Shampoo betas[1]" },
    { .name = "eps",
      .type = DS_OPT_REAL,
      .hi = 1,
      .def = "1e-12",
      .aliases = "delta",
      .help = "added to the eigenvalues of L and R",
      .why = "Distributed Shampoo's; more costs quality",
      .cite = "Shi et al. 2023",
      .elsewhere = "Distributed Shampoo epsilon" },
    { .name = "block",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = 1 << 16,
      .def = "256",
      .help = "largest side of a block; matrices are cut evenly",
      .why = "the time of the roots grows with its cube: on processors less than Distributed Shampoo's 1024",
      .cite = "Anil et al. 2020",
      .aliases = "max_preconditioner_dim",
      .elsewhere = "Distributed Shampoo max_preconditioner_dim" },
    { .name = "period",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = 1 << 30,
      .def = "100",
      .help = "steps from one computation of the roots to the next; the graft alone moves before the first",
      .why = "that of the winner of AlgoPerf 2024",
      .cite = "Shi et al. 2023",
      .aliases = "precondition_frequency",
      .elsewhere = "Distributed Shampoo precondition_frequency" },
    { .name = "graft",
      .type = DS_OPT_CHOICE,
      .def = "adam",
      .choices = "adam|sgd|none",
      .help = "rule whose step gives each block's length",
      .why = "then Adam's lr fits",
      .cite = "Agarwal et al. 2020",
      .elsewhere = "Distributed Shampoo grafting_config" },
    { .name = "graft_beta2",
      .type = DS_OPT_REAL,
      .hi = 0.9999999999,
      .def = "0.999",
      .help = "decay of the graft's second moment",
      .why = "Adam's",
      .elsewhere = "Distributed Shampoo grafting beta2" },
    { .name = "graft_eps",
      .type = DS_OPT_REAL,
      .hi = 1,
      .def = "1e-8",
      .help = "delta of the graft's root",
      .why = "Adam's",
      .elsewhere = "Distributed Shampoo grafting epsilon" },
    DS_RULE_SHRINK("0"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_shampoo = {
    .head = { .name = "shampoo",
              .summary = "gradients between inverse fourth roots of their moments, for matrices",
              .formula =
                  "L <- L + g g', R <- R + g' g; d = L^-1/4 m R^-1/4; theta <- theta - epsilon d |a| / |d|, a the "
                  "step of the graft",
              .cite = "Gupta, Koren, Singer 2018; Anil et al. 2020; Shi et al. 2023",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, Distributed Shampoo" },
    .conflict = conflict,
    .rest = "adamw",
    .each = true,
    .refresh = &refresh,
    .couples = true,
    .scalars = scalars,
    .update = update,
};
