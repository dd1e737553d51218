/* average.c - an average at work: the recurrence of average.h planned once as one pass over memory, bound in place. */
#include "optim/average.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "descent/graph.h"
#include "descent/op.h"
#include "nn/nn.h"

enum { VALUES, LOST, STATES };

struct ds_average {
    ds_ctx *ctx;
    ds_average_settings set;
    const ds_average_def *def;
    int64_t start, every, count;
    ds_plan *plan;
    ds_val theta;
    void *state[STATES], *share;
    const void *bound;
};

/* ---- options ----------------------------------------------------------------------------------------------------- */

/* The value of an option, or NULL when it is absent and has no default. */
static const ds_optval *value_of(const ds_average_settings *s, const char *name)
{
    int k = ds_option_find(s->average.head->options, name);
    const char *def = k < 0 ? NULL : s->average.head->options[k].def;
    return k >= 0 && (s->average.value[k].given || (def && *def)) ? &s->average.value[k] : NULL;
}

double ds_average_real(const ds_average_settings *s, const char *name, double fallback)
{
    const ds_optval *v = value_of(s, name);
    return v ? v->real : fallback;
}

double ds_average_steps(const ds_average_settings *s, const char *name, double fallback)
{
    const ds_optval *v = value_of(s, name);
    if (!v) return fallback;
    return v->unit == DS_UNIT_EPOCHS ? v->real * (double)s->epoch : v->real;
}

double ds_average_given_start(const ds_average_settings *s) { return ds_average_steps(s, "start", 0); }

double ds_average_mean(const ds_average_settings *s, int64_t k)
{
    (void)s;
    return 1 / (double)k;
}

ds_status ds_average_parse(ds_ctx *ctx, const char *text, ds_part *out)
{
    return ds_part_parse(ctx, NULL, &ds_average_registry, "average", text, out);
}

static ds_status check_span(ds_ctx *ctx, const ds_average_settings *s, const ds_option *o, const ds_optval *v)
{
    if (v->unit == DS_UNIT_SECONDS)
        return ds_fail(
            ctx, DS_ECONFIG,
            "average: found a time for \"%s\", wanted steps or epochs: what counts is a function of the step", o->name);
    if (v->unit == DS_UNIT_EPOCHS && v->real > 0 && s->epoch <= 0)
        return ds_fail(ctx, DS_ECONFIG,
                       "average: \"%s\" is in epochs, but the steps of an epoch are not known; say it in steps",
                       o->name);
    return DS_OK;
}

/* What counts: multiples of every beyond start. */
static void place_steps(const ds_average_settings *s, int64_t *start, int64_t *every)
{
    double from = floor(ds_average_of(s->average.head)->start(s)), each = floor(ds_average_steps(s, "every", 1));
    *every = each < 1 ? 1 : (int64_t)each;
    *start = (int64_t)from;
}

static ds_status check_length(ds_ctx *ctx, const ds_average_settings *s, const ds_average_def *def)
{
    bool open = def->needs_end && s->total < 0 && !(*def->needs_end && value_of(s, def->needs_end));
    if (open && *def->needs_end)
        return ds_fail(
            ctx, DS_ECONFIG,
            "average: \"%s\" without %s is a part of the run, whose length is not known; give %s, or the run "
            "epochs or steps",
            def->head.name, def->needs_end, def->needs_end);
    if (open)
        return ds_fail(ctx, DS_ECONFIG,
                       "average: \"%s\" is a part of the run, whose length is not known; give the run epochs or steps",
                       def->head.name);
    int64_t start, every, first;
    place_steps(s, &start, &every);
    first = (start / every + 1) * every;
    if (s->total > 0 && first > s->total)
        return ds_fail(ctx, DS_ECONFIG,
                       "average: the first weights to count are those of step %lld, but the run has %lld steps; "
                       "start earlier or count more often",
                       (long long)first, (long long)s->total);
    return DS_OK;
}

ds_status ds_average_check(ds_ctx *ctx, const ds_average_settings *s)
{
    const ds_average_def *def = ds_average_of(s->average.head);
    if (!def)
        return ds_fail(ctx, DS_EUNKNOWN, "found \"%s\", wanted an average of the weights",
                       s->average.head ? s->average.head->name : "nothing");
    DS_TRY(ds_part_complete(ctx, "average", &s->average));
    const ds_option *table = def->head.options;
    for (int k = 0; table[k].type != DS_OPT_END; k++)
        if (table[k].type == DS_OPT_SPAN) DS_TRY(check_span(ctx, s, &table[k], &s->average.value[k]));
    return check_length(ctx, s, def);
}

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

