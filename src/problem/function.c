/* function.c - analytic functions planned for evaluation: value alone, value with gradient, Hessian product. */
#include "problem/function.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/registry.h"
#include "graph/graph.h"
#include "nn/nn.h"

typedef struct evaluation {
    ds_plan *plan;
    ds_val y, g;
} evaluation;

struct ds_test_function {
    ds_ctx *ctx;
    const ds_function_def *def;
    ds_part part;
    int64_t n;
    ds_graph *graph;
    ds_val xv, vv;
    double *x, *v;
    evaluation value, gradient, product; /* planned when they are first asked for */
    evaluation residuals, column, gauss_newton;
    ds_function f;
};

/* ---- pieces of expressions --------------------------------------------------------------------------------------- */

ds_val ds_entry(ds_graph *g, ds_val x, int64_t i) { return ds_slice(g, x, 0, i, i + 1); }

ds_val ds_numbers(ds_graph *g, int n, const double *a)
{
    ds_val v[DS_FUNCTION_NUMBERS];
    if (n > DS_FUNCTION_NUMBERS)
        return ds_graph_fail(g, DS_EBUG, "found %d constants of a function, wanted %d at most", n, DS_FUNCTION_NUMBERS);
    for (int i = 0; i < n; i++) v[i] = ds_fill(g, DS_F64, DS_SHAPE(1), a[i]);
    return ds_concat(g, n, v, 0);
}

ds_val ds_line_of(ds_graph *g, double a, ds_val x, double b, ds_val y)
{
    return ds_add(g, ds_scale(g, x, a), ds_scale(g, y, b));
}

int ds_terms(ds_val *out, int m, const ds_val *r)
{
    memcpy(out, r, (size_t)m * sizeof *out);
    return m;
}

static ds_val squares(ds_graph *g, int m, const ds_val *r)
{
    ds_val sum = ds_sum_all(g, ds_square(g, r[0]));
    for (int i = 1; i < m; i++) sum = ds_add(g, sum, ds_sum_all(g, ds_square(g, r[i])));
    return sum;
}

double ds_function_option(const ds_part *p, const char *name)
{
    int k = ds_option_find(p->head->options, name);
    return k < 0 ? 0 : p->value[k].real;
}

/* ---- evaluation -------------------------------------------------------------------------------------------------- */

static ds_val expression(ds_test_function *t)
{
    ds_val r[DS_FUNCTION_TERMS];
    if (t->def->build) return t->def->build(t->graph, t->xv, t->n, &t->part);
    int m = t->def->residuals(t->graph, t->xv, t->n, &t->part, r);
    return squares(t->graph, m, r);
}

/* All residuals as one vector. */
static ds_val residual_vector(ds_test_function *t)
{
    ds_val r[DS_FUNCTION_TERMS];
    int m = t->def->residuals(t->graph, t->xv, t->n, &t->part, r);
    return m == 1 ? r[0] : ds_concat(t->graph, m, r, 0);
}

static ds_status plan(ds_test_function *t, evaluation *e, bool gradient, bool product)
{
    if (e->plan) return DS_OK;
    ds_val y = expression(t), out[2] = { y, { 0 } };
    if (product) {
        ds_hvp(t->graph, y, 1, &t->xv, &t->vv, &out[0]);
        e->g = out[0];
    } else if (gradient) {
        ds_grad(t->graph, y, 1, &t->xv, &out[1]);
        e->g = out[1];
    }
    e->y = y;
    DS_TRY(ds_plan_create(&e->plan, t->graph, gradient ? 2 : 1, out, NULL));
    if (ds_plan_has(e->plan, t->xv)) DS_TRY(ds_plan_bind(e->plan, t->xv, t->x));
    if (product && ds_plan_has(e->plan, t->vv)) DS_TRY(ds_plan_bind(e->plan, t->vv, t->v));
    return DS_OK;
}

static double value(void *arg, const double *x, double *g)
{
    ds_test_function *t = arg;
    evaluation *e = g ? &t->gradient : &t->value;
    size_t bytes = (size_t)t->n * sizeof(double);
    memcpy(t->x, x, bytes);
    if (plan(t, e, g != NULL, false) != DS_OK || ds_plan_run(e->plan) != DS_OK) return NAN;
    if (g) memcpy(g, ds_plan_data(e->plan, e->g), bytes);
    return *(const double *)ds_plan_data(e->plan, e->y);
}

static void product(void *arg, const double *x, const double *v, double *hv)
{
    ds_test_function *t = arg;
    size_t bytes = (size_t)t->n * sizeof(double);
    memcpy(t->x, x, bytes);
    memcpy(t->v, v, bytes);
    bool good = plan(t, &t->product, false, true) == DS_OK && ds_plan_run(t->product.plan) == DS_OK;
    for (int64_t i = 0; i < t->n && !good; i++) hv[i] = NAN;
    if (good) memcpy(hv, ds_plan_data(t->product.plan, t->product.g), bytes);
}

/* ---- least squares ------------------------------------------------------------------------------------------------ */

typedef enum kind { RESIDUALS, COLUMN, GAUSS_NEWTON } kind;

