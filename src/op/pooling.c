/* pooling.c - pooling over [N,H,W,C]. Goodfellow section 9.3. attr.i = size h, w, stride h, w, pad h, w
 *   max_pool_index  place in the plane of each window's first maximum (no derivative)
 *   pool_take       y = x at those places, and pool_put its adjoint: max pooling is take(x, index(x))
 *   avg_pool        mean of a window's real elements, and avg_pool_adjoint */
#include "op/op.h"
#include "op/ops.h"

static ds_pool_shape shape_of(const ds_node *n)
{
    const int64_t *i = n->attr.i;
    return (ds_pool_shape){ { i[0], i[1] }, { i[2], i[3] }, { i[4], i[5] } };
}
static ds_attr attr_of(ds_pool_shape p)
{
    return (ds_attr){ .i = { p.size[0], p.size[1], p.stride[0], p.stride[1], p.pad[0], p.pad[1] } };
}

/* Shape of the pooled planes; false and a recorded mistake when the window does not fit. */
static bool pooled(ds_graph *g, const char *op, ds_shape x, const ds_pool_shape *p, ds_shape *y)
{
    char text[64];
    *y = x;
    for (int k = 0; k < 2; k++) {
        bool sane =
            x.rank == 4 && p->size[k] >= 1 && p->stride[k] >= 1 && p->pad[k] >= 0 && 2 * p->pad[k] <= p->size[k];
        if (!sane || x.dim[1 + k] + 2 * p->pad[k] < p->size[k]) {
            ds_graph_fail(g, DS_ESHAPE,
                          "%s: a window of %lldx%lld does not fit %s; wanted [N,H,W,C], stride at least 1, pad at most "
                          "half the size",
                          op, (long long)p->size[0], (long long)p->size[1], ds_shape_text(x, text, sizeof text));
            return false;
        }
        y->dim[1 + k] = (x.dim[1 + k] + 2 * p->pad[k] - p->size[k]) / p->stride[k] + 1;
    }
    return true;
}

static ds_val none_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)g, (void)y, (void)i, (void)dy;
    return DS_NONE;
}

static ds_val put(ds_graph *g, ds_val dy, ds_val index, ds_pool_shape p, int64_t h, int64_t w)
{
    ds_attr attr = attr_of(p);
    ds_shape s = ds_val_shape(g, dy);
    s.dim[1] = h;
    s.dim[2] = w;
    return ds_node_make(g, &ds_op_pool_put, 2, (ds_val[]){ dy, index }, &attr, ds_val_dtype(g, dy), s);
}
static ds_val take(ds_graph *g, ds_val x, ds_val index, ds_pool_shape p)
{
    ds_attr attr = attr_of(p);
    return ds_node_make(g, &ds_op_pool_take, 2, (ds_val[]){ x, index }, &attr, ds_val_dtype(g, x),
                        ds_val_shape(g, index));
}
static ds_val index_of(ds_graph *g, ds_val x, ds_pool_shape p)
{
    ds_shape y;
    ds_attr attr = attr_of(p);
    if (!ds_vals_ok(g, "max_pool", 1, &x) || !pooled(g, "max_pool", ds_val_shape(g, x), &p, &y)) return DS_NONE;
    return ds_node_make(g, &ds_op_max_pool_index, 1, &x, &attr, DS_I32, y);
}
static ds_val pool_take_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape x = ds_val_shape(g, n.in[0]);
    return i == 0 ? put(g, dy, n.in[1], shape_of(&n), x.dim[1], x.dim[2]) : DS_NONE;
}
static ds_val pool_put_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    const ds_node n = *ds_node_of(g, y);
    return i == 0 ? take(g, dy, n.in[1], shape_of(&n)) : DS_NONE;
}

/* A ReLU before the pool moves behind it: it never falls and keeps NaN, so the maximum is the same for every value, and
 * its derivative is 0 in the windows where the places could differ. The plane then needs neither a pass for the ReLU's
 * derivative nor to be kept. */
ds_val ds_max_pool(ds_graph *g, ds_val x, ds_pool_shape p)
{
    if (ds_vals_ok(g, "max_pool", 1, &x) && ds_node_of(g, x)->op == &ds_op_relu)
        return ds_relu(g, ds_max_pool(g, ds_in(g, x, 0), p));
    ds_val index = index_of(g, x, p);
    return ds_val_ok(index) ? take(g, x, index, p) : DS_NONE;
}

