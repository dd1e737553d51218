/* test_model.c - descriptions of networks: names and shapes of parameters, every message about shapes and keys, layers
 * made piece by piece, the order of flat rows. */
#include "test_nn_support.h"

static void names_and_shapes(void **state)
{
    static const char *const want[] = { "0.weight 16x1x3x3",
                                        "0.norm.weight 16",
                                        "0.norm.bias 16",
                                        "1.0.weight 16x16x3x3",
                                        "1.0.norm.weight 16",
                                        "1.0.norm.bias 16",
                                        "1.1.weight 16x16x3x3",
                                        "1.1.bias 16",
                                        "2.0.weight 16x16x3x3",
                                        "2.0.norm.weight 16",
                                        "2.0.norm.bias 16",
                                        "2.1.weight 16x16x3x3",
                                        "2.1.bias 16",
                                        "3.0.weight 8x16x3x3",
                                        "3.0.bias 8",
                                        "3.shortcut.weight 8x16x1x1",
                                        "3.shortcut.bias 8",
                                        "5.weight 7x392",
                                        "5.bias 7",
                                        "6.weight 7x7",
                                        "6.bias 7",
                                        "head.weight 3x7",
                                        NULL };
    static const char *const lines[] = { "conv 16 kernel=3 pad=same norm=batch",
                                         "residual repeat=2",
                                         "conv 16 kernel=3 pad=same norm=layer act=relu",
                                         "conv 16 kernel=3 pad=same",
                                         "end",
                                         "residual shortcut=conv",
                                         "conv 8 kernel=3 pad=same stride=2",
                                         "end",
                                         "flatten",
                                         "dense 7 act=relu repeat=2",
                                         "dense classes name=head bias=false",
                                         NULL };
    ds_ctx *ctx = *state;
    ds_problem_settings s = { .sample = DS_SHAPE(1, 14, 14), .classes = 3 };
    ds_problem *p = problem_of(ctx, lines, &s);
    const ds_space *space = ds_problem_space(p);
    int i = 0;
    for (; want[i] && i < ds_space_count(space); i++) {
        char text[128], shape[64];
        snprintf(text, sizeof text, "%s %s", ds_space_segment(space, i)->name,
                 ds_shape_text(ds_space_segment(space, i)->shape, shape, sizeof shape));
        assert_string_equal(text, want[i]);
    }
    assert_true(!want[i] && i == ds_space_count(space));
    assert_int_equal(ds_space_count(ds_problem_statistics(p)), 2);
    int64_t parameters = 0;
    for (int k = 0; k < ds_problem_layers(p); k++) parameters += ds_problem_layer(p, k)->parameters;
    assert_int_equal(parameters, ds_space_elements(space));
    const ds_layer_summary *conv = ds_problem_layer(p, 0);
    assert_true(ds_shape_equal(conv->output, DS_SHAPE(16, 14, 14)) && conv->flops == 2.0 * 9 * 16 * 14 * 14);
    ds_problem_free(p);
}

/* Text of layers -> what the message must hold. */
static const struct mistake {
    const char *lines[4], *says;
} mistakes[] = {
    { { "conv 4 kernel=3", "dense 5" },
      "layer 1 \"dense\" wants a flat input but receives 4x6x6; add {flatten: true} or {pool: global-average} before "
      "it" },
    { { "flatten", "conv 4 kernel=3" }, "layer 1 \"conv\" wants images (channels x height x width) but receives 192" },
    { { "flatten", "pool max size=2" },
      "layer 1 \"pool\" wants images (channels x height x width) but receives 192; put it before {flatten: true}" },
    { { "flatten", "flatten" }, "layer 1 \"flatten\" wants images (channels x height x width) but receives 192" },
    { { "conv 4 kernel=9" }, "layer 0 \"conv\" wants an image no smaller than its kernel but receives 3x8x8" },
    { { "conv 4 kernel=3 groups=2" },
      "layer 0 \"conv\" wants input and output channels that groups divides but receives 3x8x8" },
    { { "conv 4" }, "layer 0: \"conv\" needs option \"kernel\"" },
    { { "pool max size=9" }, "layer 0 \"pool\" wants an image no smaller than its window but receives 3x8x8" },
    { { "pool average" }, "layer 0 \"pool\" wants a window but receives 3x8x8; add size: 2" },
    { { "pool global-average size=2" }, "layer 0 \"pool\" wants no size and no stride" },
    { { "residual", "conv 4 kernel=3 pad=same", "end" },
      "layer 0 \"residual\" wants what its inner layers give, 4x8x8, but receives 3x8x8; use shortcut: conv" },
    { { "residual shortcut=conv", "flatten", "end" },
      "layer 0 \"residual\" wants images inside and out for its shortcut but receives 3x8x8" },
    { { "residual shortcut=pad", "conv 2 kernel=3 pad=same", "end" }, "padding cannot take channels away" },
    { { "residual shortcut=conv", "conv 2 kernel=4", "end" },
      "layer 0 \"residual\" wants what its inner layers give, 2x5x5, but receives 3x8x8; no stride" },
    { { "residual", "end" }, "layer 0 \"residual\" has no inner layers" },
    { { "residual shortcut=conv", "dense 4", "end" }, "layer 0.0 \"dense\" wants a flat input but receives 3x8x8" },
    { { "conv 5 kernel=3" },
      "the network gives images of 5x6x6; end it with {flatten: true} or {pool: global-average} and {dense: classes}" },
    { { "flatten", "dense 5" },
      "the network gives 5 outputs a row, but the data has 10 classes; end it with {dense: classes}" },
    { { "flatten", "dense 5 bias=marginals", "dense classes" },
      "layer 1 \"dense\" has 5 outputs, but bias: marginals wants as many as there are classes or targets, 10" },
    { { "flatten", "dense 5 name=a", "dense classes name=a" }, "two parameters are called \"a.weight\"" },
    { { "dens 5" }, "no layer is called \"dens\"; did you mean \"dense\"?" },
    { { "dense" }, "layer \"dense\" wants a value" },
    { { "dense many" }, "found \"many\"; wanted a number of outputs or \"classes\"" },
    { { "dense 0" }, "found \"0\"" },
    { { "dense 5 actt=relu" }, "layer \"dense\" has no option \"actt\"; did you mean \"act\"?" },
    { { "dense 5 act=rleu" }, "no activation is called \"rleu\"; did you mean \"relu\"?" },
    { { "dense 5 act=elu(beta=1)" }, "\"elu\" has no option \"beta\"" },
    { { "dense 5 init=normal(std=-1)" }, "option \"std\" of \"normal\": found \"-1\", wanted a number from 0" },
    { { "dense 5 init=constant" }, "\"constant\" needs option \"value\"" },
    { { "dense 5 bias=maybe" }, "found bias \"maybe\", wanted true, false, a number or marginals" },
    { { "dense 5 repeat=0" }, "repeat is \"0\"" },
    { { "dense 5 relu" }, "found \"relu\"; wanted key=value" },
    { { "dense 5 name=a.b" }, "wanted a word without dots" },
    { { "conv 4 kernel=3 pad=half" }, "pad is \"half\"; wanted \"same\" or a number" },
    { { "conv 4 kernel=0" }, "option \"kernel\": found \"0\", wanted a whole number from 1" },
    { { "flatten false" }, "found \"false\"; wanted true" },
    { { "dropout 1" }, "option \"dropout\": found \"1\", wanted a number from 0 to 0.999" },
    { { "flatten act=relu" }, "layer \"flatten\": \"act\" would have no effect" },
    { { "pool max size=2 init=he" }, "layer \"pool\": \"init\" would have no effect" },
    { { "end" }, "\"end\" without a \"residual\" before it" },
};

