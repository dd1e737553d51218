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

int ds_config_from_args(ds_config **config, ds_ctx *ctx, const ds_args *a, const ds_command *c)
{
    ds_diagnostics *mistakes;
    *config = NULL;
    if (a->count == 0)
        return ds_complain(DS_EXIT_USAGE, "%s wants a CONFIG: descent %s %s", c->head.name, c->head.name, c->usage);
    for (int k = 1; k < a->count; k++)
        if (!strchr(a->positional[k], '='))
            return ds_complain(DS_EXIT_USAGE, "\"%s\" is no setting; wanted key=value after the config",
                               a->positional[k]);
    ds_status status =
        ds_config_read(config, ctx, a->positional[0], a->count - 1, (const char *const *)&a->positional[1], &mistakes);
    if (mistakes) return show(mistakes);
    if (status == DS_EIO) return ds_complain(DS_EXIT_CONFIG, "%s", ds_error(ctx));
    if (status != DS_OK) return ds_complain_status(ctx, status);
    for (int k = 0; k < (*config)->note_count; k++) fprintf(stderr, "note: %s\n", (*config)->notes[k]);
    return 0;
}

int ds_session_from_config(ds_session **session, ds_ctx *ctx, const ds_config *c, const ds_dtype *dtype)
{
    const char *key;
    ds_session_settings s = { .data = c->data,
                              .model = c->model,
                              .epochs = c->train.epochs,
                              .steps = c->train.steps,
                              .seconds = c->train.seconds,
                              .batch = c->train.batch,
                              .seed = c->train.seed,
                              .order = c->train.order };
    s.problem = (ds_problem_settings){ .loss = c->loss,
                                       .l1 = c->l1,
                                       .l2 = c->l2,
                                       .penalty_all = c->penalty_all,
                                       .dtype = dtype ? *dtype : c->train.dtype };
    s.optimizer = (ds_optim_settings){ .rule = c->optimizer, .dialect = c->dialect };
    s.schedule = (ds_schedule_settings){
        .schedule = c->schedule, .warmup = c->warmup, .warmup_unit = c->warmup_unit, .floor = c->floor
    };
    ds_status status = ds_session_create(session, ctx, &s, &key);
    if (status == DS_OK) return 0;
    if (status == DS_EIO || status == DS_EFORMAT || status == DS_EMEM) return ds_complain_status(ctx, status);
    ds_diagnostics *d = ds_config_complain(c, key, ds_error(ctx), NULL);
    return d ? show(d) : ds_complain_status(ctx, DS_EMEM);
}
