/* check.c - `descent check`: reads a config and trains nothing: shapes per layer, parameters, memory, first loss
 * against chance, gradient check in f64, time per epoch. Exit 1 when a check fails. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "config_args.h"
#include "descent/graph.h"
#include "descent/random.h"
#include "routing.h"

static const ds_option flags[] = {
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object on standard output" },
    { 0 },
};

enum { DIRECTIONS = 20, ROWS = 8 };

typedef struct findings {
    int64_t parameters;
    size_t bytes;
    double loss, chance, gradient, epoch_seconds;
    bool loss_ok, gradient_ok, one_class;
    ds_optim *groups; /* NULL: one rule moves all */
} findings;

static bool all_good(const findings *f) { return f->loss_ok && f->gradient_ok && !f->one_class; }

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void show_data(ds_session *s)
{
    ds_dataset *d = ds_session_data(s);
    char shape[64];
    printf("data      %lld train, %lld held out, %lld test rows of %s",
           (long long)ds_view_rows(ds_dataset_view(d, DS_TRAIN)), (long long)ds_view_rows(ds_dataset_view(d, DS_VAL)),
           (long long)ds_view_rows(ds_dataset_view(d, DS_TEST)),
           ds_shape_text(ds_dataset_sample(d), shape, sizeof shape));
    if (ds_dataset_classes(d))
        printf(", %d classes\n", ds_dataset_classes(d));
    else
        printf(", %lld targets\n", (long long)ds_dataset_targets(d));
}

static void show_layers(ds_problem *p)
{
    printf("%-9s %-10s %-14s %12s %12s\n", "layer", "kind", "output", "parameters", "Mflop a row");
    for (int i = 0; i < ds_problem_layers(p); i++) {
        const ds_layer_summary *l = ds_problem_layer(p, i);
        char shape[64];
        printf("%-9s %-10s %-14s %12lld %12.3f\n", l->name, l->kind, ds_shape_text(l->output, shape, sizeof shape),
               (long long)l->parameters, l->flops / 1e6);
    }
}

/* A loader and its first batch, valid while the loader is there. */
static ds_status first_batch(ds_ctx *ctx, const ds_loader_settings *set, ds_loader **l, ds_batch *b)
{
    ds_status status = ds_loader_create(l, ctx, set);
    if (status != DS_OK) return status;
    const ds_batch *first = ds_loader_next(*l);
    if (first) {
        *b = *first;
        return DS_OK;
    }
    status = ds_loader_status(*l);
    ds_loader_free(*l);
    return status;
}

/* First batch of the training order, its loss before any step, and the time of a few steps. */
static ds_status first_steps(ds_ctx *ctx, ds_session *s, findings *f)
{
    ds_problem *p = ds_session_problem(s);
    ds_loader *l;
    ds_loader_settings set = { .view = ds_dataset_view(ds_session_data(s), DS_TRAIN),
                               .sampler = "shuffle",
                               .batch = ds_session_batch(s),
                               .dtype = ds_problem_dtype(p) };
    size_t bytes = (size_t)ds_space_dim(ds_problem_space(p)) * ds_dtype_bytes(ds_problem_dtype(p));
    void *g = ds_buffer_alloc(bytes);
    ds_batch b;
    ds_status status = g ? first_batch(ctx, &set, &l, &b) : DS_EMEM;
    if (status != DS_OK) {
        ds_buffer_free(g);
        return status;
    }
    double best = INFINITY, value;
    ds_at at = { &b, ds_session_theta(s), DS_MODE_ROWS, 0, 0 };
    status = ds_problem_value(p, &at, &f->loss);
    at.mode = DS_MODE_TRAIN;
    for (int k = 0; k < 4 && status == DS_OK; k++) {
        double from = seconds_now();
        status = ds_problem_gradient(p, &at, g, &value);
        if (k > 0) best = fmin(best, seconds_now() - from); /* the first run warms up */
    }
    f->epoch_seconds = best * (double)ds_session_batches(s);
    f->bytes = ds_problem_bytes(p) + 4 * bytes + ds_loader_bytes(l);
    ds_loader_free(l);
    ds_buffer_free(g);
    return status;
}

