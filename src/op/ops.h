/* ops.h - the registry of ops: every definition, for the conformance suite and for explain. */
#ifndef DS_OP_OPS_H
#define DS_OP_OPS_H

#include "graph/graph.h"

#define OP(name) extern const ds_op ds_op_##name;
#include "op/registry.def"
#undef OP

const ds_op *const *ds_ops(int *count);

#endif
