/* conv.h - sizes of a convolution, as its three kernels see them. */
#ifndef DS_BACKEND_CPU_CONV_H
#define DS_BACKEND_CPU_CONV_H

#include "backend/cpu/cpu.h"

/* conv: x [n, h, w, c], w [kh, kw, c / groups, o] -> y [n, oh, ow, o]; pairs are (height, width). */
typedef struct ds_conv_sizes {
    int64_t n, c, o, groups;
    int64_t in[2], out[2], k[2], stride[2], pad[2], dilation[2];
} ds_conv_sizes;

static inline ds_conv_sizes ds_conv_sizes_of(const ds_call *call, ds_shape x, ds_shape w, ds_shape y)
{
    const int64_t *a = call->attr->i;
    return (ds_conv_sizes){ .n = x.dim[0],
                            .c = x.dim[3],
                            .o = w.dim[3],
                            .groups = a[6],
                            .in = { x.dim[1], x.dim[2] },
                            .out = { y.dim[1], y.dim[2] },
                            .k = { w.dim[0], w.dim[1] },
                            .stride = { a[0], a[1] },
                            .pad = { a[2], a[3] },
                            .dilation = { a[4], a[5] } };
}

#endif
