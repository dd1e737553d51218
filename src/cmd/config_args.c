/* config_args.c - see config_args.h. */
#include "config_args.h"

#include <stdlib.h>
#include <string.h>

static int show(ds_diagnostics *d)
{
    char *text = ds_diagnostics_text(d, ds_wants_color(stderr));
    fputs(text ? text : "out of memory\n", stderr);
    free(text);
    ds_diagnostics_free(d);
    return DS_EXIT_CONFIG;
}

/* What a session takes from a config, the rule and its schedule left out: enough to lay out data and model. */
static ds_session_settings of_shapes(const ds_config *c)
{
    ds_session_settings s = { .data = c->data, .model = c->model, .batch = c->train.batch };
    s.problem = (ds_problem_settings){
        .loss = c->loss, .l1 = c->l1, .l2 = c->l2, .penalty_all = c->penalty_all, .dtype = c->train.dtype
    };
    return s;
}

/* Beside mistakes of form: one of shape, when the sections that shapes depend on are right and the data are there. */
static void add_shapes(ds_diagnostics *d, ds_ctx *ctx)
{
    const ds_config *c = ds_diagnostics_config(d);
    ds_session *session;
    const char *key;
    if (!c) return;
    ds_session_settings s = of_shapes(c);
    ds_status status = ds_session_create(&session, ctx, &s, &key);
    if (status == DS_OK)
        ds_session_free(session);
    else if (status == DS_ESHAPE || status == DS_ECONFIG || status == DS_ERANGE)
        ds_diagnostics_add(d, key, ds_error(ctx), NULL);
}

/* The words after the first are settings. */
static int check_settings(const ds_args *a)
{
    for (int k = 1; k < a->count; k++)
        if (!strchr(a->positional[k], '='))
            return ds_complain(DS_EXIT_USAGE, "\"%s\" is no setting; wanted key=value after the config",
                               a->positional[k]);
    return 0;
}

/* What was read, or an exit code once everything that is wrong has been said. */
static int conclude(ds_config **config, ds_ctx *ctx, ds_status status, ds_diagnostics *mistakes)
{
    if (mistakes) {
        add_shapes(mistakes, ctx);
        return show(mistakes);
    }
    if (status == DS_EIO) return ds_complain(DS_EXIT_CONFIG, "%s", ds_error(ctx));
    if (status != DS_OK) return ds_complain_status(ctx, status);
    for (int k = 0; k < (*config)->note_count; k++) fprintf(stderr, "note: %s\n", (*config)->notes[k]);
    return 0;
}

int ds_config_refuse(ds_ctx *ctx, const ds_config *c, const char *key, const char *text)
{
    ds_diagnostics *d = ds_config_complain(c, key, text, NULL);
    return d ? show(d) : ds_complain_status(ctx, DS_EMEM);
}

int ds_config_from_args(ds_config **config, ds_ctx *ctx, const ds_args *a, const ds_command *c)
{
    ds_diagnostics *mistakes;
    *config = NULL;
    if (a->count == 0)
        return ds_complain(DS_EXIT_USAGE, "%s wants a CONFIG: descent %s %s", c->head.name, c->head.name, c->usage);
    int code = check_settings(a);
    if (code) return code;
    ds_status status =
        ds_config_read(config, ctx, a->positional[0], a->count - 1, (const char *const *)&a->positional[1], &mistakes);
    return conclude(config, ctx, status, mistakes);
}

int ds_config_from_text(ds_config **config, ds_ctx *ctx, const char *file, const char *text, const ds_args *a)
{
    ds_diagnostics *mistakes;
    *config = NULL;
    int code = check_settings(a);
    if (code) return code;
    ds_status status = ds_config_parse(config, ctx, file, text, strlen(text), a->count - 1,
                                       (const char *const *)&a->positional[1], &mistakes);
    return conclude(config, ctx, status, mistakes);
}

int ds_session_from_config(ds_session **session, ds_ctx *ctx, const ds_config *c, const ds_dtype *dtype)
{
    const char *key;
    ds_session_settings s = of_shapes(c);
    s.epochs = c->train.epochs;
    s.steps = c->train.steps;
    s.seconds = c->train.seconds;
    s.seed = c->train.seed;
    s.order = c->train.order;
    s.stop = c->train.stop;
    s.stops = c->train.stops;
    s.best = c->train.best;
    s.average = c->train.average;
    s.accumulate = c->train.accumulate;
    s.clip = c->clip;
    s.checkpoint_every = c->train.checkpoint_every;
    s.checkpoint_unit = c->train.checkpoint_unit;
    s.checkpoint_keep = c->train.checkpoint_keep;
    s.on_nonfinite = c->train.on_nonfinite;
    if (dtype) s.problem.dtype = *dtype;
    s.optimizer = (ds_optim_settings){ .rule = c->optimizer,
                                       .rest = c->rest,
                                       .group = c->group,
                                       .groups = c->groups,
                                       .lookahead = c->lookahead,
                                       .sam = c->sam,
                                       .dialect = c->dialect };
    s.solver = c->solver;
    s.search = c->search;
    s.gtol = c->gtol;
    s.schedule = (ds_schedule_settings){ .schedule = c->schedule,
                                         .part = c->part,
                                         .parts = c->parts,
                                         .warmup = c->warmup,
                                         .warmup_unit = c->warmup_unit,
                                         .floor = c->floor };
    ds_status status = ds_session_create(session, ctx, &s, &key);
    if (status == DS_OK) return 0;
    if (status == DS_EIO || status == DS_EFORMAT || status == DS_EMEM) return ds_complain_status(ctx, status);
    return ds_config_refuse(ctx, c, key, ds_error(ctx));
}

static bool is_there(ds_run *run, const char *file)
{
    FILE *f = fopen(ds_run_file(run, file), "rb");
    if (f) fclose(f);
    return f;
}

ds_status ds_session_take(ds_session *session, ds_run *run, const char **weights)
{
    char file[32];
    if (!strcmp(*weights, "best") && !is_there(run, "best.safetensors")) *weights = "last";
    snprintf(file, sizeof file, "%s.safetensors", *weights);
    return ds_session_load(session, ds_run_file(run, file));
}
