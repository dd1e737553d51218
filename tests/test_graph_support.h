/* test_graph_support.h - shared by the tests of kernels: random data, comparison of bits, the instruction sets to try.
 */
#ifndef TEST_GRAPH_SUPPORT_H
#define TEST_GRAPH_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "descent/graph.h"
#include "descent/op.h"
#include "kernel/vec.h"

/* Tables are gone through to the end, so that one run shows all that is wrong. */
static inline int *wrong_count(void)
{
    static int n;
    return &n;
}
#define WRONG(...) (print_error(__VA_ARGS__), print_error("\n"), ++*wrong_count())
static inline void none_wrong(void)
{
    int n = *wrong_count();
    *wrong_count() = 0;
    assert_int_equal(n, 0);
}

/* Numbers from a counter, independent of the library's own. */
static inline uint64_t mixed(uint64_t seed, uint64_t n)
{
    uint64_t z = (seed << 32 | (n & 0xffffffff)) * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
static inline double uniform(uint64_t seed, uint64_t n, double lo, double hi)
{
    return lo + (hi - lo) * (double)(mixed(seed, n) >> 11) * 0x1p-53;
}

static inline void put(ds_dtype t, void *data, int64_t i, double x)
{
    if (t == DS_F32)
        ((float *)data)[i] = (float)x;
    else if (t == DS_F64)
        ((double *)data)[i] = x;
    else
        ((int32_t *)data)[i] = (int32_t)x;
}
static inline double get(ds_dtype t, const void *data, int64_t i)
{
    return t == DS_F32   ? (double)((const float *)data)[i]
           : t == DS_F64 ? ((const double *)data)[i]
                         : ((const int32_t *)data)[i];
}

static inline void *memory_for(ds_dtype t, int64_t count)
{
    void *m = ds_buffer_alloc((size_t)count * ds_dtype_bytes(t) + 1);
    assert_non_null(m);
    return m;
}
static inline void fill_uniform(ds_dtype t, void *data, int64_t count, uint64_t seed, double lo, double hi)
{
    for (int64_t i = 0; i < count; i++) put(t, data, i, uniform(seed, (uint64_t)i, lo, hi));
}

/* Infinities, NaN, both zeros, subnormals and the ends of the range, in about one element of `every`. */
static inline void strew_special(ds_dtype t, void *data, int64_t count, uint64_t seed, int every)
{
    const double tiny = t == DS_F32 ? 0x1p-149 : 0x1p-1074, least = t == DS_F32 ? 0x1p-126 : 0x1p-1022,
                 most = t == DS_F32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
    const double special[] = { NAN,          INFINITY, -INFINITY, 0.0, -0.0, tiny, -tiny, least,
                               0.75 * least, most,     -most,     1,   -1,   100,  -100,  1e-5 };
    for (int64_t i = 0; i < count; i++) {
        uint64_t r = mixed(seed + 77, (uint64_t)i);
        if (r % (uint64_t)every == 0) put(t, data, i, special[(r >> 32) % (sizeof special / sizeof special[0])]);
    }
}

/* First element whose bits differ, -1 for none; all NaNs are one. */
static inline int64_t first_difference(ds_dtype t, int64_t count, const void *a, const void *b)
{
    size_t size = ds_dtype_bytes(t);
    for (int64_t i = 0; i < count; i++) {
        if (!memcmp((const char *)a + (size_t)i * size, (const char *)b + (size_t)i * size, size)) continue;
        if (isnan(get(t, a, i)) && isnan(get(t, b, i))) continue;
        return i;
    }
    return -1;
}

/* The instruction sets of this build; those that the processor lacks are named once on stdout. */
static const char *const isa_names[] = { "v4", "v3", "neon", "plain", "scalar" };
enum { ISA_NAMES = sizeof isa_names / sizeof isa_names[0] };
static inline bool isa_here(const char *name) { return ds_vec_named(name) != NULL; }
static inline void say_skipped_isa(void)
{
    for (int k = 0; k < ISA_NAMES; k++)
        if (strstr(ds_vec_built(), isa_names[k]) && !isa_here(isa_names[k]))
            printf("skipped: instruction set %s is not on this processor\n", isa_names[k]);
}

/* A context for each number of threads that results must not depend on. */
enum { THREAD_COUNTS = 4 };
static const int thread_counts[THREAD_COUNTS] = { 1, 2, 3, 7 };
static inline int open_contexts(void **state)
{
    static ds_ctx *ctx[THREAD_COUNTS];
    for (int k = 0; k < THREAD_COUNTS; k++)
        if (ds_ctx_create(&ctx[k], thread_counts[k]) != DS_OK) return -1;
    *state = ctx;
    return 0;
}
static inline int close_contexts(void **state)
{
    for (int k = 0; k < THREAD_COUNTS; k++) ds_ctx_free(((ds_ctx **)*state)[k]);
    return 0;
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != DS_OK) fail_msg("%s", ds_error(ctx));                                                            \
    } while (0)

#endif
