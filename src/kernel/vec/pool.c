/* pool.c - one window of max pooling over channels last: the place of the first maximum of each channel (a NaN wins),
 * and the moves by such places. Comparisons and copies alone, so any vector width gives the same bits. */
#include "kernel/vec.h"
#define DS_REAL 32
#include "kernel/simd.h"
#include "kernel/vec/pool.inc"
#undef DS_REAL
#define DS_REAL 64
#include "kernel/simd.h"
#include "kernel/vec/pool.inc"

void DS_PASTE2(ds_pool_index, DS_ISA_TAG)(ds_dtype t, const ds_window *w, const void *x, int32_t *y);
void DS_PASTE2(ds_pool_index, DS_ISA_TAG)(ds_dtype t, const ds_window *w, const void *x, int32_t *y)
{
    if (t == DS_F32)
        pool_index_f32(w, x, y);
    else
        pool_index_f64(w, x, y);
}

void DS_PASTE2(ds_pool_take, DS_ISA_TAG)(ds_dtype t, int64_t pixels, int64_t channels, const void *x, const int32_t *at,
                                         void *y);
void DS_PASTE2(ds_pool_take, DS_ISA_TAG)(ds_dtype t, int64_t pixels, int64_t channels, const void *x, const int32_t *at,
                                         void *y)
{
    if (t == DS_F32)
        pool_take_f32(pixels, channels, x, at, y);
    else
        pool_take_f64(pixels, channels, x, at, y);
}

void DS_PASTE2(ds_pool_put, DS_ISA_TAG)(ds_dtype t, const ds_window *w, const void *dy, const int32_t *at, void *dx);
void DS_PASTE2(ds_pool_put, DS_ISA_TAG)(ds_dtype t, const ds_window *w, const void *dy, const int32_t *at, void *dx)
{
    if (t == DS_F32)
        pool_put_f32(w, dy, at, dx);
    else
        pool_put_f64(w, dy, at, dx);
}
