/* peak.h - the peak rate of fused multiply-adds of one core: 12 independent chains of vector FMAs, as many as hide the
 * latency of two units (4 cycles x 2, with room). Shared by the programs that set a timing against it. */
#ifndef DS_BENCH_PEAK_H
#define DS_BENCH_PEAK_H

enum { CHAINS = 12 };

#if defined(__x86_64__)
#include <immintrin.h>
/* Intrinsics, so that each FMA is one instruction whatever the compiler thinks of the loop. */
__attribute__((target("avx512f"))) static double fma_avx512(long loops)
{
    __m512 x[CHAINS], a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(1e-3f);
    for (int k = 0; k < CHAINS; k++) x[k] = _mm512_set1_ps((float)k);
    for (long i = 0; i < loops; i++)
        for (int k = 0; k < CHAINS; k++) x[k] = _mm512_fmadd_ps(x[k], a, b);
    float sum = 0;
    for (int k = 0; k < CHAINS; k++) sum += _mm512_reduce_add_ps(x[k]);
    return (double)sum;
}
__attribute__((target("avx2,fma"))) static double fma_avx2(long loops)
{
    __m256 x[CHAINS], a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(1e-3f);
    for (int k = 0; k < CHAINS; k++) x[k] = _mm256_set1_ps((float)k);
    for (long i = 0; i < loops; i++)
        for (int k = 0; k < CHAINS; k++) x[k] = _mm256_fmadd_ps(x[k], a, b);
    float sum = 0, lane[8];
    for (int k = 0; k < CHAINS; k++) {
        _mm256_storeu_ps(lane, x[k]);
        for (int l = 0; l < 8; l++) sum += lane[l];
    }
    return (double)sum;
}
static int lanes(void) { return __builtin_cpu_supports("avx512f") ? 16 : __builtin_cpu_supports("fma") ? 8 : 0; }
static double fma_run(long loops) { return lanes() == 16 ? fma_avx512(loops) : lanes() == 8 ? fma_avx2(loops) : 0; }
#elif defined(__aarch64__)
#include <arm_neon.h>
static int lanes(void) { return 4; }
static double fma_run(long loops)
{
    float32x4_t x[CHAINS], a = vdupq_n_f32(0.999f), b = vdupq_n_f32(1e-3f);
    for (int k = 0; k < CHAINS; k++) x[k] = vdupq_n_f32((float)k);
    for (long i = 0; i < loops; i++)
        for (int k = 0; k < CHAINS; k++) x[k] = vfmaq_f32(b, x[k], a);
    float sum = 0;
    for (int k = 0; k < CHAINS; k++) sum += vaddvq_f32(x[k]);
    return (double)sum;
}
#else
static int lanes(void) { return 0; }
static double fma_run(long loops)
{
    (void)loops;
    return 0;
}
#endif

#endif
