/* simd.h - the vector type of one instruction set and one element type.
 * Include after defining DS_REAL (32 or 64) and, from the build, one of DS_ISA_V4, DS_ISA_V3, DS_ISA_NEON,
 * DS_ISA_PLAIN; DS_ISA_SCALAR makes one-lane vectors (the definition that `ref` compiles). May be included twice, once
 * per DS_REAL.
 *
 *   T, V, VI   element, vector of VL elements, vector of integers of the same width (masks are 0 / -1)
 *   V_FMA      fused multiply-add, one rounding: never left to contraction
 *
 * + - * / on V are the compiler's vector operators (each lane one IEEE operation; contraction is off in the build).
 * Kernel bodies see vectors through these names alone, so every instruction set runs the same operations in the same
 * order. */
#undef T
#undef TI
#undef V
#undef VI
#undef VL
#undef V_FMA
#undef V_SQRT
#undef V_RINT
#undef V_FLOOR
#undef DS_SUFFIX

#ifndef DS_KERNEL_SIMD_H
#define DS_KERNEL_SIMD_H
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(DS_ISA_V3) || defined(DS_ISA_V4)
#include <immintrin.h>
#elif defined(DS_ISA_NEON)
#include <arm_neon.h>
#endif

#if defined(DS_ISA_V4)
#define DS_ISA_TAG      v4
#define DS_VECTOR_BYTES 64
#elif defined(DS_ISA_V3)
#define DS_ISA_TAG      v3
#define DS_VECTOR_BYTES 32
#elif defined(DS_ISA_NEON)
#define DS_ISA_TAG      neon
#define DS_VECTOR_BYTES 16
#elif defined(DS_ISA_PLAIN)
#define DS_ISA_TAG      plain
#define DS_VECTOR_BYTES 16
#elif defined(DS_ISA_SCALAR)
#define DS_ISA_TAG      scalar
#define DS_VECTOR_BYTES 0
#else
#error "the build names the instruction set"
#endif

#define DS_PASTE3_(a, b, c) a##_##b##_##c
#define DS_PASTE3(a, b, c)  DS_PASTE3_(a, b, c)
#define DS_PASTE2_(a, b)    a##_##b
#define DS_PASTE2(a, b)     DS_PASTE2_(a, b)
/* exp -> exp_f32 within one file; ds_exp -> ds_exp_f32_v3 across files. */
#define DS_NAME(name)     DS_PASTE2(name, DS_SUFFIX)
#define DS_ISA_NAME(name) DS_PASTE3(name, DS_SUFFIX, DS_ISA_TAG)

#if defined(DS_ISA_SCALAR)
typedef float ds_v32;
typedef int32_t ds_i32v;
typedef double ds_v64;
typedef int64_t ds_i64v;
#else
typedef float ds_v32 __attribute__((vector_size(DS_VECTOR_BYTES)));
typedef int32_t ds_i32v __attribute__((vector_size(DS_VECTOR_BYTES)));
typedef double ds_v64 __attribute__((vector_size(DS_VECTOR_BYTES)));
typedef int64_t ds_i64v __attribute__((vector_size(DS_VECTOR_BYTES)));
#endif

