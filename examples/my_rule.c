/* my_rule.c - an optimizer rule of yours, without a change to the library: its options, its scalars, its update as a
 * graph. It passes the laws that the library's own rules pass, and trains a network that learns exclusive or.
 *
 *   m <- beta m + (1 - beta) g;  theta <- theta - lr e^(sign(g) sign(m)) g      (PowerSign, Bello et al. 2017)
 *
 * Build: cc my_rule.c $(pkg-config --cflags --libs descent) */
#include <stdio.h>
#include <string.h>

#include <descent/graph.h>
#include <descent/rule.h>

static void scalars(const ds_rule_step *s, double *out) { out[0] = s->lr; }

static void update(ds_rule_build *b)
{
    double beta = ds_rule_real(&b->option, "beta1");
    ds_rule_state *m = ds_rule_keep(b, "m", 0); /* saved and resumed by being kept */
    m->next = ds_rule_mix(b, beta, m->now, 1 - beta, b->grad);
    ds_val agree = ds_mul(b->g, ds_sign(b->g, b->grad), ds_sign(b->g, m->next));
    ds_val step = ds_mul(b->g, ds_mul(b->g, ds_rule_scalar(b, 0), ds_exp(b->g, agree)), b->grad);
    b->theta_next = ds_rule_moved(b, b->theta, step);
}

static const ds_option options[] = { DS_RULE_LR("0.1"), DS_RULE_BETA(1, "0.9", "decay of the mean gradient"),
                                     DS_RULE_END };
static const ds_rule_def power_sign = {
    .head = { .name = "power-sign", .summary = "longer steps where gradient and mean agree", .options = options },
    .scalars = scalars,
    .update = update,
};

int main(void)
{
    ds_ctx *ctx, *three;
    ds_laws laws = { .count = 0 };
    ds_optim_settings o = { .n = 0 };
    ds_model *model;
    ds_problem *problem;
    ds_optim *optim;
    if (ds_ctx_create(&ctx, 1) || ds_ctx_create(&three, 3)) return 1;
    if (ds_rule_register(ctx, &power_sign) || ds_rule_laws(ctx, three, &power_sign.head, &laws)) goto failed;
    for (int k = 0; k < laws.count; k++) printf("%s %s\n", laws.law[k], laws.kept[k] ? "kept" : "BROKEN");

    const ds_problem_settings p = { .loss = "binary-cross-entropy", .sample = DS_SHAPE(2), .targets = 1 };
    if (ds_model_create(&model, ctx) || ds_model_add(model, "dense 8 act=tanh") || ds_model_add(model, "dense 1") ||
        ds_problem_create(&problem, ctx, model, &p) || ds_rule_parse(ctx, "power-sign(lr=0.2)", &o.rule))
        goto failed;
    o.n = ds_space_dim(ds_problem_space(problem));
    float *theta = ds_buffer_alloc((size_t)o.n * 4), *gradient = ds_buffer_alloc((size_t)o.n * 4);
    float x[] = { 0, 0, 0, 1, 1, 0, 1, 1 }, y[] = { 0, 1, 1, 0 };
    const ds_at at = { &(ds_batch){ .n = 4, .x = x, .y = y }, theta, DS_MODE_TRAIN, 0, 0 };
    double loss = 0;
    if (ds_optim_create(&optim, ctx, &o) || ds_problem_init(problem, 1, theta, NULL)) goto failed;
    for (int step = 0; step < 500; step++)
        if (ds_problem_gradient(problem, &at, gradient, &loss) || ds_optim_step(optim, theta, gradient, 0.2))
            goto failed;
    printf("loss %.4f after 500 steps\n", loss);
    ds_buffer_free(theta), ds_buffer_free(gradient), ds_optim_free(optim), ds_problem_free(problem),
        ds_model_free(model);
    ds_ctx_free(three), ds_ctx_free(ctx);
    return 0;
failed:
    fprintf(stderr, "%s\n", ds_error(ctx));
    return 1;
}
