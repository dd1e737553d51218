/* test_no_memory.c - memory that runs out: the n-th allocation of the library fails, alone or with all that follow, for
 * every n until the work needs no more. Then the status is DS_EMEM with a text, nothing crashes, and every block that was
 * taken is given back; and with memory enough the same work succeeds afterwards.
 *
 * DS_WORK=graphs DS_SWEEP=n looks at one allocation of one work alone. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "descent/config.h"
#include "descent/graph.h"
#include "descent/op.h"
#include "descent/train.h"
#include "support/fail_nth.h"

static char folder[64];
static char path[4][128]; /* table.csv, rows.jsonl, rows.libsvm, weights */
static char shards[128];

static void remove_folder(const char *name)
{
    DIR *d = opendir(name);
    for (struct dirent *e; d && (e = readdir(d));) unlinkat(dirfd(d), e->d_name, 0);
    if (d) closedir(d);
    rmdir(name);
}

/* ---- the works: each makes a context of its own and frees all it made -------------------------------------------- */

typedef ds_status work(ds_ctx *ctx);

/* A small image network with its gradient and a Hessian-vector product, planned and run. */
static ds_status graph_work(ds_ctx *ctx)
{
    ds_graph *g;
    ds_plan *p = NULL;
    DS_TRY(ds_graph_create(&g, ctx));
    ds_val x = ds_input(g, "x", DS_F32, DS_SHAPE(2, 6, 6, 2)), w = ds_input(g, "w", DS_F32, DS_SHAPE(3, 3, 2, 4)),
           v = ds_input(g, "v", DS_F32, DS_SHAPE(36, 3)), label = ds_input(g, "label", DS_I32, DS_SHAPE(2)),
           in[2] = { w, v }, out[5];
    ds_val h = ds_conv(g, x, w, (ds_conv_shape){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 });
    h = ds_max_pool(g, ds_relu(g, h), (ds_pool_shape){ { 2, 2 }, { 2, 2 }, { 0, 0 } });
    ds_val z = ds_matmul(g, ds_reshape(g, h, DS_SHAPE(2, 36)), v, false, false);
    out[0] = ds_mean_all(g, ds_cross_entropy(g, ds_tanh(g, z), label, 0.1));
    ds_grad(g, out[0], 2, in, out + 1);
    ds_hvp(g, out[0], 2, in, in, out + 3);
    ds_status status = ds_plan_create(&p, g, 5, out, NULL);
    void *memory[4] = { ds_buffer_alloc(144 * 4), ds_buffer_alloc(72 * 4), ds_buffer_alloc(108 * 4),
                        ds_buffer_alloc(2 * 4) };
    const ds_val bound[4] = { x, w, v, label };
    for (int k = 0; k < 4 && status == DS_OK; k++)
        status = memory[k] ? ds_plan_bind(p, bound[k], memory[k]) : ds_fail(ctx, DS_EMEM, "memory of the test");
    if (status == DS_OK) status = ds_plan_run(p);
    for (int k = 0; k < 4; k++) ds_buffer_free(memory[k]);
    ds_plan_free(p);
    ds_graph_free(g);
    return status;
}

static ds_status one_rule(ds_ctx *ctx, const char *text, const char *dialect)
{
    ds_optim_settings s = { .dialect = dialect, .n = 8, .dtype = DS_F64 };
    ds_optim *o;
    DS_TRY(ds_rule_parse(ctx, text, &s.rule));
    DS_TRY(ds_optim_create(&o, ctx, &s));
    double *theta = ds_buffer_alloc(64), *gradient = ds_buffer_alloc(64);
    const void *point;
    ds_status status = theta && gradient ? DS_OK : ds_fail(ctx, DS_EMEM, "memory of the test");
    if (status == DS_OK) status = ds_optim_point(o, theta, &point);
    if (status == DS_OK) status = ds_optim_step(o, theta, gradient, 0.1);
    ds_buffer_free(theta);
    ds_buffer_free(gradient);
    ds_optim_free(o);
    return status;
}

/* Every rule in both dialects, and an average. */
static ds_status optim_work(ds_ctx *ctx)
{
    static const char *const rules[] = {
        "sgd", "momentum", "nesterov", "adagrad", "rmsprop(momentum=0.5)", "rmsprop-nesterov", "adam", "adamw"
    };
    for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
        DS_TRY(one_rule(ctx, rules[k], "torch"));
        if (!strchr(rules[k], '(')) DS_TRY(one_rule(ctx, rules[k], "book"));
    }
    ds_average_settings s = { .n = 8, .dtype = DS_F64, .total = 10, .epoch = 5 };
    ds_average *a;
    DS_TRY(ds_average_parse(ctx, "ema", &s.average));
    DS_TRY(ds_average_create(&a, ctx, &s));
    ds_average_free(a);
    return DS_OK;
}

