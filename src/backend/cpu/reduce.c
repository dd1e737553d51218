/* reduce.c - sums and maxima over one stretch of axes: x is [outer, R, inner], R is reduced.
 *   inner = 1   sum in 16 lanes, leaves of 4096        inner > 1   sum in chains, leaves of 64 rows
 * both joined by the tree (docs/arithmetic.md). Aligned groups of leaves are subtrees, so threads can take them. A
 * maximum is a chain: the first of equals stays, a NaN wins. */
#include <string.h>

#include "backend/cpu/cpu.h"

enum { GROUP = 16, FILL = 16384 }; /* leaves of a task; elements that a prologue makes at once, or a leaf of columns */

typedef struct job {
    const ds_call *call;
    ds_dtype t;
    size_t es;
    int64_t outer, r, inner, leaf, groups, chunks, chunk; /* groups of leaves of one column; chunks of columns */
    size_t tile_bytes, fill_bytes, worker_bytes, partial_bytes;
    bool maximum;
} job;

static void describe(job *j, const ds_call *call, bool maximum)
{
    ds_shape s = call->in[0].shape;
    unsigned axes = (unsigned)call->attr->i[0];
    *j = (job){ .call = call,
                .t = call->out.dtype,
                .es = ds_dtype_bytes(call->out.dtype),
                .outer = 1,
                .r = 1,
                .inner = 1,
                .maximum = maximum };
    int first = 0, last = s.rank;
    while (first < s.rank && !(axes >> first & 1)) first++;
    while (last > first && !(axes >> (last - 1) & 1)) last--;
    for (int a = 0; a < s.rank; a++) *(a < first ? &j->outer : a < last ? &j->r : &j->inner) *= s.dim[a];
    j->leaf = j->inner == 1 ? DS_ROW_LEAF : DS_COLUMN_LEAF;
    j->groups = maximum ? 1 : ds_ceil_div(j->r, j->leaf * GROUP);
    if (j->groups < 1) j->groups = 1;
    j->chunk = j->inner < DS_COLUMN_CHUNK ? j->inner : DS_COLUMN_CHUNK;
    j->chunks = j->chunk ? ds_ceil_div(j->inner, j->chunk) : 0;
    j->tile_bytes = call->pre ? ds_align64(ds_ew_tile_bytes(call->pre)) : 0;
    int64_t fill = DS_COLUMN_LEAF * j->chunk > FILL ? DS_COLUMN_LEAF * j->chunk : FILL;
    j->fill_bytes = call->pre ? ds_align64((size_t)fill * j->es + 256) : 0;
    j->worker_bytes = j->tile_bytes + j->fill_bytes + ds_align64((size_t)(GROUP * j->chunk) * j->es);
    j->partial_bytes = j->groups > 1 ? ds_align64((size_t)(j->outer * j->groups * j->inner) * j->es) : 0;
}

static size_t scratch_of(const ds_call *call, int threads, bool maximum)
{
    job j;
    describe(&j, call, maximum);
    return j.partial_bytes + j.worker_bytes * (size_t)threads;
}
size_t ds_scratch_sum(const ds_call *call, int threads) { return scratch_of(call, threads, false); }
size_t ds_scratch_max_over(const ds_call *call, int threads) { return scratch_of(call, threads, true); }

/* Rows [r0, r1) of columns [c0, c1) of outer block o: in memory, or computed by the prologue into own. *ld is set. */
static const char *fetch(const job *j, int64_t o, int64_t r0, int64_t r1, int64_t c0, int64_t c1, char *own,
                         int64_t *ld)
{
    const ds_call *call = j->call;
    if (!call->pre) {
        *ld = j->inner;
        return (const char *)call->in[0].data + (size_t)((o * j->r + r0) * j->inner + c0) * j->es;
    }
    char *fill = own + j->tile_bytes;
    bool trailing = j->inner == 1 && call->pre->dim[0] == j->outer &&
                    call->pre->dim[1] == j->r; /* else the cut is behind the reduced axes */
    if (trailing)
        call->vec->ew(call->pre, o, o + 1, r0, r1, own, fill);
    else
        call->vec->ew(call->pre, r0, r1, c0, c1, own, fill);
    *ld = c1 - c0;
    return fill;
}

