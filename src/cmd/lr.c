/* lr.c - `descent lr`: which rate to start from, by a short test on a copy, with the curve and the reason. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config_args.h"

static const ds_option flags[] = {
    { .name = "from", .type = DS_OPT_REAL, .lo = 1e-30, .hi = 1e9, .def = "1e-6", .help = "first rate of the sweep" },
    { .name = "to", .type = DS_OPT_REAL, .lo = 1e-30, .hi = 1e9, .def = "10", .help = "last rate of the sweep" },
    { .name = "steps",
      .type = DS_OPT_INT,
      .lo = 8,
      .hi = 1000000,
      .def = "100",
      .help = "steps of the sweep, and of each trial at one rate" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object on standard output" },
    { 0 },
};

extern const ds_command ds_command_lr;

enum { WIDTH = 64, HEIGHT = 12 };

/* ---- the curve --------------------------------------------------------------------------------------------------- */

/* Loss of the sweep against the logarithm of the rate; the top is a little above the first loss. */
static void plot(const ds_range *r)
{
    char field[HEIGHT][WIDTH + 1];
    double low = r->first, high = 1.25 * r->first;
    int64_t last = 0;
    for (int64_t k = 0; k < r->count; k++) {
        if (r->sweep[k].loss < low) low = r->sweep[k].loss;
        if (r->sweep[k].good) last = k;
    }
    for (int y = 0; y < HEIGHT; y++) {
        memset(field[y], ' ', WIDTH);
        field[y][WIDTH] = 0;
    }
    for (int x = 0; x < WIDTH && high > low; x++) {
        double loss = r->sweep[last * x / (WIDTH - 1)].loss;
        int y = (int)((high - loss) / (high - low) * (HEIGHT - 1) + 0.5);
        field[y < 0 || isnan(loss) ? 0 : y >= HEIGHT ? HEIGHT - 1 : y][x] = '*';
    }
    printf("loss of the sweep, smoothed\n");
    for (int y = 0; y < HEIGHT; y++) printf("%9.4g |%s\n", high - (high - low) * y / (HEIGHT - 1), field[y]);
    char ends[WIDTH + 32];
    snprintf(ends, sizeof ends, "%-*.2g%.2g", WIDTH - 6, r->sweep[0].lr, r->sweep[last].lr);
    printf("%9s +", "");
    for (int x = 0; x < WIDTH; x++) putchar('-');
    printf("\n%11s%s\n", "", ends);
}

static int by_rate(const void *a, const void *b)
{
    double x = ((const ds_rate_trial *)a)->lr, y = ((const ds_rate_trial *)b)->lr;
    return (x > y) - (x < y);
}

static void print_trials(ds_range *r, int64_t steps)
{
    qsort(r->trial, (size_t)r->trials, sizeof r->trial[0], by_rate);
    printf("\n%10s  loss after %lld steps\n", "rate", (long long)steps);
    for (int i = 0; i < r->trials; i++) {
        const ds_rate_trial *t = &r->trial[i];
        char loss[32];
        snprintf(loss, sizeof loss, t->good ? "%.4g" : "blew up", t->loss);
        printf("%10.3g  %-10s%s%s\n", t->lr, loss, t->lr == r->best ? " best" : "",
               t->lr == r->chosen ? " chosen" : "");
    }
}

static void print_json(const ds_range *r)
{
    printf("{\"chosen\": ");
    ds_print_json_number(stdout, r->chosen > 0 ? r->chosen : NAN);
    printf(", \"best\": ");
    ds_print_json_number(stdout, r->best > 0 ? r->best : NAN);
    printf(", \"first_loss\": ");
    ds_print_json_number(stdout, r->first);
    printf(", \"reason\": ");
    ds_print_json_text(stdout, r->reason);
    for (int list = 0; list < 2; list++) {
        const ds_rate_trial *t = list ? r->trial : r->sweep;
        printf(", \"%s\": [", list ? "trials" : "sweep");
        for (int64_t k = 0; k < (list ? r->trials : r->count); k++) {
            printf("%s[", k ? ", " : "");
            ds_print_json_number(stdout, t[k].lr);
            printf(", ");
            ds_print_json_number(stdout, t[k].loss);
            printf("]");
        }
        printf("]");
    }
    printf("}\n");
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static void show_progress(void *arg, int64_t steps)
{
    (void)arg;
    if (steps % 10 == 0) fprintf(stderr, "\r%lld steps tried ", (long long)steps);
}

static int test(ds_ctx *ctx, ds_session *s, const ds_args *a)
{
    const ds_command *c = &ds_command_lr;
    bool json = ds_args_flag(a, c, "json")->integer, bar = ds_is_terminal(stderr);
    ds_range r;
    ds_range_settings set = { .from = ds_args_flag(a, c, "from")->real,
                              .to = ds_args_flag(a, c, "to")->real,
                              .steps = ds_args_flag(a, c, "steps")->integer,
                              .progress = bar ? show_progress : NULL };
    ds_status status = ds_session_init(s);
    if (status == DS_OK) status = ds_range_test(s, &set, &r);
    if (bar) fprintf(stderr, "\r%30s\r", "");
    if (status != DS_OK) return ds_complain_status(ctx, status);
    if (json) {
        print_json(&r);
    } else {
        plot(&r);
        print_trials(&r, set.steps);
        if (r.chosen > 0) printf("\noptimizer.lr=%.3g: ", r.chosen);
        printf("%s\n", r.reason);
    }
    bool found = r.chosen > 0;
    ds_range_free(&r);
    return found ? DS_EXIT_OK : DS_EXIT_FAILED;
}

static int run(ds_ctx *ctx, int argc, char **argv)
{
    ds_args a;
    ds_config *config;
    ds_session *session;
    int code = ds_args_parse(&a, &ds_command_lr, argc, argv);
    if (code) return code;
    code = ds_config_from_args(&config, ctx, &a, &ds_command_lr);
    if (code) return code;
    code = ds_session_from_config(&session, ctx, config, NULL);
    if (!code) {
        code = test(ctx, session, &a);
        ds_session_free(session);
    }
    ds_config_free(config);
    return code;
}

const ds_command ds_command_lr = {
    .head = { .name = "lr", .summary = "choose the rate to start from by a short test", .options = flags },
    .usage = "CONFIG [key=value...] [--from LR] [--to LR] [--steps N] [--json]",
    .run = run,
    .about =
        "Trains on a copy and keeps nothing. A sweep raises the rate exponentially, one step each, and shows where "
        "the loss falls and where it blows up. Trials then train for --steps steps at a constant rate, each from the "
        "same weights over the same batches, halving and doubling until the best rate is enclosed. Chosen is 1.5 "
        "times the best rate when that still keeps nine tenths of the progress, since the rate that is best in the "
        "first hundred steps is on the low side for a whole training; otherwise the best itself.\n"
        "The same config and seed give the same answer on any machine. Exit 1 when no rate made progress.",
    .example = "descent lr examples/digits.yaml\n"
               "descent lr examples/mnist-mlp.yaml optimizer.name=momentum --steps 200",
};
