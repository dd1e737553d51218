/* minimize.c - a solver and a function in C put together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optim/solver.h"

/* Central difference of gradients along v, scaled so that the step is cbrt(eps) relative to the point. */
static void difference(const ds_function *f, const double *x, const double *v, double *hv, double *room)
{
    int64_t n = f->n;
    double *at = room, *g = room + n, vv = ds_largest(n, v), h = vv > 0 ? 6e-6 * (1 + ds_largest(n, x)) / vv : 0;
    memset(hv, 0, (size_t)n * sizeof *hv);
    if (h == 0) return;
    for (int side = 0; side < 2; side++) {
        for (int64_t i = 0; i < n; i++) at[i] = side ? x[i] - h * v[i] : x[i] + h * v[i];
        f->value(f->arg, at, g);
        for (int64_t i = 0; i < n; i++) hv[i] += (side ? -g[i] : g[i]) / (2 * h);
    }
}

static void ask_product(const ds_function *f, const ds_question *a, double *hv)
{
    if (a->what & DS_ASK_GAUSS_NEWTON && f->gauss_newton)
        f->gauss_newton(f->arg, a->x, a->v, hv);
    else if (f->product)
        f->product(f->arg, a->x, a->v, hv);
    else
        difference(f, a->x, a->v, hv, hv + f->n);
}

/* watch hears of a value before the solver does. */
static ds_status answer(ds_solver *s, const ds_function *f, double *value, ds_solver_watch *watch, void *watch_arg)
{
    const ds_question *a = ds_solver_ask(s);
    int64_t count = f->m * (f->n + 1) > 4 * f->n ? f->m * (f->n + 1) : 4 * f->n;
    double y = NAN;
    if (!s->room) s->room = malloc((size_t)count * sizeof *s->room);
    if (!s->room) return ds_fail_memory(s->ctx, (size_t)count * sizeof *s->room, "a minimization");
    double *g = s->room, *hv = g + f->n, *r = g, *j = r + f->m;
    if (a->what & (DS_ASK_VALUE | DS_ASK_GRADIENT)) y = f->value(f->arg, a->x, a->what & DS_ASK_GRADIENT ? g : NULL);
    if (a->what & (DS_ASK_PRODUCT | DS_ASK_GAUSS_NEWTON)) ask_product(f, a, hv);
    if (a->what & DS_ASK_RESIDUALS) {
        f->residuals(f->arg, a->x, r);
        y = ds_dot(f->m, r, r);
    }
    if (a->what & DS_ASK_JACOBIAN) f->jacobian(f->arg, a->x, j);
    if (value) *value = y;
    if (watch && a->what & (DS_ASK_VALUE | DS_ASK_RESIDUALS)) watch(watch_arg, s, a->x, y);
    if (a->what & (DS_ASK_RESIDUALS | DS_ASK_JACOBIAN))
        ds_solver_tell_residuals(s, r, j);
    else
        ds_solver_tell(s, y, g, hv);
    return DS_OK;
}

ds_status ds_solver_answer(ds_solver *s, const ds_function *f, double *value)
{
    return answer(s, f, value, NULL, NULL);
}

ds_status ds_minimize(ds_ctx *ctx, const ds_function *f, const ds_solver_settings *settings, double *x,
                      ds_solver_outcome *outcome, ds_solver_watch *watch, void *watch_arg)
{
    ds_solver *s;
    ds_solver_settings set = *settings;
    set.n = f->n;
    set.start = x;
    set.m = f->m;
    if (f->no_gradient && ds_solver_needs(&set.solver) != DS_ASK_VALUE)
        return ds_fail(ctx, DS_ECONFIG,
                       "solver %s asks for gradients and the function has none; use nelder_mead or cmaes",
                       set.solver.head->name);
    DS_TRY(ds_solver_create(&s, ctx, &set));
    ds_status status = DS_OK;
    while (status == DS_OK && ds_solver_ask(s)->what) status = answer(s, f, NULL, watch, watch_arg);
    ds_solver_result(s, outcome);
    memcpy(x, outcome->x, (size_t)f->n * sizeof *x);
    outcome->x = x;
    ds_solver_free(s);
    return status;
}
