/* plan.h - inside view of planning: from nodes to groups, units, memory, steps.
 *
 *   group   elementwise nodes of one shape that run as one program (a node cheap to repeat may be in several)
 *   unit    what becomes one step: a kernel node with an optional prologue and epilogue group, or one group alone
 *   value   a node that has memory; views share the value of what they look at
 *
 * Passes: fuse.c makes groups, sums.c gives sums to the kernels that make what they add, schedule.c
 * units and their order, memory.c offsets, program.c programs, plan.c steps. */
#ifndef DS_GRAPH_PLAN_H
#define DS_GRAPH_PLAN_H

#include "graph/graph.h"

enum { DS_JOIN = 4 /* groups that a node may be computed in */ };

typedef struct ds_group {
    int member[DS_EW_MAX_INSTRS]; /* node ids, descending while fusing */
    int count;
    ds_shape shape;
    ds_dtype dtype;
    int reduction;                  /* node whose prologue this is, 0: none */
    int cut;                        /* reductions: axes [0, cut) are R, the rest C */
    int anchor;                     /* kernel node whose epilogue this is, 0: none */
    int sum[DS_EW_MAX_SUMS], nsums; /* epilogues: nodes that are sums over all rows of a member or of the anchor */
    bool dead;                      /* merged into another */
} ds_group;

typedef struct ds_work {
    int node;      /* kernel node, 0 for a lone group */
    int pre, post; /* group indices, -1: none; a lone group is its post */
    int key;       /* largest node id inside: natural order */
    bool changing, placed;
} ds_work;

typedef struct ds_planner {
    ds_ctx *ctx;
    ds_graph *g;
    const ds_backend *backend;
    const struct ds_vec *vec;
    bool unfused, bound;
    int count;                                        /* nodes */
    char *mark;                                       /* for walks over nodes: all 0 between them */
    char *needed, *output, *stored, *folded, *varies; /* varies: depends on a changing input */
    char *hosted;                                     /* sum taken by another kernel's epilogue */
    int *use_first, *use;                             /* consumers of node id: use[use_first[id] .. use_first[id+1]) */
    ds_group *group;
    int ngroups, group_capacity;
    int *joined; /* DS_JOIN per node: groups it is in, or whose prologue it ends; -1: free */
    bool no_merge;
    ds_work *unit;
    int nunits, *unit_of; /* unit that computes a node's memory, -1: none */
    int *order;           /* units in running order */
    int static_units;     /* the first of them depend on no changing input */
    const ds_val *changing;
    int nchanging;
    size_t *offset; /* per node: place in the work area, SIZE_MAX: none */
    int *same;      /* per node: node whose memory it shares by construction (itself otherwise) */
    size_t work_bytes;
} ds_planner;

/* Small predicates on nodes. */
static inline const ds_node *ds_at(const ds_planner *p, int id) { return &p->g->node[id]; }
static inline bool ds_is_source(const ds_planner *p, int id)
{
    return ds_at(p, id)->op == &ds_op_input || ds_at(p, id)->op == &ds_op_fill;
}
static inline bool ds_is_view(const ds_planner *p, int id) { return ds_at(p, id)->op->flags & DS_OP_VIEW; }
/* Runs inside a program: elementwise instructions, copies and broadcasts that are not folded into an operand. */
static inline bool ds_is_elementwise(const ds_planner *p, int id)
{
    const ds_node *n = ds_at(p, id);
    return (n->op->flags & DS_OP_ELEMENTWISE) || n->op == &ds_op_copy || n->op == &ds_op_broadcast;
}
/* The node whose memory id reads: views and folded broadcasts looked through. */
int ds_memory_node(const ds_planner *p, int id);
bool ds_in_group(const ds_group *q, int id);

int ds_new_group(ds_planner *p, ds_shape s, ds_dtype t); /* -1: no memory */
/* Operands that q loads (counted to a limit above what fits), and values that it stores. */
int ds_count_loads(const ds_planner *p, const ds_group *q);
int ds_count_stores(const ds_planner *p, const ds_group *q);
/* Mark what is computed from nodes marked in p->mark up to id `high`, directly or through other groups than q. */
void ds_spread_marks(const ds_planner *p, const ds_group *q, int high);

ds_status ds_fuse(ds_planner *p);
ds_status ds_host_sums(ds_planner *p);
ds_status ds_schedule(ds_planner *p);
ds_status ds_place(ds_planner *p);
/* Whether an operand of shape `from` broadcast to s has one stride on each side of the cut. */
bool ds_fits_cut(ds_shape from, ds_shape s, int cut);

/* The program of a group. cut < 0: dims are collapsed freely; otherwise rank 2 with the given cut. data of loads and
 * stores is left NULL; load_node[k], store_node[k] say whose memory they are (load_node < 0: constant, value in
 * load_fill[k]). */
typedef struct ds_program_plan {
    ds_ew_program program;
    int load_node[DS_EW_MAX_OPERANDS], store_node[DS_EW_MAX_OPERANDS];
    double load_fill[DS_EW_MAX_OPERANDS];
    int sum_node[DS_EW_MAX_SUMS];
} ds_program_plan;
ds_status ds_program_make(const ds_planner *p, const ds_group *q, int cut, ds_program_plan *out);

/* ---- the finished plan ---- */

/* One place that holds an address of node's memory. */
typedef struct ds_patch {
    int node;
    void **where;
} ds_patch;

typedef struct ds_step {
    ds_call call;
    ds_attr attr; /* of its own: the graph may grow or go */
    const ds_kernel_def *kernel;
    ds_program_plan *pre, *post;
    int node; /* whose memory out is */
} ds_step;

struct ds_plan {
    ds_ctx *ctx;
    ds_step *step;
    int nsteps, static_steps;
    char *work, *scratch;
    size_t work_bytes, scratch_bytes;
    int count;        /* nodes of the graph when planned */
    int *memory_node; /* per node: whose memory it reads */
    int *output_node; /* per node: whose memory holds it as an output (an input's copy), 0: no output */
    char *kind;       /* per node: 'i' input (unbound 'u'), 'o' output, 0 neither */
    void **address;   /* per node with memory */
    ds_patch *patch;  /* sorted by node */
    int npatches, *patch_first, unbound;
    char *constants;
    bool poison;
};

/* Tell every place that holds the address of node's memory. */
void ds_plan_point(ds_plan *plan, int node, void *memory);

/* A call for node id with shapes and attributes but no addresses. */
void ds_call_describe(const ds_planner *p, int id, ds_call *call);
const ds_kernel_def *ds_kernel_of(const ds_planner *p, int id);

#endif
