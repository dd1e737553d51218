/* product.c - products in plain C for both element types; up to 4,096 leaves, which is 4 M terms of a sum or 65,536
 * images. */
#include "backend/ref/ref.h"

#include <math.h>

/* Images are [n, height, width, channel]. */
static bool inside(ds_shape image, int64_t row, int64_t column)
{
    return row >= 0 && row < image.dim[1] && column >= 0 && column < image.dim[2];
}

#define T        float
#define FMA      fmaf
#define NAME(id) id##_f32
#include "backend/ref/product.inc"
#undef T
#undef FMA
#undef NAME
#define T        double
#define FMA      fma
#define NAME(id) id##_f64
#include "backend/ref/product.inc"

#define BOTH(id)                                                                                                       \
    void ds_ref_##id(const ds_call *call)                                                                              \
    {                                                                                                                  \
        if (call->out.dtype == DS_F32)                                                                                 \
            id##_f32(call);                                                                                            \
        else                                                                                                           \
            id##_f64(call);                                                                                            \
    }
BOTH(matmul)
BOTH(conv)
BOTH(conv_input)
BOTH(conv_weight)
