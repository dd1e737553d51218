/* schedule.c - the rate of a step: warm-up, then the schedule, then the floor. Nothing is remembered between steps. */
#include "optim/schedule.h"

#include "nn/nn.h"

static double in_steps(const ds_schedule_settings *s, double number, ds_unit unit)
{
    return unit == DS_UNIT_EPOCHS ? number * (double)s->epoch : number;
}

/* The value of an option, or NULL when it is absent and has no default. */
static const ds_optval *value_of(const ds_schedule_at *a, const char *name)
{
    const ds_part *part = &a->s->schedule;
    int k = ds_option_find(part->head->options, name);
    const char *def = part->head->options[k].def;
    return part->value[k].given || (def && *def) ? &part->value[k] : NULL;
}

double ds_schedule_real(const ds_schedule_at *a, const char *name, double fallback)
{
    const ds_optval *v = value_of(a, name);
    return v ? v->real : fallback;
}

double ds_schedule_steps(const ds_schedule_at *a, const char *name, double fallback)
{
    const ds_optval *v = value_of(a, name);
    return v ? in_steps(a->s, v->real, v->unit) : fallback;
}

ds_status ds_schedule_parse(ds_ctx *ctx, const char *text, ds_part *out)
{
    return ds_part_parse(ctx, NULL, &ds_schedule_registry, "schedule", text, out);
}

static ds_status check_span(ds_ctx *ctx, const ds_schedule_settings *s, const char *name, double number, ds_unit unit)
{
    if (unit == DS_UNIT_SECONDS)
        return ds_fail(
            ctx, DS_ECONFIG,
            "schedule: found a time for \"%s\", wanted steps or epochs: the rate is a function of the step alone",
            name);
    if (unit == DS_UNIT_EPOCHS && number > 0 && s->epoch <= 0)
        return ds_fail(ctx, DS_ECONFIG,
                       "schedule: \"%s\" is in epochs, but the steps of an epoch are not known; say it in steps", name);
    return DS_OK;
}

static ds_status check_options(ds_ctx *ctx, const ds_schedule_settings *s)
{
    const ds_schedule_def *def = ds_schedule_of(s->schedule.head);
    if (!def) return ds_fail(ctx, DS_EUNKNOWN, "found \"%s\", wanted a schedule", s->schedule.head->name);
    DS_TRY(ds_part_complete(ctx, "schedule", &s->schedule));
    const ds_option *table = def->head.options;
    for (int k = 0; table && table[k].type != DS_OPT_END; k++)
        if (table[k].type == DS_OPT_SPAN)
            DS_TRY(check_span(ctx, s, table[k].name, s->schedule.value[k].real, s->schedule.value[k].unit));
    if (!def->needs_end || s->total >= 0) return DS_OK;
    int k = *def->needs_end ? ds_option_find(table, def->needs_end) : -1;
    if (k < 0)
        return ds_fail(ctx, DS_ECONFIG,
                       "schedule \"%s\" needs to know the end of the run; set train.epochs or train.steps",
                       def->head.name);
    if (!s->schedule.value[k].given)
        return ds_fail(ctx, DS_ECONFIG,
                       "schedule \"%s\" needs option \"%s\", or train.epochs or train.steps for the end of the run",
                       def->head.name, table[k].name);
    return DS_OK;
}

ds_status ds_schedule_check(ds_ctx *ctx, const ds_schedule_settings *s)
{
    DS_TRY(check_span(ctx, s, "warmup", s->warmup, s->warmup_unit));
    if (s->warmup < 0) return ds_fail(ctx, DS_ERANGE, "schedule: found warmup %g, wanted at least 0", s->warmup);
    if (s->floor < 0 || s->floor > s->lr)
        return ds_fail(ctx, DS_ERANGE, "schedule: found floor %g, wanted from 0 to the rate, %g", s->floor, s->lr);
    return s->schedule.head ? check_options(ctx, s) : DS_OK;
}

double ds_schedule_rate(const ds_schedule_settings *s, int64_t step)
{
    double warmup = in_steps(s, s->warmup, s->warmup_unit), k = (double)step;
    if (k + 1 < warmup) return s->lr * ((k + 1) / warmup);
    if (!s->schedule.head) return s->lr;
    /* The first step at the full rate is the last of the warm-up, or the first of the schedule when there is none. */
    ds_schedule_at a = { .s = s, .k = k > warmup ? k - warmup : 0, .n = -1, .lr = s->lr, .floor = s->floor };
    if (s->total >= 0) {
        a.n = (double)s->total > warmup ? (double)s->total - warmup : 0;
        if (a.k > a.n) a.k = a.n;
    }
    double rate = ds_schedule_of(s->schedule.head)->rate(&a);
    return rate > s->floor ? rate : s->floor;
}
