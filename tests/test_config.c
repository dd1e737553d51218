/* test_config.c - configs: every message of a corpus of bad ones, settings, the resolved file, the hash, what explain
 * says, and no crash on edited files.
 *
 * tests/bad-config: NAME.yaml, the settings in NAME.settings (one a line), the whole text shown in NAME.txt.
 * DS_WRITE_EXPECTED=1 writes the texts anew; read them before they are committed. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "descent/config.h"
#include "descent/registry.h"

static ds_ctx *ctx;

static int setup(void **state)
{
    (void)state;
    return ds_ctx_create(&ctx, 1) != DS_OK;
}

static int teardown(void **state)
{
    (void)state;
    ds_ctx_free(ctx);
    return 0;
}

/* ---- support ----------------------------------------------------------------------------------------------------- */

/* A whole file with a 0 after it; NULL when there is none. */
static char *slurp(const char *path, size_t *bytes)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    *bytes = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    return text;
}

/* Cut text into its lines, in place. */
static int split(char *text, const char **line, int most)
{
    int n = 0;
    for (char *save = NULL, *word = strtok_r(text, "\n", &save); word && n < most; word = strtok_r(NULL, "\n", &save))
        line[n++] = word;
    return n;
}

static ds_config *good(const char *text, int settings, const char *const *setting)
{
    ds_config *c;
    ds_diagnostics *d;
    ds_status status = ds_config_parse(&c, ctx, "good.yaml", text, strlen(text), settings, setting, &d);
    if (d) {
        char *shown = ds_diagnostics_text(d, false);
        print_error("%s", shown);
        free(shown);
    }
    assert_int_equal(status, DS_OK);
    assert_null(d);
    return c;
}

static void value_is(const ds_config *c, const char *key, const char *text)
{
    const char *value = ds_config_value(c, key);
    if (!value) fail_msg("%s has no value", key);
    assert_string_equal(value, text);
}

static const char plain[] = "data: {format: digits, holdout: 10%, scale: [0, 1.0]}\n"
                            "model:\n"
                            "  loss: cross-entropy\n"
                            "  layers:\n"
                            "    - {conv: 8, kernel: 3, pad: same, norm: batch, act: {name: leaky-relu, slope: 0.10}}\n"
                            "    - residual:\n"
                            "        - {conv: 8, kernel: 3, pad: 1}\n"
                            "      act: relu\n"
                            "    - {flatten: true}\n"
                            "    - {dense: classes, init: {name: normal, std: 1e-4}}\n"
                            "optimizer: {name: momentum, lr: 5e-2, momentum: 0.9, nesterov: true}\n"
                            "train: {epochs: 3, batch: 64, seed: 7}\n";

/* ---- the corpus -------------------------------------------------------------------------------------------------- */

static void one_bad(const char *name)
{
    char path[512], file[300];
    size_t bytes, other;
    snprintf(path, sizeof path, "tests/bad-config/%s.yaml", name);
    snprintf(file, sizeof file, "%s.yaml", name);
    bytes = other = 0;
    char *text = slurp(path, &bytes);
    assert_non_null(text);
    snprintf(path, sizeof path, "tests/bad-config/%s.settings", name);
    char *settings = slurp(path, &other);
    const char *setting[16];
    int n = settings ? split(settings, setting, 16) : 0;
    ds_config *c;
    ds_diagnostics *d;
    ds_status status = ds_config_parse(&c, ctx, file, text, bytes, n, setting, &d);
    if (status != DS_ECONFIG) fail_msg("%s was accepted", file);
    assert_null(c);
    assert_true(ds_diagnostics_count(d) > 0);
    char *shown = ds_diagnostics_text(d, false);
    snprintf(path, sizeof path, "tests/bad-config/%s.txt", name);
    if (getenv("DS_WRITE_EXPECTED")) {
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        fputs(shown, f);
        fclose(f);
    }
    char *wanted = slurp(path, &other);
    if (!wanted) fail_msg("%s is missing", path);
    if (strcmp(shown, wanted)) fail_msg("%s\nshown:\n%s\nwanted:\n%s", file, shown, wanted);
    free(wanted);
    free(shown);
    free(settings);
    free(text);
    ds_diagnostics_free(d);
}

