/* test_norm.c - batch norm between convolutions: the sums that a convolution's epilogue takes along have the bits of the
 * reference, for images of one and of several leaves, channels beside the vectors, few images cut in strips, and all
 * numbers of threads. */
#include "test_graph_support.h"

enum { INPUTS = 5, OUTPUTS = 8 };

typedef struct net {
    ds_val in[INPUTS], out[OUTPUTS]; /* x, two weights, gamma, beta; their gradients, the loss, mean, variance */
} net;

/* conv, norm, relu, residual conv, norm; the loss and all gradients. */
static net build(ds_graph *g, ds_dtype t, int64_t n, int64_t side, int64_t c, int64_t stride)
{
    ds_conv_shape same = { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }, first = { { stride, stride }, { 1, 1 }, { 1, 1 }, 1 };
    net k = { .in = { ds_input(g, "x", t, DS_SHAPE(n, side, side, 3)), ds_input(g, "w", t, DS_SHAPE(3, 3, 3, c)),
                      ds_input(g, "u", t, DS_SHAPE(3, 3, c, c)), ds_input(g, "gamma", t, DS_SHAPE(c)),
                      ds_input(g, "beta", t, DS_SHAPE(c)) } };
    ds_norm_out a = ds_batch_norm(g, ds_conv(g, k.in[0], k.in[1], first), k.in[3], k.in[4], 1e-5);
    ds_val h = ds_relu(g, a.y);
    ds_norm_out b = ds_batch_norm(g, ds_conv(g, h, k.in[2], same), k.in[3], k.in[4], 1e-5);
    ds_val loss = ds_mean(g, ds_square(g, ds_relu(g, ds_add(g, b.y, h))), 15);
    ds_grad(g, loss, INPUTS, k.in, k.out);
    k.out[5] = loss;
    k.out[6] = a.mean;
    k.out[7] = b.var;
    return k;
}

/* One planned net. */
typedef struct run {
    ds_graph *g;
    ds_plan *p;
    net k;
} run;

static run make(ds_ctx *ctx, const char *backend, bool unfused, ds_dtype t, const int64_t *size)
{
    run r;
    OK(ds_graph_create(&r.g, ctx));
    r.k = build(r.g, t, size[0], size[1], size[2], size[3]);
    OK(ds_plan_create(&r.p, r.g, OUTPUTS, r.k.out, &(ds_plan_options){ .backend = backend, .unfused = unfused }));
    return r;
}

static void end(run *r)
{
    ds_plan_free(r->p);
    ds_graph_free(r->g);
}

/* Run both on the same data; whether all outputs are equal. */
static void compare(ds_ctx *ctx, ds_dtype t, uint64_t seed, run *want, run *found, const char *what)
{
    void *data[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
        int64_t count = ds_shape_count(ds_val_shape(want->g, want->k.in[i]));
        data[i] = memory_for(t, count);
        fill_uniform(t, data[i], count, seed + (uint64_t)i, i == 3 ? 0.5 : -1, 1);
        OK(ds_plan_bind(want->p, want->k.in[i], data[i]));
        OK(ds_plan_bind(found->p, found->k.in[i], data[i]));
    }
    OK(ds_plan_run(want->p));
    OK(ds_plan_run(found->p));
    for (int i = 0; i < OUTPUTS; i++) {
        const void *a = ds_plan_data(want->p, want->k.out[i]), *b = ds_plan_data(found->p, found->k.out[i]);
        int64_t at = first_difference(t, ds_shape_count(ds_val_shape(want->g, want->k.out[i])), a, b);
        if (at >= 0)
            WRONG("%s, %s, %d threads: output %d differs at %lld: %.17g, wanted %.17g", what, ds_dtype_name(t),
                  ds_ctx_threads(ctx), i, (long long)at, get(t, b, at), get(t, a, at));
    }
    for (int i = 0; i < INPUTS; i++) ds_buffer_free(data[i]);
}

static void same_as_reference(void **state)
{
    /* images, side, channels, stride */
    static const int64_t sizes[][4] = { { 3, 8, 16, 1 }, { 1, 16, 5, 1 },  { 5, 16, 18, 1 },
                                        { 2, 32, 3, 2 }, { 1, 32, 20, 1 }, { 3, 7, 16, 1 } };
    for (uint64_t s = 0; s < 2 * sizeof sizes / sizeof sizes[0]; s++)
        for (int c = 0; c < THREAD_COUNTS; c++) {
            ds_ctx *ctx = ((ds_ctx **)*state)[c];
            ds_dtype t = s & 1 ? DS_F64 : DS_F32;
            run want = make(ctx, "ref", false, t, sizes[s / 2]), fused = make(ctx, "cpu", false, t, sizes[s / 2]),
                single = make(ctx, "cpu", true, t, sizes[s / 2]);
            compare(ctx, t, 7 * s, &want, &fused, "fused");
            compare(ctx, t, 7 * s, &want, &single, "unfused");
            end(&want);
            end(&fused);
            end(&single);
        }
    none_wrong();
}

/* Means and the sums of gradients cost no pass of their own where images are whole leaves. */
static void sums_are_taken_along(void **state)
{
    static char text[1 << 16];
    for (int k = 0; k < 2; k++) {
        run r = make(((ds_ctx **)*state)[0], "cpu", false, DS_F32, (int64_t[]){ 2, k ? 7 : 8, 16, 1 });
        ds_plan_text(r.p, text, sizeof text);
        assert_int_equal(strstr(text, "1 sums") != NULL, k == 0);
        assert_int_equal(strstr(text, "3 sums") != NULL, k == 0);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(same_as_reference), cmocka_unit_test(sums_are_taken_along) };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
