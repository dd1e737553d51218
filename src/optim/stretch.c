/* stretch.c - one rule at work on one stretch of the vectors: its update planned once, bound in place over theta and the
 * state, run at each step.
 *
 * When the plan is a single pass, each tile is loaded before it is stored, so outputs lie over inputs. Otherwise (the
 * unfused plans of tests) outputs have memory of their own and are copied back after the run. */
#include <stdlib.h>
#include <string.h>

#include "optim/stretch.h"

enum { LINE = 64 }; /* bytes between scalars: each bound memory is aligned to this */

struct ds_stretch {
    ds_ctx *ctx;
    ds_part rule;
    const ds_rule_def *def;
    bool book;
    int64_t n;
    double kept[DS_OPTIM_NUMBERS];
    ds_dtype dtype;
    ds_rule_build build;  /* handles into the plans; its graph is gone */
    ds_plan *plan, *look; /* the update; theta + a v, NULL where the gradient is taken at theta */
    void *state[DS_RULE_STATES];
    void *next[DS_RULE_STATES + 1]; /* outputs of a plan that is not a single pass; the last is theta's */
    void *point;
    char *scalars;
    void *bound_theta, *looked_theta;
    const void *bound_grad, *bound_given[DS_NEED_KINDS];
};

static size_t bytes_of(const ds_stretch *o, int64_t n) { return (size_t)n * ds_dtype_bytes(o->dtype); }
static size_t state_bytes(const ds_stretch *o, int i) { return bytes_of(o, o->build.state[i].count); }

static ds_status vector_alloc(ds_stretch *o, void **out, int64_t n, const char *what)
{
    *out = ds_buffer_alloc(bytes_of(o, n));
    return *out ? DS_OK : ds_fail_memory(o->ctx, bytes_of(o, n), what);
}

static void fill(const ds_stretch *o, void *x, int64_t n, double value)
{
    if (o->dtype == DS_F32)
        for (int64_t i = 0; i < n; i++) ((float *)x)[i] = (float)value;
    else
        for (int64_t i = 0; i < n; i++) ((double *)x)[i] = value;
}

/* State the rule as a graph and plan it. */
static ds_status plan(ds_stretch *o, const ds_optim_settings *s, ds_graph *g)
{
    ds_rule_build *b = &o->build;
    *b = (ds_rule_build){ .g = g, .option = { &o->rule, o->book }, .space = s->space };
    b->theta = ds_input(g, "theta", o->dtype, DS_SHAPE(o->n));
    b->grad = ds_input(g, "g", o->dtype, DS_SHAPE(o->n));
    o->def->update(b);
    ds_val out[DS_RULE_STATES + 1] = { b->theta_next };
    for (int i = 0; i < b->nstates; i++) out[1 + i] = b->state[i].next;
    ds_plan_options options = { .backend = s->backend, .bound = true, .unfused = s->unfused };
    DS_TRY(ds_plan_create(&o->plan, g, 1 + b->nstates, out, &options));
    return ds_val_ok(b->point) ? ds_plan_create(&o->look, g, 1, &b->point, &options) : DS_OK;
}

