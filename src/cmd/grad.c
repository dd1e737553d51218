/* grad.c - `descent grad`: gradient, and products along a direction, of the loss on given training rows, as a file of
 * tensors. Stored order, no augmentation, dropout off, norms with these rows' statistics; penalties only when asked. */
#include <stdlib.h>
#include <string.h>

#include "config_args.h"
#include "descent/graph.h"
#include "descent/weights.h"

static const ds_option flags[] = {
    { .name = "weights", .type = DS_OPT_TEXT, .def = "", .help = "safetensors file; default the initial weights" },
    { .name = "rows", .type = DS_OPT_TEXT, .def = "", .help = "A:B, rows A to B-1 of the training set; default all" },
    { .name = "out", .type = DS_OPT_TEXT, .help = "file to write" },
    { .name = "along",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "safetensors file of a direction: adds hv.NAME and gnv.NAME" },
    { .name = "dtype",
      .type = DS_OPT_CHOICE,
      .choices = "f32|f64",
      .def = "",
      .help = "element type; default the config's" },
    { .name = "penalty", .type = DS_OPT_BOOL, .def = "false", .help = "with the penalties of the config" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "loss, rows and norm as JSON on standard output" },
    { 0 },
};

typedef struct work {
    ds_ctx *ctx;
    ds_session *session;
    ds_problem *problem;
    const ds_space *space;
    ds_dtype t;
    ds_batch batch;
    void *vector[3], *v; /* gradient, Hv, Gv; direction */
    double loss;
} work;

static size_t element(const work *w) { return ds_dtype_bytes(w->t); }
static void *vector(const work *w) { return ds_buffer_alloc((size_t)ds_space_dim(w->space) * element(w)); }

/* A:B, or everything for an empty text. 0 or an exit code. */
static int read_rows(const char *text, int64_t rows, int64_t *from, int64_t *to)
{
    char *end;
    *from = 0;
    *to = rows;
    if (!text || !*text) return 0;
    *from = strtoll(text, &end, 10);
    if (*end != ':') return ds_complain(DS_EXIT_USAGE, "--rows: found \"%s\", wanted A:B", text);
    *to = strtoll(end + 1, &end, 10);
    if (*end || *from < 0 || *to <= *from || *to > rows)
        return ds_complain(DS_EXIT_USAGE, "--rows: found \"%s\", wanted A:B with 0 <= A < B <= %lld", text,
                           (long long)rows);
    return 0;
}

static ds_status read_batch(work *w, int64_t from, int64_t to)
{
    ds_dataset *d = ds_session_data(w->session);
    int64_t n = to - from, *row = malloc((size_t)n * sizeof *row), width = ds_shape_count(ds_dataset_sample(d));
    size_t y = ds_dataset_classes(d) ? 4 : (size_t)ds_dataset_targets(d) * element(w);
    w->batch = (ds_batch){ .n = n,
                           .x = ds_buffer_alloc((size_t)(n * width) * element(w)),
                           .y = ds_buffer_alloc((size_t)n * y),
                           .ids = ds_buffer_alloc((size_t)n * 4) };
    ds_status status = row && w->batch.x && w->batch.y && w->batch.ids ? DS_OK : DS_EMEM;
    for (int64_t k = 0; k < n && row; k++) row[k] = from + k;
    if (status == DS_OK) status = ds_view_read(ds_dataset_view(d, DS_TRAIN), row, n, w->t, &w->batch);
    free(row);
    return status;
}

/* The direction from a file with the parameters' names and shapes. 0 or an exit code. */
static int read_direction(work *w, const char *path)
{
    ds_tensor_file *f;
    ds_status status = ds_tensors_open(&f, w->ctx, path);
    if (status != DS_OK) return ds_complain_status(w->ctx, status);
    int code = (w->v = vector(w)) ? 0 : ds_complain(DS_EXIT_FAILED, "out of memory");
    for (int i = 0; i < ds_space_count(w->space) && !code; i++) {
        const ds_segment *g = ds_space_segment(w->space, i);
        const ds_named_tensor *t = ds_tensors_find(f, g->name);
        if (!t || t->dtype == DS_I32 || !ds_shape_equal(t->shape, g->shape))
            code = ds_complain(DS_EXIT_DATA, "%s: wants a tensor \"%s\" of the parameter's shape", path, g->name);
        else
            ds_space_import(w->space, i, w->t, w->v, t->dtype, t->data);
    }
    ds_tensors_close(f);
    return code;
}

static ds_status compute(work *w)
{
    const ds_at at = { .batch = &w->batch, .theta = ds_session_theta(w->session), .mode = DS_MODE_ROWS };
    for (int k = 0; k < (w->v ? 3 : 1); k++)
        if (!(w->vector[k] = vector(w))) return DS_EMEM;
    ds_status status = ds_problem_gradient(w->problem, &at, w->vector[0], &w->loss);
    if (status == DS_OK && w->v) status = ds_problem_hvp(w->problem, &at, w->v, w->vector[1], false);
    if (status == DS_OK && w->v) status = ds_problem_gnvp(w->problem, &at, w->v, w->vector[2], false);
    return status;
}

