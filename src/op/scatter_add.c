/* scatter_add.c - rows added to zeros where an i32 index [N] says, in order of i; an index outside is left out. Its
 * adjoint is gather. Source: Harris et al. 2020 (NumPy). */
#include "op/op.h"

DS_VJP(scatter_add) { return i == 0 ? ds_gather(g, dy, ds_in(g, y, 1)) : DS_NONE; }
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_scatter_add(g, in[0], in[1], 5); }

const ds_op ds_op_scatter_add = {
    .head = { .name = "scatter_add",
              .summary = "rows added where an index says",
              .formula = "y[index[i]] += x[i]",
              .cite = "Harris et al. 2020 (NumPy)" },
    .vjp = scatter_add_vjp,
    .samples = (const ds_op_sample[]){ { 2, { { 2, { 7, 3 } }, { 1, { 7 } } }, "ri", -1, 5, sample }, { 0 } },
};

ds_val ds_scatter_add(ds_graph *g, ds_val dy, ds_val index, int64_t rows)
{
    if (!ds_index_ok(g, "scatter_add", dy, index, true)) return DS_NONE;
    if (rows < 0) return ds_graph_fail(g, DS_ESHAPE, "scatter_add: %lld rows; wanted none or more", (long long)rows);
    ds_shape s = ds_val_shape(g, dy);
    s.dim[0] = rows;
    return ds_node_make(g, &ds_op_scatter_add, 2, (ds_val[]){ dy, index }, NULL, ds_val_dtype(g, dy), s);
}
