/* op.h - what the op files share: the registry's declarations, short forms for elementwise definitions, and checks. */
#ifndef DS_OP_OP_H
#define DS_OP_OP_H

#include "descent/op.h"
#include "graph/graph.h"
#include "kernel/ew_code.h"
#include "op/ops.h"

/* Input i of the node behind y. */
static inline ds_val ds_in(const ds_graph *g, ds_val y, int i) { return ds_node_of(g, y)->in[i]; }

/* ---- definitions ------------------------------------------------------------------------------------------------- */

/* The head of a derivative rule, which need not use all that it is given: DS_VJP(exp) { return ds_mul(g, dy, y); } */
#define DS_SPARE   __attribute__((unused))
#define DS_VJP(id) static ds_val id##_vjp(ds_graph *g DS_SPARE, ds_val y DS_SPARE, int i DS_SPARE, ds_val dy DS_SPARE)
/* The rule of what varies with none of its inputs. */
ds_val ds_no_vjp(ds_graph *g, ds_val y, int i, ds_val dy);

/* Fields of a primitive elementwise definition: its instruction is the line of kernel/elementwise.def of that name. */
#define DS_ELEMENTWISE(id) .flags = DS_OP_ELEMENTWISE, .code = DS_EW_##id
/* Samples of operands in [lo, hi] for the suites: `call` of in[0], or of in[0] and in[1], which broadcast once. */
#define DS_SAMPLES1(id, lo, hi, call)                                                                                  \
    static ds_val id##_sample(ds_graph *g, const ds_val *in) { return call; }                                          \
    static const ds_op_sample id##_samples[] = { { 1, { { 2, { 3, 5 } } }, "r", lo, hi, id##_sample }, { 0 } };
#define DS_SAMPLES2(id, lo, hi, call)                                                                                  \
    static ds_val id##_sample(ds_graph *g, const ds_val *in) { return call; }                                          \
    static const ds_op_sample id##_samples[] = {                                                                       \
        { 2, { { 2, { 3, 5 } }, { 2, { 3, 5 } } }, "rr", lo, hi, id##_sample },                                        \
        { 2, { { 2, { 3, 1 } }, { 1, { 5 } } }, "rr", lo, hi, id##_sample },                                           \
        { 0 },                                                                                                         \
    };
/* Constructors of elementwise ops that rewrite nothing, with their samples. */
#define DS_UNARY(id, lo, hi)                                                                                           \
    ds_val ds_##id(ds_graph *g, ds_val x) { return ds_map1(g, &ds_op_##id, x, 0, 0); }                                 \
    DS_SAMPLES1(id, lo, hi, ds_##id(g, in[0]))
#define DS_BINARY(id, lo, hi)                                                                                          \
    ds_val ds_##id(ds_graph *g, ds_val a, ds_val b) { return ds_map2(g, &ds_op_##id, a, b); }                          \
    DS_SAMPLES2(id, lo, hi, ds_##id(g, in[0], in[1]))

/* ---- nodes and checks (op.c) ------------------------------------------------------------------------------------- */

/* Axis counted from the end when negative; -1 and a recorded mistake when it does not exist. */
int ds_axis(ds_graph *g, const char *op, ds_val x, int axis);
/* Elementwise nodes of one, two, three operands; the latter broadcast. f: immediate constants. */
ds_val ds_map1(ds_graph *g, const ds_op *op, ds_val x, double f0, double f1);
ds_val ds_map2(ds_graph *g, const ds_op *op, ds_val a, ds_val b);
ds_val ds_map3(ds_graph *g, const ds_op *op, ds_val a, ds_val b, ds_val c);
/* Whether x is one constant throughout; its value in *c. */
bool ds_constant(const ds_graph *g, ds_val x, double *c);
/* Zeros or ones of x's shape and type. */
ds_val ds_like(ds_graph *g, ds_val x, double value);
/* A reduction over the axes in the bit mask, stretch by stretch, last first. */
ds_val ds_reduce(ds_graph *g, const ds_op *op, ds_val x, unsigned axes);
/* Rows of real scores: at least one axis. The mask of the last axis. */
bool ds_rows_ok(ds_graph *g, const char *op, ds_val x);
unsigned ds_last_axis(const ds_graph *g, ds_val x);
/* Rows and an i32 index; same: one index for each row. */
bool ds_index_ok(ds_graph *g, const char *op, ds_val x, ds_val index, bool same);
/* n parameters, each with one element for each channel (the last axis of x). */
bool ds_channels_ok(ds_graph *g, const char *op, ds_val x, int n, const ds_val *c);
/* 1 / sqrt(var + eps). */
ds_val ds_inverse_deviation(ds_graph *g, ds_val var, double eps);

/* ---- sliding windows (window.c) ---------------------------------------------------------------------------------- */

ds_conv_shape ds_conv_shape_of(const ds_node *n);
/* Places of a kernel along axis a (0: rows, 1: columns). */
int64_t ds_conv_extent(int64_t in, int64_t kernel, const ds_conv_shape *c, int a);
bool ds_conv_operands_ok(ds_graph *g, const char *op, ds_val a, ds_val b);
/* A node of the conv family; x, w, y are the shapes of image, weights and output, whichever is the node's own (out).
 * None and a recorded mistake when they do not fit together. */
ds_val ds_conv_node(ds_graph *g, const ds_op *op, const ds_val *in, ds_conv_shape c, ds_shape x, ds_shape w, ds_shape y,
                    ds_shape out);
ds_pool_shape ds_pool_shape_of(const ds_node *n);
ds_attr ds_pool_attr(ds_pool_shape p);
/* Shape of the pooled planes; false and a recorded mistake when x is no image or the window does not fit. */
bool ds_pooled_shape(ds_graph *g, const char *op, ds_val x, const ds_pool_shape *p, ds_shape *y);

/* ---- constructors of ops that only other ops use ----------------------------------------------------------------- */

ds_val ds_first_max(ds_graph *g, ds_val x, unsigned axes);
ds_val ds_max_pool_index(ds_graph *g, ds_val x, ds_pool_shape p);
ds_val ds_pool_take(ds_graph *g, ds_val x, ds_val index, ds_pool_shape p);
ds_val ds_pool_put(ds_graph *g, ds_val dy, ds_val index, ds_pool_shape p, int64_t h, int64_t w);
ds_val ds_avg_pool_adjoint(ds_graph *g, ds_val dy, ds_pool_shape p, int64_t h, int64_t w);
ds_val ds_dropout_mask(ds_graph *g, ds_val x, ds_val rng, ds_val ids, int site, double rate);
ds_val ds_square_about(ds_graph *g, ds_val x, ds_val m);

#endif