/* Directional derivatives in f64 against centred differences, the best of four steps each: kinks crossed weigh less the
 * smaller the step. */
static ds_status gradient_check(ds_ctx *ctx, ds_session *s, findings *f)
{
    ds_problem *p = ds_session_problem(s);
    int64_t dim = ds_space_dim(ds_problem_space(p)), rows = ds_view_rows(ds_dataset_view(ds_session_data(s), DS_TRAIN));
    ds_loader *l;
    ds_loader_settings set = { .view = ds_dataset_view(ds_session_data(s), DS_TRAIN),
                               .sampler = "sequential",
                               .batch = rows < ROWS ? rows : ROWS,
                               .dtype = DS_F64 };
    double *theta = ds_session_theta(s), *g = ds_buffer_alloc((size_t)dim * 8), *v = ds_buffer_alloc((size_t)dim * 8),
           *moved = ds_buffer_alloc((size_t)dim * 8), loss;
    ds_batch b;
    ds_status status = g && v && moved ? first_batch(ctx, &set, &l, &b) : DS_EMEM;
    if (status != DS_OK) {
        ds_buffer_free(g), ds_buffer_free(v), ds_buffer_free(moved);
        return status;
    }
    ds_rng off =
        ds_rng_at(2, DS_FOR_PROBE, 0, 0); /* a small move: zero biases over blank inputs sit exactly on kinks */
    for (int64_t i = 0; i < dim; i++) theta[i] += 0.02 * ds_rng_normal(&off);
    status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_ROWS, 0, 0 }, g, &loss);
    for (uint32_t k = 0; k < DIRECTIONS && status == DS_OK; k++) {
        ds_rng rng = ds_rng_at(1, DS_FOR_PROBE, 0, k);
        double slope = 0, best = INFINITY;
        for (int64_t i = 0; i < dim; i++) {
            v[i] = g[i] == 0 ? 0 : ds_rng_normal(&rng) / sqrt((double)dim);
            slope += v[i] * g[i];
        }
        for (double h = 1e-5; h > 5e-9 && status == DS_OK; h /= 10) {
            double side[2];
            for (int d = 0; d < 2 && status == DS_OK; d++) {
                for (int64_t i = 0; i < dim; i++) moved[i] = theta[i] + (d ? -h : h) * v[i];
                status = ds_problem_value(p, &(ds_at){ &b, moved, DS_MODE_ROWS, 0, 0 }, &side[d]);
            }
            double n = (side[0] - side[1]) / (2 * h);
            best = fmin(best, fabs(n - slope) / fmax(fmax(fabs(n), fabs(slope)), 1e-8));
        }
        f->gradient = fmax(f->gradient, best);
    }
    f->gradient_ok = f->gradient <= 1e-5;
    ds_loader_free(l);
    ds_buffer_free(g);
    ds_buffer_free(v);
    ds_buffer_free(moved);
    return status;
}

