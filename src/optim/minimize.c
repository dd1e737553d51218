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

ds_status ds_minimize(ds_ctx *ctx, const ds_function *f, const ds_solver_settings *settings, double *x,
                      ds_solver_outcome *outcome, ds_solver_watch *watch, void *watch_arg)
{
    ds_solver *s;
    ds_solver_settings set = *settings;
    set.n = f->n;
    set.start = x;
    if (f->no_gradient && ds_solver_needs(&set.solver) != DS_ASK_VALUE)
        return ds_fail(ctx, DS_ECONFIG,
                       "solver %s asks for gradients and the function has none; use nelder_mead or cmaes",
                       set.solver.head->name);
    DS_TRY(ds_solver_create(&s, ctx, &set));
    double *room = malloc((size_t)f->n * 4 * sizeof *room), *g = room, *hv = g ? g + f->n : NULL;
    if (!room) {
        ds_solver_free(s);
        return ds_fail_memory(ctx, (size_t)f->n * 32, "a minimization");
    }
    for (const ds_question *a; (a = ds_solver_ask(s))->what;) {
        double value = NAN;
        if (a->what & (DS_ASK_VALUE | DS_ASK_GRADIENT))
            value = f->value(f->arg, a->x, a->what & DS_ASK_GRADIENT ? g : NULL);
        if (a->what & DS_ASK_GAUSS_NEWTON && f->gauss_newton)
            f->gauss_newton(f->arg, a->x, a->v, hv);
        else if (a->what & (DS_ASK_PRODUCT | DS_ASK_GAUSS_NEWTON) && f->product)
            f->product(f->arg, a->x, a->v, hv);
        else if (a->what & (DS_ASK_PRODUCT | DS_ASK_GAUSS_NEWTON))
            difference(f, a->x, a->v, hv, hv + f->n);
        if (watch && a->what & DS_ASK_VALUE) watch(watch_arg, s, a->x, value);
        ds_solver_tell(s, value, g, hv);
    }
    ds_solver_result(s, outcome);
    memcpy(x, outcome->x, (size_t)f->n * sizeof *x);
    outcome->x = x;
    free(room);
    ds_solver_free(s);
    return DS_OK;
}
