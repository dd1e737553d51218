/* solver.c - what all solvers share: questions, counting, the best point, stop rules, saving. */
#include "optim/solver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/registry.h"
#include "descent/graph.h"
#include "nn/nn.h"
#include "space/vector.h"

/* ---- vectors ----------------------------------------------------------------------------------------------------- */

double ds_dot(int64_t n, const double *x, const double *y) { return ds_vector_dot(DS_F64, x, y, n); }

void ds_axpy(int64_t n, double a, const double *x, double *y)
{
    for (int64_t i = 0; i < n; i++) y[i] += a * x[i]; /* fma is a call where it is no instruction of every machine */
}

double ds_largest(int64_t n, const double *x)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(x[i]) <= most)) most = fabs(x[i]);
    return most;
}

double *ds_solver_vector(ds_solver *s, int64_t count)
{
    if (s->blocks == DS_SOLVER_VECTORS) {
        ds_fail(s->ctx, DS_EBUG, "solver %s keeps more than %d vectors", s->def->head.name, DS_SOLVER_VECTORS);
        return NULL;
    }
    double *data = ds_buffer_alloc((size_t)(count > 0 ? count : 1) * sizeof *data);
    if (!data) {
        ds_fail_memory(s->ctx, (size_t)count * sizeof *data, "a solver");
        return NULL;
    }
    s->block[s->blocks].data = data;
    s->block[s->blocks++].count = count;
    return data;
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

static const ds_optval *option(const ds_part *p, const char *name)
{
    int k = ds_option_find(p->head->options, name);
    return k < 0 ? NULL : &p->value[k];
}

double ds_solver_real(const ds_solver *s, const char *name)
{
    const ds_optval *v = option(&s->set.solver, name);
    return v ? v->real : 0;
}

int64_t ds_solver_integer(const ds_solver *s, const char *name)
{
    const ds_optval *v = option(&s->set.solver, name);
    return v ? v->integer : 0;
}

double ds_search_option(const ds_part *p, const char *name)
{
    const ds_optval *v = p->head ? option(p, name) : NULL;
    int k = p->head ? ds_option_find(p->head->options, name) : -1;
    return !v ? 0 : p->head->options[k].type == DS_OPT_INT ? (double)v->integer : v->real;
}

ds_status ds_solver_parse(ds_ctx *ctx, const char *text, ds_part *out)
{
    return ds_part_parse(ctx, NULL, &ds_solver_registry, "solver", text, out);
}

ds_status ds_search_parse(ds_ctx *ctx, const char *text, ds_part *out)
{
    return ds_part_parse(ctx, NULL, &ds_search_registry, "search", text, out);
}

static const ds_solver_def *def_of(const ds_part *solver) { return (const ds_solver_def *)(const void *)solver->head; }

unsigned ds_solver_needs(const ds_part *solver) { return def_of(solver)->needs; }
const char *ds_solver_search(const ds_part *solver) { return def_of(solver)->search; }

/* ---- questions --------------------------------------------------------------------------------------------------- */

void ds_solver_end(ds_solver *s, ds_solver_reason reason)
{
    s->reason = (int64_t)reason;
    s->asked = 0;
}

/* Evaluations that a question costs: a gradient that comes with a value costs nothing more. */
static int64_t cost_of(unsigned what)
{
    return (what & (DS_ASK_VALUE | DS_ASK_GRADIENT | DS_ASK_RESIDUALS | DS_ASK_JACOBIAN) ? 1 : 0) +
           (what & (DS_ASK_PRODUCT | DS_ASK_GAUSS_NEWTON) ? 1 : 0);
}

void ds_solver_want(ds_solver *s, unsigned what)
{
    if (s->set.budget > 0 && s->spent + cost_of(what) > s->set.budget) {
        ds_solver_end(s, DS_SOLVER_BUDGET);
        return;
    }
    s->spent += cost_of(what);
    s->asked = (int64_t)what;
}

void ds_solver_draw(ds_solver *s, const double *center, double scale)
{
    if (s->set.changes && s->phase) { /* the draw of this iteration is told: on from the better of the two */
        s->phase = 0;
        s->iteration++;
        memcpy(s->x, s->best, (size_t)s->n * sizeof *s->x);
        ds_solver_anew(s, DS_ASK_VALUE);
        return;
    }
    s->phase = 1;
    if (!s->set.changes) s->iteration++;
    ds_rng r = ds_rng_at(s->set.seed, DS_FOR_SOLVER, (uint32_t)s->values, 0);
    for (int64_t i = 0; i < s->n; i++) s->trial[i] = center[i] + scale * ds_rng_normal(&r);
    ds_solver_want(s, DS_ASK_VALUE);
}

/* In `asked`, beside what is wanted. */
enum { BEGINS = 1 << 8 };

void ds_solver_begins(ds_solver *s)
{
    if (s->asked) s->asked |= BEGINS;
}

void ds_solver_anew(ds_solver *s, unsigned what)
{
    memcpy(s->trial, s->x, (size_t)s->n * sizeof *s->trial);
    s->best_f = INFINITY;
    ds_solver_want(s, what);
    ds_solver_begins(s);
}

const ds_question *ds_solver_ask(ds_solver *s)
{
    s->ask = (ds_question){
        .what = (unsigned)(s->asked & ~BEGINS), .x = s->trial, .v = s->probe, .begins = (s->asked & BEGINS) != 0
    };
    return &s->ask;
}

/* The best point, and whether to go on. most: largest entry of the gradient. */
static bool note_value(ds_solver *s, double most)
{
    bool better = most < s->best_g || (isnan(s->best_g) && !isnan(most));
    if (s->ft < s->best_f || (s->ft == s->best_f && better)) {
        s->best_f = s->ft;
        s->best_g = most;
        memcpy(s->best, s->trial, (size_t)s->n * sizeof *s->best);
    }
    if (s->ft <= s->set.target) ds_solver_end(s, DS_SOLVER_TARGET);
    return s->reason == DS_SOLVER_RUNNING;
}

void ds_solver_tell(ds_solver *s, double value, const double *gradient, const double *product)
{
    unsigned what = (unsigned)(s->asked & ~BEGINS);
    size_t bytes = (size_t)s->n * sizeof(double);
    if (!what) return;
    if (what & (DS_ASK_PRODUCT | DS_ASK_GAUSS_NEWTON)) {
        memcpy(s->product, product, bytes);
        s->products++;
    }
    if (what & DS_ASK_GRADIENT) {
        memcpy(s->gt, gradient, bytes);
        s->gradients++;
    }
    if (what & DS_ASK_VALUE) {
        s->ft = value;
        s->values++;
        if (!note_value(s, what & DS_ASK_GRADIENT ? ds_largest(s->n, s->gt) : NAN)) return;
    }
    s->def->told(s);
}

void ds_solver_tell_residuals(ds_solver *s, const double *residuals, const double *jacobian)
{
    unsigned what = (unsigned)(s->asked & ~BEGINS);
    if (what & DS_ASK_JACOBIAN) {
        memcpy(s->jacobian, jacobian, (size_t)(s->set.m * s->n) * sizeof *jacobian);
        s->gradients++;
    }
    if (what & DS_ASK_RESIDUALS) {
        memcpy(s->residual, residuals, (size_t)s->set.m * sizeof *residuals);
        s->ft = ds_dot(s->set.m, residuals, residuals);
        s->values++;
        if (!note_value(s, NAN)) return;
    }
    if (what & (DS_ASK_JACOBIAN | DS_ASK_RESIDUALS)) s->def->told(s);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static ds_status open_search(ds_solver *s)
{
    if (!s->def->search) return DS_OK;
    if (!s->set.search.head) DS_TRY(ds_search_parse(s->ctx, s->def->search, &s->set.search));
    s->search_def = ds_search_of(s->set.search.head);
    return DS_OK;
}

static ds_status fill(ds_solver *s)
{
    double **vectors[] = { &s->x, &s->g, &s->d, &s->trial, &s->gt, &s->probe, &s->product, &s->best };
    for (size_t k = 0; k < sizeof vectors / sizeof vectors[0]; k++)
        if (!(*vectors[k] = ds_solver_vector(s, s->n))) return DS_EMEM;
    DS_TRY(open_search(s));
    if (s->def->open) DS_TRY(s->def->open(s));
    memcpy(s->x, s->set.start, (size_t)s->n * sizeof(double));
    memcpy(s->trial, s->x, (size_t)s->n * sizeof(double));
    memcpy(s->best, s->x, (size_t)s->n * sizeof(double));
    s->best_f = INFINITY;
    s->best_g = NAN;
    s->def->begin(s);
    ds_solver_begins(s);
    return DS_OK;
}

ds_status ds_solver_check(ds_ctx *ctx, const ds_solver_settings *set)
{
    if (!ds_registry_holds(&ds_solver_registry, set->solver.head))
        return ds_fail(ctx, DS_EUNKNOWN, "no solver was chosen; descent explain solver lists them");
    const ds_solver_def *def = def_of(&set->solver);
    if (!def->search && set->search.head)
        return ds_fail(ctx, DS_ECONFIG, "solver %s has no line search; leave out search", def->head.name);
    if (set->n < 1) return ds_fail(ctx, DS_ECONFIG, "a function of %lld numbers; wanted at least 1", (long long)set->n);
    if (def->dense && set->n > DS_SOLVER_DENSE)
        return ds_fail(
            ctx, DS_ECONFIG,
            "solver %s keeps a matrix of n x n numbers: %lld of them take %.3g GiB; at most %d, or use lbfgs, "
            "cg or newton_cg",
            def->head.name, (long long)set->n, (double)set->n * (double)set->n * 8 / (1 << 30), DS_SOLVER_DENSE);
    if (def->needs & DS_ASK_RESIDUALS && set->m < 1)
        return ds_fail(
            ctx, DS_ECONFIG,
            "solver %s asks for the residuals of a sum of squares, and the function gives none; use lbfgs, or "
            "hessian_free for Gauss-Newton steps without them",
            def->head.name);
    if (def->compares && set->changes)
        return ds_fail(
            ctx, DS_ECONFIG,
            "solver %s compares values of many iterations, but the function changes from one to the next; it "
            "wants all rows in each step (train.batch: all), without dropout, batch norm and augmentation",
            def->head.name);
    return DS_OK;
}

ds_status ds_solver_create(ds_solver **out, ds_ctx *ctx, const ds_solver_settings *settings)
{
    *out = NULL;
    DS_TRY(ds_solver_check(ctx, settings));
    ds_solver *s = calloc(1, sizeof *s);
    if (!s) return ds_fail_memory(ctx, sizeof *s, "a solver");
    s->ctx = ctx;
    s->def = def_of(&settings->solver);
    s->set = *settings;
    s->n = settings->n;
    ds_status status = fill(s);
    if (status != DS_OK) {
        ds_solver_free(s);
        return status;
    }
    *out = s;
    return DS_OK;
}

void ds_solver_free(ds_solver *s)
{
    if (!s) return;
    for (int k = 0; k < s->blocks; k++) ds_buffer_free(s->block[k].data);
    free(s->room);
    free(s);
}

void ds_solver_result(const ds_solver *s, ds_solver_outcome *o)
{
    static const char *const text[] = {
        [DS_SOLVER_RUNNING] = "still running",
        [DS_SOLVER_GRADIENT] = "the gradient is small",
        [DS_SOLVER_TARGET] = "the target value is reached",
        [DS_SOLVER_BUDGET] = "the budget of evaluations is used up",
        [DS_SOLVER_STUCK] = "no step lowers the value any more",
        [DS_SOLVER_SPREAD] = "the points have shrunk to one",
        [DS_SOLVER_NONFINITE] = "the start has no finite value or gradient",
    };
    *o = (ds_solver_outcome){ .reason = (ds_solver_reason)s->reason,
                              .value = s->best_f,
                              .gradient_norm = s->best_g,
                              .values = s->values,
                              .gradients = s->gradients,
                              .products = s->products,
                              .iterations = s->iteration,
                              .x = s->best,
                              .text = text[s->reason] };
}

const double *ds_solver_point(const ds_solver *s) { return s->set.changes ? s->x : s->best; }

void ds_solver_remember(ds_solver *s, ds_state *st)
{
    static const char *const names[] = { "phase",    "iteration", "values", "gradients",
                                         "products", "asked",     "reason", "spent" };
    int64_t *const counts[] = { &s->phase,    &s->iteration, &s->values, &s->gradients,
                                &s->products, &s->asked,     &s->reason, &s->spent };
    double *const reals[] = { &s->f, &s->ft, &s->f_before, &s->best_f, &s->best_g };
    char name[32];
    for (int k = 0; k < s->blocks; k++) {
        snprintf(name, sizeof name, "vector%d", k);
        ds_state_vector(st, "solver", name, DS_F64, s->block[k].count, s->block[k].data);
    }
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) ds_state_integer(st, "solver", names[k], counts[k]);
    for (int k = 0; k < DS_SOLVER_INTEGERS; k++) {
        snprintf(name, sizeof name, "integer%d", k);
        ds_state_integer(st, "solver", name, &s->integer[k]);
    }
    for (size_t k = 0; k < sizeof reals / sizeof reals[0]; k++) {
        snprintf(name, sizeof name, "value%d", (int)k);
        ds_state_real(st, "solver", name, reals[k]);
    }
    for (int k = 0; k < DS_SOLVER_REALS; k++) {
        snprintf(name, sizeof name, "real%d", k);
        ds_state_real(st, "solver", name, &s->real[k]);
    }
    for (size_t k = 0; k < sizeof(ds_search) / sizeof(double); k++) {
        snprintf(name, sizeof name, "search%d", (int)k);
        ds_state_real(st, "solver", name, (double *)(void *)&s->search + k);
    }
}
