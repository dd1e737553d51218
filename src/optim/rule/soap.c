/* soap.c - Adam in the slowly turning basis of Shampoo's preconditioners.
 *
 *   L <- b L + (1 - b) g g',  R <- b R + (1 - b) g' g;   Ql, Qr: orthogonal, about their eigenvectors
 *   m <- b1 m + (1 - b1) g;   v <- b2 v + (1 - b2) (Ql' g Qr)^2
 *   theta <- (1 - lr l) (theta - lr sqrt(c2) / c1 Ql [(Ql' m Qr) / (sqrt(v) + eps)] Qr'),  c_i = 1 - b_i^(t-1)
 *
 * of each matrix as it lies in memory, which is the transpose of [outputs, inputs]: L and R change places, no more. The
 * first step gathers L and R alone and moves nothing. Before the second, Ql and Qr become the eigenvectors of L and R,
 * and after each `period` further steps one step of orthogonal iteration is taken: columns by falling Rayleigh quotient
 * (with v sorted alike), Q <- QR of L Q, R's diagonal positive. Sides longer than max_side keep the identity.
 *
 * m stays in the coordinates of theta, as in the paper's algorithm 3, so that a new basis needs no new m. The authors'
 * code keeps the rotated m and turns it back and forth; the steps are the same. As theirs: decay after the step, eps
 * beside the uncorrected root, the basis of a step made of the gradients before it.
 * Source: Vyas et al. 2024 (SOAP), algorithm 3; defaults of the authors' code. */
#include <math.h>
#include <string.h>

#include "kernel/dense.h"
#include "kernel/eigen.h"
#include "optim/power.h"
#include "optim/rule.h"

enum { RATE, KEEP, NEW, NEW_SQUARE };
enum { M, V, L, R, QL, QR };
enum { SLACK = 16 }; /* numbers behind a matrix that products read */

static void scalars(const ds_rule_step *s, double *out)
{
    bool first = s->t == 1;
    double b1 = ds_rule_real(&s->option, "beta1"), b2 = ds_rule_real(&s->option, "beta2");
    double c1 = 1 - ds_whole_power(b1, s->t - 1), c2 = 1 - ds_whole_power(b2, s->t - 1);
    out[RATE] = first ? 0 : s->lr * sqrt(c2) / c1;
    out[KEEP] = first ? 1 : ds_rule_shrink(s);
    out[NEW] = first ? 0 : 1 - b1;
    out[NEW_SQUARE] = first ? 0 : 1 - b2;
}

/* ---- the update -------------------------------------------------------------------------------------------------- */

static bool turns(const ds_rule_options *o, int64_t n) { return n <= (int64_t)ds_rule_real(o, "max_side"); }

/* The preconditioner of a side of n. */
static void gather(ds_rule_build *b, const char *name, int64_t n, bool right)
{
    double beta = ds_rule_real(&b->option, "shampoo_beta");
    ds_rule_state *s = ds_rule_keep_shaped(b, name, 0, DS_SHAPE(n, n), !turns(&b->option, n));
    if (s->count) s->next = ds_rule_mix(b, beta, s->now, 1 - beta, ds_matmul(b->g, b->grad, b->grad, right, !right));
}

/* Ql' x Qr, or Ql x Qr' back again. */
static ds_val rotate(ds_rule_build *b, ds_val x, bool back)
{
    const ds_rule_state *s = b->state;
    if (s[QL].count) x = ds_matmul(b->g, s[QL].now, x, !back, false);
    return s[QR].count ? ds_matmul(b->g, x, s[QR].now, false, back) : x;
}

