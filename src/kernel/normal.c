/* normal.c - normal and beta draws on our own log, exp, sin and cos, so the bits are the same everywhere.
 *   normal  Box, Muller 1958: sqrt(-2 ln u) cos(2 pi v), u in (0, 1], v in [0, 1): four words, one block; the sine is
 *           a second, independent one
 *   beta    Joehnk 1964: X = u^(1/a), Y = v^(1/b) until X + Y <= 1, then X / (X + Y); in logarithms, as X may be 0 */
#include "kernel/normal.h"

#define DS_ISA_SCALAR
#define DS_REAL 64
#include "kernel/math_big.h"
#include "kernel/simd.h"
#include "kernel/vec/math.inc"

double ds_rng_normal(ds_rng *r)
{
    double u = 1 - ds_rng_uniform(r), v = ds_rng_uniform(r);
    return sqrt(-2 * log_f64(u)) * cos_f64(6.283185307179586 * v);
}

void ds_normal_pair(ds_draw4 d, double z[2])
{
    double u = 1 - ds_uniform_f64(d.u[0], d.u[1]), v = 6.283185307179586 * ds_uniform_f64(d.u[2], d.u[3]);
    double r = sqrt(-2 * log_f64(u));
    z[0] = r * cos_f64(v);
    z[1] = r * sin_f64(v);
}

double ds_rng_beta(ds_rng *r, double a, double b)
{
    for (;;) {
        double x = log_f64(1 - ds_rng_uniform(r)) / a, y = log_f64(1 - ds_rng_uniform(r)) / b;
        if (exp_f64(x) + exp_f64(y) > 1) continue;
        double top = x > y ? x : y, X = exp_f64(x - top), Y = exp_f64(y - top);
        return X / (X + Y);
    }
}
