/* op.h - helpers of the op files: checks that most constructors share. */
#ifndef DS_OP_OP_H
#define DS_OP_OP_H

#include "descent/op.h"
#include "graph/graph.h"
#include "kernel/ew_code.h"

/* Input i of the node behind y. */
static inline ds_val ds_in(const ds_graph *g, ds_val y, int i) { return ds_node_of(g, y)->in[i]; }
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

#endif
