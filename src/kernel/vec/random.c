/* random.c - dropout's row of a mask: Philox4x32-10 (base/random.c) over 16 blocks side by side. Element e is word e
 * mod 4 of block site | e / 4; its uniform u = (word >> 8) 2^-24 is at least the rate when word >> 8 is at least rate
 * 2^24. */
#include "kernel/vec.h"
#define DS_REAL 32
#include "kernel/simd.h"
#include "kernel/vec/random.inc"
#undef DS_REAL
#define DS_REAL 64
#include "kernel/simd.h"
#include "kernel/vec/random.inc"

void DS_PASTE2(ds_dropout_row, DS_ISA_TAG)(ds_dtype t, const ds_mask *d, int64_t n, void *y);
void DS_PASTE2(ds_dropout_row, DS_ISA_TAG)(ds_dtype t, const ds_mask *d, int64_t n, void *y)
{
    if (t == DS_F32)
        dropout_row_f32(d, n, y);
    else
        dropout_row_f64(d, n, y);
}
