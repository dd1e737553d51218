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

/* Memory that a task wants soon. Products leave the memory idle: with each tile `each` lines are fetched into the
 * second-level cache. */
enum { DS_AHEAD = 8 };
typedef struct ds_ahead {
    const char *at[DS_AHEAD];
    int64_t lines[DS_AHEAD], each;
    int n;
} ds_ahead;
static inline void ds_ahead_add(ds_ahead *a, const void *at, size_t bytes)
{
    if (a->n == DS_AHEAD || bytes == 0) return;
    a->at[a->n] = at;
    a->lines[a->n++] = (int64_t)(bytes + DS_LINE - 1) / DS_LINE;
}
/* Once all is added: to be done in so many calls of ds_ahead_some. */
static inline void ds_ahead_spread(ds_ahead *a, int64_t calls)
{
    int64_t lines = 0;
    for (int k = 0; k < a->n; k++) lines += a->lines[k];
    a->each = calls > 0 ? ds_ceil_div(lines, calls) : 0;
}
/* What tile t fetches on its way. */
static inline void ds_ahead_some(ds_ahead *a, ds_micro_call *t)
{
    int64_t steps = t->runs * (t->stepped ? 1 : ds_ceil_div(t->len, DS_FETCH_STEP));
    t->fetch = 0;
    if (a->n == 0 || steps == 0) return;
    int64_t lines = a->lines[a->n - 1] < a->each ? a->lines[a->n - 1] : a->each;
    t->ahead = a->at[a->n - 1];
    t->ahead_end = a->at[a->n - 1] += lines * DS_LINE;
    t->fetch = ds_ceil_div(lines, steps);
    a->n -= (a->lines[a->n - 1] -= lines) == 0;
}
/* What the epilogue of rows [row0, row1) will load. */
void ds_epilogue_ahead(const ds_call *call, int64_t row0, int64_t row1, ds_ahead *ahead);

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