/* Memory of the state and of the scalars, given to the plans. theta and the gradient come with each step. */
static ds_status bind(ds_stretch *o)
{
    ds_rule_build *b = &o->build;
    bool in_place = ds_plan_steps(o->plan) <= 1;
    for (int i = 0; i < b->nstates; i++) {
        int64_t n = b->state[i].count;
        DS_TRY(vector_alloc(o, &o->state[i], n, "optimizer state"));
        fill(o, o->state[i], n, b->state[i].initial);
        if (!in_place) DS_TRY(vector_alloc(o, &o->next[i], n, "next optimizer state"));
        if (ds_plan_has(o->plan, b->state[i].now)) DS_TRY(ds_plan_bind(o->plan, b->state[i].now, o->state[i]));
        DS_TRY(ds_plan_bind(o->plan, b->state[i].next, in_place ? o->state[i] : o->next[i]));
    }
    if (!in_place) {
        DS_TRY(vector_alloc(o, &o->next[DS_RULE_STATES], o->n, "next parameters"));
        DS_TRY(ds_plan_bind(o->plan, b->theta_next, o->next[DS_RULE_STATES]));
    }
    o->scalars = ds_buffer_alloc(DS_RULE_SCALARS * LINE);
    if (!o->scalars) return ds_fail_memory(o->ctx, DS_RULE_SCALARS * LINE, "scalars of a rule");
    for (int i = 0; i < DS_RULE_SCALARS; i++)
        if (ds_val_ok(b->scalar[i])) DS_TRY(ds_plan_bind(o->plan, b->scalar[i], o->scalars + i * LINE));
    if (!o->look) return DS_OK;
    DS_TRY(vector_alloc(o, &o->point, o->n, "look-ahead point"));
    DS_TRY(ds_plan_bind(o->look, b->point, o->point));
    /* Every look-ahead is theta + a v: the velocity is the only state that it reads. */
    return ds_plan_bind(o->look, b->state[0].now, o->state[0]);
}

static ds_status create(ds_stretch *o, const ds_optim_settings *s)
{
    if (s->n < 0)
        return ds_fail(o->ctx, DS_ERANGE, "found a vector of %lld elements, wanted 0 or more", (long long)s->n);
    if (s->dtype != DS_F32 && s->dtype != DS_F64)
        return ds_fail(o->ctx, DS_EUSAGE, "found parameters of type %s, wanted f32 or f64", ds_dtype_name(s->dtype));
    o->rule = s->rule;
    DS_TRY(ds_rule_resolve(o->ctx, s->dialect, &o->rule, NULL));
    o->def = ds_rule_of(o->rule.head);
    o->book = s->dialect && strcmp(s->dialect, "book") == 0;
    o->n = s->n;
    o->dtype = s->dtype;
    ds_graph *g;
    DS_TRY(ds_graph_create(&g, o->ctx));
    ds_status status = plan(o, s, g);
    ds_graph_free(g);
    o->build.g = NULL;
    return status == DS_OK ? bind(o) : status;
}

ds_status ds_stretch_create(ds_stretch **out, ds_ctx *ctx, const ds_optim_settings *settings)
{
    *out = NULL;
    ds_stretch *o = calloc(1, sizeof *o);
    if (!o) return ds_fail_memory(ctx, sizeof *o, "optimizer");
    o->ctx = ctx;
    ds_status status = create(o, settings);
    if (status == DS_OK)
        *out = o;
    else
        ds_stretch_free(o);
    return status;
}

void ds_stretch_free(ds_stretch *o)
{
    if (!o) return;
    ds_plan_free(o->plan);
    ds_plan_free(o->look);
    for (int i = 0; i < DS_RULE_STATES; i++) ds_buffer_free(o->state[i]);
    for (int i = 0; i <= DS_RULE_STATES; i++) ds_buffer_free(o->next[i]);
    ds_buffer_free(o->point);
    ds_buffer_free(o->scalars);
    free(o);
}

double ds_stretch_lr(const ds_stretch *o)
{
    ds_rule_options options = { &o->rule, o->book };
    return ds_rule_real(&options, "lr");
}

/* Plans take writable addresses; what is bound to an input is read only. */
static void *readable(const void *memory)
{
    void *p;
    memcpy(&p, &memory, sizeof p);
    return p;
}

ds_status ds_stretch_point(ds_stretch *o, const void *theta, const void **point)
{
    *point = theta;
    if (!o->look) return DS_OK;
    if (o->looked_theta != theta) DS_TRY(ds_plan_bind(o->look, o->build.theta, readable(theta)));
    o->looked_theta = readable(theta);
    DS_TRY(ds_plan_run(o->look));
    *point = o->point;
    return DS_OK;
}

