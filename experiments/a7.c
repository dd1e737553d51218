/* a7.c - redundancy: copies add nothing to the gradient, near-copies little. */
#include <math.h>

#include "lab.h"

enum { IMAGES = 1000, COPIES = 1200 };

/* Mean gradient over `copies` shuffled copies of the set, every row worked through. */
static ds_status over_copies(ds_trial *t, ds_problem *p, const lab_rows *r, const void *theta, void *g, int64_t copies)
{
    lab_rows block = *r;
    void *part = lab_vector(p);
    ds_status status = part ? lab_rows_alloc(t, &block) : DS_EMEM;
    for (int64_t c = 0; c < copies && status == DS_OK; c++) {
        double value;
        ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, 11, (uint32_t)c);
        uint64_t shift = ds_rng_below(&rng, IMAGES);
        for (int64_t i = 0; i < IMAGES; i++) { /* 7 and 1000 are coprime: an order of its own for each block */
            int64_t from = (int64_t)(((uint64_t)i * 7 + shift) % IMAGES);
            if (t->broken && c % 2) from /= 2; /* half the copies are of the first half only: not copies of the set */
            lab_copy_row(&block, i, r, from);
        }
        ds_batch b = lab_slice(&block, 0, IMAGES);
        status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_ROWS, t->seed, 0 }, part, &value);
        lab_axpy(p, 1.0 / (double)copies, part, g);
    }
    lab_rows_free(&block);
    ds_buffer_free(part);
    return status;
}

/* The same images, each pixel moved by noise: what one copy's gradient misses of 20 such copies. */
static ds_status near_copies(ds_trial *t, ds_problem *p, const lab_rows *r, const void *theta, const void *one,
                             double noise, double *error)
{
    lab_rows block = *r;
    void *part = lab_vector(p), *mean = lab_vector(p);
    ds_status status = part && mean ? lab_rows_alloc(t, &block) : DS_EMEM;
    for (uint32_t c = 0; c < 20 && status == DS_OK; c++) {
        double value;
        ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, 12, c);
        for (int64_t i = 0; i < IMAGES; i++) {
            lab_copy_row(&block, i, r, i);
            for (int64_t k = 0; k < r->width; k++)
                ((double *)block.x)[i * r->width + k] += noise * (2 * ds_rng_uniform(&rng) - 1);
        }
        ds_batch b = lab_slice(&block, 0, IMAGES);
        status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_ROWS, t->seed, 0 }, part, &value);
        lab_axpy(p, 0.05, part, mean);
    }
    *error = lab_distance(p, one, mean) / sqrt(lab_dot(p, mean, mean));
    lab_rows_free(&block);
    ds_buffer_free(part);
    ds_buffer_free(mean);
    return status;
}

static ds_status measure(ds_trial *t, ds_problem *p, const lab_rows *r)
{
    int64_t copies = t->full ? COPIES : COPIES / 10;
    double near = NAN;
    void *theta = lab_vector(p), *one = lab_vector(p), *all = lab_vector(p);
    ds_status status = theta && one && all ? ds_problem_init(p, t->seed, theta, NULL) : DS_EMEM;
    if (status == DS_OK) status = lab_gradient(t, p, r, theta, one, NULL);
    if (status == DS_OK) status = over_copies(t, p, r, theta, all, copies);
    if (status == DS_OK) status = near_copies(t, p, r, theta, one, 0.2, &near);
    t->value = lab_distance(p, one, all) / sqrt(lab_dot(p, one, one));
    snprintf(t->note, sizeof t->note,
             "%lld rows worked through against %d: %lld times the work, difference %.1e; near-copies (pixels moved by "
             "up to 0.2): %.1e",
             (long long)(copies * IMAGES), IMAGES, (long long)copies, t->value, near);
    ds_buffer_free(theta);
    ds_buffer_free(one);
    ds_buffer_free(all);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const char *const layers[] = { "flatten", "dense 16 act=tanh", "dense classes", NULL };
    lab_rows r;
    ds_problem *p;
    LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, 0, IMAGES, DS_F64));
    ds_status status = lab_problem(t, &p, &r, "cross-entropy", 0, layers);
    if (status == DS_OK) {
        status = measure(t, p, &r);
        ds_problem_free(p);
    }
    lab_rows_free(&r);
    t->seeds = 1;
    t->bar = 1e-12;
    return status;
}

const ds_experiment ds_experiment_A7 = {
    .row = "A7",
    .claim = "A set of copies has the gradient of one copy, at a fraction of the work; near-copies add little",
    .run_by = "1,000 images against 120 (full: 1,200) shuffled copies of them, every row worked through in f64; then "
              "20 noisy copies.",
    .rule = "Relative difference of the two gradients: at most 1e-12, some thousand roundings of 1e-16.",
    .source = "Goodfellow et al. section 8.1.3; CS231n optimization notes (1,000 images x 1,200 copies)",
    .broken = "Every other block copies the first half of the images only, so the blocks are no copies of the set.",
    .run = run,
};
