/* cpu.h - what the fast backend's kernels share: splitting work, the tree over leaves. The vector table comes with the
 * call. */
#ifndef DS_BACKEND_CPU_CPU_H
#define DS_BACKEND_CPU_CPU_H

#include "backend/seam.h"
#include "kernel/vec.h"

/* Worth of work below which waking a second thread costs more than it saves, in multiply-adds or elementary steps. */
enum { DS_SMALL_WORK = 60000 };

static inline size_t ds_align64(size_t bytes) { return (bytes + 63) & ~(size_t)63; }
static inline int64_t ds_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Largest power of two below n: where the tree over n leaves splits. */
static inline int64_t ds_tree_split(int64_t n)
{
    int64_t m = 1;
    while (2 * m < n) m *= 2;
    return m;
}
/* Join n vectors of `count` elements, `stride` elements apart, by the tree; the sum ends in the first. */
void ds_tree_join(const ds_vec *vec, ds_dtype t, int64_t n, int64_t count, void *x, int64_t stride);

/* The epilogue of a finished block, rows [row0, row1) of out, and at the end of the call its sums. stretch: rows of every
 * such block, or of all but an image's last; whole leaves where post has sums. tile: ds_epilogue_bytes. */
size_t ds_epilogue_bytes(const ds_call *call);
void ds_epilogue(const ds_call *call, int64_t row0, int64_t row1, int64_t stretch, void *tile);
void ds_epilogue_end(const ds_call *call, int64_t stretch);

/* Scratch bytes of the kernels that want some (seam.h: ds_scratch_fn). */
size_t ds_scratch_matmul(const ds_call *call, int threads);
size_t ds_scratch_conv(const ds_call *call, int threads);
size_t ds_scratch_conv_input(const ds_call *call, int threads);
size_t ds_scratch_conv_weight(const ds_call *call, int threads);
size_t ds_scratch_elementwise(const ds_call *call, int threads);
size_t ds_scratch_sum(const ds_call *call, int threads);
size_t ds_scratch_max_over(const ds_call *call, int threads);

/* Kernels, declared from the table. */
#define BOTH(op, flags, name, scratch) void ds_cpu_##name(const ds_call *call);
#define ALL                            BOTH
#define INDEX                          BOTH
#include "backend/cpu/kernels.def"
#undef BOTH
#undef ALL
#undef INDEX

#endif