static void mistakes_are_told(void **state)
{
    ds_ctx *ctx = *state;
    for (size_t k = 0; k < sizeof mistakes / sizeof mistakes[0]; k++) {
        ds_problem_settings s = { .sample = DS_SHAPE(3, 8, 8), .classes = 10 };
        ds_model *m;
        ds_problem *p = NULL;
        OK(ds_model_create(&m, ctx));
        ds_status status = DS_OK;
        for (int i = 0; i < 4 && mistakes[k].lines[i] && status == DS_OK; i++)
            status = ds_model_add(m, mistakes[k].lines[i]);
        if (status == DS_OK) status = ds_problem_create(&p, ctx, m, &s);
        if (status == DS_OK || !strstr(ds_error(ctx), mistakes[k].says))
            fail_msg("%s: said \"%s\"\nwanted \"%s\"", mistakes[k].lines[0], ds_error(ctx), mistakes[k].says);
        assert_null(p);
        ds_model_free(m);
    }
}

/* Rows come channels last and leave in channel, row, column order. */
static void flatten_order(void **state)
{
    ds_ctx *ctx = *state;
    ds_problem_settings s = { .sample = DS_SHAPE(2, 3, 4), .targets = 24, .dtype = DS_F64 };
    ds_problem *p = problem_of(ctx, (const char *const[]){ "flatten", NULL }, &s);
    double *x = ds_buffer_alloc(48 * sizeof *x), *theta = vector_of(p);
    const void *z;
    for (int n = 0; n < 2; n++)
        for (int c = 0; c < 2; c++)
            for (int k = 0; k < 12; k++) x[24 * n + 2 * k + c] = 24 * n + 12 * c + k;
    ds_batch b = { .n = 2, .x = x };
    OK(ds_problem_outputs(p, &(ds_at){ .batch = &b, .theta = theta }, &z, NULL));
    for (int i = 0; i < 48; i++) assert_true(((const double *)z)[i] == i);
    ds_buffer_free(x);
    ds_buffer_free(theta);
    ds_problem_free(p);
}

/* What a reader of configs does: pieces instead of text. */
static void pieces_equal_text(void **state)
{
    ds_ctx *ctx = *state;
    ds_model *m;
    ds_layer_spec *block, *inner;
    OK(ds_model_create(&m, ctx));
    OK(ds_model_layer(m, NULL, "residual", NULL, &block));
    OK(ds_model_set(m, block, "act", "relu"));
    OK(ds_model_layer(m, block, "conv", "3", &inner));
    OK(ds_model_set(m, inner, "kernel", "3"));
    OK(ds_model_set(m, inner, "pad", "same"));
    OK(ds_model_layer(m, NULL, "flatten", NULL, NULL));
    OK(ds_model_layer(m, NULL, "dense", "classes", NULL));
    ds_problem_settings s = { .sample = DS_SHAPE(3, 8, 8), .classes = 10 };
    ds_problem *p;
    OK(ds_problem_create(&p, ctx, m, &s));
    assert_int_equal(ds_space_find(ds_problem_space(p), "0.0.weight"), 0);
    assert_int_equal(ds_space_find(ds_problem_space(p), "2.bias"), 3);
    assert_int_equal(ds_model_layer(m, inner, "flatten", NULL, NULL), DS_ECONFIG);
    ds_model_free(m);
    ds_problem_free(p);
}

static int open_ctx(void **state) { return ds_ctx_create((ds_ctx **)state, 1) != DS_OK; }
static int close_ctx(void **state)
{
    ds_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_shapes),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(pieces_equal_text),
        cmocka_unit_test(flatten_order),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
