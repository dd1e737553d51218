/* train_mnist.c - a session in one screen: MNIST from a folder (argument 1), or generated digits without one; two
 * epochs, then the test set. Build: cc train_mnist.c $(pkg-config --cflags --libs descent) */
#include <stdio.h>

#include <descent/train.h>

static void on_epoch(void *arg, const ds_epoch_report *r)
{
    (void)arg;
    printf("epoch %lld  loss %.4f  error %.2f%%  %.1f s\n", (long long)r->epoch, r->train_loss, 100 * r->train_error,
           r->seconds);
}

int main(int argc, char **argv)
{
    static const char *const layers[] = { "flatten", "dense 128 act=relu", "dense classes" };
    ds_ctx *ctx;
    ds_model *model;
    ds_session *session;
    ds_outcome outcome;
    ds_score score;
    if (ds_ctx_create(&ctx, 0)) return 1;
    ds_status s = ds_model_create(&model, ctx);
    for (int k = 0; k < 3 && !s; k++) s = ds_model_add(model, layers[k]);

    ds_session_settings set = {
        .data = ds_data_defaults(), .model = model, .epochs = 2, .steps = -1, .batch = 128, .seed = 1
    };
    if (argc > 1) {
        set.data.format = "idx";
        set.data.path = argv[1];
    }
    set.data.scale_given = true;
    set.data.scale[1] = 1;
    if (!s) s = ds_rule_parse(ctx, "adam(lr=2e-3)", &set.optimizer.rule);
    if (!s) s = ds_session_create(&session, ctx, &set, NULL);
    if (!s) s = ds_session_init(session);
    ds_watcher watcher = { .epoch = on_epoch };
    if (!s) s = ds_train(session, NULL, &watcher, &outcome);
    if (!s) s = ds_session_score(session, DS_TEST, &score);
    if (s) {
        fprintf(stderr, "%s\n", ds_error(ctx));
        return 1;
    }
    printf("%s\ntest accuracy %.2f%% on %lld rows\n", outcome.text, 100 * score.accuracy, (long long)score.rows);
    ds_session_free(session);
    ds_model_free(model);
    ds_ctx_free(ctx);
    return 0;
}