static void test_bad(void **state)
{
    (void)state;
    DIR *folder = opendir("tests/bad-config");
    assert_non_null(folder);
    int count = 0;
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        char name[256];
        snprintf(name, sizeof name, "%s", e->d_name);
        char *dot = strstr(name, ".yaml");
        if (!dot) continue;
        *dot = 0;
        one_bad(name);
        count++;
    }
    closedir(folder);
    assert_true(count >= 40);
}

/* ---- good ones --------------------------------------------------------------------------------------------------- */

static void test_values(void **state)
{
    (void)state;
    ds_config *c = good(plain, 0, NULL);
    assert_string_equal(c->name, "good");
    assert_string_equal(c->data.format, "digits");
    assert_string_equal(c->data.holdout, "10%");
    assert_true(c->data.scale_given && c->data.scale[0] == 0 && c->data.scale[1] == 1);
    assert_string_equal(c->loss, "cross-entropy");
    assert_string_equal(c->optimizer.head->name, "momentum");
    assert_string_equal(c->dialect, "torch");
    assert_string_equal(c->schedule.head->name, "constant");
    assert_true(c->train.epochs == 3 && c->train.steps == -1);
    assert_int_equal(c->train.batch, 64);
    assert_int_equal(c->train.seed, 7);
    assert_int_equal(c->train.dtype, DS_F32);
    const ds_layer_spec *conv = ds_model_layers(c->model), *block = conv->next;
    assert_string_equal(conv->kind.head->name, "conv");
    assert_string_equal(conv->act.head->name, "leaky-relu");
    assert_true(conv->act.value[0].real == 0.1);
    assert_string_equal(conv->norm.head->name, "batch");
    assert_string_equal(block->kind.head->name, "residual");
    assert_string_equal(block->child->kind.head->name, "conv");
    assert_null(block->child->next);
    assert_true(block->next->next->init.value[1].real == 1e-4);
    value_is(c, "optimizer.lr", "0.05");
    value_is(c, "model.layers.0.act.slope", "0.1");
    value_is(c, "model.layers.1.residual.0.pad", "1");
    value_is(c, "model.layers.3.dense", "classes");
    value_is(c, "data.scale", "[0, 1]");
    value_is(c, "train.order", "shuffle");
    assert_null(ds_config_value(c, "model.layers.9.dense"));
    assert_null(ds_config_value(c, "optimizer.beta1"));
    assert_null(ds_config_value(c, "model.layers"));
    ds_config_free(c);
}

/* Types come from the tables: what looks like a number or a truth value is text where text is wanted. */
static void test_types(void **state)
{
    (void)state;
    ds_config *c = good("data: {format: csv, path: 1e-4, label: no, header: true}\n"
                        "model: {layers: [{dense: \"12\", name: yes, bias: 0.1}]}\n"
                        "optimizer: {name: adam, learning_rate: \"1e-4\", beta2: 0.99}\n"
                        "schedule: {name: step, every: 2 epochs, warmup: 100 steps}\n"
                        "train: {num_epochs: 0, batch_size: all, dtype: f64}\n",
                        0, NULL);
    assert_string_equal(c->data.path, "1e-4");
    assert_string_equal(c->data.label, "no");
    assert_int_equal(c->data.header, DS_HEADER_TRUE);
    assert_string_equal(ds_model_layers(c->model)->name, "yes");
    assert_int_equal(ds_model_layers(c->model)->kind.value[0].integer, 12);
    assert_true(ds_model_layers(c->model)->bias_value == 0.1);
    value_is(c, "optimizer.lr", "0.0001");
    assert_int_equal(c->schedule.value[0].unit, DS_UNIT_EPOCHS);
    assert_true(c->warmup == 100 && c->warmup_unit == DS_UNIT_STEPS);
    assert_int_equal(c->train.epochs, 0);
    assert_int_equal(c->train.batch, 0);
    assert_int_equal(c->train.dtype, DS_F64);
    ds_config_free(c);
}

static void test_settings(void **state)
{
    (void)state;
    const char *setting[] = { "optimizer.lr=1e-3",
                              "train.epochs=5",
                              "model.layers.3.dense=10",
                              "model.layers.0.act=relu",
                              "model.layers.1.residual.0.pad=same",
                              "data.scale=[-1, 1]",
                              "data.holdout=a: b # c",
                              "schedule.name=cosine",
                              "schedule.warmup=2 epochs",
                              "train.epochs=6" };
    ds_config *c = good(plain, 10, setting);
    value_is(c, "optimizer.lr", "0.001");
    value_is(c, "train.epochs", "6");
    value_is(c, "model.layers.3.dense", "10");
    value_is(c, "model.layers.0.act", "relu");
    value_is(c, "model.layers.1.residual.0.pad", "same");
    value_is(c, "schedule.warmup", "2 epochs");
    assert_true(c->data.scale[0] == -1);
    assert_string_equal(c->data.holdout, "a: b # c");
    assert_int_equal(c->note_count, 0);
    ds_config_free(c);
}

