/* lab_train.c - training with a rule on rows in memory; see lab.h. */
#include <string.h>

#include "lab.h"

ds_status lab_trainer_open(ds_trial *t, lab_trainer *w, ds_problem *p, const lab_rows *like, const char *rule,
                           int64_t batch, uint64_t seed)
{
    ds_optim_settings s = { .n = ds_space_dim(ds_problem_space(p)), .dtype = ds_problem_dtype(p) };
    *w = (lab_trainer){ .p = p, .drawn = *like, .seed = seed };
    w->drawn.n = batch;
    w->drawn.x = w->drawn.y = NULL;
    w->drawn.ids = NULL;
    w->theta = lab_vector(p);
    w->g = lab_vector(p);
    ds_status status = w->theta && w->g ? lab_rows_alloc(t, &w->drawn) : DS_EMEM;
    if (status == DS_OK) status = ds_rule_parse(t->ctx, rule, &s.rule);
    if (status == DS_OK) status = ds_optim_create(&w->o, t->ctx, &s);
    if (status == DS_OK) status = ds_problem_init(p, seed, w->theta, NULL);
    if (status == DS_OK) w->rate = ds_optim_lr(w->o);
    if (status != DS_OK) lab_trainer_close(w);
    return status;
}

void lab_trainer_close(lab_trainer *w)
{
    ds_optim_free(w->o);
    ds_buffer_free(w->theta);
    ds_buffer_free(w->g);
    lab_rows_free(&w->drawn);
    *w = (lab_trainer){ .p = NULL };
}

ds_status lab_trainer_pass(lab_trainer *w, const lab_rows *r, const int64_t *order, int64_t n)
{
    int64_t batch = w->drawn.n;
    double value;
    for (int64_t from = 0; from + batch <= n; from += batch) {
        for (int64_t i = 0; i < batch; i++) lab_copy_row(&w->drawn, i, r, order ? order[from + i] : from + i);
        ds_batch b = lab_slice(&w->drawn, 0, batch);
        LAB_TRY(ds_problem_gradient(w->p, &(ds_at){ &b, w->theta, DS_MODE_TRAIN, w->seed, (uint64_t)w->steps }, w->g,
                                    &value));
        LAB_TRY(ds_optim_step(w->o, w->theta, w->g, w->rate));
        w->steps++;
    }
    return DS_OK;
}

ds_status lab_trainer_score(ds_trial *t, lab_trainer *w, const lab_rows *r, double *value, double *error)
{
    enum { CHUNK = 1000 };
    *value = 0;
    for (int64_t from = 0; from < r->n; from += CHUNK) {
        int64_t n = r->n - from < CHUNK ? r->n - from : CHUNK;
        double part;
        ds_batch b = lab_slice(r, from, n);
        LAB_TRY(ds_problem_value(w->p, &(ds_at){ &b, w->theta, DS_MODE_EVAL, t->seed, 0 }, &part));
        *value += part * (double)n / (double)r->n;
    }
    return error ? lab_error(t, w->p, r, w->theta, error) : DS_OK;
}

void lab_shuffle(int64_t *order, int64_t n, uint64_t seed, uint32_t stream, uint32_t pass)
{
    ds_rng g = ds_rng_at(seed, DS_FOR_TOUR, stream, pass);
    for (int64_t i = 0; i < n; i++) {
        int64_t j = (int64_t)ds_rng_below(&g, (uint64_t)(i + 1));
        order[i] = order[j];
        order[j] = i;
    }
}
