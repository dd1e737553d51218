/* trace.c - `descent trace`: replay a rule on given gradients, so that its path can be compared with another program's. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "descent/array.h"
#include "descent/graph.h"
#include "descent/optim.h"

static const ds_option flags[] = {
    { .name = "rule", .type = DS_OPT_TEXT, .kind = "rule", .help = "rule to replay" },
    { .name = "dialect", .type = DS_OPT_CHOICE, .choices = "torch|book", .def = "torch", .help = "whose formulas" },
    { .name = "grads", .type = DS_OPT_TEXT, .help = ".npy file of the gradients [steps, ...]" },
    { .name = "theta0", .type = DS_OPT_TEXT, .help = ".npy file of the parameters [...] to start from" },
    { .name = "out", .type = DS_OPT_TEXT, .help = ".npz file to write" },
    { 0 },
};

extern const ds_command ds_command_trace;

enum { NAMES = 1 + 16 }; /* theta and states */

typedef struct work {
    ds_ctx *ctx;
    ds_array grads, theta;
    ds_optim *optim;
    void *gradient;
    size_t bytes;       /* of a vector */
    size_t each[NAMES]; /* bytes of an array at one step */
    ds_named_tensor out[NAMES];
    int count;
} work;

/* name(key=value, ...) of --rule and the words; 0 or an exit code. */
static int read_rule(work *w, const ds_args *a, ds_part *out)
{
    const ds_command *c = &ds_command_trace;
    char text[2048];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", ds_args_flag(a, c, "rule")->text);
    for (int i = 0; i < a->count && n < sizeof text; i++) {
        if (!strchr(a->positional[i], '='))
            return ds_complain(DS_EXIT_USAGE, "\"%s\" is no option; wanted key=value", a->positional[i]);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? ", " : "(", a->positional[i]);
    }
    if (a->count && n < sizeof text) n += (size_t)snprintf(text + n, sizeof text - n, ")");
    if (n >= sizeof text) return ds_complain(DS_EXIT_USAGE, "the options are too long");
    if (ds_rule_parse(w->ctx, text, out) == DS_OK) return 0;
    return ds_complain(DS_EXIT_USAGE, "%s", ds_error(w->ctx));
}

/* 0 or an exit code: gradients have to be enough. */
static int check_needs(work *w, const ds_optim_settings *s)
{
    char text[160];
    unsigned needs;
    ds_status status = ds_optim_needs_of(w->ctx, s, NULL, &needs);
    if (status != DS_OK) return ds_complain_status(w->ctx, status);
    if (!needs) return 0;
    return ds_complain(DS_EXIT_USAGE, "rule \"%s\" needs %s at each step; trace has gradients alone",
                       s->rule.head->name, ds_needs_text(needs, text, sizeof text));
}

/* 0 or an exit code. */
static int read_arrays(work *w, const ds_args *a)
{
    const ds_command *c = &ds_command_trace;
    const char *grads = ds_args_flag(a, c, "grads")->text, *theta = ds_args_flag(a, c, "theta0")->text;
    ds_status status = ds_array_read(w->ctx, grads, &w->grads);
    if (status == DS_OK) status = ds_array_read(w->ctx, theta, &w->theta);
    if (status != DS_OK) return ds_complain(DS_EXIT_DATA, "%s", ds_error(w->ctx));
    char found[64], wanted[64];
    ds_shape each = { .rank = w->grads.shape.rank - 1 };
    for (int i = 0; i < each.rank; i++) each.dim[i] = w->grads.shape.dim[i + 1];
    if (!ds_shape_equal(each, w->theta.shape))
        return ds_complain(DS_EXIT_DATA, "%s: found gradients of %s at each step, wanted %s as in %s", grads,
                           ds_shape_text(each, found, sizeof found),
                           ds_shape_text(w->theta.shape, wanted, sizeof wanted), theta);
    if (w->grads.dtype != w->theta.dtype)
        return ds_complain(DS_EXIT_DATA, "%s has elements of %s, %s of %s; wanted the same", grads,
                           ds_dtype_name(w->grads.dtype), theta, ds_dtype_name(w->theta.dtype));
    w->bytes = (size_t)ds_shape_count(each) * ds_dtype_bytes(w->theta.dtype);
    return 0;
}

