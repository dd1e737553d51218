/* stretch.c - one rule at work on one stretch of the vectors: its updates planned once, bound over theta and the state,
 * run at each step.
 *
 * A rule for any tensor is one piece, the whole stretch; a rule for matrices is a piece for each of them. Its state is
 * one block of memory for each name, in which every piece has its place. Where a plan loads each tile before it stores
 * it, its result lies over what it is computed from; otherwise the result has memory aside, shared by the pieces, and is
 * copied when the plan has run. */
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "kernel/vec.h"
#include "optim/piece.h"
#include "optim/stretch.h"
#include "space/space.h"

enum { LINE = 64 }; /* bytes between scalars: each bound memory is aligned to this */

/* A piece's share of a refresh. */
typedef struct task {
    int piece;
    int64_t index;
} task;

struct ds_stretch {
    ds_ctx *ctx;
    ds_part rule;
    const ds_rule_def *def;
    bool book;
    int64_t n, step;
    double kept[DS_OPTIM_NUMBERS];
    ds_dtype dtype;
    ds_piece *piece;
    int pieces;
    int64_t count[DS_RULE_STATES]; /* elements of a state, of all pieces */
    void *state[DS_RULE_STATES];
    void *next[DS_RULE_STATES + 1]; /* results aside; the last is theta's */
    int64_t next_count[DS_RULE_STATES + 1];
    void *point;
    char *scalars;
    void *bound_theta, *looked_theta;
    const void *bound_grad, *bound_given[DS_NEED_KINDS];
    task *task; /* of the refresh, with memory for each worker */
    int64_t tasks;
    char *scratch;
    size_t worker_bytes;
    bool *failed; /* [tasks] */
};

static size_t bytes_of(const ds_stretch *o, int64_t n) { return (size_t)n * ds_dtype_bytes(o->dtype); }
static int states_of(const ds_stretch *o) { return o->piece[0].build.nstates; }
static char *place(const ds_stretch *o, void *v, int64_t at) { return (char *)v + bytes_of(o, at); }

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

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

/* One matrix: all axes but the last, by the last. */
static void be_segment(ds_piece *p, const ds_space *space, int i)
{
    ds_shape shape = ds_space_shape(space, i);
    const ds_segment *s = ds_space_segment(space, i);
    p->cols = shape.rank ? shape.dim[shape.rank - 1] : 1;
    p->from = s->offset;
    p->n = s->count;
    p->rows = p->cols ? s->count / p->cols : 0;
}

static ds_status cut(ds_stretch *o, const ds_optim_settings *s)
{
    bool each = o->def->each && s->space;
    int64_t columns = s->columns ? s->columns : 1;
    o->pieces = each ? ds_space_count(s->space) : 1;
    o->piece = calloc((size_t)o->pieces + 1, sizeof *o->piece);
    if (!o->piece) return ds_fail_memory(o->ctx, (size_t)o->pieces * sizeof *o->piece, "pieces of an optimizer");
    if (columns < 0 || s->n % columns)
        return ds_fail(o->ctx, DS_EUSAGE, "found a matrix of %lld columns, wanted a divisor of %lld",
                       (long long)columns, (long long)s->n);
    o->piece[0] = (ds_piece){ .n = s->n, .rows = s->n / columns, .cols = columns };
    for (int i = 0; each && i < o->pieces; i++) be_segment(&o->piece[i], s->space, i);
    return DS_OK;
}

/* Where a piece's part of a vector begins: where the piece does; of a state of another size after the parts before. */
static void place_states(ds_stretch *o, ds_piece *p)
{
    for (int i = 0; i < p->build.nstates; i++) {
        int64_t *end = &o->count[i], n = p->build.state[i].count;
        bool vector = p->build.state[i].vector;
        p->at[i] = vector ? p->from : (*end + 15) / 16 * 16;
        if (vector)
            *end = o->n;
        else if (n)
            *end = p->at[i] + n;
        if (p->aside[i] && n > o->next_count[i]) o->next_count[i] = n;
    }
    int64_t *most = &o->next_count[DS_RULE_STATES];
    if (p->aside[DS_RULE_STATES] && p->n > *most) *most = p->n;
}

static ds_status plan(ds_stretch *o, const ds_optim_settings *s)
{
    ds_rule_options options = { &o->rule, o->book };
    bool each = o->def->each && s->space;
    for (int k = 0; k < o->pieces; k++) {
        DS_TRY(ds_piece_plan(&o->piece[k], o->ctx, s, o->def, &options, each ? ds_space_segment(s->space, k) : NULL));
        place_states(o, &o->piece[k]);
    }
    return DS_OK;
}

