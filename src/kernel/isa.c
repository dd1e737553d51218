/* isa.c - the instruction sets of this build, and the one in use: the widest that the processor runs, or the one that
 * DS_ISA names. */
#include <stdlib.h>
#include <string.h>

#include "kernel/vec.h"

extern const ds_vec ds_vec_plain, ds_vec_scalar;
#if defined(__x86_64__)
extern const ds_vec ds_vec_v3, ds_vec_v4;
#elif defined(__aarch64__)
extern const ds_vec ds_vec_neon;
#endif

static const ds_vec *const built[] = {
#if defined(__x86_64__)
    &ds_vec_v4, &ds_vec_v3,
#elif defined(__aarch64__)
    &ds_vec_neon,
#endif
    &ds_vec_plain, &ds_vec_scalar
};
enum { BUILT = sizeof built / sizeof built[0] };

static bool supported(const char *name)
{
#if defined(__x86_64__)
    if (!strcmp(name, "v4"))
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    if (!strcmp(name, "v3"))
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#else
    (void)name;
#endif
    return true;
}

const ds_vec *ds_vec_named(const char *name)
{
    for (int k = 0; k < BUILT; k++)
        if (!strcmp(built[k]->name, name)) return supported(name) ? built[k] : NULL;
    return NULL;
}

const ds_vec *ds_vec_get(void)
{
    const char *name = getenv("DS_ISA");
    if (name && *name) return ds_vec_named(name);
    for (int k = 0; k < BUILT; k++)
        if (supported(built[k]->name)) return built[k];
    return NULL;
}

const char *ds_vec_built(void)
{
#if defined(__x86_64__)
    return "v4 v3 plain scalar";
#elif defined(__aarch64__)
    return "neon plain scalar";
#else
    return "plain scalar";
#endif
}

/* Registers and a spread-out tile for every operand, with room for whole vectors behind each. */
size_t ds_ew_tile_bytes(const ds_ew_program *p)
{
    return (size_t)(p->nreg + p->nload) * (DS_TILE + DS_LANES) * sizeof(double) + 64;
}
