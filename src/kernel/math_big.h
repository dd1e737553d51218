/* math_big.h - scalar f64 pieces of the vector functions: powers, and sin/cos arguments beyond the reach of three
 * constants. Each operation is one IEEE operation or an fma, so the bits are the same everywhere. */
#ifndef DS_KERNEL_MATH_BIG_H
#define DS_KERNEL_MATH_BIG_H

#include <stdint.h>

/* x = (4 k + n) pi/2 + *r, |*r| <= pi/4, for any finite |x| >= 1; returns n in 0..3. NaN and infinities give NaN. */
int ds_reduce_pi(double x, double *r);
/* a^b with the usual special cases (C11 annex F). */
double ds_power(double a, double b);
/* ln a for a finite a > 0. */
double ds_logarithm(double a);

#endif
