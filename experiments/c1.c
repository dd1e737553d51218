/* c1.c - SGD with a rate that falls on a line from e0 to a hundredth of it, and the choice of e0 by a short test. */
#include <math.h>
#include <string.h>

#include "descent/train.h"
#include "lab.h"

enum { ROWS = 1000, BATCH = 50, PASSES = 100, LAST = 10, MOST = 8, TEST_STEPS = 60 };
static const double DECAY = 1e-2; /* weight decay keeps single rows' gradients from vanishing together */

/* Largest relative difference of the schedule from (1 - a) e0 + a e_tau, a = min(k / tau, 1), over twice tau steps. */
static double schedule_error(const ds_schedule_settings *s, double e0, double end, int64_t tau)
{
    double worst = 0;
    for (int64_t k = 0; k <= 2 * tau; k++) {
        double a = k < tau ? (double)k / (double)tau : 1, wanted = (1 - a) * e0 + a * end;
        worst = fmax(worst, fabs(ds_schedule_rate(s, k) / wanted - 1));
    }
    return worst;
}

/* The range test on a session over the whole set; whether it left the session's weights as they were. */
static ds_status choose(ds_trial *t, const ds_model *m, ds_range *r, bool *untouched)
{
    char path[LAB_PATH];
    ds_session *s;
    ds_session_settings set = { .data = lab_images_settings(t, "mnist", path),
                                .model = m,
                                .problem = { .l2 = DECAY },
                                .epochs = 1,
                                .steps = -1,
                                .batch = BATCH,
                                .seed = t->seed };
    const ds_range_settings how = { .from = 1e-5, .to = 30, .steps = TEST_STEPS };
    LAB_TRY(ds_rule_parse(t->ctx, "sgd", &set.optimizer.rule));
    LAB_TRY(ds_session_create(&s, t->ctx, &set, NULL));
    ds_problem *p = ds_session_problem(s);
    size_t bytes = (size_t)ds_space_dim(ds_problem_space(p)) * sizeof(float);
    void *before = lab_vector(p);
    ds_status status = before ? ds_session_init(s) : DS_EMEM;
    if (status == DS_OK) {
        memcpy(before, ds_session_theta(s), bytes);
        status = ds_range_test(s, &how, r);
        *untouched = !memcmp(before, ds_session_theta(s), bytes);
    }
    ds_buffer_free(before);
    ds_session_free(s);
    return status;
}

/* Loss on all rows at rates of a schedule, mean over the ends of the last passes. */
static ds_status train(ds_trial *t, ds_problem *p, const lab_rows *r, const ds_schedule_settings *rate, uint64_t seed,
                       double *loss)
{
    lab_trainer w;
    int64_t order[ROWS];
    *loss = 0;
    LAB_TRY(lab_trainer_open(t, &w, p, r, "sgd", BATCH, seed));
    ds_status status = DS_OK;
    for (uint32_t pass = 0; pass < PASSES && status == DS_OK; pass++) {
        lab_shuffle(order, r->n, seed, 70, pass);
        for (int64_t from = 0; from < r->n && status == DS_OK; from += BATCH) {
            w.rate = ds_schedule_rate(rate, w.steps);
            status = lab_trainer_pass(&w, r, order + from, BATCH);
        }
        double now = 0;
        if (status == DS_OK && pass >= PASSES - LAST) status = lab_trainer_score(t, &w, r, &now, NULL);
        *loss += now / LAST;
    }
    lab_trainer_close(&w);
    return status;
}

/* broken: the rate stays at e0 */
static ds_status measure(ds_trial *t, ds_problem *p, const lab_rows *r, const ds_range *range, bool untouched)
{
    double linear[MOST], constant[MOST];
    int64_t tau = PASSES * ROWS / BATCH;
    double e0 = range->chosen;
    ds_schedule_settings fixed = { .lr = e0, .total = 2 * tau, .epoch = ROWS / BATCH }, falling = fixed;
    LAB_TRY(ds_schedule_parse(t->ctx, "constant", &fixed.schedule));
    char text[64];
    snprintf(text, sizeof text, t->broken ? "constant" : "linear(tau=%d epochs)", PASSES);
    LAB_TRY(ds_schedule_parse(t->ctx, text, &falling.schedule));
    double off = schedule_error(&falling, e0, e0 / 100, tau);
    for (int s = 0; s < t->seeds; s++) {
        LAB_TRY(train(t, p, r, &falling, t->seed + (uint64_t)s, &linear[s]));
        LAB_TRY(train(t, p, r, &fixed, t->seed + (uint64_t)s, &constant[s]));
    }
    double z = lab_paired(constant, linear, t->seeds);
    bool above = range->chosen >= range->best && range->chosen <= 2 * range->best;
    t->value = off <= 1e-15 && untouched && above ? z : 0;
    snprintf(t->note, sizeof t->note,
             "schedule off by %.1e; e0 %.3g: %s; the session %s; loss in the last of %d passes %.4g, at the constant "
             "rate %.4g",
             off, e0, range->reason, untouched ? "untouched" : "changed", PASSES, lab_mean(linear, t->seeds),
             lab_mean(constant, t->seeds));
    return DS_OK;
}

static ds_status run(ds_trial *t)
{
    static const char *const layers[] = { "flatten", "dense classes", NULL };
    ds_model *m;
    ds_range range = { .count = 0 };
    bool untouched = false;
    lab_rows r;
    ds_problem *p = NULL;
    t->seeds = t->full ? MOST : 5;
    LAB_TRY(ds_model_create(&m, t->ctx));
    ds_status status = DS_OK;
    for (int k = 0; layers[k] && status == DS_OK; k++) status = ds_model_add(m, layers[k]);
    if (status == DS_OK) status = choose(t, m, &range, &untouched);
    ds_model_free(m);
    if (status == DS_OK) status = lab_images(t, &r, "mnist", DS_TRAIN, 0, ROWS, DS_F32);
    if (status != DS_OK) return status;
    status = lab_problem(t, &p, &r, "cross-entropy", DECAY, layers);
    if (status == DS_OK) status = measure(t, p, &r, &range, untouched);
    ds_problem_free(p);
    lab_rows_free(&r);
    ds_range_free(&range);
    t->relation = ">=";
    t->bar = 3;
    return status;
}

const ds_experiment ds_experiment_C1 = {
    .row = "C1",
    .claim =
        "The rate of SGD falls on a line, (1-a) e0 + a e_tau, from e0 to a hundredth of it at step tau, and stays; "
        "e0 lies a little above the rate that is best in the first steps",
    .run_by = "The schedule against its formula over twice tau steps; the range test of `descent lr` on a session over "
              "the whole set; softmax regression with weight decay trained for tau = 100 passes from the chosen e0, "
              "and at that rate "
              "without decay, loss on all rows over the last 10 passes.",
    .rule =
        "Standard errors (paired over seeds) by which the constant rate leaves a larger loss: at least 3. 0 unless the "
        "schedule equals the formula to 1e-15, e0 is between the best rate and twice that, and the test leaves every "
        "bit of the session's weights alone.",
    .source = "Goodfellow et al. section 8.3.1, equation 8.14",
    .broken = "The rate stays at e0.",
    .run = run,
};
