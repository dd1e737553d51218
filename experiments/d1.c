/* d1.c - symmetry must be broken: units with equal inputs, activation and weights (in and out) get equal gradients, so
 * every deterministic update keeps them equal. */
#include <math.h>

#include "lab.h"

enum { UNITS = 16 };

/* Largest difference between two units' incoming weights, as a share of their root mean square. Memory is [in, out]. */
static double unit_spread(const ds_problem *p, const void *theta)
{
    const ds_segment *w = ds_space_segment(ds_problem_space(p), 0);
    double most = 0, square = 0;
    for (int64_t i = 0; i < w->count; i += UNITS)
        for (int64_t u = 0; u < UNITS; u++) {
            double d = fabs(lab_get(p, theta, w->offset + i + u) - lab_get(p, theta, w->offset + i)),
                   x = lab_get(p, theta, w->offset + i + u);
            if (d > most) most = d;
            square += x * x;
        }
    return most / sqrt(square / (double)w->count);
}

static ds_status train(ds_trial *t, const lab_rows *r, bool random, double *spread, double *error)
{
    const char *equal[] = { "flatten", "dense 16 act=tanh init=constant(value=0.05)",
                            "dense classes init=constant(value=0.05)", NULL };
    const char *drawn[] = { "flatten", "dense 16 act=tanh init=glorot", "dense classes init=glorot", NULL };
    ds_problem *p;
    LAB_TRY(lab_problem(t, &p, r, "cross-entropy", 0, random ? drawn : equal));
    void *theta = lab_vector(p);
    ds_status status = theta ? ds_problem_init(p, t->seed, theta, NULL) : DS_EMEM;
    if (status == DS_OK) status = lab_descend(t, p, r, theta, 64, t->full ? 4000 : 800, 0.2, 0, random);
    if (status == DS_OK) status = lab_error(t, p, r, theta, error);
    if (status == DS_OK) *spread = unit_spread(p, theta);
    ds_buffer_free(theta);
    ds_problem_free(p);
    return status;
}

static ds_status run(ds_trial *t)
{
    lab_rows r;
    double equal = NAN, drawn = NAN, error[2] = { NAN, NAN };
    LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, 0, 2000, DS_F32));
    ds_status status = train(t, &r, t->broken, &equal, &error[0]);
    if (status == DS_OK) status = train(t, &r, true, &drawn, &error[1]);
    lab_rows_free(&r);
    t->seeds = 1;
    t->bar = 1e-6;
    t->value = drawn > 0.1 ? equal : 1; /* the random net must show that training itself does not make units alike */
    snprintf(t->note, sizeof t->note,
             "units differ by %.1e after training from equal weights (error %.1f%%), by %.2g from random ones (error "
             "%.1f%%)",
             equal, 100 * error[0], drawn, 100 * error[1]);
    return status;
}

const ds_experiment ds_experiment_D1 = {
    .row = "D1",
    .claim = "Hidden units with the same inputs that start with equal weights, in and out, stay equal for ever under "
             "deterministic training; random initial weights set them apart",
    .run_by = "A network with 16 hidden units trained from constant and from random weights on the same minibatches.",
    .rule = "Largest difference between units after training from equal weights, as a share of their size: at most "
            "1e-6 (it is exactly 0: each unit runs the same "
            "arithmetic), while the random net's units differ by more than 10 %.",
    .source = "Goodfellow et al. section 8.4",
    .broken = "The equal weights are replaced by random ones.",
    .run = run,
};
