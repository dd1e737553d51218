/* where.c - the choice between a and b by a condition c: a unless c = 0, a NaN counts as true. da = dy where c, db =
 * dy elsewhere. The side that is not chosen may hold anything, also in derivatives. Source: Harris et al. 2020
 * (NumPy). */
#include "op/op.h"

DS_VJP(where)
{
    ds_val c = ds_in(g, y, 0), zero = ds_like(g, y, 0);
    if (i == 0) return DS_NONE;
    return i == 1 ? ds_where(g, c, dy, zero) : ds_where(g, c, zero, dy);
}
static ds_val sample(ds_graph *g, const ds_val *in)
{
    return ds_where(g, ds_greater(g, in[0], in[1]), in[0], ds_square(g, in[1]));
}

const ds_op ds_op_where = {
    .head = { .name = "where",
              .summary = "choice by a condition",
              .formula = "y = c != 0 ? a : b",
              .cite = "Harris et al. 2020 (NumPy)" },
    DS_ELEMENTWISE(where),
    .vjp = where_vjp,
    .samples = (const ds_op_sample[]){ { 2, { { 2, { 3, 5 } }, { 2, { 3, 5 } } }, "rr", -2, 2, sample }, { 0 } },
};

ds_val ds_where(ds_graph *g, ds_val c, ds_val a, ds_val b) { return ds_map3(g, &ds_op_where, c, a, b); }