/* Rows [r0, r1) summed while the prologue computes them, leaf by leaf; false: it has no such form, or there are few. */
static bool sum_made(const job *j, int64_t r0, int64_t r1, int64_t count, void *to)
{
    if (!j->call->pre || j->inner == 1 || j->outer > 1 || count < j->inner || (r1 - r0) * count < 4 * DS_TILE)
        return false;
    ds_ew_program p = *j->call->pre;
    p.sum[p.nsum++].reg = p.store_reg[--p.nstore];
    return j->call->vec->ew_sums(&p, r0, r1, &to);
}

/* Sum over leaves [first, last), at most GROUP, into acc (columns [c0, c1)). A prologue fills the cache, not more. */
static void sum_leaves(const job *j, int64_t o, int64_t first, int64_t last, int64_t c0, int64_t c1, char *own,
                       char *acc)
{
    const ds_vec *vec = j->call->vec;
    char *sums = own + j->tile_bytes + j->fill_bytes;
    int64_t count = c1 - c0, step = GROUP, ld;
    int64_t end = last * j->leaf < j->r ? last * j->leaf : j->r;
    bool made = sum_made(j, first * j->leaf, end, count, sums);
    if (j->inner == 1)
        step = 1;
    else if (j->call->pre && FILL / (j->leaf * count) < GROUP)
        step = FILL / (j->leaf * count) > 1 ? FILL / (j->leaf * count) : 1;
    for (int64_t leaf = first; leaf < last && !made; leaf += step) {
        int64_t r0 = leaf * j->leaf, r1 = leaf + step < last ? r0 + step * j->leaf : end;
        const char *x = fetch(j, o, r0, r1, c0, c1, own, &ld);
        char *to = sums + (size_t)((leaf - first) * count) * j->es;
        if (j->inner > 1)
            vec->sum_leaves(j->t, r1 - r0, count, x, ld, to);
        else if (j->t == DS_F32)
            *(float *)(void *)to = (float)vec->sum_row(j->t, r1 - r0, x);
        else
            *(double *)(void *)to = vec->sum_row(j->t, r1 - r0, x);
    }
    ds_tree_join(vec, j->t, last - first, count, sums, count);
    if (first == last) memset(sums, 0, (size_t)count * j->es);
    memcpy(acc, sums, (size_t)count * j->es);
}

#define MAXIMUM(T)                                                                                                     \
    static void max_##T(int64_t rows, int64_t cols, const T *x, int64_t ld, T *acc)                                    \
    {                                                                                                                  \
        for (int64_t r = 0; r < rows; r++)                                                                             \
            for (int64_t c = 0; c < cols; c++) {                                                                       \
                T v = x[r * ld + c];                                                                                   \
                if (v > acc[c] || v != v) acc[c] = v;                                                                  \
            }                                                                                                          \
    }
MAXIMUM(float)
MAXIMUM(double)

static void take_max(const job *j, int64_t o, int64_t c0, int64_t c1, char *own, char *acc)
{
    int64_t step = j->inner == 1 ? DS_ROW_LEAF : DS_COLUMN_LEAF, ld;
    for (int64_t c = 0; c < c1 - c0; c++)
        if (j->t == DS_F32)
            ((float *)(void *)acc)[c] = -__builtin_inff();
        else
            ((double *)(void *)acc)[c] = -__builtin_inf();
    for (int64_t r0 = 0; r0 < j->r; r0 += step) {
        int64_t r1 = r0 + step < j->r ? r0 + step : j->r;
        const char *x = fetch(j, o, r0, r1, c0, c1, own, &ld);
        int64_t rows = r1 - r0, cols = c1 - c0;
        if (j->inner == 1) ld = 1;
        if (j->t == DS_F32)
            max_float(rows, cols, (const void *)x, ld, (void *)acc);
        else
            max_double(rows, cols, (const void *)x, ld, (void *)acc);
    }
}

