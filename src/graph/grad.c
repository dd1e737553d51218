/* grad.c - derivatives, all from one rule per op (vjp).
 *
 *   vjp   reverse sweep over the nodes between x and y
 *   jvp   pull back twice: u -> J'u is linear in u, so its own pullback at dx is J dx; the dummy u is dead code
 *   hvp   jvp of the gradient (forward over reverse)
 *   gnvp  J' H_L J v, where H_L is the Hessian of the loss in the network's output
 *
 * Goodfellow et al. section 6.5; Pearlmutter 1994 for Hv; Schraudolph 2002 for the Gauss-Newton product. */
#include <stdlib.h>

#include "descent/op.h"
#include "graph/graph.h"

/* reach[id] = 1 when the node depends on one of x (or is one). */
static char *depends_on(ds_graph *g, int nx, const ds_val *x)
{
    char *reach = calloc((size_t)g->count, 1);
    if (!reach) return NULL;
    for (int i = 0; i < nx; i++) reach[x[i].id] = 1;
    for (int id = 1; id < g->count; id++) {
        const ds_node *n = &g->node[id];
        if (n->op->flags & DS_OP_NONDIFF) continue;
        for (int i = 0; i < n->nin && !reach[id]; i++) reach[id] = reach[n->in[i].id];
    }
    return reach;
}

static void accumulate(ds_graph *g, ds_val *sum, ds_val term)
{
    if (!ds_val_ok(term)) return;
    *sum = ds_val_ok(*sum) ? ds_add(g, *sum, term) : term;
}

/* The sweep proper: bar[id] is the cotangent of node id; stop[id] marks the x themselves. */
static void sweep(ds_graph *g, int count, const char *reach, const char *stop, ds_val *bar)
{
    for (int id = count - 1; id > 0 && g->status == DS_OK; id--) {
        if (!ds_val_ok(bar[id]) || !reach[id] || stop[id]) continue;
        const ds_node n = g->node[id];
        for (int i = 0; i < n.nin; i++)
            if (reach[n.in[i].id]) accumulate(g, &bar[n.in[i].id], n.op->vjp(g, (ds_val){ id }, i, bar[id]));
    }
}

/* Whether each d[i] that is not none has the shape and type of v[i]. */
static bool alike(ds_graph *g, const char *what, int n, const ds_val *v, const ds_val *d)
{
    for (int i = 0; i < n && g->status == DS_OK; i++) {
        if (!ds_val_ok(d[i])) continue;
        ds_shape s = ds_val_shape(g, v[i]), t = ds_val_shape(g, d[i]);
        if (ds_shape_equal(s, t) && ds_val_dtype(g, v[i]) == ds_val_dtype(g, d[i])) continue;
        char a[64], b[64];
        ds_graph_fail(g, DS_ESHAPE, "%s %d is %s %s, wanted %s %s as the value it belongs to", what, i,
                      ds_dtype_name(ds_val_dtype(g, d[i])), ds_shape_text(t, b, sizeof b),
                      ds_dtype_name(ds_val_dtype(g, v[i])), ds_shape_text(s, a, sizeof a));
    }
    return g->status == DS_OK;
}

void ds_vjp(ds_graph *g, int ny, const ds_val *y, const ds_val *dy, int nx, const ds_val *x, ds_val *out)
{
    for (int i = 0; i < nx; i++) out[i] = DS_NONE;
    if (!ds_vals_ok(g, "vjp", ny, y) || !ds_vals_ok(g, "vjp", nx, x) || !alike(g, "vjp: cotangent", ny, y, dy)) return;
    int count = g->count;
    char *reach = depends_on(g, nx, x);
    char *stop = calloc((size_t)count, 1);
    ds_val *bar = calloc((size_t)count, sizeof *bar);
    if (reach && stop && bar) {
        for (int i = 0; i < nx; i++) stop[x[i].id] = 1;
        for (int k = 0; k < ny; k++) accumulate(g, &bar[y[k].id], dy[k]);
        sweep(g, count, reach, stop, bar);
        for (int i = 0; i < nx; i++) out[i] = g->status == DS_OK ? bar[x[i].id] : DS_NONE;
    } else {
        ds_graph_fail(g, DS_EMEM, "out of memory: %d nodes to differentiate", count);
    }
    free(reach);
    free(stop);
    free(bar);
}

