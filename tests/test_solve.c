/* test_solve.c - solvers in training: on one function they take the path of ds_minimize to the bit; on minibatches every
 * question of a step is about the same rows with the same dropout, and the first of a step is about the point it stands
 * at; what cannot work is refused by name; a budget ends a step in its midst. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "descent/random.h"
#include "descent/registry.h"
#include "descent/graph.h"
#include "train/session.h"

enum { FEATURES = 4, ROWS = 40, MOST = 128 };

static ds_ctx *ctx;
static char folder[] = "/tmp/descent-solve-XXXXXX", table[64];

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != DS_OK) fail_msg("%s: %s", #call, ds_error(ctx));                                                 \
    } while (0)

static int open_all(void **state)
{
    (void)state;
    if (ds_ctx_create(&ctx, 1) != DS_OK || !mkdtemp(folder)) return 1;
    snprintf(table, sizeof table, "%s/rows.csv", folder);
    FILE *f = fopen(table, "w");
    if (!f) return 1;
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t k = 0; k < FEATURES; k++)
            fprintf(f, "%.9g,", 2 * (double)ds_uniform_f32(ds_draw(5, DS_FOR_TEST, i, k, 0).u[0]) - 1 + (k == i % 3));
        fprintf(f, "%c\n", "abc"[i % 3]);
    }
    return fclose(f);
}

static int close_all(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ds_ctx_free(ctx);
    return system(command);
}

static ds_session_settings settings(const char *solver)
{
    ds_session_settings set = {
        .data = ds_data_defaults(), .problem = { .dtype = DS_F64 }, .epochs = 12, .steps = -1, .seed = 1
    };
    set.data.format = "csv";
    set.data.path = table;
    OK(ds_solver_parse(ctx, solver, &set.solver));
    return set;
}

static ds_model *model(bool dropout)
{
    ds_model *m;
    OK(ds_model_create(&m, ctx));
    OK(ds_model_add(m, "dense 5 act=tanh"));
    if (dropout) OK(ds_model_add(m, "dropout 0.3"));
    OK(ds_model_add(m, "dense classes"));
    return m;
}

typedef struct watched {
    double loss[16];
    int64_t evaluations;
    int64_t calls, stop_at;
} watched;

static void on_epoch(void *arg, const ds_epoch_report *r)
{
    watched *w = arg;
    if (r->epoch <= 16) w->loss[r->epoch - 1] = r->train_loss;
    w->evaluations = r->evaluations;
    assert_true(isnan(r->lr));
}

static bool on_stop(void *arg)
{
    watched *w = arg;
    return w->calls++ >= w->stop_at;
}

/* ---- one function ------------------------------------------------------------------------------------------------ */

typedef struct rows {
    ds_session *s;
    const ds_batch *batch;
    double *x, *v, *g; /* [dim] */
} rows;

/* Between the solver's vectors and the network's, which have gaps between tensors. */
static void spread(const rows *r, const double *from, double *to)
{
    const ds_space *space = ds_problem_space(ds_session_problem(r->s));
    for (int k = 0; k < ds_space_count(space); from += ds_space_segment(space, k++)->count)
        memcpy(to + ds_space_segment(space, k)->offset, from, (size_t)ds_space_segment(space, k)->count * sizeof *to);
}
static void gather(const rows *r, const double *from, double *to)
{
    const ds_space *space = ds_problem_space(ds_session_problem(r->s));
    for (int k = 0; k < ds_space_count(space); to += ds_space_segment(space, k++)->count)
        memcpy(to, from + ds_space_segment(space, k)->offset, (size_t)ds_space_segment(space, k)->count * sizeof *to);
}

static double value(void *arg, const double *x, double *g)
{
    const rows *r = arg;
    double y;
    spread(r, x, r->x);
    OK(ds_problem_gradient(ds_session_problem(r->s), &(ds_at){ .batch = r->batch, .theta = r->x }, r->g, &y));
    if (g) gather(r, r->g, g);
    return y;
}

static void product(void *arg, const double *x, const double *v, double *hv)
{
    const rows *r = arg;
    spread(r, x, r->x);
    spread(r, v, r->v);
    OK(ds_problem_hvp(ds_session_problem(r->s), &(ds_at){ .batch = r->batch, .theta = r->x }, r->v, r->g, false));
    gather(r, r->g, hv);
}

/* The minimization on the same rows in the same order that is given the training's number of evaluations must come to the
 * same point. */
static void training_takes_the_path_of_ds_minimize(void **state)
{
    (void)state;
    static const char *const names[] = { "lbfgs", "cg", "bfgs", "newton", "newton_cg", "local_search", "nelder_mead" };
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        ds_session_settings set = settings(names[k]);
        ds_model *m = model(false);
        ds_session *s;
        ds_outcome o;
        ds_solver_outcome best;
        ds_loader *l;
        watched w = { .evaluations = 0 };
        const ds_watcher watcher = { .arg = &w, .epoch = on_epoch };
        set.model = m;
        if (k == 1) set.batch = ROWS; /* all rows by their number */
        OK(ds_session_create(&s, ctx, &set, NULL));
        OK(ds_session_init(s));
        double x[MOST], end[MOST];
        int64_t n = ds_space_elements(ds_problem_space(ds_session_problem(s)));
        size_t bytes = (size_t)s->dim * sizeof *x;
        rows r = { s, NULL, ds_buffer_alloc(bytes), ds_buffer_alloc(bytes), ds_buffer_alloc(bytes) };
        assert_true(n <= MOST && r.x && r.v && r.g);
        gather(&r, ds_session_theta(s), x);
        OK(ds_train(s, NULL, &watcher, &o));
        assert_int_equal(o.steps, 12);
        OK(ds_session_loader(s, &l));
        ds_loader_seek(l, 0, 0);
        r.batch = ds_loader_next(l);
        const ds_function f = { .n = n, .value = value, .product = product, .arg = &r };
        ds_solver_settings minimize = { .solver = set.solver, .target = -INFINITY, .seed = 1 };
        minimize.budget = w.evaluations;
        OK(ds_minimize(ctx, &f, &minimize, x, &best, NULL, NULL));
        assert_int_equal(best.iterations, 12);
        gather(&r, ds_session_theta(s), end);
        if (memcmp(x, end, (size_t)n * sizeof *x)) fail_msg("%s: training ends at another point", names[k]);
        ds_buffer_free(r.x);
        ds_buffer_free(r.v);
        ds_buffer_free(r.g);
        ds_loader_free(l);
        ds_session_free(s);
        ds_model_free(m);
    }
}