static ds_status read_set(ds_ctx *ctx, ds_data_settings *s, int prefetch)
{
    ds_dataset *d;
    ds_loader *l = NULL;
    DS_TRY(ds_dataset_create(&d, ctx, s));
    ds_loader_settings set = {
        .view = ds_dataset_view(d, DS_TRAIN), .sampler = "shuffle", .batch = 5, .dtype = DS_F32, .prefetch = prefetch
    };
    ds_status status = ds_loader_create(&l, ctx, &set);
    for (int k = 0; k < 3 && status == DS_OK; k++)
        if (!ds_loader_next(l)) status = strstr(ds_error(ctx), "memory") ? DS_EMEM : DS_EIO;
    ds_loader_free(l);
    ds_dataset_free(d);
    return status;
}

/* The table rewritten as shards in random order, and read from them. */
static ds_status shards_work(ds_ctx *ctx)
{
    const char *file = path[0];
    bool stopped;
    ds_data_settings s = ds_data_defaults();
    s.format = "csv";
    s.train = &file;
    s.train_count = 1;
    ds_status status = ds_shards_write(ctx, &s, &(ds_rewrite){ .out = shards, .shuffle = true, .seed = 1 }, &stopped);
    if (status == DS_OK) {
        s = ds_data_defaults();
        s.format = "shards";
        s.path = shards;
        status = read_set(ctx, &s, 0);
    }
    remove_folder(shards);
    return status;
}

/* Generated and table formats, with what is computed from the training rows. */
static ds_status data_work(ds_ctx *ctx)
{
    static const char *const formats[] = { "csv", "jsonl", "libsvm" };
    ds_data_settings s = ds_data_defaults();
    DS_TRY(read_set(ctx, &s, 1));
    for (int k = 0; k < 3; k++) {
        const char *file = path[k];
        s = ds_data_defaults();
        s.format = formats[k];
        s.train = &file;
        s.train_count = 1;
        s.holdout = "stratified 25%";
        s.standardize = true;
        s.label = k == 1 ? "class" : NULL;
        DS_TRY(read_set(ctx, &s, k == 0));
    }
    return DS_OK;
}

static ds_status parse(ds_ctx *ctx, const char *text, int settings, const char *const *setting)
{
    ds_config *c;
    ds_diagnostics *d;
    ds_status status = ds_config_parse(&c, ctx, "c.yaml", text, strlen(text), settings, setting, &d);
    char *shown = d ? ds_diagnostics_text(d, false) : status == DS_OK ? ds_config_write(c) : NULL;
    if (!shown && status != DS_EMEM) status = ds_fail(ctx, DS_EMEM, "text of a config");
    free(shown);
    ds_diagnostics_free(d);
    ds_config_free(c);
    return status;
}

static ds_status config_work(ds_ctx *ctx)
{
    const char *set[2] = { "optimizer.name=adam", "data.scale=[0, 1]" };
    DS_TRY(parse(ctx,
                 "data: {holdout: 10%, augment: [{crop: 28, pad: 2}]}\n"
                 "model: {layers: [{conv: 4, kernel: 3, act: relu, norm: batch}, {flatten: true}, {dense: classes}]}\n"
                 "optimizer: {name: momentum, lr: 0.1, nesterov: true}\n"
                 "train: {epochs: 2, stop: {watch: val.loss, patience: 3}}\n",
                 2, set));
    ds_status bad = parse(
        ctx, "data: {format: digit}\nmodel: {layers: [{dnse: 3}]}\noptimizer: {name: sgd, momntum: 1}\n", 0, NULL);
    return bad == DS_ECONFIG ? DS_OK : bad;
}

/* A session on the table: batch norm, dropout, an average, a stop rule; trained, scored, saved and loaded. */
static ds_status training_work(ds_ctx *ctx)
{
    static const char *const layers[] = { "dense 6 norm=batch act=relu", "dropout 0.2", "dense classes" };
    const char *file = path[0];
    ds_model *model;
    ds_session *session = NULL;
    ds_part stop;
    ds_outcome outcome = { .steps = 0 };
    ds_score score;
    DS_TRY(ds_model_create(&model, ctx));
    ds_session_settings s = { .data = ds_data_defaults(), .model = model, .epochs = 2, .steps = -1, .batch = 8 };
    s.data.format = "csv";
    s.data.train = &file;
    s.data.train_count = 1;
    s.data.holdout = "6";
    s.stop = &stop;
    s.stops = 1;
    ds_status status = DS_OK;
    for (int k = 0; k < 3 && status == DS_OK; k++) status = ds_model_add(model, layers[k]);
    if (status == DS_OK) status = ds_rule_parse(ctx, "adam(lr=0.01)", &s.optimizer.rule);
    if (status == DS_OK) status = ds_schedule_parse(ctx, "cosine", &s.schedule.schedule);
    if (status == DS_OK) status = ds_average_parse(ctx, "ema", &s.average);
    if (status == DS_OK) status = ds_stop_parse(ctx, "early(watch=val.loss, patience=5)", &stop);
    if (status == DS_OK) status = ds_session_create(&session, ctx, &s, NULL);
    if (status == DS_OK) status = ds_session_init(session);
    if (status == DS_OK) status = ds_train(session, NULL, NULL, &outcome);
    if (status == DS_OK) status = ds_session_score(session, DS_VAL, &score);
    if (status == DS_OK) status = ds_session_save(session, path[3]);
    if (status == DS_OK) status = ds_session_load(session, path[3]);
    if (status == DS_OK) assert_int_equal(outcome.reason, DS_DONE_EPOCHS);
    ds_session_free(session);
    ds_model_free(model);
    return status;
}

