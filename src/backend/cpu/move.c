/* move.c - ops that move elements without arithmetic, but for scatter_add, which adds rows in the order of the index.
 */
#include <string.h>

#include "backend/cpu/cpu.h"

static size_t element(const ds_call *call) { return ds_dtype_bytes(call->out.dtype); }

/* Extents before and after an axis. */
static void around(ds_shape s, int axis, int64_t *outer, int64_t *inner)
{
    *outer = *inner = 1;
    for (int a = 0; a < s.rank; a++)
        if (a != axis) *(a < axis ? outer : inner) *= s.dim[a];
}

/* ---- transpose: the last two axes that move are done in square blocks that stay in the cache ----------------------
 */

typedef struct transposition {
    const ds_call *call;
    int rank;
    int64_t dim[DS_MAX_RANK], stride[DS_MAX_RANK]; /* of y's axes: extent, step in x */
    int64_t planes, rows, cols;
} transposition;

#define PLANE(T)                                                                                                       \
    static void plane_##T(const T *x, T *y, int64_t rows, int64_t cols, int64_t rs, int64_t cs)                        \
    {                                                                                                                  \
        for (int64_t r0 = 0; r0 < rows; r0 += 16)                                                                      \
            for (int64_t c0 = 0; c0 < cols; c0 += 16)                                                                  \
                for (int64_t r = r0; r < rows && r < r0 + 16; r++)                                                     \
                    for (int64_t c = c0; c < cols && c < c0 + 16; c++) y[r * cols + c] = x[r * rs + c * cs];           \
    }
PLANE(uint32_t)
PLANE(uint64_t)

static void transpose_task(void *arg, int64_t plane, int worker)
{
    const transposition *t = arg;
    (void)worker;
    int64_t from = 0, rest = plane;
    for (int a = t->rank - 3; a >= 0; a--) {
        from += rest % t->dim[a] * t->stride[a];
        rest /= t->dim[a];
    }
    int64_t rs = t->rank > 1 ? t->stride[t->rank - 2] : 0, cs = t->stride[t->rank - 1];
    size_t row = (size_t)t->cols * element(t->call);
    if (cs == 1) /* the last axis stays the last */
        for (int64_t r = 0; r < t->rows; r++)
            memcpy((char *)t->call->out.data + (size_t)(plane * t->rows + r) * row,
                   (const char *)t->call->in[0].data + (size_t)(from + r * rs) * element(t->call), row);
    else if (element(t->call) == 4)
        plane_uint32_t((const uint32_t *)t->call->in[0].data + from,
                       (uint32_t *)t->call->out.data + plane * t->rows * t->cols, t->rows, t->cols, rs, cs);
    else
        plane_uint64_t((const uint64_t *)t->call->in[0].data + from,
                       (uint64_t *)t->call->out.data + plane * t->rows * t->cols, t->rows, t->cols, rs, cs);
}

