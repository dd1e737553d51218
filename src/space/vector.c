/* vector.c - sums over flat vectors: 16 lanes in f64, element i in lane i mod 16, lanes joined 8+8, 4+4, 2+2, 1+1. */
#include "space/vector.h"

#include <math.h>
#include <string.h>

enum { LANES = 16 };

/* sum of (x - y)^2, or of x*y; y NULL: of x^2. The three differ in one expression only. */
#define SUM(name, expression)                                                                                          \
    static double name(ds_dtype t, const void *xv, const void *yv, int64_t n)                                          \
    {                                                                                                                  \
        double lane[LANES] = { 0 };                                                                                    \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            double x = t == DS_F64 ? ((const double *)xv)[i] : (double)((const float *)xv)[i];                         \
            double y = t == DS_F64 ? ((const double *)yv)[i] : (double)((const float *)yv)[i];                         \
            lane[i % LANES] += (expression);                                                                           \
        }                                                                                                              \
        for (int width = LANES / 2; width > 0; width /= 2)                                                             \
            for (int k = 0; k < width; k++) lane[k] += lane[k + width];                                                \
        return lane[0];                                                                                                \
    }
SUM(sum_products, x *y)
SUM(sum_squared_differences, (x - y) * (x - y))

double ds_vector_norm(ds_dtype t, const void *x, int64_t n) { return sqrt(sum_products(t, x, x, n)); }
double ds_vector_distance(ds_dtype t, const void *x, const void *y, int64_t n)
{
    return sqrt(sum_squared_differences(t, x, y, n));
}
double ds_vector_dot(ds_dtype t, const void *x, const void *y, int64_t n) { return sum_products(t, x, y, n); }

void ds_vector_approach(ds_dtype t, void *m, const void *x, double w, int64_t n)
{
    double *m64 = m;
    float *m32 = m;
    const double *x64 = x;
    const float *x32 = x;
    for (int64_t i = 0; i < n && t == DS_F64; i++) m64[i] += w * (x64[i] - m64[i]);
    for (int64_t i = 0; i < n && t == DS_F32; i++)
        m32[i] = (float)((double)m32[i] + w * ((double)x32[i] - (double)m32[i]));
}

/* A value is finite when its exponent bits are not all ones; OR over a block lets the compiler use vectors. */
bool ds_vector_is_finite(ds_dtype t, const void *x, int64_t n)
{
    int bad = 0;
    if (t == DS_F64)
        for (int64_t i = 0; i < n; i++) {
            uint64_t u;
            memcpy(&u, (const double *)x + i, sizeof u);
            bad |= (u & 0x7ff0000000000000u) == 0x7ff0000000000000u;
        }
    else
        for (int64_t i = 0; i < n; i++) {
            uint32_t u;
            memcpy(&u, (const float *)x + i, sizeof u);
            bad |= (u & 0x7f800000u) == 0x7f800000u;
        }
    return !bad;
}

int64_t ds_first_nonfinite(ds_dtype t, const void *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(t == DS_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i])) return i;
    return -1;
}