/* Memory of the states and of the scalars, given to the plans. theta and the gradient come with each step. */
static ds_status make_memory(ds_stretch *o)
{
    const ds_rule_build *b = &o->piece[0].build;
    for (int i = 0; i < b->nstates; i++) {
        DS_TRY(vector_alloc(o, &o->state[i], o->count[i], "optimizer state"));
        fill(o, o->state[i], o->count[i], b->state[i].initial);
    }
    for (int i = 0; i <= DS_RULE_STATES; i++)
        if (o->next_count[i]) DS_TRY(vector_alloc(o, &o->next[i], o->next_count[i], "the result of a step"));
    o->scalars = ds_buffer_alloc(DS_RULE_SCALARS * LINE);
    return o->scalars ? DS_OK : ds_fail_memory(o->ctx, DS_RULE_SCALARS * LINE, "scalars of a rule");
}

static ds_status bind(ds_stretch *o, ds_piece *p)
{
    const ds_rule_build *b = &p->build;
    for (int i = 0; i < b->nstates; i++) {
        const ds_rule_state *s = &b->state[i];
        void *at = place(o, o->state[i], p->at[i]);
        if (s->count) DS_TRY(ds_piece_bind(p, s->now, at));
        if (s->count && ds_val_ok(s->next)) DS_TRY(ds_piece_bind(p, s->next, p->aside[i] ? o->next[i] : at));
    }
    if (p->aside[DS_RULE_STATES]) DS_TRY(ds_piece_bind(p, b->theta_next, o->next[DS_RULE_STATES]));
    for (int i = 0; i < DS_RULE_SCALARS; i++)
        if (ds_val_ok(b->scalar[i])) DS_TRY(ds_piece_bind(p, b->scalar[i], o->scalars + i * LINE));
    if (!p->look) return DS_OK;
    DS_TRY(vector_alloc(o, &o->point, o->n, "look-ahead point"));
    DS_TRY(ds_plan_bind(p->look, b->point, o->point));
    /* Every look-ahead is theta + a v: the velocity is the only state that it reads. */
    return ds_plan_bind(p->look, b->state[0].now, o->state[0]);
}

/* ---- the refresh ------------------------------------------------------------------------------------------------- */

static ds_rule_refresh refresh_of(const ds_stretch *o, const ds_piece *p, int64_t t)
{
    ds_rule_refresh r = {
        .option = { &o->rule, o->book }, .t = t, .rows = p->rows, .cols = p->cols, .dtype = o->dtype
    };
    r.product = ds_vec_get()->f64;
    for (int i = 0; i < states_of(o); i++) r.state[i] = place(o, o->state[i], p->at[i]);
    return r;
}

/* Room for the tasks of any step: every piece has a fixed most of them. */
static ds_status prepare_refresh(ds_stretch *o)
{
    const ds_rule_stage *stage = o->def->refresh;
    int64_t most = 0;
    for (int k = 0; stage && k < o->pieces; k++) {
        ds_rule_refresh r = refresh_of(o, &o->piece[k], 0);
        size_t bytes = (stage->scratch(&r) + LINE - 1) / LINE * LINE;
        most += stage->tasks(&r);
        if (bytes > o->worker_bytes) o->worker_bytes = bytes;
    }
    if (most == 0) return DS_OK;
    o->task = calloc((size_t)most, sizeof *o->task);
    o->failed = calloc((size_t)most, 1);
    o->scratch = ds_buffer_alloc((size_t)ds_ctx_threads(o->ctx) * o->worker_bytes);
    return o->task && o->failed && o->scratch ? DS_OK : ds_fail_memory(o->ctx, o->worker_bytes, "a refresh");
}

static void run_task(void *arg, int64_t index, int worker)
{
    ds_stretch *o = arg;
    const task *t = &o->task[index];
    ds_rule_refresh r = refresh_of(o, &o->piece[t->piece], o->step);
    o->failed[index] =
        !o->def->refresh->run(&r, t->index, (double *)(void *)(o->scratch + (size_t)worker * o->worker_bytes));
}

static ds_status refresh(ds_stretch *o)
{
    if (!o->task) return DS_OK;
    o->tasks = 0;
    for (int k = 0; k < o->pieces; k++) {
        ds_rule_refresh r = refresh_of(o, &o->piece[k], o->step);
        int64_t n = o->def->refresh->tasks(&r);
        for (int64_t i = 0; i < n; i++) o->task[o->tasks++] = (task){ k, i };
    }
    ds_pool_run(ds_ctx_pool(o->ctx), o->tasks, run_task, o);
    for (int64_t i = 0; i < o->tasks; i++)
        if (o->failed[i])
            return ds_fail(o->ctx, DS_ERANGE, "the statistics of rule \"%s\" are not finite at step %lld; lower lr",
                           o->def->head.name, (long long)o->step);
    return DS_OK;
}