unsigned ds_stretch_needs(const ds_stretch *o, int64_t t)
{
    const ds_rule_options options = { &o->rule, o->book };
    return o->def->needs ? o->def->needs(&options, t) : 0;
}

static ds_status bind_given(ds_stretch *o, const ds_given *given)
{
    for (int k = 0; k < DS_NEED_KINDS; k++) {
        if (!ds_val_ok(o->build.given[k]) || o->bound_given[k] == given->vector[k]) continue;
        DS_TRY(ds_plan_bind(o->plan, o->build.given[k], readable(given->vector[k])));
        o->bound_given[k] = given->vector[k];
    }
    return DS_OK;
}

static void set_scalars(ds_stretch *o, int64_t t, const ds_given *given, double lr)
{
    double value[DS_RULE_SCALARS] = { 0 };
    ds_rule_step step = {
        .option = { &o->rule, o->book }, .t = t, .lr = lr, .loss = given->loss, .rows = given->rows, .kept = o->kept
    };
    o->def->scalars(&step, value);
    for (int i = 0; i < DS_RULE_SCALARS; i++) {
        if (o->dtype == DS_F32)
            *(float *)(void *)(o->scalars + i * LINE) = (float)value[i];
        else
            *(double *)(void *)(o->scalars + i * LINE) = value[i];
    }
}

ds_status ds_stretch_step(ds_stretch *o, int64_t t, void *theta, const void *gradient, const ds_given *given, double lr)
{
    ds_rule_build *b = &o->build;
    void *theta_next = o->next[DS_RULE_STATES];
    if (o->bound_theta != theta) {
        DS_TRY(ds_plan_bind(o->plan, b->theta, theta));
        if (!theta_next) DS_TRY(ds_plan_bind(o->plan, b->theta_next, theta));
        o->bound_theta = theta;
    }
    if (o->bound_grad != gradient) DS_TRY(ds_plan_bind(o->plan, b->grad, readable(gradient)));
    o->bound_grad = gradient;
    DS_TRY(bind_given(o, given));
    set_scalars(o, t, given, lr);
    DS_TRY(ds_plan_run(o->plan));
    if (theta_next) memcpy(theta, theta_next, bytes_of(o, o->n));
    for (int i = 0; i < b->nstates; i++)
        if (o->next[i]) memcpy(o->state[i], o->next[i], state_bytes(o, i));
    return DS_OK;
}

int ds_stretch_states(const ds_stretch *o) { return o->build.nstates; }
const char *ds_stretch_state_name(const ds_stretch *o, int i) { return o->build.state[i].name; }
int64_t ds_stretch_state_count(const ds_stretch *o, int i) { return o->build.state[i].count; }
void *ds_stretch_state(ds_stretch *o, int i) { return o->state[i]; }

double *ds_stretch_numbers(ds_stretch *o) { return o->kept; }
const char *ds_stretch_number_name(const ds_stretch *o, int i)
{
    return i < DS_OPTIM_NUMBERS ? o->def->number[i] : NULL;
}

size_t ds_stretch_bytes(const ds_stretch *o)
{
    size_t bytes = DS_RULE_SCALARS * LINE + ds_plan_bytes(o->plan) + (o->look ? ds_plan_bytes(o->look) : 0);
    for (int i = 0; i < o->build.nstates; i++) bytes += state_bytes(o, i) * (o->next[i] ? 2 : 1);
    if (o->next[DS_RULE_STATES]) bytes += bytes_of(o, o->n);
    return o->point ? bytes + bytes_of(o, o->n) : bytes;
}

size_t ds_stretch_traffic(const ds_stretch *o)
{
    size_t bytes = 3 * bytes_of(o, o->n);
    for (int i = 0; i < o->build.nstates; i++) bytes += 2 * state_bytes(o, i);
    return bytes;
}