static void show_findings(const findings *f, bool json)
{
    if (json) {
        printf("{\"parameters\": %lld, \"bytes\": %zu, \"first_loss\": ", (long long)f->parameters, f->bytes);
        ds_print_json_number(stdout, f->loss);
        fputs(", \"chance\": ", stdout);
        ds_print_json_number(stdout, f->chance);
        fputs(", \"gradient_error\": ", stdout);
        ds_print_json_number(stdout, f->gradient);
        fputs(", \"epoch_seconds\": ", stdout);
        ds_print_json_number(stdout, f->epoch_seconds);
        if (f->groups) fputs(", \"routing\": ", stdout), ds_print_routing_json(stdout, f->groups);
        printf(", \"one_class\": %s, \"ok\": %s}\n", f->one_class ? "true" : "false", all_good(f) ? "true" : "false");
        return;
    }
    printf("total     %lld parameters, about %.1f MB while training\n", (long long)f->parameters,
           (double)f->bytes / 1e6);
    if (f->one_class)
        printf("classes   all training rows have one label: there is nothing to tell apart   FAILS; look at data.label "
               "and the "
               "training files\n");
    if (isnan(f->chance))
        printf("first loss %.4g\n", f->loss);
    else
        printf("first loss %.4g, chance is %.4g                  %s\n", f->loss, f->chance,
               f->loss_ok ? "ok" : "suspicious: look at the scale of inputs and initial weights");
    printf("gradient  %d directions against centred differences in f64, worst relative error %.1e   %s\n", DIRECTIONS,
           f->gradient, f->gradient_ok ? "ok" : "FAILS (kinks can do this; a wrong derivative does)");
    printf("speed     about %.2g s per epoch\n", f->epoch_seconds);
}

/* The same model in f64, from the same seed: the gradient check wants digits. */
static int check_gradient(ds_ctx *ctx, const ds_config *config, findings *f)
{
    ds_session *s;
    ds_dtype f64 = DS_F64;
    int code = ds_session_from_config(&s, ctx, config, &f64);
    if (code) return code;
    ds_status status = ds_session_init(s);
    if (status == DS_OK) status = gradient_check(ctx, s, f);
    ds_session_free(s);
    return status == DS_OK ? 0 : ds_complain_status(ctx, status);
}

static int check(ds_ctx *ctx, const ds_config *config, bool json)
{
    ds_session *s;
    findings f = { .chance = NAN, .loss_ok = true };
    int code = ds_session_from_config(&s, ctx, config, NULL);
    if (code) return code;
    ds_problem *p = ds_session_problem(s);
    int classes = ds_dataset_classes(ds_session_data(s));
    f.parameters = ds_space_elements(ds_problem_space(p));
    if (!json) {
        show_data(s);
        show_layers(p);
    }
    ds_status status = ds_routing_open(s, &f.groups);
    if (f.groups && !json) ds_print_routing(stdout, f.groups);
    if (status == DS_OK) status = ds_session_init(s);
    if (status == DS_OK) status = first_steps(ctx, s, &f);
    f.one_class = classes == 1;
    if (status == DS_OK && classes > 1 && !strcmp(ds_problem_loss(p)->name, "cross-entropy")) {
        f.chance = log(classes);
        f.loss_ok = isfinite(f.loss) && f.loss < 2 * f.chance + 1;
    }
    if (status != DS_OK) code = ds_complain_status(ctx, status);
    if (!code) code = check_gradient(ctx, config, &f);
    if (!code) show_findings(&f, json);
    ds_optim_free(f.groups);
    ds_session_free(s);
    if (code) return code;
    return all_good(&f) ? DS_EXIT_OK : DS_EXIT_FAILED;
}

extern const ds_command ds_command_check;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_check;
    ds_args a;
    ds_config *config;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code;
    if ((code = ds_config_from_args(&config, ctx, &a, c))) return code;
    code = check(ctx, config, ds_args_flag(&a, c, "json")->integer);
    ds_config_free(config);
    return code;
}

const ds_command ds_command_check = {
    .head = { .name = "check",
              .summary = "validate a config: shapes, parameters, memory, first loss, gradient check, time",
              .options = flags },
    .usage = "CONFIG [key=value...] [--json]",
    .run = run,
    .about = "Reads the config and the data and trains nothing: shapes and parameters of every layer, memory, "
             "the number of classes, the first loss against chance, derivatives against centred differences in f64, "
             "time an epoch. "
             "Exit code 1 when a check fails, 3 when the config has mistakes.",
    .example = "descent check mlp.yaml\n"
               "descent check mlp.yaml model.layers.1.dense=1024 train.batch=512",
};
