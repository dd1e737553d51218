/* normal.c - normal draws (declared in descent/random.h): Box and Muller 1958 on our own log and cos, so the bits are
 * the same everywhere. sqrt(-2 ln u) cos(2 pi v), u in (0, 1], v in [0, 1): four words, one block, a draw */
#define DS_ISA_SCALAR
#define DS_REAL 64
#include "kernel/math_big.h"
#include "kernel/simd.h"
#include "kernel/vec/math.inc"

#include "descent/random.h"

double ds_rng_normal(ds_rng *r)
{
    double u = 1 - ds_rng_uniform(r), v = ds_rng_uniform(r);
    return sqrt(-2 * log_f64(u)) * cos_f64(6.283185307179586 * v);
}
