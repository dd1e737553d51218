/* backend.c - the backends by name, and asking one after another for a kernel. */
#include <stdlib.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/ref/ref.h"

#define BACKEND(name) extern const ds_backend ds_backend_##name;
#include "backend/registry.def"
#undef BACKEND

static const ds_backend *const backends[] = {
#define BACKEND(name) &ds_backend_##name,
#include "backend/registry.def"
#undef BACKEND
};

const ds_backend *ds_backend_get(const char *name)
{
    if (!name) name = getenv("DS_BACKEND");
    if (!name || !*name) name = "cpu";
    for (size_t k = 0; k < sizeof backends / sizeof backends[0]; k++)
        if (!strcmp(backends[k]->head.name, name)) return backends[k];
    return NULL;
}

size_t ds_leaf_bytes(const ds_call *call)
{
    if (!call->post || !call->post->nsum) return 0;
    int64_t leaves = (call->post->dim[0] + DS_COLUMN_LEAF - 1) / DS_COLUMN_LEAF;
    return (size_t)(leaves * call->post->dim[1] * call->post->nsum) * ds_dtype_bytes(call->post->dtype);
}

const ds_kernel_def *ds_backend_find(const ds_backend *b, const ds_call *call)
{
    while (b) {
        const ds_kernel_def *k = b->find(call);
        if (k) return k;
        b = b->inherits ? ds_backend_get(b->inherits) : NULL;
    }
    return NULL;
}

/* ---- ref --------------------------------------------------------------------------------------------------------- */

static const ds_kernel_def products[] = {
#define BOTH(op, run) { op, DS_F32, 0, run, NULL }, { op, DS_F64, 0, run, NULL },
    BOTH("matmul", ds_ref_matmul) BOTH("conv", ds_ref_conv) BOTH("conv_input", ds_ref_conv_input)
        BOTH("conv_weight", ds_ref_conv_weight)
#undef BOTH
};

static const ds_kernel_def *find_ref(const ds_call *call)
{
    for (size_t k = 0; k < sizeof products / sizeof products[0]; k++)
        if (products[k].dtype == call->out.dtype && !strcmp(products[k].op, call->op)) return &products[k];
    return ds_backend_cpu.find(call);
}

static const ds_vec *scalar(void) { return ds_vec_named("scalar"); }

const ds_backend ds_backend_ref = { .head = { .name = "ref", .summary = "plain C; defines the meaning" },
                                    .find = find_ref,
                                    .vec = scalar };

/* ---- check: the fast kernels, every buffer alone, filled with NaN before and looked at after -----------------------
 */

static const ds_kernel_def *find_none(const ds_call *call)
{
    (void)call;
    return NULL;
}

const ds_backend ds_backend_check = { .head = { .name = "check", .summary = "cpu with poisoned buffers and red zones" },
                                      .flags = DS_BACKEND_POISON,
                                      .find = find_none,
                                      .inherits = "cpu",
                                      .vec = ds_vec_get };