static ds_status write_out(work *w, const char *path)
{
    static const char *const prefix[] = { "grad", "hv", "gnv" };
    int kinds = w->v ? 3 : 1, n = ds_space_count(w->space), k = 0;
    ds_named_tensor *tensor = calloc((size_t)(kinds * n) + 1, sizeof *tensor);
    char *name = calloc((size_t)(kinds * n) + 1, 128),
         *block = ds_buffer_alloc((size_t)kinds * (size_t)ds_space_dim(w->space) * element(w)), *at = block;
    ds_status status = tensor && name && block ? DS_OK : DS_EMEM;
    for (int kind = 0; kind < kinds && status == DS_OK; kind++)
        for (int i = 0; i < n; i++, k++) {
            const ds_segment *g = ds_space_segment(w->space, i);
            snprintf(name + (size_t)k * 128, 128, "%s.%s", prefix[kind], g->name);
            ds_space_export(w->space, i, w->t, w->vector[kind], w->t, at);
            tensor[k] = (ds_named_tensor){ name + (size_t)k * 128, w->t, g->shape, at };
            at += (size_t)g->count * element(w);
        }
    if (status == DS_OK) status = ds_tensors_write(w->ctx, path, k, tensor);
    free(tensor);
    free(name);
    ds_buffer_free(block);
    return status;
}

static double norm(const work *w)
{
    double sum = 0;
    for (int64_t i = 0; i < ds_space_dim(w->space); i++) {
        double x = w->t == DS_F64 ? ((const double *)w->vector[0])[i] : (double)((const float *)w->vector[0])[i];
        sum += x * x;
    }
    return __builtin_sqrt(sum);
}

static void report(const work *w, bool json)
{
    if (!json) {
        printf("loss %.6g on %lld rows, gradient norm %.6g\n", w->loss, (long long)w->batch.n, norm(w));
        return;
    }
    fputs("{\"loss\": ", stdout);
    ds_print_json_number(stdout, w->loss);
    printf(", \"rows\": %lld, \"norm\": ", (long long)w->batch.n);
    ds_print_json_number(stdout, norm(w));
    puts("}");
}

static int run_work(work *w, const ds_args *a, const ds_command *c)
{
    const char *weights = ds_args_flag(a, c, "weights")->text, *along = ds_args_flag(a, c, "along")->text;
    int64_t from, to;
    w->problem = ds_session_problem(w->session);
    w->space = ds_problem_space(w->problem);
    w->t = ds_problem_dtype(w->problem);
    int code = read_rows(ds_args_flag(a, c, "rows")->text,
                         ds_view_rows(ds_dataset_view(ds_session_data(w->session), DS_TRAIN)), &from, &to);
    if (code) return code;
    ds_status status = weights && *weights ? ds_session_load(w->session, weights) : ds_session_init(w->session);
    if (status == DS_OK) status = read_batch(w, from, to);
    if (status != DS_OK) return ds_complain_status(w->ctx, status);
    if (along && *along && (code = read_direction(w, along))) return code;
    status = compute(w);
    if (status == DS_OK) status = write_out(w, ds_args_flag(a, c, "out")->text);
    if (status != DS_OK) return ds_complain_status(w->ctx, status);
    report(w, ds_args_flag(a, c, "json")->integer);
    return DS_EXIT_OK;
}

extern const ds_command ds_command_grad;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    const ds_command *c = &ds_command_grad;
    ds_args a;
    ds_config *config;
    int code = ds_args_parse(&a, c, argc, argv);
    if (code) return code;
    if (!ds_args_flag(&a, c, "out")->given) return ds_complain(DS_EXIT_USAGE, "grad wants --out FILE");
    if ((code = ds_config_from_args(&config, ctx, &a, c))) return code;
    work w = { .ctx = ctx };
    const ds_optval *type = ds_args_flag(&a, c, "dtype");
    ds_dtype t = type->given && !strcmp(type->text, "f64") ? DS_F64 : DS_F32;
    if (!ds_args_flag(&a, c, "penalty")->integer) config->l1 = config->l2 = 0;
    code = ds_session_from_config(&w.session, ctx, config, type->given ? &t : NULL);
    if (!code) {
        code = run_work(&w, &a, c);
        for (int k = 0; k < 3; k++) ds_buffer_free(w.vector[k]);
        ds_buffer_free(w.v);
        ds_buffer_free(w.batch.x);
        ds_buffer_free(w.batch.y);
        ds_buffer_free(w.batch.ids);
        ds_session_free(w.session);
    }
    ds_config_free(config);
    return code;
}

const ds_command ds_command_grad = {
    .head = { .name = "grad",
              .summary = "gradient and curvature products on given rows, written as tensors",
              .options = flags },
    .usage = "CONFIG [key=value...] --out FILE [--weights W] [--rows A:B] [--along V] [--dtype f32|f64] [--penalty] "
             "[--json]",
    .run = run,
    .example = "descent grad mlp.yaml --rows 0:256 --out g.safetensors --json",
};