/* Zeros in place of the absent. */
static void fill_absent(ds_graph *g, int n, const ds_val *like, ds_val *v)
{
    for (int i = 0; i < n; i++)
        if (!ds_val_ok(v[i])) v[i] = ds_fill(g, ds_val_dtype(g, like[i]), ds_val_shape(g, like[i]), 0);
}

void ds_grad(ds_graph *g, ds_val y, int nx, const ds_val *x, ds_val *out)
{
    for (int i = 0; i < nx; i++) out[i] = DS_NONE;
    if (!ds_vals_ok(g, "grad", 1, &y)) return;
    if (ds_shape_count(ds_val_shape(g, y)) != 1) {
        char text[64];
        ds_graph_fail(g, DS_ESHAPE, "grad: wants a scalar, got %s",
                      ds_shape_text(ds_val_shape(g, y), text, sizeof text));
        return;
    }
    ds_val one = ds_fill(g, ds_val_dtype(g, y), ds_val_shape(g, y), 1);
    ds_vjp(g, 1, &y, &one, nx, x, out);
    fill_absent(g, nx, x, out);
}

void ds_jvp(ds_graph *g, int ny, const ds_val *y, int nx, const ds_val *x, const ds_val *dx, ds_val *out)
{
    for (int k = 0; k < ny; k++) out[k] = DS_NONE;
    if (!ds_vals_ok(g, "jvp", ny, y) || !ds_vals_ok(g, "jvp", nx, x) || !ds_vals_ok(g, "jvp", nx, dx) ||
        !alike(g, "jvp: direction", nx, x, dx))
        return;
    ds_val *u = calloc((size_t)(ny + 2 * nx), sizeof *u);
    if (!u) {
        ds_graph_fail(g, DS_EMEM, "out of memory: jvp");
        return;
    }
    ds_val *r = u + ny, *seed = r + nx;
    for (int k = 0; k < ny; k++) u[k] = ds_input(g, "cotangent", ds_val_dtype(g, y[k]), ds_val_shape(g, y[k]));
    ds_vjp(g, ny, y, u, nx, x, r);
    int m = 0;
    for (int i = 0; i < nx; i++)
        if (ds_val_ok(r[i])) {
            r[m] = r[i];
            seed[m++] = dx[i];
        }
    if (m) ds_vjp(g, m, r, seed, ny, u, out);
    fill_absent(g, ny, y, out);
    free(u);
}

void ds_hvp(ds_graph *g, ds_val y, int nx, const ds_val *x, const ds_val *v, ds_val *out)
{
    ds_val *grad = calloc((size_t)nx + 1, sizeof *grad);
    if (!grad) {
        ds_graph_fail(g, DS_EMEM, "out of memory: hvp");
        return;
    }
    ds_grad(g, y, nx, x, grad);
    ds_jvp(g, nx, grad, nx, x, v, out);
    free(grad);
}

void ds_gnvp(ds_graph *g, ds_val y, ds_val z, int nx, const ds_val *x, const ds_val *v, ds_val *out)
{
    ds_val jv, dz, hjv;
    ds_jvp(g, 1, &z, nx, x, v, &jv);
    ds_grad(g, y, 1, &z, &dz);
    ds_jvp(g, 1, &dz, 1, &z, &jv, &hjv);
    ds_vjp(g, 1, &z, &hjv, nx, x, out);
    if (g->status == DS_OK) fill_absent(g, nx, x, out);
}
