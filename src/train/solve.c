/* solve.c - a solver in training: one step is one iteration on the step's batches.
 *
 * The solver asks (descent/solve.h) about points in f64; the network answers in its own type, on the same batches, with the
 * same dropout, until the iteration is over. Where all steps see one function (all rows in each, nothing random) it asks
 * straight on; otherwise each step begins with the point it stands at on the new batches. Every evaluation is counted. A
 * step may be left between two of them, since all that the solver remembers is registered.
 *
 * A trial point whose loss or gradient is not finite is told to be infinitely high; the point that the step stands at is
 * trouble as it is to rules. The running statistics of batch norm follow the latter alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "space/vector.h"
#include "train/parts.h"

/* What was told of a point. */
typedef struct told {
    double loss, wrong, norm; /* wrong, norm: NaN where no gradient was asked for */
} told;

typedef struct ds_solve {
    ds_solver *solver;
    void *point, *v; /* [dim] of the question, in the network's type */
    double *g, *hv;  /* [n] of the answer */
    int64_t n;       /* numbers of the network, without the gaps */
    bool fixed;      /* one function in all steps */
    bool held;       /* the latest batches are those to ask about */
    unsigned latest; /* what was asked of the network last at `point`, on them; 0: nothing */
    /* registered */
    told here, next; /* the point that the step stands at; the best one, which a fixed function's next step stands at */
    int64_t evaluations, iterations;
} ds_solve;

/* ---- vectors ----------------------------------------------------------------------------------------------------- */

/* The solver's vectors have no gaps between tensors: the network's gaps stay 0. */
static void narrow(const ds_loop *l, const double *x, void *out)
{
    const ds_space *space = ds_problem_space(l->s->problem);
    for (int k = 0; k < ds_space_count(space); k++) {
        const ds_segment *g = ds_space_segment(space, k);
        if (ds_problem_dtype(l->s->problem) == DS_F64)
            memcpy((double *)out + g->offset, x, (size_t)g->count * sizeof *x);
        else
            for (int64_t i = 0; i < g->count; i++) ((float *)out)[g->offset + i] = (float)x[i];
        x += g->count;
    }
}

