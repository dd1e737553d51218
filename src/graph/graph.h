/* graph.h - inside view of a graph: nodes, op definitions, how op files make nodes.
 *
 * A node is (op, inputs, attributes, dtype, shape). Constructors check shapes, then call ds_node_make, which returns
 * the existing handle of an equal node (hash-consing) unless the op is an input. Ids grow from inputs to outputs. */
#ifndef DS_GRAPH_GRAPH_H
#define DS_GRAPH_GRAPH_H

#include "backend/seam.h"
#include "base/arena.h"
#include "base/ctx.h"
#include "descent/graph.h"

#define DS_NONE ((ds_val){ 0 })

enum {
    DS_OP_ELEMENTWISE = 1, /* one instruction of a fused program: code says which; inputs have the output's shape */
    DS_OP_VIEW = 2,        /* same elements, other shape: no kernel */
    DS_OP_NONDIFF = 4      /* piecewise constant or integer valued: no derivative, by declaration */
};

/* One way to build the op for the conformance suite: inputs are made with these shapes and kinds. */
typedef struct ds_op_sample {
    int nin;
    ds_shape shape[DS_MAX_IN];
    char kind[DS_MAX_IN]; /* 'r' real in [lo, hi], 'i' index below hi, 'k' random key, 'p' distinct (no ties) */
    double lo, hi;
    ds_val (*build)(ds_graph *g, const ds_val *in);
} ds_op_sample;

typedef struct ds_op {
    ds_head head;
    unsigned flags;
    int code; /* ds_ew_code of an ELEMENTWISE op */
    /* Pull the output's cotangent dy back to input i, built from public constructors. DS_NONE: no dependence. */
    ds_val (*vjp)(ds_graph *g, ds_val y, int i, ds_val dy);
    const ds_op_sample *samples; /* closed by build = NULL */
} ds_op;

typedef struct ds_node {
    const ds_op *op;
    ds_val in[DS_MAX_IN];
    int nin;
    ds_attr attr;
    ds_dtype dtype;
    ds_shape shape;
    const char *name; /* inputs only */
} ds_node;

struct ds_graph {
    ds_ctx *ctx;
    ds_status status;
    ds_node *node; /* node[0] is none */
    int count, capacity;
    int32_t *table; /* open addressing over node ids */
    int table_size;
    ds_arena names;
};

extern const ds_op ds_op_input, ds_op_fill, ds_op_broadcast, ds_op_copy, ds_op_reshape;

/* The node behind a handle; the dead node 0 for none. Valid until the next node is made. */
const ds_node *ds_node_of(const ds_graph *g, ds_val v);
/* Make or find a node. in may be NULL when nin is 0. Returns none after an earlier mistake. */
ds_val ds_node_make(ds_graph *g, const ds_op *op, int nin, const ds_val *in, const ds_attr *attr, ds_dtype t,
                    ds_shape s);
/* Record the first mistake; always returns none. */
ds_val ds_graph_fail(ds_graph *g, ds_status status, const char *fmt, ...) DS_PRINTF(3, 4);
/* Whether every handle is usable; a none among them without an earlier mistake is itself a mistake (names op). */
bool ds_vals_ok(ds_graph *g, const char *op, int n, const ds_val *v);
/* A node that copies v, never merged with another. */
ds_val ds_copy(ds_graph *g, ds_val v);

#endif
