/* gather.c - rows by an i32 index [N]; an index outside gives a row of NaN. Its adjoint is scatter_add. Source: Bengio
 * et al. 2003 (table look-up); Harris et al. 2020 (NumPy). */
#include "op/op.h"

DS_VJP(gather)
{
    return i == 0 ? ds_scatter_add(g, dy, ds_in(g, y, 1), ds_val_shape(g, ds_in(g, y, 0)).dim[0]) : DS_NONE;
}
static ds_val sample(ds_graph *g, const ds_val *in) { return ds_gather(g, in[0], in[1]); }

const ds_op ds_op_gather = {
    .head = { .name = "gather",
              .summary = "rows by index",
              .formula = "y[i] = x[index[i]]",
              .cite = "Bengio et al. 2003 (table look-up); Harris et al. 2020 (NumPy)" },
    .vjp = gather_vjp,
    .samples = (const ds_op_sample[]){ { 2, { { 2, { 5, 3 } }, { 1, { 7 } } }, "ri", -1, 5, sample }, { 0 } },
};

ds_val ds_gather(ds_graph *g, ds_val x, ds_val index)
{
    if (!ds_index_ok(g, "gather", x, index, false)) return DS_NONE;
    ds_shape s = ds_val_shape(g, x);
    s.dim[0] = ds_val_shape(g, index).dim[0];
    return ds_node_make(g, &ds_op_gather, 2, (ds_val[]){ x, index }, NULL, ds_val_dtype(g, x), s);
}