static void widen(const ds_loop *l, const void *x, double *out)
{
    const ds_space *space = ds_problem_space(l->s->problem);
    for (int k = 0; k < ds_space_count(space); k++) {
        const ds_segment *g = ds_space_segment(space, k);
        if (ds_problem_dtype(l->s->problem) == DS_F64)
            memcpy(out, (const double *)x + g->offset, (size_t)g->count * sizeof *out);
        else
            for (int64_t i = 0; i < g->count; i++) out[i] = (double)((const float *)x)[g->offset + i];
        out += g->count;
    }
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void forget(void *arg)
{
    ds_solve *v = arg;
    v->held = false;
}

static void remember(ds_loop *l, ds_solve *v)
{
    static const char *const names[] = {
        "here.loss", "here.wrong", "here.norm", "next.loss", "next.wrong", "next.norm"
    };
    double *const reals[] = {
        &v->here.loss, &v->here.wrong, &v->here.norm, &v->next.loss, &v->next.wrong, &v->next.norm
    };
    for (size_t k = 0; k < sizeof reals / sizeof reals[0]; k++) ds_state_real(l->state, "solver", names[k], reals[k]);
    ds_state_integer(l->state, "solver", "evaluations", &v->evaluations);
    ds_state_integer(l->state, "solver", "iterations", &v->iterations);
    ds_solver_remember(v->solver, l->state);
    ds_state_restored(l->state, forget, v);
}

/* Plans for all that the solver may ask, before the first step. */
static ds_status prepare(ds_loop *l)
{
    ds_session *s = l->s;
    unsigned needs = ds_solver_needs(&s->set.solver), want = 0;
    int64_t rest = ds_view_rows(ds_dataset_view(s->data, DS_TRAIN)) % s->batch;
    if (!(needs & DS_ASK_GRADIENT)) want |= DS_WANT_VALUE;
    if (needs & DS_ASK_PRODUCT) want |= DS_WANT_HVP;
    if (needs & DS_ASK_GAUSS_NEWTON) want |= DS_WANT_GNVP;
    DS_TRY(ds_problem_prepare(s->problem, s->batch, DS_MODE_TRAIN, want));
    return rest ? ds_problem_prepare(s->problem, rest, DS_MODE_TRAIN, want) : DS_OK;
}

ds_status ds_solve_open(ds_loop *l)
{
    ds_session *s = l->s;
    ds_solver_settings set = ds_session_solver(s);
    size_t wide = (size_t)set.n * sizeof(double), bytes = (size_t)s->dim * s->element;
    ds_solve *v = l->solve = calloc(1, sizeof *v);
    if (!v) return ds_fail_memory(s->ctx, sizeof *v, "a solver");
    v->fixed = !set.changes;
    v->n = set.n;
    v->point = ds_buffer_alloc(bytes);
    v->v = ds_buffer_alloc(bytes);
    v->g = ds_buffer_alloc(wide);
    v->hv = ds_buffer_alloc(wide);
    if (!v->point || !v->v || !v->g || !v->hv) return ds_fail_memory(s->ctx, 2 * (wide + bytes), "a solver");
    widen(l, s->theta, v->g);
    set.start = v->g;
    DS_TRY(ds_solver_create(&v->solver, s->ctx, &set));
    l->lr = NAN;
    remember(l, v);
    return prepare(l);
}

void ds_solve_close(ds_solve *v)
{
    if (!v) return;
    ds_solver_free(v->solver);
    ds_buffer_free(v->point);
    ds_buffer_free(v->v);
    ds_buffer_free(v->g);
    ds_buffer_free(v->hv);
    free(v);
}

int64_t ds_solve_evaluations(const ds_loop *l) { return l->solve ? l->solve->evaluations : 0; }

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* Ask the network about v->point; the answer is in l->gradient. */
static ds_status evaluate(ds_loop *l, ds_solve *v, unsigned want)
{
    ds_gradient *g = &l->gradient;
    g->want = want;
    g->v = v->v;
    g->same_point = v->held && v->latest == want && l->s->accumulate == 1;
    if (!v->held && v->fixed) ds_loader_seek(l->loader, 0, 0); /* in one order: the same bits at the same point */
    DS_TRY(v->held ? ds_gradient_again(g, l->loader, v->point, l->step)
                   : ds_gradient_take(g, l->loader, v->point, l->step));
    v->held = true;
    v->latest = want;
    v->evaluations++;
    return DS_OK;
}

/* What the network says of the point goes into g and hv. *value is infinite where something is not finite. */
static ds_status answer(ds_loop *l, ds_solve *v, const ds_question *q, double *value)
{
    ds_gradient *g = &l->gradient;
    bool gradient = q->what & DS_ASK_GRADIENT;
    size_t bytes = (size_t)l->s->dim * l->s->element;
    narrow(l, q->x, v->v); /* first beside the last point: where they are equal, products need not start from scratch */
    if (memcmp(v->v, v->point, bytes)) v->latest = 0;
    memcpy(v->point, v->v, bytes);
    g->finite = true;
    *value = 0;
    if (q->what & (DS_ASK_VALUE | DS_ASK_GRADIENT)) {
        g->trains = q->begins;
        DS_TRY(evaluate(l, v, gradient ? DS_WANT_GRADIENT : DS_WANT_VALUE));
        *value = g->finite ? g->loss : INFINITY;
        if (gradient && g->finite) widen(l, g->mean, v->g);
        if (gradient && !g->finite) memset(v->g, 0, (size_t)v->n * sizeof *v->g);
    }
    if (!(q->what & (DS_ASK_PRODUCT | DS_ASK_GAUSS_NEWTON)) || !g->finite) return DS_OK;
    narrow(l, q->v, v->v);
    DS_TRY(evaluate(l, v, q->what & DS_ASK_PRODUCT ? DS_WANT_HVP : DS_WANT_GNVP));
    if (g->finite) widen(l, g->mean, v->hv);
    return DS_OK;
}

/* What is known of the point, for the epoch's numbers. */
static void note(const ds_loop *l, ds_solve *v, const ds_question *q, double value)
{
    bool gradient = q->what & DS_ASK_GRADIENT;
    const told t = { .loss = value,
                     .wrong = gradient && l->errors ? ds_metric_value(l->errors) : NAN,
                     .norm = gradient ? ds_vector_norm(DS_F64, v->g, v->n) : NAN };
    if (q->begins) v->here = t;
    if (q->begins || value < v->next.loss) v->next = t;
}

/* ---- a step ------------------------------------------------------------------------------------------------------ */

/* The rows of the batches of the step. */
static double rows_of(const ds_session *s, int64_t first, int64_t batches)
{
    int64_t rows = ds_view_rows(ds_dataset_view(s->data, DS_TRAIN)), end = (first + batches) * s->batch;
    return (double)((end < rows ? end : rows) - first * s->batch);
}

/* The iteration is over: its point becomes the weights. */
static ds_status take(ds_loop *l, ds_solve *v)
{
    ds_session *s = l->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    int64_t left = s->batches - l->batch, batches = left < s->accumulate ? left : s->accumulate;
    const told here = v->here;
    memcpy(l->before, s->theta, (size_t)s->dim * s->element);
    narrow(l, ds_solver_point(v->solver), s->theta);
    if (batches == left || l->step == l->total - 1 || ds_stop_at_step(s, l->step + 1)) {
        double size = ds_vector_norm(t, l->before, s->dim);
        l->grad_norm = here.norm;
        l->update_ratio = size > 0 ? ds_vector_distance(t, l->before, s->theta, s->dim) / size : NAN;
    }
    if (v->fixed) v->here = v->next;
    v->held = v->fixed;
    return ds_loop_stepped(l, batches, rows_of(s, l->batch, batches), here.loss, here.wrong);
}

/* Whether the run ends before the step's next evaluation. */
static bool leaves(const ds_loop *l)
{
    const ds_session_settings *set = &l->s->set;
    return (set->seconds > 0 && ds_loop_seconds(l) >= set->seconds) ||
           (l->watcher && l->watcher->stop && l->watcher->stop(l->watcher->arg));
}

ds_status ds_solve_step(ds_loop *l)
{
    ds_solve *v = l->solve;
    ds_solver_outcome o;
    for (;;) {
        double value;
        const ds_question *q = ds_solver_ask(v->solver);
        if (!q->what) { /* a run that goes on although its solver has ended */
            ds_solver_result(v->solver, &o);
            ds_loop_end(l, DS_SETTLED, o.text);
            return DS_OK;
        }
        DS_TRY(answer(l, v, q, &value));
        bool point = q->what & (DS_ASK_VALUE | DS_ASK_GRADIENT);
        if (!l->gradient.finite && (q->begins || !point)) {
            v->held = false;
            ds_loop_trouble(l, l->gradient.batch, l->gradient.loss);
            return DS_OK;
        }
        if (point) note(l, v, q, value);
        ds_solver_tell(v->solver, value, v->g, v->hv);
        ds_solver_result(v->solver, &o);
        if (o.iterations > v->iterations || o.reason != DS_SOLVER_RUNNING) break;
        if (leaves(l)) return DS_OK;
    }
    v->iterations = o.iterations;
    DS_TRY(take(l, v));
    if (o.reason != DS_SOLVER_RUNNING) ds_loop_end(l, DS_SETTLED, o.text);
    return DS_OK;
}
