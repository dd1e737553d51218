/* build.c - nodes of a graph: making them, finding equal ones. */
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

ds_status ds_graph_create(ds_graph **out, ds_ctx *ctx)
{
    *out = NULL;
    ds_graph *g = calloc(1, sizeof *g);
    if (!g) return ds_fail_memory(ctx, sizeof *g, "a graph");
    g->ctx = ctx;
    g->capacity = 256;
    g->table_size = 1024;
    g->node = calloc((size_t)g->capacity, sizeof *g->node);
    g->table = calloc((size_t)g->table_size, sizeof *g->table);
    g->count = 1;
    if (!g->node || !g->table) {
        ds_graph_free(g);
        return ds_fail_memory(ctx, (size_t)256 * sizeof *g->node, "a graph");
    }
    *out = g;
    return DS_OK;
}

void ds_graph_free(ds_graph *g)
{
    if (!g) return;
    ds_arena_free(&g->names);
    free(g->node);
    free(g->table);
    free(g);
}

ds_status ds_graph_status(const ds_graph *g) { return g->status; }
int ds_graph_nodes(const ds_graph *g) { return g->count - 1; }
const ds_node *ds_node_of(const ds_graph *g, ds_val v) { return &g->node[v.id > 0 && v.id < g->count ? v.id : 0]; }
ds_shape ds_val_shape(const ds_graph *g, ds_val v) { return ds_node_of(g, v)->shape; }
ds_dtype ds_val_dtype(const ds_graph *g, ds_val v) { return ds_node_of(g, v)->dtype; }
bool ds_val_ok(ds_val v) { return v.id > 0; }

ds_val ds_graph_fail(ds_graph *g, ds_status status, const char *fmt, ...)
{
    if (g->status == DS_OK) {
        va_list args;
        va_start(args, fmt);
        g->status = ds_fail_v(g->ctx, status, fmt, args);
        va_end(args);
    }
    return DS_NONE;
}

bool ds_vals_ok(ds_graph *g, const char *op, int n, const ds_val *v)
{
    if (g->status != DS_OK) return false;
    for (int i = 0; i < n; i++)
        if (v[i].id <= 0 || v[i].id >= g->count) {
            ds_graph_fail(g, DS_EUSAGE, "%s: operand %d is none; make every operand before use", op, i);
            return false;
        }
    return true;
}

static uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
    const unsigned char *b = p;
    for (size_t i = 0; i < n; i++) h = (h ^ b[i]) * 0x100000001b3u;
    return h;
}

static uint64_t hash_node(const ds_node *n)
{
    uint64_t h = hash_bytes(0xcbf29ce484222325u, &n->op, sizeof n->op);
    h = hash_bytes(h, n->in, (size_t)n->nin * sizeof n->in[0]);
    h = hash_bytes(h, &n->attr, sizeof n->attr);
    h = hash_bytes(h, n->shape.dim, (size_t)n->shape.rank * sizeof(int64_t));
    h = hash_bytes(h, &n->dtype, sizeof n->dtype);
    return h ^ h >> 29;
}

static bool node_equal(const ds_node *a, const ds_node *b)
{
    return a->op == b->op && a->nin == b->nin && a->dtype == b->dtype && ds_shape_equal(a->shape, b->shape) &&
           !memcmp(a->in, b->in, (size_t)a->nin * sizeof a->in[0]) && !memcmp(&a->attr, &b->attr, sizeof a->attr);
}

/* Slot of an equal node, or the free slot where it belongs. */
static int32_t *find_slot(ds_graph *g, const ds_node *n)
{
    uint64_t mask = (uint64_t)g->table_size - 1;
    uint64_t i = hash_node(n) & mask;
    while (g->table[i] && !node_equal(&g->node[g->table[i]], n)) i = (i + 1) & mask;
    return &g->table[i];
}

static bool grow(ds_graph *g)
{
    int capacity = g->capacity * 2;
    ds_node *node = realloc(g->node, (size_t)capacity * sizeof *node);
    if (!node) return false;
    g->node = node;
    int32_t *table = calloc((size_t)capacity * 4, sizeof *table);
    if (!table) return false;
    int32_t *old = g->table;
    int old_size = g->table_size;
    g->capacity = capacity;
    g->table = table;
    g->table_size = capacity * 4;
    for (int i = 0; i < old_size; i++)
        if (old[i]) *find_slot(g, &g->node[old[i]]) = old[i];
    free(old);
    return true;
}

/* Inputs and copies stand for memory, so no two are ever the same node. */
static bool is_unique(const ds_op *op) { return op == &ds_op_input || op == &ds_op_copy; }

ds_val ds_node_make(ds_graph *g, const ds_op *op, int nin, const ds_val *in, const ds_attr *attr, ds_dtype t,
                    ds_shape s)
{
    if (!ds_vals_ok(g, op->head.name, nin, in)) return DS_NONE;
    if (g->count == g->capacity && !grow(g)) return ds_graph_fail(g, DS_EMEM, "out of memory: no room for more nodes");
    ds_node n = { .op = op, .nin = nin, .dtype = t };
    for (int i = 0; i < nin; i++) n.in[i] = in[i];
    if (attr) n.attr = *attr;
    n.shape.rank = s.rank;
    for (int a = 0; a < s.rank; a++) n.shape.dim[a] = s.dim[a];
    if (!is_unique(op)) {
        int32_t *slot = find_slot(g, &n);
        if (*slot) return (ds_val){ *slot };
        *slot = g->count;
    }
    g->node[g->count] = n;
    return (ds_val){ g->count++ };
}