static ds_status plan(ds_average *a, ds_graph *g)
{
    const ds_average_settings *s = &a->set;
    ds_val theta = ds_input(g, "theta", s->dtype, DS_SHAPE(s->n)), x = ds_input(g, "x", s->dtype, DS_SHAPE(s->n)),
           c = ds_input(g, "c", s->dtype, DS_SHAPE(s->n)), w = ds_input(g, "w", s->dtype, (ds_shape){ 0 });
    ds_val d = ds_sub(g, theta, x); /* one statement a node: their order is that of known.def */
    d = ds_sub(g, d, c);
    d = ds_mul(g, w, d);
    d = ds_add(g, d, c);
    ds_val sum = ds_add(g, x, d), moved = ds_sub(g, sum, x), kept = ds_sub(g, sum, moved);
    kept = ds_sub(g, x, kept);
    ds_val lost = ds_sub(g, d, moved);
    lost = ds_add(g, kept, lost);
    ds_val out[STATES] = { sum, lost };
    ds_plan_options options = { .backend = s->backend, .bound = true };
    DS_TRY(ds_plan_create(&a->plan, g, STATES, out, &options));
    if (ds_plan_steps(a->plan) > 1)
        return ds_fail(a->ctx, DS_EBUG, "an average takes %d passes, wanted one", ds_plan_steps(a->plan));
    size_t bytes = (size_t)s->n * ds_dtype_bytes(s->dtype);
    a->theta = theta;
    for (int i = 0; i < STATES; i++) {
        a->state[i] = ds_buffer_alloc(bytes);
        if (!a->state[i]) return ds_fail_memory(a->ctx, bytes, "an average of the weights");
        memset(a->state[i], 0, bytes);
        DS_TRY(ds_plan_bind(a->plan, i == VALUES ? x : c, a->state[i]));
        DS_TRY(ds_plan_bind(a->plan, out[i], a->state[i]));
    }
    a->share = ds_buffer_alloc(sizeof(double));
    return a->share ? ds_plan_bind(a->plan, w, a->share) : ds_fail_memory(a->ctx, sizeof(double), "a share");
}

static ds_status create(ds_average *a)
{
    const ds_average_settings *s = &a->set;
    if (s->dtype != DS_F32 && s->dtype != DS_F64)
        return ds_fail(a->ctx, DS_EUSAGE, "found parameters of type %s, wanted f32 or f64", ds_dtype_name(s->dtype));
    DS_TRY(ds_average_check(a->ctx, s));
    a->def = ds_average_of(s->average.head);
    place_steps(s, &a->start, &a->every);
    ds_graph *g;
    DS_TRY(ds_graph_create(&g, a->ctx));
    ds_status status = plan(a, g);
    ds_graph_free(g);
    return status;
}

ds_status ds_average_create(ds_average **out, ds_ctx *ctx, const ds_average_settings *settings)
{
    *out = NULL;
    ds_average *a = calloc(1, sizeof *a);
    if (!a) return ds_fail_memory(ctx, sizeof *a, "an average of the weights");
    a->ctx = ctx;
    a->set = *settings;
    ds_status status = create(a);
    if (status == DS_OK)
        *out = a;
    else
        ds_average_free(a);
    return status;
}

void ds_average_free(ds_average *a)
{
    if (!a) return;
    ds_plan_free(a->plan);
    for (int i = 0; i < STATES; i++) ds_buffer_free(a->state[i]);
    ds_buffer_free(a->share);
    free(a);
}

/* ---- at work ----------------------------------------------------------------------------------------------------- */

bool ds_average_counts(const ds_average *a, int64_t step) { return step > a->start && step % a->every == 0; }

ds_status ds_average_add(ds_average *a, const void *theta)
{
    if (a->bound != theta) DS_TRY(ds_plan_bind(a->plan, a->theta, (void *)(uintptr_t)theta));
    a->bound = theta;
    double w = a->def->share(&a->set, a->count + 1);
    if (a->set.dtype == DS_F64)
        *(double *)a->share = w;
    else
        *(float *)a->share = (float)w;
    DS_TRY(ds_plan_run(a->plan));
    a->count++;
    return DS_OK;
}

int64_t ds_average_count(const ds_average *a) { return a->count; }
const void *ds_average_values(const ds_average *a) { return a->state[VALUES]; }

ds_average_norms ds_average_norms_of(const ds_average *a)
{
    return (ds_average_norms)a->set.average.value[ds_option_find(a->def->head.options, "norms")].integer;
}

void ds_average_remember(ds_average *a, ds_state *st, const char *group)
{
    ds_state_vector(st, group, "x", a->set.dtype, a->set.n, a->state[VALUES]);
    ds_state_vector(st, group, "c", a->set.dtype, a->set.n, a->state[LOST]);
    ds_state_integer(st, group, "count", &a->count);
}