#if defined(DS_ISA_V4)
static inline ds_v32 ds_fma32(ds_v32 a, ds_v32 b, ds_v32 c)
{
    return (ds_v32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
static inline ds_v64 ds_fma64(ds_v64 a, ds_v64 b, ds_v64 c)
{
    return (ds_v64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
static inline ds_v32 ds_sqrt32(ds_v32 a) { return (ds_v32)_mm512_sqrt_ps((__m512)a); }
static inline ds_v64 ds_sqrt64(ds_v64 a) { return (ds_v64)_mm512_sqrt_pd((__m512d)a); }
/* Without optimization these intrinsics are macros with a conversion inside that -Wconversion takes for ours. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
static inline ds_v32 ds_rint32(ds_v32 a) { return (ds_v32)_mm512_roundscale_ps((__m512)a, 8); }
static inline ds_v64 ds_rint64(ds_v64 a) { return (ds_v64)_mm512_roundscale_pd((__m512d)a, 8); }
static inline ds_v32 ds_floor32(ds_v32 a) { return (ds_v32)_mm512_roundscale_ps((__m512)a, 9); }
static inline ds_v64 ds_floor64(ds_v64 a) { return (ds_v64)_mm512_roundscale_pd((__m512d)a, 9); }
#pragma GCC diagnostic pop
#elif defined(DS_ISA_V3)
static inline ds_v32 ds_fma32(ds_v32 a, ds_v32 b, ds_v32 c)
{
    return (ds_v32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
static inline ds_v64 ds_fma64(ds_v64 a, ds_v64 b, ds_v64 c)
{
    return (ds_v64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
static inline ds_v32 ds_sqrt32(ds_v32 a) { return (ds_v32)_mm256_sqrt_ps((__m256)a); }
static inline ds_v64 ds_sqrt64(ds_v64 a) { return (ds_v64)_mm256_sqrt_pd((__m256d)a); }
static inline ds_v32 ds_rint32(ds_v32 a) { return (ds_v32)_mm256_round_ps((__m256)a, 8); }
static inline ds_v64 ds_rint64(ds_v64 a) { return (ds_v64)_mm256_round_pd((__m256d)a, 8); }
static inline ds_v32 ds_floor32(ds_v32 a) { return (ds_v32)_mm256_round_ps((__m256)a, 9); }
static inline ds_v64 ds_floor64(ds_v64 a) { return (ds_v64)_mm256_round_pd((__m256d)a, 9); }
#elif defined(DS_ISA_NEON)
static inline ds_v32 ds_fma32(ds_v32 a, ds_v32 b, ds_v32 c)
{
    return (ds_v32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
static inline ds_v64 ds_fma64(ds_v64 a, ds_v64 b, ds_v64 c)
{
    return (ds_v64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
static inline ds_v32 ds_sqrt32(ds_v32 a) { return (ds_v32)vsqrtq_f32((float32x4_t)a); }
static inline ds_v64 ds_sqrt64(ds_v64 a) { return (ds_v64)vsqrtq_f64((float64x2_t)a); }
static inline ds_v32 ds_rint32(ds_v32 a) { return (ds_v32)vrndnq_f32((float32x4_t)a); }
static inline ds_v64 ds_rint64(ds_v64 a) { return (ds_v64)vrndnq_f64((float64x2_t)a); }
static inline ds_v32 ds_floor32(ds_v32 a) { return (ds_v32)vrndmq_f32((float32x4_t)a); }
static inline ds_v64 ds_floor64(ds_v64 a) { return (ds_v64)vrndmq_f64((float64x2_t)a); }
#elif defined(DS_ISA_PLAIN)
#define DS_LANES(n, expr)                                                                                              \
    do {                                                                                                               \
        for (int l = 0; l < (n); l++) r[l] = (expr);                                                                   \
    } while (0)
static inline ds_v32 ds_fma32(ds_v32 a, ds_v32 b, ds_v32 c)
{
    ds_v32 r;
    DS_LANES(4, fmaf(a[l], b[l], c[l]));
    return r;
}
static inline ds_v64 ds_fma64(ds_v64 a, ds_v64 b, ds_v64 c)
{
    ds_v64 r;
    DS_LANES(2, fma(a[l], b[l], c[l]));
    return r;
}
static inline ds_v32 ds_sqrt32(ds_v32 a)
{
    ds_v32 r;
    DS_LANES(4, sqrtf(a[l]));
    return r;
}
static inline ds_v64 ds_sqrt64(ds_v64 a)
{
    ds_v64 r;
    DS_LANES(2, sqrt(a[l]));
    return r;
}
static inline ds_v32 ds_rint32(ds_v32 a)
{
    ds_v32 r;
    DS_LANES(4, rintf(a[l]));
    return r;
}
static inline ds_v64 ds_rint64(ds_v64 a)
{
    ds_v64 r;
    DS_LANES(2, rint(a[l]));
    return r;
}
static inline ds_v32 ds_floor32(ds_v32 a)
{
    ds_v32 r;
    DS_LANES(4, floorf(a[l]));
    return r;
}
static inline ds_v64 ds_floor64(ds_v64 a)
{
    ds_v64 r;
    DS_LANES(2, floor(a[l]));
    return r;
}
#else
static inline ds_v32 ds_fma32(ds_v32 a, ds_v32 b, ds_v32 c) { return fmaf(a, b, c); }
static inline ds_v64 ds_fma64(ds_v64 a, ds_v64 b, ds_v64 c) { return fma(a, b, c); }
static inline ds_v32 ds_sqrt32(ds_v32 a) { return sqrtf(a); }
static inline ds_v64 ds_sqrt64(ds_v64 a) { return sqrt(a); }
static inline ds_v32 ds_rint32(ds_v32 a) { return rintf(a); }
static inline ds_v64 ds_rint64(ds_v64 a) { return rint(a); }
static inline ds_v32 ds_floor32(ds_v32 a) { return floorf(a); }
static inline ds_v64 ds_floor64(ds_v64 a) { return floor(a); }
#endif
#endif /* DS_KERNEL_SIMD_H */

#if DS_REAL == 32
#define DS_SUFFIX f32
#define T         float
#define TI        int32_t
#define V         ds_v32
#define VI        ds_i32v
#define V_FMA     ds_fma32
#define V_SQRT    ds_sqrt32
#define V_RINT    ds_rint32
#define V_FLOOR   ds_floor32
#else
#define DS_SUFFIX f64
#define T         double
#define TI        int64_t
#define V         ds_v64
#define VI        ds_i64v
#define V_FMA     ds_fma64
#define V_SQRT    ds_sqrt64
#define V_RINT    ds_rint64
#define V_FLOOR   ds_floor64
#endif
#if defined(DS_ISA_SCALAR)
#define VL 1
#else
#define VL ((int)(sizeof(V) / sizeof(T)))
#endif