static const ds_pool_shape two = { { 2, 2 }, { 2, 2 }, { 0, 0 } }, three = { { 3, 2 }, { 2, 1 }, { 1, 1 } };
static ds_val index_sample(ds_graph *g, const ds_val *in) { return index_of(g, in[0], two); }
static ds_val max_sample(ds_graph *g, const ds_val *in) { return ds_max_pool(g, in[0], two); }
static ds_val max_sample3(ds_graph *g, const ds_val *in) { return ds_max_pool(g, ds_square(g, in[0]), three); }
static ds_val put_sample(ds_graph *g, const ds_val *in) { return put(g, in[1], index_of(g, in[0], two), two, 5, 4); }
const ds_op ds_op_max_pool_index = {
    .head = { .name = "max_pool_index", .summary = "place of each window's first maximum" },
    .flags = DS_OP_NONDIFF,
    .vjp = none_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 4, { 2, 5, 4, 3 } } }, "p", -1, 1, index_sample }, { 0 } }
};
const ds_op ds_op_pool_take = { .head = { .name = "pool_take", .summary = "elements at given places of a plane" },
                                .vjp = pool_take_vjp,
                                .samples = (const ds_op_sample[]){
                                    { 1, { { 4, { 2, 5, 4, 3 } } }, "p", -1, 1, max_sample }, { 0 } } };
const ds_op ds_op_pool_put = { .head = { .name = "pool_put", .summary = "elements added at given places of a plane" },
                               .vjp = pool_put_vjp,
                               .samples = (const ds_op_sample[]){
                                   { 2, { { 4, { 2, 5, 4, 3 } }, { 4, { 2, 2, 2, 3 } } }, "pr", -1, 1, put_sample },
                                   { 0 } } };
const ds_op ds_op_max_pool = { .head = { .name = "max_pool",
                                         .summary = "largest element of each window; a tie counts for the first",
                                         .formula = "y = max over the window" },
                               .samples =
                                   (const ds_op_sample[]){ { 1, { { 4, { 2, 4, 4, 3 } } }, "p", -1, 1, max_sample },
                                                           { 1, { { 4, { 2, 5, 4, 3 } } }, "p", 0.1, 1, max_sample3 },
                                                           { 0 } } };

/* ---- averages ---------------------------------------------------------------------------------------------------- */

static ds_val avg_adjoint(ds_graph *g, ds_val dy, ds_pool_shape p, int64_t h, int64_t w)
{
    ds_attr attr = attr_of(p);
    ds_shape s = ds_val_shape(g, dy);
    s.dim[1] = h;
    s.dim[2] = w;
    return ds_node_make(g, &ds_op_avg_pool_adjoint, 1, &dy, &attr, ds_val_dtype(g, dy), s);
}
static ds_val avg_pool_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    const ds_node n = *ds_node_of(g, y);
    ds_shape x = ds_val_shape(g, n.in[i]);
    return avg_adjoint(g, dy, shape_of(&n), x.dim[1], x.dim[2]);
}
static ds_val avg_pool_adjoint_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)i;
    const ds_node n = *ds_node_of(g, y);
    return ds_avg_pool(g, dy, shape_of(&n));
}
ds_val ds_avg_pool(ds_graph *g, ds_val x, ds_pool_shape p)
{
    ds_shape y;
    ds_attr attr = attr_of(p);
    if (!ds_vals_ok(g, "avg_pool", 1, &x) || !pooled(g, "avg_pool", ds_val_shape(g, x), &p, &y)) return DS_NONE;
    return ds_node_make(g, &ds_op_avg_pool, 1, &x, &attr, ds_val_dtype(g, x), y);
}
static ds_val avg_sample(ds_graph *g, const ds_val *in) { return ds_avg_pool(g, in[0], two); }
static ds_val avg_sample3(ds_graph *g, const ds_val *in) { return ds_avg_pool(g, in[0], three); }
static ds_val adjoint_sample(ds_graph *g, const ds_val *in) { return avg_adjoint(g, in[0], three, 5, 4); }
const ds_op ds_op_avg_pool = { .head = { .name = "avg_pool", .summary = "mean of each window's real elements" },
                               .vjp = avg_pool_vjp,
                               .samples =
                                   (const ds_op_sample[]){ { 1, { { 4, { 2, 5, 4, 3 } } }, "r", -1, 1, avg_sample },
                                                           { 1, { { 4, { 2, 5, 4, 3 } } }, "r", -1, 1, avg_sample3 },
                                                           { 0 } } };
const ds_op ds_op_avg_pool_adjoint = { .head = { .name = "avg_pool_adjoint", .summary = "adjoint of avg_pool" },
                                       .vjp = avg_pool_adjoint_vjp,
                                       .samples = (const ds_op_sample[]){
                                           { 1, { { 4, { 2, 3, 5, 3 } } }, "r", -1, 1, adjoint_sample }, { 0 } } };

ds_val ds_global_avg_pool(ds_graph *g, ds_val x)
{
    if (!ds_vals_ok(g, "global_avg_pool", 1, &x)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    if (s.rank != 4) return ds_graph_fail(g, DS_ESHAPE, "global_avg_pool: wants [N,H,W,C]");
    return ds_reshape(g, ds_mean(g, x, 6), DS_SHAPE(s.dim[0], s.dim[3]));
}
static ds_val global_sample(ds_graph *g, const ds_val *in) { return ds_global_avg_pool(g, in[0]); }
const ds_op ds_op_global_avg_pool = { .head = { .name = "global_avg_pool", .summary = "mean over the plane" },
                                      .samples = (const ds_op_sample[]){
                                          { 1, { { 4, { 2, 5, 4, 3 } } }, "r", -1, 1, global_sample }, { 0 } } };
