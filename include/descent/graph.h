/* descent/graph.h - build a computation, differentiate it, plan it, run it.
 *
 * A graph holds nodes; a ds_val is a handle to one (id 0: none). Constructors never need a check: after the first
 * mistake every constructor returns none, and ds_plan_create reports that first mistake with its place. Equal
 * expressions get the same handle. Derivatives are graphs of the same ops, so they can be differentiated again.
 *
 * Ownership  a graph owns its nodes; a plan borrows nothing from the graph after ds_plan_create. */
#ifndef DESCENT_GRAPH_H
#define DESCENT_GRAPH_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds_graph ds_graph;
typedef struct ds_plan ds_plan;
typedef struct ds_val {
    int32_t id;
} ds_val;

DS_API ds_status ds_graph_create(ds_graph **out, ds_ctx *ctx);
DS_API void ds_graph_free(ds_graph *g);
/* First mistake made while building, DS_OK when there was none; text in ds_error(ctx). */
DS_API ds_status ds_graph_status(const ds_graph *g);
DS_API int ds_graph_nodes(const ds_graph *g);
DS_API ds_shape ds_val_shape(const ds_graph *g, ds_val v);
DS_API ds_dtype ds_val_dtype(const ds_graph *g, ds_val v);
DS_API bool ds_val_ok(ds_val v);

/* An input bound to memory at run time. Every call makes a new one. name is copied. */
DS_API ds_val ds_input(ds_graph *g, const char *name, ds_dtype t, ds_shape s);
/* A constant of the given shape, every element x. */
DS_API ds_val ds_fill(ds_graph *g, ds_dtype t, ds_shape s, double x);

/* Vector-Jacobian product: out[i] = sum_k (d y[k] / d x[i])' dy[k]. A dy[k] of none counts as absent; out[i] is none
 * where no y depends on x[i] (ds_grad gives zeros there). */
DS_API void ds_vjp(ds_graph *g, int ny, const ds_val *y, const ds_val *dy, int nx, const ds_val *x, ds_val *out);
/* Gradient of the scalar y with respect to each x. */
DS_API void ds_grad(ds_graph *g, ds_val y, int nx, const ds_val *x, ds_val *out);
/* Jacobian-vector product: out[k] = sum_i (d y[k] / d x[i]) dx[i], by pulling back twice. */
DS_API void ds_jvp(ds_graph *g, int ny, const ds_val *y, int nx, const ds_val *x, const ds_val *dx, ds_val *out);
/* Hessian-vector product of the scalar y: the jvp of its gradient (forward over reverse). */
DS_API void ds_hvp(ds_graph *g, ds_val y, int nx, const ds_val *x, const ds_val *v, ds_val *out);
/* Gauss-Newton product J' H J v of y = loss(z(x)): J of z, H the Hessian of y with respect to z. */
DS_API void ds_gnvp(ds_graph *g, ds_val y, ds_val z, int nx, const ds_val *x, const ds_val *v, ds_val *out);

typedef struct ds_plan_options {
    const char *backend;    /* NULL: DS_BACKEND from the environment, else "cpu" */
    const ds_val *changing; /* inputs that change between partial runs; see ds_plan_rerun. NULL: plain plan */
    int nchanging;
    bool bound; /* every output will be bound before a run: the work area has no place for what programs store there */
    bool unfused; /* every node its own step: for tests; the results are the same bits */
} ds_plan_options;

/* Fix order, memory and kernels for computing outputs. options may be NULL. The plan allocates its work area here and
 * nothing afterwards. Reports the graph's first mistake, DS_EUNKNOWN for an op that no backend has, DS_EMEM. */
DS_API ds_status ds_plan_create(ds_plan **out, ds_graph *g, int noutputs, const ds_val *outputs,
                                const ds_plan_options *options);
DS_API void ds_plan_free(ds_plan *p);
/* Give an input or output its memory (dense, row-major, 128 readable bytes past the end, 64-byte aligned, both as
 * ds_buffer_alloc gives). Inputs must be bound before a run; unbound outputs live in the work area until the next run.
 */
DS_API ds_status ds_plan_bind(ds_plan *p, ds_val v, void *memory);
/* Whether the plan reads input v or gives output v: inputs that no output depends on are not part of a plan. */
DS_API bool ds_plan_has(const ds_plan *p, ds_val v);
/* Whether output out may be bound to the memory of input in: the plan reads in no later than it writes out, and then
 * element by element. */
DS_API bool ds_plan_over(const ds_plan *p, ds_val in, ds_val out);
/* Where an output lies after a run (also a bound one). NULL when v is no output of the plan. */
DS_API void *ds_plan_data(const ds_plan *p, ds_val v);
DS_API ds_status ds_plan_run(ds_plan *p);
/* Run again when only the `changing` inputs have changed: everything that does not depend on them is kept. */
DS_API ds_status ds_plan_rerun(ds_plan *p);
DS_API size_t ds_plan_bytes(const ds_plan *p); /* work area */
DS_API int ds_plan_steps(const ds_plan *p);
/* One line per step: kernel, shapes, what was fused. Writes at most bytes into buf; returns buf. */
DS_API char *ds_plan_text(const ds_plan *p, char *buf, size_t bytes);

/* Memory as plans want it: 64-byte aligned, zeroed, 128 readable bytes past the end. NULL: no memory. */
DS_API void *ds_buffer_alloc(size_t bytes);
DS_API void ds_buffer_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