/* ---- minibatches ------------------------------------------------------------------------------------------------- */

/* Gradient descent by the definition, beside the training: steps of one length need no search, so that each step asks once
 * for its start and once for its trial, both on the step's batch and masks. */
static void steps_begin_on_their_batch(void **state)
{
    (void)state;
    ds_session_settings set = settings("descent");
    ds_model *m = model(true);
    ds_session *s;
    ds_outcome o;
    watched w = { .stop_at = INT64_MAX };
    const ds_watcher watcher = { .arg = &w, .epoch = on_epoch, .stop = on_stop };
    OK(ds_search_parse(ctx, "fixed(a=0.1)", &set.search));
    set.model = m;
    set.batch = 16; /* 16, 16, 8 */
    set.epochs = 3;
    OK(ds_session_create(&s, ctx, &set, NULL));
    OK(ds_session_init(s));
    size_t bytes = (size_t)s->dim * sizeof(double);
    double *x = ds_buffer_alloc(bytes), *g = ds_buffer_alloc(bytes);
    assert_true(x && g);
    memcpy(x, ds_session_theta(s), bytes);
    OK(ds_train(s, NULL, &watcher, &o));
    assert_int_equal(o.steps, 9);
    assert_int_equal(w.evaluations, 18);
    ds_loader *l;
    OK(ds_session_loader(s, &l));
    for (int epoch = 0; epoch < 3; epoch++) {
        double sum = 0;
        for (int k = 0; k < 3; k++) {
            const ds_batch *b = ds_loader_next(l);
            double loss;
            const ds_at at = { b, x, DS_MODE_TRAIN, 1, (uint64_t)(3 * epoch + k) };
            OK(ds_problem_gradient(ds_session_problem(s), &at, g, &loss));
            sum += loss * (double)b->n;
            for (int64_t i = 0; i < s->dim; i++) x[i] = fma(0.1, -g[i], x[i]);
        }
        assert_true(fabs(sum / ROWS - w.loss[epoch]) < 1e-15);
    }
    assert_memory_equal(x, ds_session_theta(s), bytes);
    ds_loader_free(l);
    ds_buffer_free(x);
    ds_buffer_free(g);
    ds_session_free(s);
    ds_model_free(m);
}

/* ---- ends and refusals ------------------------------------------------------------------------------------------- */

static void a_step_may_be_left_and_a_solver_may_end(void **state)
{
    (void)state;
    ds_session_settings set = settings("newton");
    ds_model *m = model(false);
    ds_session *s;
    ds_outcome o;
    watched w = { .stop_at = 20 }; /* in the midst of the products of the first step */
    const ds_watcher watcher = { .arg = &w, .stop = on_stop };
    set.model = m;
    set.problem.l2 = 0.01;
    set.epochs = 1000;
    set.gtol = 1e-9;
    OK(ds_session_create(&s, ctx, &set, NULL));
    OK(ds_session_init(s));
    OK(ds_train(s, NULL, &watcher, &o));
    assert_int_equal(o.reason, DS_STOPPED);
    assert_int_equal(o.steps, 0);
    OK(ds_train(s, NULL, NULL, &o)); /* from the same weights anew */
    assert_int_equal(o.reason, DS_SETTLED);
    assert_true(o.steps < 100);
    assert_non_null(strstr(o.text, "the gradient is small"));
    ds_session_free(s);
    set.gtol = 0;
    set.seconds = 1e-9;
    OK(ds_session_create(&s, ctx, &set, NULL));
    OK(ds_session_init(s));
    OK(ds_train(s, NULL, NULL, &o));
    assert_int_equal(o.reason, DS_DONE_SECONDS);
    ds_session_free(s);
    ds_model_free(m);
}

static void refused(ds_session_settings set, const char *layer, const char *words)
{
    ds_model *m = model(true);
    ds_session *s;
    const char *key;
    if (layer) OK(ds_model_add(m, layer));
    if (layer) OK(ds_model_add(m, "dense classes"));
    set.model = m;
    assert_int_equal(ds_session_create(&s, ctx, &set, &key), DS_ECONFIG);
    assert_string_equal(key, "optimizer.name");
    if (!strstr(ds_error(ctx), words)) fail_msg("\"%s\" does not say \"%s\"", ds_error(ctx), words);
    ds_model_free(m);
}

static void what_cannot_work_is_refused(void **state)
{
    (void)state;
    refused(settings("nelder_mead"), NULL, "train.batch: all");
    refused(settings("bfgs"), "dense 20000", "GiB");
    ds_session_settings set = settings("newton_cg");
    OK(ds_search_parse(ctx, "armijo", &set.search));
    refused(set, NULL, "no line search");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_takes_the_path_of_ds_minimize),
        cmocka_unit_test(steps_begin_on_their_batch),
        cmocka_unit_test(a_step_may_be_left_and_a_solver_may_end),
        cmocka_unit_test(what_cannot_work_is_refused),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