/* A rule from the command line: keys that both know stay, the others are dropped and listed; typed ones are not. */
static void test_changed_rule(void **state)
{
    (void)state;
    const char *adam[] = { "optimizer.name=adam" }, *same[] = { "optimizer.name=momentum" };
    ds_config *c = good(plain, 1, adam);
    assert_string_equal(c->optimizer.head->name, "adam");
    value_is(c, "optimizer.lr", "0.05");
    assert_null(ds_config_value(c, "optimizer.nesterov"));
    assert_int_equal(c->note_count, 2);
    assert_non_null(strstr(c->notes[0], "momentum"));
    assert_non_null(strstr(c->notes[0], "good.yaml:11"));
    assert_non_null(strstr(c->notes[1], "nesterov"));
    ds_config_free(c);
    c = good(plain, 1, same);
    assert_int_equal(c->note_count, 0);
    value_is(c, "optimizer.nesterov", "true");
    ds_config_free(c);
}

/* ---- the resolved file ------------------------------------------------------------------------------------------- */

/* Where values came from differs between a config and its resolved form. */
static void without_origins(char *text)
{
    char *to = text;
    for (char *line = text; *line;) {
        size_t bytes = strcspn(line, "\n"), keep = bytes;
        for (size_t k = 0; k + 4 <= bytes; k++)
            if (memcmp(line + k, "  # ", 4) == 0) keep = k;
        memmove(to, line, keep);
        to += keep;
        *to++ = '\n';
        line += bytes + (line[bytes] == '\n');
    }
    *to = 0;
}

static void round_trip(const char *text, int settings, const char *const *setting)
{
    ds_config *c = good(text, settings, setting), *again;
    char *first = ds_config_write(c);
    again = good(first, 0, NULL);
    char *second = ds_config_write(again);
    assert_true(ds_config_hash(c) == ds_config_hash(again));
    without_origins(first);
    without_origins(second);
    assert_string_equal(first, second);
    free(first);
    free(second);
    ds_config_free(again);
    ds_config_free(c);
}

static void test_round_trip(void **state)
{
    (void)state;
    const char *setting[] = { "optimizer.lr=1e-3", "train.seed=9007199254740992", "data.holdout=odd \"name\": #1\\x" };
    round_trip(plain, 0, NULL);
    round_trip(plain, 3, setting);
    round_trip(
        "data: {format: csv, train: [a.csv, \"b c.csv\"], label: '-1', header: false, standardize: true}\n"
        "model: {loss: {name: huber, delta: 2}, penalty: {l2: 1e-4}, layers: [{dense: 3, act: tanh, bias: false}, "
        "{act: {name: elu, alpha: 2}}, {norm: layer}, {dropout: 0.5}]}\n"
        "optimizer: {name: rmsprop, dialect: book}\n"
        "schedule: {name: linear, tau: 10 epochs, floor: 1e-5}\n"
        "train: {steps: 100, seconds: 2.5, batch: all, order: replacement}\n",
        0, NULL);
    round_trip("data: {format: digits}\nmodel: {layers: [{dense: classes}]}\noptimizer: {name: sgd, lr: 0.1}\n"
               "schedule: {name: sequence, parts: [{name: linear, tau: 2 epochs, span: 5 epochs}, "
               "{name: product, factor: 0.5, parts: [{name: cosine}, {name: step, every: 3 steps}]}]}\ntrain: {epochs: 9}\n",
               0, NULL);
    DIR *folder = opendir("examples");
    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        char path[512];
        size_t bytes;
        if (!strstr(e->d_name, ".yaml")) continue;
        snprintf(path, sizeof path, "examples/%s", e->d_name);
        char *text = slurp(path, &bytes);
        round_trip(text, 0, NULL);
        free(text);
    }
    closedir(folder);
}

