/* elementwise.c - the primitive elementwise ops: y[i] = f(x[i], ...). Each has one instruction (kernel/elementwise.def)
 * and one derivative rule; rules use the output y where they can, so that x need not be kept. At kinks: relu' (0) = 0,
 * |x|' (0) = 0, min and max give a tie to the first operand. Goodfellow section 6.5. */
#include <math.h>

#include "op/op.h"
#include "op/ops.h"

#define RULE(name) static ds_val name##_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
#define UNUSED     (void)g, (void)y, (void)i

/* The definition and the sample of an op of one real operand in [lo, hi]. */
#define ONE(id, lo_, hi_, flags_, summary_, formula_)                                                                  \
    static ds_val id##_sample(ds_graph *g, const ds_val *in) { return ds_##id(g, in[0]); }                             \
    const ds_op ds_op_##id = { .head = { .name = #id, .summary = summary_, .formula = formula_ },                      \
                               .flags = DS_OP_ELEMENTWISE | (flags_),                                                  \
                               .code = DS_EW_##id,                                                                     \
                               .vjp = id##_vjp,                                                                        \
                               .samples = (const ds_op_sample[]){                                                      \
                                   { 1, { { 2, { 3, 5 } } }, "r", lo_, hi_, id##_sample }, { 0 } } }
#define CONSTRUCTOR1(id)                                                                                               \
    ds_val ds_##id(ds_graph *g, ds_val x) { return ds_map1(g, &ds_op_##id, x, 0, 0); }
#define TWO(id, lo_, hi_, flags_, summary_, formula_)                                                                  \
    static ds_val id##_sample(ds_graph *g, const ds_val *in) { return ds_##id(g, in[0], in[1]); }                      \
    const ds_op ds_op_##id = { .head = { .name = #id, .summary = summary_, .formula = formula_ },                      \
                               .flags = DS_OP_ELEMENTWISE | (flags_),                                                  \
                               .code = DS_EW_##id,                                                                     \
                               .vjp = id##_vjp,                                                                        \
                               .samples = (const ds_op_sample[]){                                                      \
                                   { 2, { { 2, { 3, 5 } }, { 2, { 3, 5 } } }, "rr", lo_, hi_, id##_sample },           \
                                   { 2, { { 2, { 3, 1 } }, { 1, { 5 } } }, "rr", lo_, hi_, id##_sample },              \
                                   { 0 } } }
#define CONSTRUCTOR2(id)                                                                                               \
    ds_val ds_##id(ds_graph *g, ds_val a, ds_val b) { return ds_map2(g, &ds_op_##id, a, b); }

/* Whether broadcasting s gives the shape t. */
static bool repeats_to(ds_shape s, ds_shape t)
{
    bool fits = s.rank <= t.rank;
    for (int a = 0; a < s.rank && fits; a++) fits = s.dim[a] == 1 || s.dim[a] == t.dim[a + t.rank - s.rank];
    return fits;
}

RULE(neg)
{
    UNUSED;
    return ds_neg(g, dy);
}
RULE(exp)
{
    UNUSED;
    return ds_mul(g, dy, y);
}
RULE(expm1)
{
    UNUSED;
    return ds_mul(g, dy, ds_shift(g, y, 1));
}
RULE(log) { return ds_div(g, dy, ds_in(g, y, i)); }
RULE(log1p) { return ds_div(g, dy, ds_shift(g, ds_in(g, y, i), 1)); }
RULE(sqrt)
{
    UNUSED;
    return ds_scale(g, ds_div(g, dy, y), 0.5);
}
RULE(sin) { return ds_mul(g, dy, ds_cos(g, ds_in(g, y, i))); }
RULE(cos) { return ds_mul(g, dy, ds_neg(g, ds_sin(g, ds_in(g, y, i)))); }
RULE(tanh)
{
    UNUSED;
    return ds_mul(g, dy, ds_shift(g, ds_neg(g, ds_square(g, y)), 1));
}
RULE(sigmoid)
{
    UNUSED;
    return ds_mul(g, dy, ds_mul(g, y, ds_shift(g, ds_neg(g, y), 1)));
}
RULE(softplus) { return ds_mul(g, dy, ds_sigmoid(g, ds_in(g, y, i))); }
RULE(erf)
{
    ds_val x = ds_in(g, y, i);
    return ds_mul(g, dy, ds_scale(g, ds_exp(g, ds_neg(g, ds_square(g, x))), 1.1283791670955126)); /* 2 / sqrt(pi) */
}
RULE(abs) { return ds_mul(g, dy, ds_sign(g, ds_in(g, y, i))); }
RULE(sign)
{
    UNUSED;
    (void)dy;
    return DS_NONE;
}
RULE(floor)
{
    UNUSED;
    (void)dy;
    return DS_NONE;
}
RULE(square) { return ds_mul(g, dy, ds_scale(g, ds_in(g, y, i), 2)); }
RULE(relu)
{
    UNUSED;
    return ds_mul(g, dy, ds_greater(g, y, ds_like(g, y, 0)));
}
RULE(add)
{
    UNUSED;
    return dy;
}
RULE(sub)
{
    UNUSED;
    return i == 0 ? dy : ds_neg(g, dy);
}
RULE(mul) { return ds_mul(g, dy, ds_in(g, y, 1 - i)); }
RULE(div)
{
    ds_val q = ds_div(g, dy, ds_in(g, y, 1));
    return i == 0 ? q : ds_neg(g, ds_mul(g, q, y));
}
/* At a = 0 the products would be 0 times infinity: a^0 does not vary with a, nor 0^b with b > 0. */
RULE(pow)
{
    ds_val a = ds_in(g, y, 0), b = ds_in(g, y, 1);
    ds_val zero = ds_like(g, y, 0);
    if (i == 0) return ds_mul(g, dy, ds_where(g, b, ds_mul(g, b, ds_pow(g, a, ds_shift(g, b, -1))), zero));
    return ds_mul(g, dy, ds_where(g, y, ds_mul(g, y, ds_log(g, a)), zero));
}
RULE(min)
{
    ds_val first = ds_greater_equal(g, ds_in(g, y, 1), ds_in(g, y, 0));
    return ds_mul(g, dy, i == 0 ? first : ds_shift(g, ds_neg(g, first), 1));
}
RULE(max)
{
    ds_val first = ds_greater_equal(g, ds_in(g, y, 0), ds_in(g, y, 1));
    return ds_mul(g, dy, i == 0 ? first : ds_shift(g, ds_neg(g, first), 1));
}
RULE(greater)
{
    UNUSED;
    (void)dy;
    return DS_NONE;
}
RULE(greater_equal)
{
    UNUSED;
    (void)dy;
    return DS_NONE;
}
RULE(equal)
{
    UNUSED;
    (void)dy;
    return DS_NONE;
}

ONE(neg, -2, 2, 0, "change of sign", "y = -x");
ONE(exp, -2, 2, 0, "exponential", "y = e^x");
ONE(expm1, -2, 2, 0, "exponential minus one, exact near 0", "y = e^x - 1");
ONE(log, 0.2, 3, 0, "natural logarithm", "y = ln x");
ONE(log1p, -0.5, 3, 0, "logarithm of 1 + x, exact near 0", "y = ln(1 + x)");
ONE(sqrt, 0.2, 3, 0, "square root", "y = sqrt x");
ONE(sin, -3, 3, 0, "sine", "y = sin x");
ONE(cos, -3, 3, 0, "cosine", "y = cos x");
ONE(tanh, -2, 2, 0, "hyperbolic tangent", "y = tanh x");
ONE(sigmoid, -3, 3, 0, "logistic sigmoid", "y = 1 / (1 + e^-x)");
ONE(softplus, -3, 3, 0, "smooth rectifier", "y = ln(1 + e^x)");
ONE(erf, -2, 2, 0, "error function", "y = 2/sqrt(pi) int_0^x e^(-t^2) dt");
ONE(abs, -2, 2, 0, "absolute value; derivative 0 at 0", "y = |x|");
ONE(sign, -2, 2, DS_OP_NONDIFF, "-1, 0 or 1", "y = sign x");
ONE(floor, 0.1, 0.9, DS_OP_NONDIFF, "largest integer not above", "y = floor x");
ONE(square, -2, 2, 0, "square", "y = x^2");
ONE(relu, -2, 2, 0, "rectifier; derivative 0 at 0", "y = max(0, x)");
CONSTRUCTOR1(exp)
CONSTRUCTOR1(expm1)
CONSTRUCTOR1(log)
CONSTRUCTOR1(log1p)
CONSTRUCTOR1(sqrt)
CONSTRUCTOR1(sin)
CONSTRUCTOR1(cos)
CONSTRUCTOR1(tanh)
CONSTRUCTOR1(sigmoid)
CONSTRUCTOR1(softplus)
CONSTRUCTOR1(erf)
CONSTRUCTOR1(abs)
CONSTRUCTOR1(sign)
CONSTRUCTOR1(floor)
CONSTRUCTOR1(square)
CONSTRUCTOR1(relu)
TWO(add, -2, 2, 0, "sum", "y = a + b");
TWO(sub, -2, 2, 0, "difference", "y = a - b");
TWO(mul, -2, 2, 0, "product", "y = a b");
TWO(div, 0.5, 2, 0, "quotient", "y = a / b");
TWO(pow, 0.5, 2, 0, "power", "y = a^b");
TWO(min, -2, 2, 0, "smaller of two; a tie counts for a", "y = min(a, b)");
TWO(max, -2, 2, 0, "larger of two; a tie counts for a", "y = max(a, b)");
TWO(greater, -2, 2, DS_OP_NONDIFF, "1 where a > b, else 0", "y = [a > b]");
TWO(greater_equal, -2, 2, DS_OP_NONDIFF, "1 where a >= b, else 0", "y = [a >= b]");
TWO(equal, -2, 2, DS_OP_NONDIFF, "1 where a = b, else 0", "y = [a = b]");

CONSTRUCTOR2(add)
CONSTRUCTOR2(sub)
CONSTRUCTOR2(div)
CONSTRUCTOR2(pow)
CONSTRUCTOR2(min)
CONSTRUCTOR2(max)
CONSTRUCTOR2(greater)
CONSTRUCTOR2(greater_equal)
CONSTRUCTOR2(equal)

/* A product with a constant is a scale: the same bits, and constants meet while the graph is built. */
ds_val ds_mul(ds_graph *g, ds_val a, ds_val b)
{
    double c;
    if (!ds_vals_ok(g, "mul", 2, (ds_val[]){ a, b })) return DS_NONE;
    if (ds_val_dtype(g, a) == ds_val_dtype(g, b)) {
        if (ds_constant(g, b, &c) && repeats_to(ds_val_shape(g, b), ds_val_shape(g, a))) return ds_scale(g, a, c);
        if (ds_constant(g, a, &c) && repeats_to(ds_val_shape(g, a), ds_val_shape(g, b))) return ds_scale(g, b, c);
    }
    return ds_map2(g, &ds_op_mul, a, b);
}

/* A double change of sign is none, exactly; a constant changes its sign here. */
ds_val ds_neg(ds_graph *g, ds_val x)
{
    if (ds_vals_ok(g, "neg", 1, &x) && ds_node_of(g, x)->op == &ds_op_neg) return ds_in(g, x, 0);
    double c;
    if (ds_constant(g, x, &c) && ds_val_dtype(g, x) != DS_I32) return ds_like(g, x, -c);
    return ds_map1(g, &ds_op_neg, x, 0, 0);
}

/* leaky relu: slope attr.f[0] below 0. */
static ds_val leaky_relu_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    double s = ds_node_of(g, y)->attr.f[0];
    ds_val x = ds_in(g, y, i);
    return ds_mul(g, dy, ds_where(g, ds_greater(g, x, ds_like(g, x, 0)), ds_like(g, x, 1), ds_like(g, x, s)));
}
static ds_val leaky_relu_sample(ds_graph *g, const ds_val *in) { return ds_leaky_relu(g, in[0], 0.1); }
const ds_op ds_op_leaky_relu = {
    .head = { .name = "leaky_relu", .summary = "rectifier with a slope below 0", .formula = "y = x > 0 ? x : a x" },
    .flags = DS_OP_ELEMENTWISE,
    .code = DS_EW_leaky_relu,
    .vjp = leaky_relu_vjp,
    .samples = (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, leaky_relu_sample }, { 0 } }
};
ds_val ds_leaky_relu(ds_graph *g, ds_val x, double slope) { return ds_map1(g, &ds_op_leaky_relu, x, slope, 0); }

/* scale: attr.f[0] x, and shift: x + attr.f[0]. */
static ds_val scale_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    (void)i;
    return ds_scale(g, dy, ds_node_of(g, y)->attr.f[0]);
}
static ds_val shift_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    UNUSED;
    return dy;
}
static ds_val scale_sample(ds_graph *g, const ds_val *in) { return ds_scale(g, in[0], -1.5); }
static ds_val shift_sample(ds_graph *g, const ds_val *in) { return ds_shift(g, in[0], 0.7); }
const ds_op ds_op_scale = { .head = { .name = "scale", .summary = "times a constant", .formula = "y = a x" },
                            .flags = DS_OP_ELEMENTWISE,
                            .code = DS_EW_scale,
                            .vjp = scale_vjp,
                            .samples =
                                (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, scale_sample }, { 0 } } };