static void task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    int64_t k = index % j->chunks, g = index / j->chunks % j->groups, o = index / j->chunks / j->groups;
    int64_t c0 = k * j->chunk, c1 = c0 + j->chunk < j->inner ? c0 + j->chunk : j->inner,
            leaves = ds_ceil_div(j->r, j->leaf);
    char *own = (char *)j->call->scratch + j->partial_bytes + (size_t)worker * j->worker_bytes;
    char *base = j->groups > 1 ? (char *)j->call->scratch : j->call->out.data;
    char *acc = base + (size_t)((o * j->groups + g) * j->inner + c0) * j->es;
    if (j->maximum)
        take_max(j, o, c0, c1, own, acc);
    else
        sum_leaves(j, o, g * GROUP, (g + 1) * GROUP < leaves ? (g + 1) * GROUP : leaves, c0, c1, own, acc);
}

/* Many short rows: a stretch of them is one task. */
typedef struct stretch {
    const job *j;
    int64_t tasks, step;
} stretch;
static void stretch_task(void *arg, int64_t index, int worker)
{
    const stretch *s = arg;
    int64_t last = (index + 1) * s->step < s->tasks ? (index + 1) * s->step : s->tasks;
    for (int64_t k = index * s->step; k < last; k++) task((void *)(uintptr_t)s->j, k, worker);
}

static void reduce(const ds_call *call, bool maximum)
{
    job j;
    describe(&j, call, maximum);
    if (j.outer * j.inner == 0) return;
    int64_t tasks = j.outer * j.groups * j.chunks, threads = ds_pool_threads(call->pool),
            work = j.outer * j.r * j.inner;
    stretch s = { &j, tasks, work < DS_SMALL_WORK || threads == 1 ? tasks : ds_ceil_div(tasks, 8 * threads) };
    ds_pool_run(call->pool, ds_ceil_div(tasks, s.step), stretch_task, &s);
    if (j.groups > 1)
        for (int64_t o = 0; o < j.outer; o++) {
            char *part = (char *)call->scratch + (size_t)(o * j.groups * j.inner) * j.es;
            ds_tree_join(call->vec, j.t, j.groups, j.inner, part, j.inner);
            memcpy((char *)call->out.data + (size_t)(o * j.inner) * j.es, part, (size_t)j.inner * j.es);
        }
}

void ds_cpu_sum(const ds_call *call) { reduce(call, false); }
void ds_cpu_max_over(const ds_call *call) { reduce(call, true); }

/* 1 at the first maximum (or first NaN) of each reduced block, else 0. */
#define FIRST(T)                                                                                                       \
    static void first_##T(const job *j, const T *x, T *y)                                                              \
    {                                                                                                                  \
        for (int64_t o = 0; o < j->outer; o++)                                                                         \
            for (int64_t c = 0; c < j->inner; c++) {                                                                   \
                const T *from = x + o * j->r * j->inner + c;                                                           \
                T *to = y + o * j->r * j->inner + c;                                                                   \
                int64_t at = 0;                                                                                        \
                for (int64_t r = 0; r < j->r; r++) {                                                                   \
                    T v = from[r * j->inner], m = from[at * j->inner];                                                 \
                    to[r * j->inner] = 0;                                                                              \
                    if (m == m && (v > m || v != v)) at = r;                                                           \
                }                                                                                                      \
                if (j->r > 0) to[at * j->inner] = 1;                                                                   \
            }                                                                                                          \
    }
FIRST(float)
FIRST(double)

void ds_cpu_first_max(const ds_call *call)
{
    job j;
    describe(&j, call, true);
    if (j.t == DS_F32)
        first_float(&j, call->in[0].data, call->out.data);
    else
        first_double(&j, call->in[0].data, call->out.data);
}