/* The residuals, J v, or 2 J'J v: one output each. */
static ds_status plan_residuals(ds_test_function *t, evaluation *e, kind k)
{
    if (e->plan) return DS_OK;
    ds_val r = residual_vector(t), y = r;
    if (k == COLUMN) ds_jvp(t->graph, 1, &r, 1, &t->xv, &t->vv, &y);
    if (k == GAUSS_NEWTON) ds_gnvp(t->graph, ds_sum_all(t->graph, ds_square(t->graph, r)), r, 1, &t->xv, &t->vv, &y);
    e->y = y;
    DS_TRY(ds_plan_create(&e->plan, t->graph, 1, &y, NULL));
    if (ds_plan_has(e->plan, t->xv)) DS_TRY(ds_plan_bind(e->plan, t->xv, t->x));
    return k != RESIDUALS && ds_plan_has(e->plan, t->vv) ? ds_plan_bind(e->plan, t->vv, t->v) : DS_OK;
}

/* The output [count] into out; NaN where something fails. */
static void run_residuals(ds_test_function *t, evaluation *e, kind k, int64_t count, double *out)
{
    bool good = plan_residuals(t, e, k) == DS_OK && ds_plan_run(e->plan) == DS_OK;
    for (int64_t i = 0; i < count; i++) out[i] = good ? ((const double *)ds_plan_data(e->plan, e->y))[i] : NAN;
}

static void residuals(void *arg, const double *x, double *r)
{
    ds_test_function *t = arg;
    memcpy(t->x, x, (size_t)t->n * sizeof(double));
    run_residuals(t, &t->residuals, RESIDUALS, t->f.m, r);
}

/* Column by column, J e_i; `j` is [m, n]. */
static void jacobian(void *arg, const double *x, double *j)
{
    ds_test_function *t = arg;
    double *column = malloc((size_t)t->f.m * sizeof *column);
    memcpy(t->x, x, (size_t)t->n * sizeof(double));
    for (int64_t k = 0; k < t->n; k++) {
        for (int64_t i = 0; i < t->n; i++) t->v[i] = i == k;
        if (column) run_residuals(t, &t->column, COLUMN, t->f.m, column);
        for (int64_t i = 0; i < t->f.m; i++) j[i * t->n + k] = column ? column[i] : NAN;
    }
    free(column);
}

static void gauss_newton(void *arg, const double *x, const double *v, double *gv)
{
    ds_test_function *t = arg;
    memcpy(t->x, x, (size_t)t->n * sizeof(double));
    memcpy(t->v, v, (size_t)t->n * sizeof(double));
    run_residuals(t, &t->gauss_newton, GAUSS_NEWTON, t->n, gv);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static ds_status fill(ds_test_function *t, const char *text, int64_t n)
{
    DS_TRY(ds_part_parse(t->ctx, NULL, &ds_function_registry, "function", text, &t->part));
    t->def = (const ds_function_def *)(const void *)t->part.head;
    t->n = n ? n : t->def->n;
    if (t->n != t->def->n && (t->def->multiple == 0 || t->n < 1 || t->n % t->def->multiple))
        return t->def->multiple ? ds_fail(t->ctx, DS_ECONFIG, "%s of %lld numbers: wanted a multiple of %lld",
                                          t->part.head->name, (long long)n, (long long)t->def->multiple)
                                : ds_fail(t->ctx, DS_ECONFIG, "%s is a function of %lld numbers, not of %lld",
                                          t->part.head->name, (long long)t->def->n, (long long)n);
    t->x = ds_buffer_alloc((size_t)t->n * sizeof(double));
    t->v = ds_buffer_alloc((size_t)t->n * sizeof(double));
    if (!t->x || !t->v) return ds_fail_memory(t->ctx, (size_t)t->n * 16, "a function");
    DS_TRY(ds_graph_create(&t->graph, t->ctx));
    t->xv = ds_input(t->graph, "x", DS_F64, DS_SHAPE(t->n));
    t->vv = ds_input(t->graph, "v", DS_F64, DS_SHAPE(t->n));
    t->f = (ds_function){ .n = t->n, .value = value, .product = product, .arg = t };
    if (t->def->residuals) {
        t->f.m = ds_shape_count(ds_val_shape(t->graph, residual_vector(t)));
        t->f.residuals = residuals;
        t->f.jacobian = jacobian;
        t->f.gauss_newton = gauss_newton;
    }
    return plan(t, &t->value, false, false);
}

ds_status ds_test_function_create(ds_test_function **out, ds_ctx *ctx, const char *text, int64_t n)
{
    *out = NULL;
    ds_test_function *t = calloc(1, sizeof *t);
    if (!t) return ds_fail_memory(ctx, sizeof *t, "a function");
    t->ctx = ctx;
    ds_status status = fill(t, text, n);
    if (status != DS_OK) {
        ds_test_function_free(t);
        return status;
    }
    *out = t;
    return DS_OK;
}

void ds_test_function_free(ds_test_function *t)
{
    if (!t) return;
    ds_plan_free(t->value.plan);
    ds_plan_free(t->gradient.plan);
    ds_plan_free(t->product.plan);
    ds_plan_free(t->residuals.plan);
    ds_plan_free(t->column.plan);
    ds_plan_free(t->gauss_newton.plan);
    ds_graph_free(t->graph);
    ds_buffer_free(t->x);
    ds_buffer_free(t->v);
    free(t);
}

int64_t ds_test_function_n(const ds_test_function *t) { return t->n; }
double ds_test_function_minimum(const ds_test_function *t) { return t->def->minimum; }
const ds_function *ds_test_function_of(ds_test_function *t) { return &t->f; }

void ds_test_function_start(const ds_test_function *t, double *x)
{
    for (int64_t i = 0; i < t->n; i++) x[i] = t->def->start[i % t->def->starts];
}
