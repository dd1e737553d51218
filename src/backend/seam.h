/* seam.h - what a backend is: a table of kernels, asked once per node when a plan is made.
 * A kernel gets a ds_call: tensors with addresses, attributes, the worker pool and scratch. It allocates nothing. */
#ifndef DS_BACKEND_SEAM_H
#define DS_BACKEND_SEAM_H

#include "base/option.h"
#include "base/pool.h"
#include "descent/base.h"
#include "kernel/program.h"

#define DS_MAX_IN 6

/* Attributes of a node; each op's file says what its entries mean. Zero where unused (they are part of the hash). */
typedef struct ds_attr {
    int64_t i[12];
    double f[4];
} ds_attr;

/* A contiguous row-major tensor. Buffers have 128 readable bytes after their end. */
typedef struct ds_tensor {
    void *data;
    ds_dtype dtype;
    ds_shape shape;
} ds_tensor;

/* ---- a call ------------------------------------------------------------------------------------------------------ */
typedef struct ds_call {
    const char *op;
    ds_tensor out;
    ds_tensor in[DS_MAX_IN];
    int nin;
    const ds_attr *attr;
    const ds_ew_program *post; /* epilogue over out as [rows, last dim], run on each finished block; NULL: none */
    const ds_ew_program *pre;  /* prologue: in[0] is not in memory, it is register pre->store_reg[0]; NULL: none */
    ds_pool *pool;
    const struct ds_vec *vec; /* kernel table of the backend (kernel/vec.h) */
    void *scratch;            /* scratch_bytes, 64-byte aligned, shared by nobody during the call */
    size_t scratch_bytes;
    void *leaves; /* post->nsum: sums of each leaf of rows, ds_leaf_bytes */
} ds_call;

typedef void (*ds_kernel_fn)(const ds_call *call);
typedef size_t (*ds_scratch_fn)(const ds_call *call, int threads); /* called at plan time with data = NULL */

enum {
    DS_KERNEL_POST = 1,
    DS_KERNEL_PRE = 2,
    DS_KERNEL_INPLACE = 4, /* out may share memory with in[0] */
    DS_KERNEL_SUMS = 8     /* takes post's sums; out is [images, .., channels], an image whole leaves of rows */
};

typedef struct ds_kernel_def {
    const char *op;
    ds_dtype dtype; /* of out, or of in[0] for ops that make I32 */
    unsigned flags;
    ds_kernel_fn run;
    ds_scratch_fn scratch; /* NULL: none needed */
} ds_kernel_def;

enum { DS_BACKEND_POISON = 1 /* own buffer per node, red zones, NaN-filled before each run */ };

typedef struct ds_backend {
    ds_head head;
    unsigned flags;
    /* The kernel for this call (addresses not yet set), or NULL: inherit, or lower. */
    const ds_kernel_def *(*find)(const ds_call *call);
    const char *inherits;              /* next backend to ask; NULL: none */
    const struct ds_vec *(*vec)(void); /* its kernel table; NULL result: DS_ISA names one that is not here */
} ds_backend;

/* Backend by name, or NULL; name NULL: DS_BACKEND from the environment, else "cpu". */
const ds_backend *ds_backend_get(const char *name);
/* Room for the sums of a call's leaves: rows of out over DS_COLUMN_LEAF, times its columns, for each sum of post. */
size_t ds_leaf_bytes(const ds_call *call);
/* Asks the backend and those it inherits from. */
const ds_kernel_def *ds_backend_find(const ds_backend *b, const ds_call *call);

#endif
