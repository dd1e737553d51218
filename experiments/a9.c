/* a9.c - batch sizes: a gradient is good enough from a hundred examples; Newton's step needs far more, and the more
 * the worse the condition, with the Hessian exact or estimated on the same batch. */
#include <math.h>
#include <string.h>

#include "lab.h"
#include "lab_dense.h"

enum { DIM = 10, SIZES = 3, CONDITIONS = 3, BLOCKS = 4, DRAWS = 10 };

/* Linear regression, x normal with variances c_i, y = x.w + noise: gradient C d and Hessian C at distance d from w
 * are known without error, and Newton's step is d. */
typedef struct regression {
    double c[DIM], d[DIM];
} regression;

static regression make_regression(const ds_trial *t, double condition)
{
    regression q;
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 88, 0);
    for (int i = 0; i < DIM; i++) {
        q.c[i] = pow(condition, -i / (DIM - 1.0));
        q.d[i] = ds_rng_uniform(&g) < 0.5 ? -1 : 1;
    }
    return q;
}

/* Gradient and Hessian of one batch. */
static void draw_batch(const ds_trial *t, const regression *q, int64_t m, uint32_t stream, double *g, double *h)
{
    ds_rng r = ds_rng_at(t->seed, DS_FOR_TOUR, 89, stream);
    memset(g, 0, DIM * sizeof *g);
    memset(h, 0, DIM * DIM * sizeof *h);
    for (int64_t k = 0; k < m; k++) {
        double x[DIM], residual = ds_rng_normal(&r);
        for (int i = 0; i < DIM; i++) {
            x[i] = sqrt(q->c[i]) * ds_rng_normal(&r);
            residual += x[i] * q->d[i];
        }
        for (int i = 0; i < DIM; i++) {
            g[i] += x[i] * residual / (double)m;
            for (int j = 0; j < DIM; j++) h[i * DIM + j] += x[i] * x[j] / (double)m;
        }
    }
}

/* Relative errors, root mean square over draws: of g, of H^-1 g with H exact, of H^-1 g with H of the batch. */
enum { OF_GRADIENT, EXACT, ESTIMATED, KINDS };
static void errors(const ds_trial *t, const regression *q, int64_t m, uint32_t block, double out[KINDS])
{
    double g[DIM], h[DIM * DIM], gg = 0, dd = 0;
    for (int i = 0; i < DIM; i++) {
        gg += q->c[i] * q->c[i] * q->d[i] * q->d[i];
        dd += q->d[i] * q->d[i];
    }
    memset(out, 0, KINDS * sizeof *out);
    for (uint32_t k = 0; k < DRAWS; k++) {
        draw_batch(t, q, m, block * DRAWS + k, g, h);
        for (int i = 0; i < DIM; i++) {
            double off = g[i] - q->c[i] * q->d[i];
            out[OF_GRADIENT] += off * off / gg / DRAWS;
            out[EXACT] += off * off / (q->c[i] * q->c[i]) / dd / DRAWS;
        }
        bool regular = lab_linear(DIM, h, g);
        for (int i = 0; i < DIM; i++) out[ESTIMATED] += regular ? pow(g[i] - q->d[i], 2) / dd / DRAWS : INFINITY;
    }
    for (int k = 0; k < KINDS; k++) out[k] = sqrt(out[k]);
}

static ds_status run(ds_trial *t)
{
    static const double condition[CONDITIONS] = { 1, 100, 1e4 };
    double e[CONDITIONS][SIZES][KINDS], gain[BLOCKS], held[BLOCKS], grown[BLOCKS];
    for (uint32_t b = 0; b < BLOCKS; b++) {
        for (int c = 0; c < CONDITIONS; c++) {
            regression q = make_regression(t, t->broken ? 1 : condition[c]);
            for (int s = 0; s < SIZES; s++) errors(t, &q, s == 0 ? 100 : s == 1 ? 1000 : 10000, b, e[c][s]);
        }
        double newton = fmin(e[2][0][EXACT], e[2][0][ESTIMATED]), late = fmax(e[2][2][EXACT], e[2][2][ESTIMATED]);
        gain[b] = newton / e[2][0][OF_GRADIENT];
        held[b] = late;
        grown[b] = fmin(e[1][0][EXACT] / e[0][0][EXACT], e[1][0][ESTIMATED] / e[0][0][ESTIMATED]);
    }
    double gradient = e[2][0][OF_GRADIENT], worst = lab_mean(gain, BLOCKS) - 3 * lab_error_of_mean(gain, BLOCKS);
    double least = lab_mean(grown, BLOCKS) - 3 * lab_error_of_mean(grown, BLOCKS);
    t->value = fmin(fmin(worst / 5, least / 1.5), fmin(0.5 / gradient, 1 / lab_mean(held, BLOCKS)));
    t->relation = ">=";
    t->bar = 1;
    t->seeds = BLOCKS * DRAWS;
    t->data = "linear regression";
    snprintf(
        t->note, sizeof t->note,
        "relative errors at B = 100 / 1,000 / 10,000, condition 1e4: g %.2f %.2f %.2f, Newton's step %.2f %.2f %.2f "
        "with "
        "the exact Hessian, %.2f %.2f %.2f with the batch's; condition 100 at B = 100: %.2f, %.2f, %.2f; condition 1: "
        "%.2f, %.2f, %.2f",
        e[2][0][0], e[2][1][0], e[2][2][0], e[2][0][1], e[2][1][1], e[2][2][1], e[2][0][2], e[2][1][2], e[2][2][2],
        e[1][0][0], e[1][0][1], e[1][0][2], e[0][0][0], e[0][0][1], e[0][0][2]);
    return DS_OK;
}

const ds_experiment ds_experiment_A9 = {
    .row = "A9",
    .claim =
        "The gradient stands batches of about 100 examples; Newton's step needs about 10,000, for the inverse of an "
        "ill-conditioned Hessian makes errors of the gradient large even where the Hessian is exact",
    .run_by =
        "Linear regression with ten inputs, where gradient, Hessian and step are known: relative errors of batches of "
        "100, 1,000 and 10,000 at conditions 1, 100 and 10,000, with the exact Hessian and with that of the same "
        "batch; four times ten draws.",
    .rule = "The least of four numbers, each over its bar: error of Newton's step over the gradient's at B = 100 and "
            "condition "
            "1e4, less three standard errors (5); growth of the step's error from condition 1 to 100, less three "
            "standard errors "
            "(1.5; theory for these curvatures: about 2.5 with the exact Hessian); 0.5 over the gradient's error at B "
            "= 100, and 1 over that of the step at B = 10,000: "
            "above an error of 1 a step is worse than none.",
    .source = "Goodfellow et al. section 8.1.3",
    .broken = "All curvatures are equal: the condition is 1.",
    .run = run,
};