static void update(ds_rule_build *b)
{
    ds_graph *g = b->g;
    int64_t rows = ds_val_shape(g, b->theta).dim[0], cols = ds_val_shape(g, b->theta).dim[1];
    double b1 = ds_rule_real(&b->option, "beta1"), b2 = ds_rule_real(&b->option, "beta2");
    ds_rule_state *m = ds_rule_keep(b, "m", 0), *v = ds_rule_keep(b, "v", 0);
    gather(b, "L", rows, false);
    gather(b, "R", cols, true);
    ds_rule_keep_shaped(b, "QL", 0, DS_SHAPE(rows, rows), !turns(&b->option, rows));
    ds_rule_keep_shaped(b, "QR", 0, DS_SHAPE(cols, cols), !turns(&b->option, cols));
    m->next = ds_add(g, ds_scale(g, m->now, b1), ds_mul(g, ds_rule_scalar(b, NEW), b->grad));
    ds_val square = ds_square(g, rotate(b, b->grad, false));
    v->next = ds_add(g, ds_scale(g, v->now, b2), ds_mul(g, ds_rule_scalar(b, NEW_SQUARE), square));
    ds_val root = ds_rule_above(b, ds_sqrt(g, v->next), ds_rule_real(&b->option, "eps"));
    ds_val step = rotate(b, ds_div(g, rotate(b, m->next, false), root), true);
    ds_val moved = ds_rule_moved(b, b->theta, ds_mul(g, ds_rule_scalar(b, RATE), step));
    bool decays = ds_rule_real(&b->option, "weight_decay") != 0;
    b->theta_next = decays ? ds_mul(g, moved, ds_rule_scalar(b, KEEP)) : moved;
}

/* ---- the basis --------------------------------------------------------------------------------------------------- */

/* Memory of one side's refresh. */
typedef struct work {
    double *P, *Q, *S, *value, *rest; /* preconditioner, basis, product; rest: of eigenvectors and QR */
    double *order;                    /* whole numbers: which column comes k-th */
} work;

static int64_t rest_of(int64_t n) { return ds_qr_work(n) > n * n + 3 * n ? ds_qr_work(n) : n * n + 3 * n; }

static work lay_out(double *scratch, int64_t n)
{
    int64_t square = (n * n + SLACK + 7) / 8 * 8;
    work w = { .P = scratch, .Q = scratch + square, .S = scratch + 2 * square, .value = scratch + 3 * square };
    w.order = w.value + n;
    w.rest = scratch + 3 * square + (2 * n + 7) / 8 * 8;
    return w;
}

static size_t scratch(const ds_rule_refresh *r)
{
    int64_t n = 0, side[2] = { r->rows, r->cols };
    for (int k = 0; k < 2; k++)
        if (turns(&r->option, side[k]) && side[k] > n) n = side[k];
    return (size_t)(3 * (n * n + SLACK + 8) + 2 * n + 8 + rest_of(n) + r->rows + r->cols) * sizeof(double);
}

/* Before the second step, and after every `period` steps that moved something. */
static int64_t tasks(const ds_rule_refresh *r)
{
    int64_t period = (int64_t)ds_rule_real(&r->option, "period");
    return r->t == 0 || r->t == 2 || (r->t > 2 && (r->t - 2) % period == 0);
}

/* Eigenvectors as columns, the largest value first. */
static bool first_basis(const work *w, int64_t n)
{
    if (!ds_symmetric_eigen(n, w->P, w->value, w->rest)) return false;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) w->Q[j * n + i] = w->P[i * n + j];
    return true;
}

/* w->order: columns by falling value; equal ones stay in their order. */
static void sort(const work *w, int64_t n)
{
    for (int64_t i = 0; i < n; i++) w->order[i] = (double)i;
    for (int64_t i = 1; i < n; i++) {
        double at = w->order[i];
        int64_t k = i;
        for (; k > 0 && w->value[(int64_t)w->order[k - 1]] < w->value[(int64_t)at]; k--) w->order[k] = w->order[k - 1];
        w->order[k] = at;
    }
}

/* One step of orthogonal iteration: S = P Q, its columns sorted by q' P q, then QR. */
static bool next_basis(const ds_rule_refresh *r, const work *w, int64_t n)
{
    ds_dense_product(
        r->product,
        &(ds_dense){ .m = n, .n = n, .k = n, .a = w->P, .lda = n, .b = w->Q, .ldb = n, .c = w->S, .ldc = n });
    memset(w->value, 0, (size_t)n * sizeof *w->value);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) w->value[j] += w->Q[i * n + j] * w->S[i * n + j];
    for (int64_t j = 0; j < n; j++)
        if (!isfinite(w->value[j])) return false;
    sort(w, n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) w->Q[i * n + j] = w->S[i * n + (int64_t)w->order[j]];
    ds_qr(r->product, n, w->Q, w->rest);
    return true;
}