static void test_origins(void **state)
{
    (void)state;
    const char *setting[] = { "train.epochs=5" };
    ds_config *c = good(plain, 1, setting);
    char *text = ds_config_write(c);
    assert_non_null(strstr(text, "\n  lr: 0.05  # good.yaml:11\n"));
    assert_non_null(strstr(text, "\n  epochs: 5  # command line\n"));
    assert_non_null(strstr(text, "\n  order: shuffle  # default\n"));
    assert_non_null(strstr(text, "\n    - conv: 8  # good.yaml:5\n"));
    assert_non_null(strstr(text, "\n      stride: 1  # default\n"));
    assert_non_null(strstr(text, "\n        - conv: 8  # good.yaml:7\n"));
    ds_config_free(c);
    /* a run that goes on writes it again: first origins stay, what is changed has its own */
    const char *later[] = { "train.batch=32" };
    ds_diagnostics *d;
    assert_int_equal(ds_config_parse(&c, ctx, "run/resolved.yaml", text, strlen(text), 1, later, &d), DS_OK);
    char *again = ds_config_rewrite(c);
    char *batch = strstr(text, "\n  batch: 64  # good.yaml:12\n");
    assert_non_null(batch);
    memcpy(batch, "\n  batch: 32  # command line\n", strlen("\n  batch: 32  # command line\n"));
    assert_string_equal(again, text);
    free(again);
    free(text);
    ds_config_free(c);
}

static uint64_t hash_of(const char *text)
{
    ds_config *c = good(text, 0, NULL);
    uint64_t h = ds_config_hash(c);
    ds_config_free(c);
    return h;
}

#define SMALL(layers, optimizer, train)                                                                                \
    "data: {format: digits}\nmodel: {layers: [{flatten: true}, " layers "]}\noptimizer: {" optimizer                   \
    "}\ntrain: {" train "}\n"

static void test_hash(void **state)
{
    (void)state;
    uint64_t h = hash_of(SMALL("{dense: 8}, {dense: 9}", "name: adam, lr: 0.01", "epochs: 1, batch: 64"));
    /* order of keys, spelling of numbers, defaults written out, other name of a key */
    assert_true(h == hash_of(SMALL("{dense: 8}, {dense: 9}", "lr: 1e-2, name: adam", "batch: 64, epochs: 1")));
    assert_true(h == hash_of(SMALL("{dense: 8, repeat: 1}, {dense: 09}",
                                   "name: adam, learning_rate: +0.010, beta1: 0.9", "epochs: 1, batch: 064, seed: 0")));
    /* one change each */
    assert_true(h != hash_of(SMALL("{dense: 9}, {dense: 8}", "name: adam, lr: 0.01", "epochs: 1, batch: 64")));
    assert_true(h != hash_of(SMALL("{dense: 8}, {dense: 9}", "name: adamw, lr: 0.01", "epochs: 1, batch: 64")));
    assert_true(h != hash_of(SMALL("{dense: 8}, {dense: 9}", "name: adam, lr: 0.02", "epochs: 1, batch: 64")));
    assert_true(h != hash_of(SMALL("{dense: 8}, {dense: 9}", "name: adam, lr: 0.01", "epochs: 64, batch: 1")));
    assert_true(h !=
                hash_of(SMALL("{dense: 8, act: relu}, {dense: 9}", "name: adam, lr: 0.01", "epochs: 1, batch: 64")));
}

/* ---- mistakes found later, colours ------------------------------------------------------------------------------- */

static void test_complain(void **state)
{
    (void)state;
    const char *setting[] = { "train.batch=70000" };
    ds_config *c = good(plain, 1, setting);
    ds_diagnostics *d = ds_config_complain(c, "model.layers.1.residual.0", "does not fit", "add {flatten: true}");
    assert_int_equal(ds_diagnostics_count(d), 1);
    const ds_diagnostic *m = ds_diagnostics_at(d, 0);
    assert_true(m->line == 7 && m->column == 12);
    assert_string_equal(m->text, "does not fit");
    assert_null(ds_diagnostics_at(d, 1));
    char *text = ds_diagnostics_text(d, true);
    assert_non_null(strstr(text, "\033[1mgood.yaml:7:12:\033[0m does not fit\n"));
    assert_non_null(strstr(text, "\033[31m^^^^\033[0m"));
    free(text);
    ds_diagnostics_free(d);
    d = ds_config_complain(c, "train.batch", "too large", NULL);
    assert_string_equal(ds_diagnostics_at(d, 0)->file, "command line");
    ds_diagnostics_free(d);
    d = ds_config_complain(c, "nothing.of.this", "no place", NULL);
    assert_int_equal(ds_diagnostics_at(d, 0)->line, 1);
    ds_diagnostics_free(d);
    ds_config_free(c);
}