/* ---- the sweep --------------------------------------------------------------------------------------------------- */

typedef struct result {
    ds_status status;
    bool said;
    long calls, kept;
    char text[512];
} result;

static result attempt(work *w, long n, bool on)
{
    result r = { .said = true };
    ds_ctx *ctx;
    long before = fail_nth_live();
    fail_nth_arm("memory", n, on);
    r.status = ds_ctx_create(&ctx, 2);
    if (r.status == DS_OK) {
        r.status = w(ctx);
        snprintf(r.text, sizeof r.text, "%s", ds_error(ctx));
        r.said = r.status == DS_OK || *r.text;
        ds_ctx_free(ctx);
    }
    r.calls = fail_nth_disarm();
    r.kept = fail_nth_live() - before;
    return r;
}

static void sweep(work *w)
{
    const char *only = getenv("DS_SWEEP");
    int wrong = 0;
    for (int k = 0; k < 2; k++)
        assert_int_equal(attempt(w, 0, false).status, DS_OK); /* what is kept for good is there */
    for (int on = 0; on < 2; on++)
        for (long n = only ? atol(only) : 1;; n++) {
            result r = attempt(w, n, on);
            if (r.calls < n) break;
            if (r.status != DS_EMEM || !r.said || r.kept != 0) {
                print_error("allocation %ld%s: status %d, \"%s\", %ld blocks kept\n", n, on ? " and later" : "",
                            r.status, r.text, r.kept);
                wrong++;
            }
            if (only) break;
        }
    result r = attempt(w, 0, false);
    assert_int_equal(r.status, DS_OK);
    assert_int_equal(r.kept, 0);
    assert_true(r.calls > 10);
    print_message("%ld allocations\n", r.calls);
    assert_int_equal(wrong, 0);
}

static void graphs(void **state)
{
    (void)state;
    sweep(graph_work);
}
static void rules(void **state)
{
    (void)state;
    sweep(optim_work);
}
static void sets(void **state)
{
    (void)state;
    sweep(data_work);
}
static void rewrites(void **state)
{
    (void)state;
    sweep(shards_work);
}
static void configs(void **state)
{
    (void)state;
    sweep(config_work);
}
static void trainings(void **state)
{
    (void)state;
    sweep(training_work);
}

/* The sweep's own tool: the call that is named fails and no other. */
static void the_nth_fails(void **state)
{
    (void)state;
    void *volatile p[4];
    fail_nth_arm("malloc", 2, false);
    for (int k = 0; k < 4; k++) p[k] = malloc(8);
    assert_int_equal(fail_nth_disarm(), 4);
    for (int k = 0; k < 4; k++) assert_true((p[k] == NULL) == (k == 1));
    for (int k = 0; k < 4; k++) free(p[k]);
}

static int write_text(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    return !f || fputs(text, f) < 0 || fclose(f);
}

static int make_files(void **state)
{
    (void)state;
    static const char *const name[] = { "table.csv", "rows.jsonl", "rows.libsvm", "w.safetensors" };
    char text[3][2048] = { "a,b,class\n", "", "" };
    /* in memory where that can be: the sweep waits for the disk at every attempt otherwise */
    snprintf(folder, sizeof folder, "%s/descent-no-memory-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(folder)) return -1;
    for (int k = 0; k < 24; k++) {
        static const char *const words[] = { "cat", "dog", "eel" };
        char *end[3];
        for (int f = 0; f < 3; f++) end[f] = text[f] + strlen(text[f]);
        sprintf(end[0], "%d,%d.5,%s\n", k, k * k % 7, words[k % 3]);
        sprintf(end[1], "{\"a\": %d, \"b\": [%d, 1], \"class\": \"%s\"}\n", k, k * k % 7, words[k % 3]);
        sprintf(end[2], "%d 1:%d 4:%d\n", k % 3, k, k * k % 7);
    }
    for (int f = 0; f < 4; f++) snprintf(path[f], sizeof path[f], "%s/%s", folder, name[f]);
    snprintf(shards, sizeof shards, "%s/shards", folder);
    for (int f = 0; f < 3; f++)
        if (write_text(path[f], text[f])) return -1;
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    for (int f = 0; f < 4; f++) unlink(path[f]);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nth_fails), cmocka_unit_test(graphs),  cmocka_unit_test(rules),     cmocka_unit_test(sets),
        cmocka_unit_test(rewrites),      cmocka_unit_test(configs), cmocka_unit_test(trainings),
    };
    cmocka_set_test_filter(getenv("DS_WORK"));
    return cmocka_run_group_tests_name("no memory", tests, make_files, remove_files);
}
