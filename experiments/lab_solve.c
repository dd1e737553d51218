/* lab_solve.c - see lab_solve.h. */
#include "lab_solve.h"

#include <math.h>
#include <string.h>

static void answer(const ds_function *f, ds_solver *s, const ds_question *a, double *room)
{
    double value = NAN, *g = room, *hv = room + f->n;
    if (a->what & (DS_ASK_VALUE | DS_ASK_GRADIENT))
        value = f->value(f->arg, a->x, a->what & DS_ASK_GRADIENT ? g : NULL);
    if (a->what & (DS_ASK_PRODUCT | DS_ASK_GAUSS_NEWTON)) f->product(f->arg, a->x, a->v, hv);
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

/* Between a vector of the space and its elements without the gaps. */
static void pack(const lab_net *n, const double *theta, double *x)
{
    const ds_space *space = ds_problem_space(n->p);
    for (int k = 0; k < ds_space_count(space); k++) {
        const ds_segment *s = ds_space_segment(space, k);
        memcpy(x, theta + s->offset, (size_t)s->count * sizeof *x);
        x += s->count;
    }
}

static void unpack(const lab_net *n, const double *x, double *theta)
{
    const ds_space *space = ds_problem_space(n->p);
    for (int k = 0; k < ds_space_count(space); k++) {
        const ds_segment *s = ds_space_segment(space, k);
        memcpy(theta + s->offset, x, (size_t)s->count * sizeof *x);
        x += s->count;
    }
}

static double loss(void *arg, const double *x, double *g)
{
    lab_net *n = arg;
    double value = NAN;
    unpack(n, x, n->theta);
    if (lab_gradient(n->t, n->p, n->rows, n->theta, n->g, &value) != DS_OK) return NAN;
    if (g) pack(n, n->g, g);
    return value;
}

/* The Hessian at x times v, all rows at once; NaN where it fails. */
static void hessian_times(void *arg, const double *x, const double *v, double *hv)
{
    lab_net *n = arg;
    ds_batch b = lab_slice(n->rows, 0, n->rows->n);
    unpack(n, x, n->theta);
    unpack(n, v, n->v);
    ds_status status = ds_problem_hvp(n->p, &(ds_at){ &b, n->theta, DS_MODE_ROWS, n->t->seed, 0 }, n->v, n->g, false);
    pack(n, n->g, hv);
    if (status != DS_OK) hv[0] = NAN;
}

ds_status lab_net_open(ds_trial *t, lab_net *n, ds_problem *p, const lab_rows *rows)
{
    *n = (lab_net){ .t = t, .p = p, .rows = rows, .theta = lab_vector(p), .g = lab_vector(p), .v = lab_vector(p) };
    n->f =
        (ds_function){ .n = ds_space_elements(ds_problem_space(p)), .value = loss, .product = hessian_times, .arg = n };
    return n->theta && n->g && n->v ? DS_OK : DS_EMEM;
}

ds_status lab_net_start(lab_net *n, uint64_t seed, double *x)
{
    LAB_TRY(ds_problem_init(n->p, seed, n->theta, NULL));
    pack(n, n->theta, x);
    return DS_OK;
}

void lab_net_close(lab_net *n)
{
    ds_buffer_free(n->theta);
    ds_buffer_free(n->g);
    ds_buffer_free(n->v);
}
