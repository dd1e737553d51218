/* h6.c - gradient check on every activation and loss; kinks counted and told apart. */
#include <math.h>

#include "lab.h"

/* Relative error of the directional derivative, the best over a few h; directions that cross a kink (the two one-sided
 * quotients disagree by far more than curvature can make them) are counted apart. broken: one entry of the gradient is
 * 1 % off. */
static ds_status check(ds_trial *t, ds_problem *p, const lab_rows *r, double *worst, int *kinks, int *checked)
{
    void *theta = lab_vector(p), *g = lab_vector(p), *z = lab_vector(p);
    double f = NAN;
    ds_batch b = lab_slice(r, 0, r->n);
    ds_status status = theta && g && z ? ds_problem_init(p, t->seed, theta, NULL) : DS_EMEM;
    int64_t dim = ds_space_dim(ds_problem_space(p)), big = 0;
    if (status == DS_OK) status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_ROWS, 0, 0 }, g, &f);
    for (int64_t i = 0; i < dim; i++)
        if (fabs(lab_get(p, g, i)) > fabs(lab_get(p, g, big))) big = i;
    if (t->broken) lab_set(p, g, big, 1.01 * lab_get(p, g, big));
    for (int k = 0; k < 12 && status == DS_OK; k++) {
        double best = INFINITY, slope = 0, sides = 0, h = k < 4 ? 1e-5 : 1e-4;
        for (int64_t i = 0; i < dim; i++) lab_set(p, z, i, 0);
        ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, 60, (uint32_t)k);
        for (int64_t i = 0; i < dim; i++) { /* first the largest entry alone, then random directions */
            double d = k == 0 ? i == big : ds_rng_normal(&rng) / sqrt((double)dim);
            lab_set(p, z, i, d);
            slope += d * lab_get(p, g, i);
        }
        for (int tries = 0; tries < 3 && status == DS_OK; tries++, h /= 10) {
            double side[2];
            for (int s = 0; s < 2 && status == DS_OK; s++) {
                lab_axpy(p, s ? -h : h, z, theta);
                status = ds_problem_value(p, &(ds_at){ &b, theta, DS_MODE_ROWS, 0, 0 }, &side[s]);
                lab_axpy(p, s ? h : -h, z, theta);
            }
            double n = (side[0] - side[1]) / (2 * h), scale = fmax(fmax(fabs(n), fabs(slope)), 1e-6);
            if (fabs(n - slope) / scale < best) {
                best = fabs(n - slope) / scale;
                sides = fabs((side[0] - f) / h - (f - side[1]) / h) / scale;
            }
        }
        if (best > 1e-6 && sides > 0.02 && best < sides) {
            ++*kinks;
            continue;
        }
        ++*checked;
        *worst = fmax(*worst, best);
    }
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_buffer_free(z);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const char *const acts[] = { "relu", "leaky-relu", "elu",     "gelu",    "gelu-tanh",
                                        "silu", "tanh",       "sigmoid", "softplus" };
    static const char *const losses[] = { "cross-entropy", "cross-entropy(smoothing=0.1)", "svm",  "squared-svm",
                                          "squared-error", "half-squared-error",           "huber" };
    enum { ACTS = sizeof acts / sizeof acts[0], LOSSES = sizeof losses / sizeof losses[0] };
    double worst = 0;
    int kinks = 0, checked = 0, models = 0;
    lab_rows r;
    LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, 0, 6, DS_F64));
    ds_status status = DS_OK;
    for (int k = 0; k < ACTS + LOSSES + 1 && status == DS_OK; k++) {
        char conv[128], dense[64];
        const char *layers[] = { conv, "pool max size=4", "flatten", dense, "dense classes", NULL };
        ds_problem *p;
        const char *act = acts[k < ACTS ? k : (int)(sizeof acts / sizeof acts[0]) - 3];
        snprintf(conv, sizeof conv, "conv 3 kernel=5 stride=2%s act=%s", k % 3 == 2 ? " norm=batch" : "", act);
        snprintf(dense, sizeof dense, "dense 8%s act=%s", k % 4 == 3 ? " norm=layer" : "", act);
        status = lab_problem(t, &p, &r, k < ACTS ? "cross-entropy" : losses[k - ACTS < LOSSES ? k - ACTS : 0],
                             k % 2 ? 1e-3 : 0, layers);
        if (status != DS_OK) break;
        status = check(t, p, &r, &worst, &kinks, &checked);
        ds_problem_free(p);
        models++;
    }
    lab_rows_free(&r);
    t->value = checked > kinks ? worst : 1;
    t->bar = 1e-6;
    t->seeds = 1;
    snprintf(t->note, sizeof t->note, "%d models, %d directions checked, %d crossed a kink", models, checked, kinks);
    return status;
}

const ds_experiment ds_experiment_H6 = {
    .row = "H6",
    .claim = "Analytic gradients agree with centred differences on every model and loss; where they do not, a kink "
             "lies between the two points",
    .run_by = "Nets with convolution, pooling, norms, nine activations and seven losses: the largest entry and random "
              "directions, a few h each, in f64.",
    .rule = "Worst relative error of the directions that cross no kink, best h of three: at most 1e-6.",
    .source = "CS231n optimization notes",
    .broken = "The largest entry of each gradient is 1 % off.",
    .run = run,
};