/* ---- making it --------------------------------------------------------------------------------------------------- */

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
    DS_TRY(cut(o, s));
    DS_TRY(plan(o, s));
    DS_TRY(make_memory(o));
    for (int k = 0; k < o->pieces; k++) DS_TRY(bind(o, &o->piece[k]));
    return prepare_refresh(o);
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
    for (int k = 0; o->piece && k < o->pieces; k++) ds_piece_free(&o->piece[k]);
    free(o->piece);
    free(o->task);
    free(o->failed);
    ds_buffer_free(o->scratch);
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
    const ds_piece *p = &o->piece[0];
    *point = theta;
    if (!p->look) return DS_OK;
    if (o->looked_theta != theta) DS_TRY(ds_plan_bind(p->look, p->build.theta, readable(theta)));
    o->looked_theta = readable(theta);
    DS_TRY(ds_plan_run(p->look));
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
    for (int i = 0; i < DS_NEED_KINDS; i++) {
        if (o->bound_given[i] == given->vector[i]) continue;
        for (int k = 0; k < o->pieces; k++) {
            ds_piece *p = &o->piece[k];
            ds_val v = p->build.given[i];
            if (ds_val_ok(v)) DS_TRY(ds_piece_bind(p, v, place(o, readable(given->vector[i]), p->from)));
        }
        o->bound_given[i] = given->vector[i];
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

/* Tell the plans where theta and the gradient lie this time. */
static ds_status bind_step(ds_stretch *o, ds_piece *p, void *theta, const void *gradient)
{
    char *at = place(o, theta, p->from);
    if (o->bound_theta != theta) {
        DS_TRY(ds_piece_bind(p, p->build.theta, at));
        if (!p->aside[DS_RULE_STATES]) DS_TRY(ds_piece_bind(p, p->build.theta_next, at));
    }
    if (o->bound_grad == gradient) return DS_OK;
    return ds_piece_bind(p, p->build.grad, place(o, readable(gradient), p->from));
}

/* Results that lie aside go where they belong. */
static void settle(ds_stretch *o, const ds_piece *p, bool early)
{
    for (int i = 0; i < states_of(o); i++)
        if (p->aside[i] && p->build.state[i].early == early)
            memcpy(place(o, o->state[i], p->at[i]), o->next[i], bytes_of(o, p->build.state[i].count));
}

ds_status ds_stretch_step(ds_stretch *o, int64_t t, void *theta, const void *gradient, const ds_given *given, double lr)
{
    for (int k = 0; k < o->pieces; k++) DS_TRY(bind_step(o, &o->piece[k], theta, gradient));
    o->bound_theta = theta;
    o->bound_grad = gradient;
    DS_TRY(bind_given(o, given));
    o->step = t;
    set_scalars(o, t, given, lr);
    for (int k = 0; k < o->pieces; k++) {
        if (!o->piece[k].early) continue;
        DS_TRY(ds_plan_run(o->piece[k].early));
        settle(o, &o->piece[k], true);
    }
    DS_TRY(refresh(o));
    for (int k = 0; k < o->pieces; k++) {
        const ds_piece *p = &o->piece[k];
        DS_TRY(ds_plan_run(p->plan));
        if (p->aside[DS_RULE_STATES]) memcpy(place(o, theta, p->from), o->next[DS_RULE_STATES], bytes_of(o, p->n));
        settle(o, p, false);
    }
    return DS_OK;
}

int ds_stretch_states(const ds_stretch *o) { return states_of(o); }
const char *ds_stretch_state_name(const ds_stretch *o, int i) { return o->piece[0].build.state[i].name; }
int64_t ds_stretch_state_count(const ds_stretch *o, int i) { return o->count[i]; }
void *ds_stretch_state(ds_stretch *o, int i) { return o->state[i]; }

int64_t ds_stretch_beside(const ds_stretch *o, int64_t from, int64_t n)
{
    int64_t elements = 0;
    for (int k = 0; k < o->pieces; k++)
        for (int i = 0; i < states_of(o); i++) {
            int64_t count = o->piece[k].build.state[i].count;
            if (!o->def->each)
                elements += count == o->n ? n : 0;
            else if (o->piece[k].from == from)
                elements += count;
        }
    return elements;
}

double *ds_stretch_numbers(ds_stretch *o) { return o->kept; }
const char *ds_stretch_number_name(const ds_stretch *o, int i)
{
    return i < DS_OPTIM_NUMBERS ? o->def->number[i] : NULL;
}

size_t ds_stretch_bytes(const ds_stretch *o)
{
    size_t bytes = DS_RULE_SCALARS * LINE;
    for (int k = 0; k < o->pieces; k++) bytes += ds_piece_bytes(&o->piece[k]);
    for (int i = 0; i < states_of(o); i++) bytes += bytes_of(o, o->count[i]);
    for (int i = 0; i <= DS_RULE_STATES; i++) bytes += bytes_of(o, o->next_count[i]);
    if (o->scratch) bytes += (size_t)ds_ctx_threads(o->ctx) * o->worker_bytes;
    return o->point ? bytes + bytes_of(o, o->n) : bytes;
}

size_t ds_stretch_traffic(const ds_stretch *o)
{
    size_t bytes = 3 * bytes_of(o, o->n);
    for (int i = 0; i < states_of(o); i++) bytes += 2 * bytes_of(o, o->count[i]);
    return bytes;
}
