/* train_xor.c - the library in one screen: a network that learns exclusive or by full-batch gradients. Prints the four
 * outputs. Build: cc train_xor.c $(pkg-config --cflags --libs descent) */
#include <stdio.h>
#include <string.h>

#include <descent/graph.h>
#include <descent/optim.h>
#include <descent/problem.h>

static int fail(ds_ctx *ctx)
{
    fprintf(stderr, "%s\n", ds_error(ctx));
    return 1;
}

int main(void)
{
    ds_ctx *ctx;
    ds_model *model;
    ds_problem *problem;
    ds_optim *optim;
    if (ds_ctx_create(&ctx, 1) || ds_model_create(&model, ctx)) return 1;
    if (ds_model_add(model, "dense 8 act=tanh") || ds_model_add(model, "dense 1")) return fail(ctx);
    const ds_problem_settings p = { .loss = "binary-cross-entropy", .sample = DS_SHAPE(2), .targets = 1 };
    if (ds_problem_create(&problem, ctx, model, &p)) return fail(ctx);

    int64_t n = ds_space_dim(ds_problem_space(problem));
    ds_optim_settings o = { .n = n };
    if (ds_rule_parse(ctx, "adam(lr=0.05)", &o.rule) || ds_optim_create(&optim, ctx, &o)) return fail(ctx);
    float *theta = ds_buffer_alloc((size_t)n * 4), *gradient = ds_buffer_alloc((size_t)n * 4);
    float *x = ds_buffer_alloc(32), *y = ds_buffer_alloc(16);
    memcpy(x, (float[]){ 0, 0, 0, 1, 1, 0, 1, 1 }, 32);
    memcpy(y, (float[]){ 0, 1, 1, 0 }, 16);

    ds_batch batch = { .n = 4, .x = x, .y = y };
    ds_at at = { .batch = &batch, .theta = theta, .mode = DS_MODE_TRAIN };
    double loss = 0;
    if (ds_problem_init(problem, 1, theta, NULL)) return fail(ctx);
    for (int step = 0; step < 500; step++)
        if (ds_problem_gradient(problem, &at, gradient, &loss) ||
            ds_optim_step(optim, theta, gradient, ds_optim_lr(optim)))
            return fail(ctx);

    const void *z;
    if (ds_problem_outputs(problem, &at, &z, NULL)) return fail(ctx);
    for (int i = 0; i < 4; i++) printf("%g xor %g = %d\n", x[2 * i], x[2 * i + 1], ((const float *)z)[i] > 0);
    printf("loss %.4f\n", loss);
    ds_buffer_free(theta), ds_buffer_free(gradient), ds_buffer_free(x), ds_buffer_free(y);
    ds_optim_free(optim), ds_problem_free(problem), ds_model_free(model), ds_ctx_free(ctx);
    return 0;
}
