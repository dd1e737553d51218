/* schedule.c - the rate of a step: warm-up, then the schedule, then the floor. Nothing is remembered between steps but
 * what a schedule has heard. */
#include "optim/schedule.h"

#include "nn/nn.h"

static double in_steps(const ds_schedule_settings *s, double number, ds_unit unit)
{
    return unit == DS_UNIT_EPOCHS ? number * (double)s->epoch : number;
}

/* The value of an option, or NULL when it is absent and has no default. */
static const ds_optval *value_of(const ds_schedule_at *a, const char *name)
{
    int k = ds_option_find(a->schedule->head->options, name);
    const char *def = a->schedule->head->options[k].def;
    return a->schedule->value[k].given || (def && *def) ? &a->schedule->value[k] : NULL;
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

double ds_schedule_part_rate(const ds_schedule_at *a, int i)
{
    const ds_schedule_part *p = &a->part[i];
    ds_schedule_at b = *a;
    b.schedule = &p->schedule;
    b.part = p->part;
    b.parts = p->parts;
    return ds_schedule_of(p->schedule.head)->rate(&b);
}

double ds_schedule_part_steps(const ds_schedule_at *a, int i)
{
    return in_steps(a->s, a->part[i].span, a->part[i].span_unit);
}

ds_status ds_schedule_parse(ds_ctx *ctx, const char *text, ds_part *out)
{
    return ds_part_parse(ctx, ds_ctx_words(ctx), &ds_schedule_registry, "schedule", text, out);
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

/* A schedule that needs its end must know it: by a span, the run's number of steps, or an option. */
static ds_status check_end(ds_ctx *ctx, const ds_part *schedule, bool ends)
{
    const ds_schedule_def *def = ds_schedule_of(schedule->head);
    if (!def->needs_end || ends) return DS_OK;
    int k = *def->needs_end ? ds_option_find(def->head.options, def->needs_end) : -1;
    if (k < 0)
        return ds_fail(ctx, DS_ECONFIG,
                       "schedule \"%s\" needs to know the end of the run; set train.epochs or train.steps",
                       def->head.name);
    if (schedule->value[k].given) return DS_OK;
    return ds_fail(ctx, DS_ECONFIG,
                   "schedule \"%s\" needs option \"%s\", or train.epochs or train.steps for the end of the run",
                   def->head.name, def->needs_end);
}

static ds_status check_schedule(ds_ctx *ctx, const ds_schedule_settings *s, const ds_schedule_part *p, bool ends,
                                int depth);

static ds_status check_parts(ds_ctx *ctx, const ds_schedule_settings *s, const ds_schedule_part *p, bool ends,
                             int depth)
{
    const ds_schedule_def *def = ds_schedule_of(p->schedule.head);
    if (!def->combines && p->parts) return ds_fail(ctx, DS_ECONFIG, "schedule \"%s\" has no parts", def->head.name);
    if (def->combines && p->parts < 1)
        return ds_fail(ctx, DS_ECONFIG, "schedule \"%s\" needs \"parts\", a list of schedules", def->head.name);
    for (int i = 0; i < p->parts; i++) {
        const ds_schedule_part *q = &p->part[i];
        if (!def->in_turn && (q->span != 0 || q->factor != 0))
            return ds_fail(ctx, DS_ECONFIG, "schedule \"%s\": span and factor have no effect in its parts",
                           def->head.name);
        DS_TRY(check_span(ctx, s, "span", q->span, q->span_unit));
        if (!(q->span >= 0) || !(q->factor >= 0))
            return ds_fail(ctx, DS_ERANGE, "schedule: found span %g and factor %g, wanted positive numbers", q->span,
                           q->factor);
        if (def->in_turn && i + 1 < p->parts && q->span == 0)
            return ds_fail(ctx, DS_ECONFIG, "schedule \"%s\": part %d needs a span; the last alone may leave it out",
                           def->head.name, i);
        DS_TRY(check_schedule(ctx, s, q, ends || q->span > 0, depth + 1));
    }
    return DS_OK;
}

/* ends: it knows how many steps it has. */
static ds_status check_schedule(ds_ctx *ctx, const ds_schedule_settings *s, const ds_schedule_part *p, bool ends,
                                int depth)
{
    const ds_schedule_def *def = ds_schedule_of(p->schedule.head);
    if (!def) return ds_fail(ctx, DS_EUNKNOWN, "found \"%s\", wanted a schedule", p->schedule.head->name);
    if (depth > DS_SCHEDULE_DEPTH)
        return ds_fail(ctx, DS_ECONFIG, "schedule: parts are more than %d deep in each other", DS_SCHEDULE_DEPTH);
    if (depth > 0 && def->look)
        return ds_fail(ctx, DS_ECONFIG, "schedule \"%s\" goes by a number and not by the step; it cannot be a part",
                       def->head.name);
    DS_TRY(ds_part_complete(ctx, "schedule", &p->schedule));
    const ds_option *table = def->head.options;
    for (int k = 0; table && table[k].type != DS_OPT_END; k++)
        if (table[k].type == DS_OPT_SPAN)
            DS_TRY(check_span(ctx, s, table[k].name, p->schedule.value[k].real, p->schedule.value[k].unit));
    DS_TRY(check_end(ctx, &p->schedule, ends));
    return check_parts(ctx, s, p, ends, depth);
}

ds_status ds_schedule_check(ds_ctx *ctx, const ds_schedule_settings *s)
{
    DS_TRY(check_span(ctx, s, "warmup", s->warmup, s->warmup_unit));
    if (s->warmup < 0) return ds_fail(ctx, DS_ERANGE, "schedule: found warmup %g, wanted at least 0", s->warmup);
    if (s->floor < 0 || s->floor > s->lr)
        return ds_fail(ctx, DS_ERANGE, "schedule: found floor %g, wanted from 0 to the rate, %g", s->floor, s->lr);
    if (!s->schedule.head) return DS_OK;
    const ds_schedule_part whole = { .schedule = s->schedule, .part = s->part, .parts = s->parts };
    return check_schedule(ctx, s, &whole, s->total >= 0, 0);
}

double ds_schedule_rate(const ds_schedule_settings *s, int64_t step)
{
    double warmup = in_steps(s, s->warmup, s->warmup_unit), k = (double)step;
    if (k + 1 < warmup) return s->lr * ((k + 1) / warmup);
    if (!s->schedule.head) return s->lr;
    /* The first step at the full rate is the last of the warm-up, or the first of the schedule when there is none. */
    ds_schedule_at a = { .s = s,
                         .schedule = &s->schedule,
                         .part = s->part,
                         .parts = s->parts,
                         .k = k > warmup ? k - warmup : 0,
                         .n = -1,
                         .lr = s->lr,
                         .floor = s->floor };
    if (s->total >= 0) {
        a.n = (double)s->total > warmup ? (double)s->total - warmup : 0;
        if (a.k > a.n) a.k = a.n;
    }
    double rate = ds_schedule_of(s->schedule.head)->rate(&a);
    return rate > s->floor ? rate : s->floor;
}

const char *ds_schedule_watches(const ds_schedule_settings *s)
{
    const ds_part *p = &s->schedule;
    return p->head && ds_schedule_of(p->head)->look ? p->value[ds_option_find(p->head->options, "watch")].text : NULL;
}

void ds_schedule_look(const ds_schedule_settings *s, ds_schedule_memory *memory, double value, bool more)
{
    if (ds_schedule_watches(s)) ds_schedule_of(s->schedule.head)->look(&s->schedule, memory, value, more);
}