void ds_cpu_transpose(const ds_call *call)
{
    ds_shape x = call->in[0].shape;
    transposition t = { .call = call, .rank = x.rank, .planes = 1, .rows = 1, .cols = 1 };
    for (int a = 0; a < x.rank; a++) {
        int64_t step = 1;
        for (int b = (int)call->attr->i[a] + 1; b < x.rank; b++) step *= x.dim[b];
        t.dim[a] = call->out.shape.dim[a];
        t.stride[a] = step;
    }
    if (ds_shape_count(x) == 0) return;
    for (int a = 0; a < x.rank; a++) *(a < x.rank - 2 ? &t.planes : a < x.rank - 1 ? &t.rows : &t.cols) *= t.dim[a];
    ds_pool_run(call->pool, t.planes, transpose_task, &t);
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

void ds_cpu_slice(const ds_call *call)
{
    int axis = (int)call->attr->i[0];
    int64_t outer, inner, extent = call->in[0].shape.dim[axis], from = call->attr->i[1], n = call->out.shape.dim[axis];
    around(call->out.shape, axis, &outer, &inner);
    size_t row = (size_t)inner * element(call);
    for (int64_t o = 0; o < outer; o++)
        memcpy((char *)call->out.data + (size_t)(o * n) * row,
               (const char *)call->in[0].data + (size_t)(o * extent + from) * row, (size_t)n * row);
}

void ds_cpu_pad(const ds_call *call)
{
    int axis = (int)call->attr->i[0];
    int64_t outer, inner, n = call->in[0].shape.dim[axis], before = call->attr->i[1],
                          extent = call->out.shape.dim[axis];
    around(call->out.shape, axis, &outer, &inner);
    size_t row = (size_t)inner * element(call);
    for (int64_t o = 0; o < outer; o++) {
        char *y = (char *)call->out.data + (size_t)(o * extent) * row;
        memset(y, 0, (size_t)before * row);
        memcpy(y + (size_t)before * row, (const char *)call->in[0].data + (size_t)(o * n) * row, (size_t)n * row);
        memset(y + (size_t)(before + n) * row, 0, (size_t)(extent - before - n) * row);
    }
}

void ds_cpu_concat(const ds_call *call)
{
    int axis = (int)call->attr->i[0];
    int64_t outer, inner, extent = call->out.shape.dim[axis], at = 0;
    around(call->out.shape, axis, &outer, &inner);
    size_t row = (size_t)inner * element(call);
    for (int k = 0; k < call->nin; k++) {
        int64_t n = call->in[k].shape.dim[axis];
        for (int64_t o = 0; o < outer; o++)
            memcpy((char *)call->out.data + (size_t)(o * extent + at) * row,
                   (const char *)call->in[k].data + (size_t)(o * n) * row, (size_t)n * row);
        at += n;
    }
}

/* ---- rows by index ----------------------------------------------------------------------------------------------- */

static int64_t row_count(ds_shape s)
{
    int64_t n = 1;
    for (int a = 1; a < s.rank; a++) n *= s.dim[a];
    return n;
}

/* An index outside gives a row of NaN (all bits set). */
void ds_cpu_gather(const ds_call *call)
{
    const int32_t *index = call->in[1].data;
    size_t row = (size_t)row_count(call->out.shape) * element(call);
    for (int64_t i = 0; i < call->out.shape.dim[0]; i++) {
        char *y = (char *)call->out.data + (size_t)i * row;
        if (index[i] < 0 || index[i] >= call->in[0].shape.dim[0])
            memset(y, 0xff, row);
        else
            memcpy(y, (const char *)call->in[0].data + (size_t)index[i] * row, row);
    }
}

/* Rows with an index outside are left out. */
void ds_cpu_scatter_add(const ds_call *call)
{
    const int32_t *index = call->in[1].data;
    int64_t n = row_count(call->out.shape), rows = call->out.shape.dim[0];
    size_t row = (size_t)n * element(call);
    memset(call->out.data, 0, (size_t)rows * row);
    for (int64_t i = 0; i < call->in[0].shape.dim[0]; i++)
        if (index[i] >= 0 && index[i] < rows)
            call->vec->add(call->out.dtype, n, (char *)call->out.data + (size_t)index[i] * row,
                           (const char *)call->in[0].data + (size_t)i * row);
}

void ds_cpu_one_hot(const ds_call *call)
{
    const int32_t *index = call->in[0].data;
    int64_t classes = call->out.shape.dim[1];
    memset(call->out.data, 0, (size_t)ds_shape_count(call->out.shape) * element(call));
    for (int64_t i = 0; i < call->out.shape.dim[0]; i++) {
        if (index[i] < 0 || index[i] >= classes) continue;
        if (call->out.dtype == DS_F32)
            ((float *)call->out.data)[i * classes + index[i]] = 1;
        else
            ((double *)call->out.data)[i * classes + index[i]] = 1;
    }
}

void ds_cpu_cast(const ds_call *call)
{
    int64_t n = ds_shape_count(call->out.shape);
    ds_dtype from = call->in[0].dtype;
    for (int64_t i = 0; i < n; i++) {
        double x = from == DS_F32   ? (double)((const float *)call->in[0].data)[i]
                   : from == DS_F64 ? ((const double *)call->in[0].data)[i]
                                    : (double)((const int32_t *)call->in[0].data)[i];
        if (call->out.dtype == DS_F32)
            ((float *)call->out.data)[i] = (float)x;
        else
            ((double *)call->out.data)[i] = x;
    }
}