/* Room for [steps + 1, ...] of theta and of each state. */
static bool make_room(work *w)
{
    ds_shape s = w->grads.shape;
    s.dim[0]++;
    w->count = 1 + ds_optim_states(w->optim);
    for (int k = 0; k < w->count; k++) {
        bool number = k && ds_optim_state_count(w->optim, k - 1) == 1;
        w->each[k] = number ? ds_dtype_bytes(w->theta.dtype) : w->bytes;
        w->out[k] = (ds_named_tensor){ .name = k ? ds_optim_state_name(w->optim, k - 1) : "theta",
                                       .dtype = w->theta.dtype,
                                       .shape = number ? DS_SHAPE(s.dim[0]) : s,
                                       .data = calloc((size_t)s.dim[0], w->each[k]) };
    }
    w->gradient = ds_buffer_alloc(w->bytes);
    for (int k = 0; k < w->count; k++)
        if (!w->out[k].data) return false;
    return w->gradient;
}

/* theta and the states as they are after t steps. */
static void note(work *w, int64_t t)
{
    for (int k = 0; k < w->count; k++)
        memcpy((char *)(uintptr_t)w->out[k].data + (size_t)t * w->each[k],
               k ? ds_optim_state(w->optim, k - 1) : w->theta.data, w->each[k]);
}

static int replay(work *w, const char *path)
{
    if (!make_room(w)) return ds_complain(DS_EXIT_FAILED, "out of memory for %d trajectories", w->count);
    note(w, 0);
    for (int64_t t = 0; t < w->grads.shape.dim[0]; t++) {
        memcpy(w->gradient, (char *)w->grads.data + (size_t)t * w->bytes, w->bytes);
        ds_status status = ds_optim_step(w->optim, w->theta.data, w->gradient, ds_optim_lr(w->optim));
        if (status != DS_OK) return ds_complain_status(w->ctx, status);
        note(w, t + 1);
    }
    ds_status status = ds_arrays_write(w->ctx, path, w->count, w->out);
    return status == DS_OK ? DS_EXIT_OK : ds_complain_status(w->ctx, status);
}

static int trace(work *w, const ds_args *a)
{
    const ds_command *c = &ds_command_trace;
    ds_optim_settings s = { .dialect = ds_args_flag(a, c, "dialect")->text };
    for (const char *const *name = (const char *const[]){ "rule", "grads", "theta0", "out", NULL }; *name; name++)
        if (!ds_args_flag(a, c, *name)->given) return ds_complain(DS_EXIT_USAGE, "trace needs --%s", *name);
    int code = read_rule(w, a, &s.rule);
    if (!code && ds_rule_resolve(w->ctx, s.dialect, &s.rule, NULL) != DS_OK)
        code = ds_complain(DS_EXIT_USAGE, "%s", ds_error(w->ctx));
    if (!code) code = check_needs(w, &s);
    if (!code) code = read_arrays(w, a);
    if (code) return code;
    s.n = ds_shape_count(w->theta.shape);
    s.dtype = w->theta.dtype;
    ds_status status = ds_optim_create(&w->optim, w->ctx, &s);
    if (status != DS_OK) return ds_complain_status(w->ctx, status);
    return replay(w, ds_args_flag(a, c, "out")->text);
}

static int run(ds_ctx *ctx, int argc, char **argv)
{
    ds_args a;
    work w = { .ctx = ctx };
    int code = ds_args_parse(&a, &ds_command_trace, argc, argv);
    if (code) return code;
    code = trace(&w, &a);
    for (int k = 0; k < w.count; k++) free((void *)(uintptr_t)w.out[k].data);
    ds_buffer_free(w.gradient);
    ds_optim_free(w.optim);
    ds_array_free(&w.grads);
    ds_array_free(&w.theta);
    return code;
}

const ds_command ds_command_trace = {
    .head = { .name = "trace", .summary = "replay an optimizer rule on given gradients", .options = flags },
    .usage = "--rule NAME --grads G.npy --theta0 T.npy --out O.npz [--dialect D] [option=value...]",
    .run = run,
    .about = "Takes one step for each of the gradients [steps, ...] and writes theta [steps+1, ...] and each state "
             "[steps+1, ...], in the type of the given arrays, f4 or f8. The rate is option lr throughout. The "
             "gradients are taken as they are, wherever the rule would have asked for them; theta is the stored "
             "parameter.",
    .example = "descent trace --rule adam --grads g.npy --theta0 t.npy --out path.npz lr=0.01 beta2=0.99",
};
