/* reduce.c - the two sums, and the steps of softmax over rows (maximum and shift, sum, division): a row in 16 lanes,
 * columns in chains. The trees that join leaves are built by the backend from these (docs/arithmetic.md).
 *
 *   row      element i goes to lane i mod 16; lanes join 8+8, 4+4, 2+2, 1+1; leaves of 4096
 *   columns  acc[c] = ((+0 + x[0,c]) + x[1,c]) + ... over at most 64 rows */
#include "kernel/vec.h"

#define DS_REAL 32
#include "kernel/simd.h"
#include "kernel/vec/reduce.inc"
#undef DS_REAL
#define DS_REAL 64
#include "kernel/simd.h"
#include "kernel/vec/reduce.inc"

double DS_PASTE2(ds_sum_row, DS_ISA_TAG)(ds_dtype t, int64_t n, const void *x);
double DS_PASTE2(ds_sum_row, DS_ISA_TAG)(ds_dtype t, int64_t n, const void *x)
{
    return t == DS_F32 ? (double)sum_row_f32(n, x) : sum_row_f64(n, x);
}

void DS_PASTE2(ds_sum_leaves, DS_ISA_TAG)(ds_dtype t, int64_t rows, int64_t cols, const void *x, int64_t ld, void *acc);
void DS_PASTE2(ds_sum_leaves, DS_ISA_TAG)(ds_dtype t, int64_t rows, int64_t cols, const void *x, int64_t ld, void *acc)
{
    if (t == DS_F32)
        sum_leaves_f32(rows, cols, x, ld, acc);
    else
        sum_leaves_f64(rows, cols, x, ld, acc);
}

void DS_PASTE2(ds_add, DS_ISA_TAG)(ds_dtype t, int64_t n, void *y, const void *x);
void DS_PASTE2(ds_add, DS_ISA_TAG)(ds_dtype t, int64_t n, void *y, const void *x)
{
    if (t == DS_F32)
        add_f32(n, y, x);
    else
        add_f64(n, y, x);
}

void DS_PASTE2(ds_rows_shift, DS_ISA_TAG)(ds_dtype t, int64_t rows, int64_t cols, const void *x, void *m, void *d);
void DS_PASTE2(ds_rows_shift, DS_ISA_TAG)(ds_dtype t, int64_t rows, int64_t cols, const void *x, void *m, void *d)
{
    if (t == DS_F32)
        rows_shift_f32(rows, cols, x, m, d);
    else
        rows_shift_f64(rows, cols, x, m, d);
}

void DS_PASTE2(ds_rows_sum, DS_ISA_TAG)(ds_dtype t, int64_t rows, int64_t cols, const void *x, void *s);
void DS_PASTE2(ds_rows_sum, DS_ISA_TAG)(ds_dtype t, int64_t rows, int64_t cols, const void *x, void *s)
{
    if (t == DS_F32)
        rows_sum_f32(rows, cols, x, s);
    else
        rows_sum_f64(rows, cols, x, s);
}

void DS_PASTE2(ds_rows_divide, DS_ISA_TAG)(ds_dtype t, int64_t rows, int64_t cols, void *y, const void *s);
void DS_PASTE2(ds_rows_divide, DS_ISA_TAG)(ds_dtype t, int64_t rows, int64_t cols, void *y, const void *s)
{
    if (t == DS_F32)
        rows_divide_f32(rows, cols, y, s);
    else
        rows_divide_f64(rows, cols, y, s);
}