static void test_missing_file(void **state)
{
    (void)state;
    ds_config *c;
    ds_diagnostics *d;
    assert_int_equal(ds_config_read(&c, ctx, "tests/no-such.yaml", 0, NULL, &d), DS_EIO);
    assert_true(!c && !d);
    assert_non_null(strstr(ds_error(ctx), "no-such.yaml"));
}

/* ---- edited files ------------------------------------------------------------------------------------------------ */

/* Good or bad, never a crash; mistakes have places inside the text. */
static void read_edited(const char *text, size_t bytes, const char *setting)
{
    ds_config *c;
    ds_diagnostics *d;
    ds_status status = ds_config_parse(&c, ctx, "edited.yaml", text, bytes, setting != NULL, &setting, &d);
    assert_true(status == DS_OK ? c && !d : !c && d && status == DS_ECONFIG);
    int lines = 2;
    for (size_t k = 0; k < bytes; k++) lines += text[k] == '\n' || text[k] == '\r';
    for (int k = 0; d && k < ds_diagnostics_count(d); k++) {
        const ds_diagnostic *m = ds_diagnostics_at(d, k);
        assert_true(m->line >= 0 && m->line <= lines && *m->text);
    }
    char *shown = d ? ds_diagnostics_text(d, false) : ds_config_write(c);
    assert_non_null(shown);
    free(shown);
    ds_diagnostics_free(d);
    ds_config_free(c);
}

static void test_edited(void **state)
{
    (void)state;
    static const char bits[] = "{}[]:,-#&*!|>'\"%@`?\n\n \t0\xc3\xa9~<";
    ds_rng rng = ds_rng_at(1, DS_FOR_TEST, 0, 0);
    for (int round = 0; round < 3000; round++) {
        char text[2048];
        size_t bytes = sizeof plain - 1;
        memcpy(text, plain, bytes);
        for (uint64_t edits = 1 + ds_rng_below(&rng, 6); edits; edits--) {
            size_t at = (size_t)ds_rng_below(&rng, bytes), more = (size_t)ds_rng_below(&rng, 12);
            uint64_t kind = ds_rng_below(&rng, 5);
            if (kind == 0) text[at] = (char)ds_rng_below(&rng, 256);
            if (kind == 1) text[at] = bits[ds_rng_below(&rng, sizeof bits - 1)];
            if (at + more >= bytes || bytes + more >= sizeof text - 1) continue;
            if (kind == 2) { /* cut out */
                memmove(text + at, text + at + more, bytes - at - more);
                bytes -= more;
            } else if (kind == 3) { /* say twice */
                memmove(text + at + more, text + at, bytes - at);
                bytes += more;
            } else if (kind == 4 && ds_rng_below(&rng, 20) == 0) { /* end here */
                bytes = at + 1;
            }
        }
        text[bytes] = 0;
        read_edited(text, bytes, NULL);
        text[ds_rng_below(&rng, 40)] = 0;
        read_edited(plain, sizeof plain - 1, text); /* the beginning as a setting */
    }
}

static void test_large(void **state)
{
    (void)state;
    enum { BYTES = 200000 };
    static const char *const unit[] = { "[", "{a: ", "- ", "a: b\n", "? ", "\"", "&a ", "data: {x: 1}\n", "  " };
    char *text = calloc(1, BYTES + 1);
    assert_non_null(text);
    for (size_t u = 0; u < sizeof unit / sizeof *unit; u++) {
        size_t n = strlen(unit[u]), most = u == 3 || u == 7 ? 20000 : BYTES;
        for (size_t at = 0; at < most; at++) text[at] = unit[u][at % n];
        text[most] = 0;
        read_edited(text, most, NULL);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),          cmocka_unit_test(test_values),       cmocka_unit_test(test_types),
        cmocka_unit_test(test_settings),     cmocka_unit_test(test_changed_rule), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_origins),      cmocka_unit_test(test_hash),         cmocka_unit_test(test_complain),
        cmocka_unit_test(test_missing_file), cmocka_unit_test(test_edited),       cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
