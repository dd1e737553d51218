/* e1.c - AdaGrad: one rate per direction, exactly as the book has it; on nets the rate shrinks too early. */
#include <math.h>

#include "descent/optim.h"
#include "lab.h"

enum { DIM = 7, STEPS = 200 };

/* Largest relative difference between the rule and its formula, worked out here: r += g^2, theta -= e g / (d + sqrt r).
 */
static ds_status formula_error(ds_trial *t, double *worst)
{
    ds_optim *o;
    ds_optim_settings s = { .dialect = "book", .n = DIM, .dtype = DS_F64 };
    LAB_TRY(ds_rule_parse(t->ctx, "adagrad(lr=0.1)", &s.rule));
    LAB_TRY(ds_optim_create(&o, t->ctx, &s));
    double *theta = ds_buffer_alloc(DIM * 8), *g = ds_buffer_alloc(DIM * 8), r[DIM] = { 0 }, x[DIM] = { 0 };
    ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, 40, 0);
    ds_status status = theta && g ? DS_OK : DS_EMEM;
    *worst = 0;
    for (int k = 0; k < STEPS && status == DS_OK; k++) {
        for (int i = 0; i < DIM; i++) {
            g[i] = pow(10, i - 3) * ds_rng_normal(&rng);
            r[i] += g[i] * g[i];
            x[i] -= 0.1 * g[i] / (1e-7 + sqrt(r[i]));
        }
        status = ds_optim_step(o, theta, g, 0.1);
        for (int i = 0; i < DIM; i++) *worst = fmax(*worst, fabs(theta[i] - x[i]) / fabs(x[i]));
    }
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_optim_free(o);
    return status;
}

/* Train a net with a rule from a seed; the training loss at the end. */
static ds_status train(ds_trial *t, ds_problem *p, const lab_rows *r, const char *rule, uint64_t seed, double *loss)
{
    ds_optim *o;
    ds_optim_settings s = { .dialect = "book", .n = ds_space_dim(ds_problem_space(p)), .dtype = DS_F32 };
    int steps = t->full ? 4000 : 1000;
    LAB_TRY(ds_rule_parse(t->ctx, rule, &s.rule));
    LAB_TRY(ds_optim_create(&o, t->ctx, &s));
    lab_rows drawn = *r;
    drawn.n = 50;
    void *theta = lab_vector(p), *g = lab_vector(p);
    ds_status status = theta && g ? lab_rows_alloc(t, &drawn) : DS_EMEM;
    if (status == DS_OK) status = ds_problem_init(p, seed, theta, NULL);
    ds_rng rng = ds_rng_at(seed, DS_FOR_TOUR, 41, 0);
    for (int k = 0; k < steps && status == DS_OK; k++) {
        double value;
        for (int64_t i = 0; i < drawn.n; i++) lab_copy_row(&drawn, i, r, (int64_t)ds_rng_below(&rng, (uint64_t)r->n));
        ds_batch b = lab_slice(&drawn, 0, drawn.n);
        status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_TRAIN, seed, (uint64_t)k }, g, &value);
        if (status == DS_OK) status = ds_optim_step(o, theta, g, ds_optim_lr(o));
    }
    if (status == DS_OK) status = lab_gradient(t, p, r, theta, g, loss);
    lab_rows_free(&drawn);
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_optim_free(o);
    return status;
}

/* Effective rate of a direction after k steps of unit gradients: what is left of it. */
static double rate_left(const char *rule, int k) { return rule[0] == 'a' ? 1 / sqrt((double)k) : 1; }

static ds_status run(ds_trial *t)
{
    enum { MOST = 8 };
    static const char *const layers[] = { "flatten", "dense 32 act=tanh", "dense 32 act=tanh", "dense classes", NULL };
    static const char *const rule[2] = { "adagrad(lr=0.003)",
                                         "rmsprop(lr=0.003, alpha=0.9)" }; /* the same first-order rate for both */
    int seeds = t->full ? MOST : 4;
    double formula = NAN, loss[2][MOST];
    lab_rows r;
    ds_problem *p;
    LAB_TRY(formula_error(t, &formula));
    LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, 0, 2000, DS_F32));
    ds_status status = lab_problem(t, &p, &r, "cross-entropy", 0, layers);
    for (int s = 0; s < seeds && status == DS_OK; s++)
        for (int k = 0; k < 2 && status == DS_OK; k++)
            status = train(t, p, &r, rule[t->broken ? 1 : k], t->seed + (uint64_t)s, &loss[k][s]);
    if (p) ds_problem_free(p);
    lab_rows_free(&r);
    double spread = hypot(lab_error_of_mean(loss[0], seeds), lab_error_of_mean(loss[1], seeds)) + 1e-6;
    t->value = formula < 1e-12 ? (lab_mean(loss[0], seeds) - lab_mean(loss[1], seeds)) / spread : 0;
    t->bar = 3;
    t->relation = ">=";
    t->seeds = seeds;
    snprintf(t->note, sizeof t->note,
             "formula off by %.1e; loss %.4f against RMSProp's %.4f; rate left after 10, 100, 1000 steps %.2f, %.2f, "
             "%.3f against 1",
             formula, lab_mean(loss[0], seeds), lab_mean(loss[1], seeds), rate_left(rule[0], 10),
             rate_left(rule[0], 100), rate_left(rule[0], 1000));
    return status;
}

const ds_experiment ds_experiment_E1 = {
    .row = "E1",
    .claim = "AdaGrad gives each direction a rate of its own, divided by the root of all squared gradients so far; on "
             "nets that shrinks too early",
    .run_by = "The rule against its formula on gradients of seven sizes; then a net trained with AdaGrad and RMSProp "
              "at equal rates.",
    .rule = "How many standard errors AdaGrad's final training loss lies above RMSProp's: at least 3; and the rule "
            "within 1e-12 of the formula (else 0).",
    .source = "Goodfellow et al. algorithm 8.4",
    .broken = "RMSProp runs in AdaGrad's place, so nothing shrinks.",
    .run = run,
};
