/* ew.c - elementwise programs, tile by tile in the L1 cache; one body for f32 and f64. */
#include "kernel/ew_code.h"
#include "kernel/math_big.h"
#include "kernel/vec.h"

#define DS_REAL 32
#include "kernel/simd.h"
#include "kernel/vec/math.inc"
#include "kernel/vec/ew.inc"
#undef DS_REAL
#undef GT
#undef GE
#undef EQ
#undef ABS
#undef SIGNOF
#undef POLY_STEP
#undef SET1
#define DS_REAL 64
#include "kernel/simd.h"
#include "kernel/vec/math.inc"
#include "kernel/vec/ew.inc"

void DS_PASTE2(ds_ew_block, DS_ISA_TAG)(const ds_ew_program *p, int64_t row0, int64_t row1, int64_t col0, int64_t col1,
                                        void *tile, void *out);
void DS_PASTE2(ds_ew_block, DS_ISA_TAG)(const ds_ew_program *p, int64_t row0, int64_t row1, int64_t col0, int64_t col1,
                                        void *tile, void *out)
{
    if (row0 >= row1 || col0 >= col1) return;
    if (p->dtype == DS_F32)
        block_f32(p, row0, row1, col0, col1, tile, out);
    else
        block_f64(p, row0, row1, col0, col1, tile, out);
}

bool DS_PASTE2(ds_ew_sums, DS_ISA_TAG)(const ds_ew_program *p, int64_t row0, int64_t row1, void *const *leaves);
bool DS_PASTE2(ds_ew_sums, DS_ISA_TAG)(const ds_ew_program *p, int64_t row0, int64_t row1, void *const *leaves)
{
#if defined(DS_ISA_SCALAR)
    (void)p, (void)row0, (void)row1, (void)leaves;
    return false;
#else
    const int64_t cols = p->dim[p->rank - 1];
    return p->dtype == DS_F32 ? run_known_f32(p, row0, row1, 0, cols, leaves)
                              : run_known_f64(p, row0, row1, 0, cols, leaves);
#endif
}

void DS_PASTE2(ds_exp_map, DS_ISA_TAG)(ds_dtype t, int64_t n, void *y, const void *x);
void DS_PASTE2(ds_exp_map, DS_ISA_TAG)(ds_dtype t, int64_t n, void *y, const void *x)
{
    if (t == DS_F32)
        ew_exp_f32(y, x, NULL, NULL, n, NULL);
    else
        ew_exp_f64(y, x, NULL, NULL, n, NULL);
}

void DS_PASTE2(ds_log_map, DS_ISA_TAG)(ds_dtype t, int64_t n, void *y, const void *x);
void DS_PASTE2(ds_log_map, DS_ISA_TAG)(ds_dtype t, int64_t n, void *y, const void *x)
{
    if (t == DS_F32)
        ew_log_f32(y, x, NULL, NULL, n, NULL);
    else
        ew_log_f64(y, x, NULL, NULL, n, NULL);
}
