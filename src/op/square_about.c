/* square_about.c - (x - m)^2 where m is the mean of x along the axes that its only user sums over. Then the variance
 * does not vary with m (dv/dm = -2 mean (x - m) = 0), so the pullback leaves m out and spares a pass; it holds m
 * itself, so that derivatives of it are whole. Two passes, m first: no cancellation. Source: Chan, Golub and LeVeque
 * 1983 (two-pass algorithm). */
#include "op/op.h"

DS_VJP(square_about)
{
    return i == 1 ? DS_NONE : ds_mul(g, dy, ds_scale(g, ds_sub(g, ds_in(g, y, 0), ds_in(g, y, 1)), 2));
}
static ds_val sample(ds_graph *g, const ds_val *in)
{
    return ds_mean(g, ds_square_about(g, in[0], ds_mean(g, in[0], 1)), 1);
}

const ds_op ds_op_square_about = {
    .head = { .name = "square_about",
              .summary = "squared distance from the mean",
              .formula = "y = (x - m)^2",
              .cite = "Chan, Golub and LeVeque 1983 (two-pass algorithm)" },
    DS_ELEMENTWISE(square_about),
    .vjp = square_about_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 7, 3 } } }, "r", -1, 1, sample }, { 0 } },
};

ds_val ds_square_about(ds_graph *g, ds_val x, ds_val m) { return ds_map2(g, &ds_op_square_about, x, m); }
