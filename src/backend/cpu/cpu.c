/* cpu.c - the fast backend: its table, and the tree over leaves. */
#include "backend/cpu/cpu.h"

#include <string.h>

static const ds_kernel_def kernels[] = {
#define KERNEL(op, dtype, flags, name, scratch) { op, dtype, flags, ds_cpu_##name, scratch },
#define BOTH(op, flags, name, scratch)          KERNEL(op, DS_F32, flags, name, scratch) KERNEL(op, DS_F64, flags, name, scratch)
#define ALL(op, flags, name, scratch)           BOTH(op, flags, name, scratch) KERNEL(op, DS_I32, flags, name, scratch)
#define INDEX(op, flags, name, scratch)         KERNEL(op, DS_I32, flags, name, scratch)
#include "backend/cpu/kernels.def"
};

static const ds_kernel_def *find(const ds_call *call)
{
    for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++)
        if (kernels[k].dtype == call->out.dtype && !strcmp(kernels[k].op, call->op)) return &kernels[k];
    return NULL;
}

extern const ds_backend ds_backend_cpu;
const ds_backend ds_backend_cpu = { .head = { .name = "cpu",
                                              .summary = "vector kernels and threads, the same bits as ref" },
                                    .find = find,
                                    .vec = ds_vec_get };

void ds_tree_join(const ds_vec *vec, ds_dtype t, int64_t n, int64_t count, void *x, int64_t stride)
{
    if (n < 2) return;
    int64_t m = ds_tree_split(n);
    char *right = (char *)x + (size_t)(m * stride) * ds_dtype_bytes(t);
    ds_tree_join(vec, t, m, count, x, stride);
    ds_tree_join(vec, t, n - m, count, right, stride);
    vec->add(t, count, x, right);
}