/* v's rows or columns in the new order. */
static void reorder_rows(const ds_rule_refresh *r, const work *w)
{
    int64_t rows = r->rows, cols = r->cols;
    double *v = w->S; /* n^2 may be less than rows x cols: column by column */
    for (int64_t j = 0; j < cols; j++) {
        for (int64_t i = 0; i < rows; i++) ds_rule_load(r, V, i * cols + j, 1, v + i);
        for (int64_t i = 0; i < rows; i++) ds_rule_store(r, V, i * cols + j, 1, v + (int64_t)w->order[i]);
    }
}
static void reorder_cols(const ds_rule_refresh *r, const work *w)
{
    double *v = w->S;
    for (int64_t i = 0; i < r->rows; i++) {
        ds_rule_load(r, V, i * r->cols, r->cols, v);
        for (int64_t j = 0; j < r->cols; j++) ds_rule_store(r, V, i * r->cols + j, 1, v + (int64_t)w->order[j]);
    }
}

static bool turn_side(const ds_rule_refresh *r, double *memory, int64_t n, bool right)
{
    work w = lay_out(memory, n);
    ds_rule_load(r, right ? R : L, 0, n * n, w.P);
    bool good;
    if (r->t == 2) {
        good = first_basis(&w, n);
    } else {
        ds_rule_load(r, right ? QR : QL, 0, n * n, w.Q);
        good = next_basis(r, &w, n);
        if (good) (right ? reorder_cols : reorder_rows)(r, &w);
    }
    if (good) ds_rule_store(r, right ? QR : QL, 0, n * n, w.Q);
    return good;
}

static bool run(const ds_rule_refresh *r, int64_t task, double *memory)
{
    (void)task;
    if (turns(&r->option, r->rows) && !turn_side(r, memory, r->rows, false)) return false;
    return !turns(&r->option, r->cols) || turn_side(r, memory, r->cols, true);
}

static const ds_rule_stage refresh = { tasks, scratch, run };

static const ds_option options[] = {
    DS_RULE_LR("3e-3"),
    DS_RULE_BETA(1, "0.95", "decay of the first moment"),
    DS_RULE_BETA(2, "0.95", "decay of the second moment, in the basis"),
    { .name = "shampoo_beta",
      .type = DS_OPT_REAL,
      .hi = 0.9999999999,
      .def = "0.95",
      .help = "decay of L and R",
      .why = "the authors': beta2's",
      .cite = "Vyas et al. 2024",
      .elsewhere = "SOAP shampoo_beta" },
    { .name = "period",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = 1 << 30,
      .def = "10",
      .help = "steps from one basis to the next",
      .why = "the authors': little is lost up to 100",
      .cite = "Vyas et al. 2024",
      .aliases = "precondition_frequency",
      .elsewhere = "SOAP precondition_frequency" },
    { .name = "max_side",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 1 << 20,
      .def = "10000",
      .help = "longest side of a matrix that has a basis; a longer one stays as it is",
      .why = "the authors'",
      .cite = "Vyas et al. 2024",
      .aliases = "max_precond_dim",
      .elsewhere = "SOAP max_precond_dim" },
    DS_RULE_EPS("1e-8", "delta, added to the root"),
    DS_RULE_DECAY("1e-2", "coefficient lambda; theta shrinks by 1 - epsilon lambda after the step"),
    DS_RULE_COUPLING,
    DS_RULE_CAUTIOUS,
    DS_RULE_END,
};

const ds_rule_def ds_rule_soap = {
    .head = { .name = "soap",
              .summary = "Adam in the eigenbasis of Shampoo, for matrices",
              .formula =
                  "L <- beta L + (1 - beta) g g', R <- beta R + (1 - beta) g' g; Adam on Ql' g Qr, its step turned "
                  "back",
              .cite = "Vyas et al. 2024",
              .options = options,
              .elsewhere = "PyTorch, Keras and Caffe none, SOAP of its authors" },
    .rest = "adamw",
    .each = true,
    .refresh = &refresh,
    .couples = true,
    .scalars = scalars,
    .update = update,
};