const ds_op ds_op_shift = { .head = { .name = "shift", .summary = "plus a constant", .formula = "y = x + a" },
                            .flags = DS_OP_ELEMENTWISE,
                            .code = DS_EW_shift,
                            .vjp = shift_vjp,
                            .samples =
                                (const ds_op_sample[]){ { 1, { { 2, { 3, 5 } } }, "r", -2, 2, shift_sample }, { 0 } } };
/* A constant is scaled here, with the rounding of its type. */
ds_val ds_scale(ds_graph *g, ds_val x, double a)
{
    double c;
    if (a == 1) return x;
    if (!ds_constant(g, x, &c) || ds_val_dtype(g, x) == DS_I32) return ds_map1(g, &ds_op_scale, x, a, 0);
    return ds_like(g, x, ds_val_dtype(g, x) == DS_F32 ? (double)((float)c * (float)a) : c * a);
}
ds_val ds_shift(ds_graph *g, ds_val x, double a) { return ds_map1(g, &ds_op_shift, x, a, 0); }

/* where: c != 0 ? a : b. */
static ds_val where_vjp(ds_graph *g, ds_val y, int i, ds_val dy)
{
    ds_val c = ds_in(g, y, 0), zero = ds_like(g, y, 0);
    if (i == 0) return DS_NONE;
    return i == 1 ? ds_where(g, c, dy, zero) : ds_where(g, c, zero, dy);
}
static ds_val where_sample(ds_graph *g, const ds_val *in)
{
    return ds_where(g, ds_greater(g, in[0], in[1]), in[0], ds_square(g, in[1]));
}
const ds_op ds_op_where = {
    .head = { .name = "where", .summary = "choice by a condition", .formula = "y = c != 0 ? a : b" },
    .flags = DS_OP_ELEMENTWISE,
    .code = DS_EW_where,
    .vjp = where_vjp,
    .samples = (const ds_op_sample[]){ { 2, { { 2, { 3, 5 } }, { 2, { 3, 5 } } }, "rr", -2, 2, where_sample }, { 0 } }
};
ds_val ds_where(ds_graph *g, ds_val c, ds_val a, ds_val b) { return ds_map3(g, &ds_op_where, c, a, b); }
