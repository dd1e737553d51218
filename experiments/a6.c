/* a6.c - the standard error of the gradient falls as one over the root of the number of examples. */
#include <math.h>

#include "lab.h"

enum { SIZES = 7 };
static const int64_t size[SIZES] = { 10, 32, 100, 316, 1000, 3162, 10000 };

/* Root mean square distance of a drawn batch's gradient from the pool's. broken: a batch is one example drawn once and
 * repeated. */
static ds_status spread(ds_trial *t, ds_problem *p, const lab_rows *pool, const void *theta, const void *g, int64_t m,
                        int draws, double *out)
{
    lab_rows drawn = *pool;
    void *h = lab_vector(p);
    double sum = 0;
    drawn.n = m;
    ds_status status = h ? lab_rows_alloc(t, &drawn) : DS_EMEM;
    for (int d = 0; d < draws && status == DS_OK; d++) {
        ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, (uint32_t)m, (uint32_t)d);
        int64_t one = (int64_t)ds_rng_below(&rng, (uint64_t)pool->n);
        for (int64_t i = 0; i < m; i++)
            lab_copy_row(&drawn, i, pool, t->broken ? one : (int64_t)ds_rng_below(&rng, (uint64_t)pool->n));
        status = lab_gradient(t, p, &drawn, theta, h, NULL);
        double off = lab_distance(p, h, g);
        sum += off * off;
    }
    *out = sqrt(sum / draws);
    lab_rows_free(&drawn);
    ds_buffer_free(h);
    return status;
}

static ds_status measure(ds_trial *t, ds_problem *p, const lab_rows *pool)
{
    double x[SIZES], y[SIZES], error[SIZES];
    void *theta = lab_vector(p), *g = lab_vector(p);
    ds_status status = theta && g ? ds_problem_init(p, t->seed, theta, NULL) : DS_EMEM;
    if (status == DS_OK) status = lab_gradient(t, p, pool, theta, g, NULL);
    for (int k = 0; k < SIZES && status == DS_OK; k++) {
        int draws = (int)(t->full ? 64 : size[k] <= 1000 ? 40 : 16);
        status = spread(t, p, pool, theta, g, size[k], draws, &error[k]);
        x[k] = log((double)size[k]);
        y[k] = log(error[k]);
        t->seeds = draws;
    }
    if (status == DS_OK) {
        double slope = lab_slope(x, y, SIZES);
        t->value = fabs(slope + 0.5);
        snprintf(
            t->note, sizeof t->note,
            "slope %.3f; error %.3g at 100, %.3g at 10,000 examples: 100 times the work makes it %.1f times smaller",
            slope, error[2], error[6], error[2] / error[6]);
    }
    ds_buffer_free(theta);
    ds_buffer_free(g);
    return status;
}

static ds_status run(ds_trial *t)
{
    static const char *const layers[] = { "flatten", "dense 24 act=tanh", "dense classes", NULL };
    lab_rows pool;
    ds_problem *p;
    LAB_TRY(lab_images(t, &pool, "mnist", DS_TRAIN, 0, 4000, DS_F32));
    ds_status status = lab_problem(t, &p, &pool, "cross-entropy", 0, layers);
    if (status == DS_OK) {
        status = measure(t, p, &pool);
        ds_problem_free(p);
    }
    lab_rows_free(&pool);
    t->bar = 0.05;
    return status;
}

const ds_experiment ds_experiment_A6 = {
    .row = "A6",
    .claim = "The standard error of a gradient estimate falls as one over the root of the number of examples: 100 "
             "times the work makes it 10 times smaller",
    .run_by = "Gradients of a small network on 10 to 10,000 examples drawn with replacement from a pool, against the "
              "pool's own gradient.",
    .rule = "Distance of the fitted log-log slope from -1/2: at most 0.05. With 16 to 40 draws a size the slope's own "
            "error is about 0.012.",
    .source = "Goodfellow et al. section 8.1.3",
    .broken = "A batch is one example repeated: its error does not fall.",
    .run = run,
};
