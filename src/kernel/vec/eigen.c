/* eigen.c - the two loops of eigenvectors, in f64: y += s x, and a rotation of x and y. Products and sums are rounded one by
 * one, so that plain loops give the same bits on every instruction set. */
#include "kernel/vec.h"

#define DS_REAL 64
#include "kernel/simd.h"

void DS_PASTE2(ds_add_scaled, DS_ISA_TAG)(int64_t n, double s, const double *restrict x, double *restrict y);
void DS_PASTE2(ds_add_scaled, DS_ISA_TAG)(int64_t n, double s, const double *restrict x, double *restrict y)
{
    for (int64_t i = 0; i < n; i++) y[i] += s * x[i];
}

void DS_PASTE2(ds_rotate, DS_ISA_TAG)(int64_t n, double c, double s, double *restrict x, double *restrict y);
void DS_PASTE2(ds_rotate, DS_ISA_TAG)(int64_t n, double c, double s, double *restrict x, double *restrict y)
{
    for (int64_t i = 0; i < n; i++) {
        double a = x[i], b = y[i];
        x[i] = c * a + s * b;
        y[i] = c * b - s * a;
    }
}
