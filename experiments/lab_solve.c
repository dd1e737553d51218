/* lab_solve.c - see lab_solve.h. */
#include "lab_solve.h"

#include <math.h>
#include <string.h>

static void answer(const ds_function *f, ds_solver *s, const ds_question *a, double *room)
{
    double value = NAN, *g = room, *hv = room + f->n;
    if (a->what & (DS_ASK_VALUE | DS_ASK_GRADIENT))
        value = f->value(f->arg, a->x, a->what & DS_ASK_GRADIENT ? g : NULL);
    if (a->what & DS_ASK_PRODUCT) f->product(f->arg, a->x, a->v, hv);
    ds_solver_tell(s, value, g, hv);
}

ds_status lab_solve(ds_trial *t, const ds_function *f, const char *solver, const char *search, int64_t budget,
                    double gtol, double *x, ds_solver_outcome *o, const lab_follower *follower)
{
    ds_solver *s;
    ds_solver_settings set = {
        .n = f->n, .start = x, .budget = budget, .gtol = gtol, .target = -INFINITY, .seed = t->seed
    };
    size_t bytes = (size_t)f->n * sizeof(double);
    LAB_TRY(ds_solver_parse(t->ctx, solver, &set.solver));
    if (search) LAB_TRY(ds_search_parse(t->ctx, search, &set.search));
    double *room = ds_buffer_alloc(4 * bytes), *at = room ? room + 2 * f->n : NULL;
    ds_status status = room ? ds_solver_create(&s, t->ctx, &set) : DS_EMEM;
    if (status != DS_OK) {
        ds_buffer_free(room);
        return status;
    }
    int64_t steps = 0;
    for (const ds_question *a; (a = ds_solver_ask(s))->what;) {
        memcpy(at, a->x, bytes);
        answer(f, s, a, room);
        ds_solver_result(s, o);
        if (follower && o->iterations > steps) follower->stepped(follower->arg, at, room);
        steps = o->iterations;
    }
    ds_solver_result(s, o);
    memcpy(x, o->x, bytes);
    o->x = x;
    ds_solver_free(s);
    ds_buffer_free(room);
    return DS_OK;
}

/* ---- a network --------------------------------------------------------------------------------------------------- */

static double loss(void *arg, const double *x, double *g)
{
    lab_net *n = arg;
    double value = NAN;
    memcpy(n->theta, x, (size_t)n->f.n * sizeof(double));
    if (lab_gradient(n->t, n->p, n->rows, n->theta, n->g, &value) != DS_OK) return NAN;
    if (g) memcpy(g, n->g, (size_t)n->f.n * sizeof(double));
    return value;
}

ds_status lab_net_open(ds_trial *t, lab_net *n, ds_problem *p, const lab_rows *rows)
{
    *n = (lab_net){ .t = t, .p = p, .rows = rows, .theta = lab_vector(p), .g = lab_vector(p) };
    n->f = (ds_function){ .n = ds_space_dim(ds_problem_space(p)), .value = loss, .arg = n };
    return n->theta && n->g ? DS_OK : DS_EMEM;
}

void lab_net_close(lab_net *n)
{
    ds_buffer_free(n->theta);
    ds_buffer_free(n->g);
}
