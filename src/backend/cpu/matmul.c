/* matmul.c - C[.., m, n] = op(A) op(B): threads take blocks of C; every element is one chain over k in leaves of 1024,
 * joined by the tree. B is read where it lies: rows of a panel come from L2 while the multiply-adds of rows before them
 * go on, so a packed copy saves nothing. A transposed B is turned panel by panel. */
#include <string.h>

#include "backend/cpu/cpu.h"

enum { LEAF = 1024 };

typedef struct job {
    const ds_call *call;
    const ds_vec *vec;
    const ds_product *p;
    size_t es;
    int64_t batch, m, n, k, lda, ldb, leaves;
    bool ta, tb;
    int64_t rows, cols, row_blocks, col_blocks; /* of a task */
    size_t worker_bytes, panel_bytes, stack_bytes;
    int levels;
} job;

static int levels_of(int64_t leaves)
{
    int levels = 1;
    while (((int64_t)1 << (levels - 1)) < leaves) levels++;
    return levels + 1;
}

static void describe(job *j, const ds_call *call, int threads)
{
    const ds_shape a = call->in[0].shape, c = call->out.shape;
    int r = c.rank;
    *j = (job){ .call = call, .vec = call->vec, .batch = 1, .m = c.dim[r - 2], .n = c.dim[r - 1] };
    j->p = call->out.dtype == DS_F32 ? j->vec->f32 : j->vec->f64;
    j->es = ds_dtype_bytes(call->out.dtype);
    j->ta = call->attr->i[0];
    j->tb = call->attr->i[1];
    j->k = a.dim[j->ta ? r - 2 : r - 1];
    j->lda = a.dim[r - 1];
    j->ldb = call->in[1].shape.dim[r - 1];
    for (int d = 0; d < r - 2; d++) j->batch *= c.dim[d];
    j->leaves = j->k > LEAF ? ds_ceil_div(j->k, LEAF) : 1;
    j->levels = j->leaves > 1 ? levels_of(j->leaves) : 0;
    j->rows = j->m;
    j->cols = ds_ceil_div(j->n, j->p->nr) * j->p->nr;
    double work = (double)j->batch * (double)j->m * (double)j->n * (double)j->k;
    if (threads > 1 && work > DS_SMALL_WORK) { /* at least two tasks a thread: columns first, they share no packing */
        int64_t want = ds_ceil_div(2 * threads, j->batch), panels = j->cols / j->p->nr;
        int64_t by_cols = want < panels ? want : panels;
        j->cols = ds_ceil_div(panels, by_cols) * j->p->nr;
        int64_t by_rows = ds_ceil_div(want, by_cols), tiles = ds_ceil_div(j->m, j->p->mr);
        j->rows = ds_ceil_div(tiles, by_rows < tiles ? by_rows : tiles) * j->p->mr;
    }
    if (j->levels && j->rows > 4 * j->p->mr) j->rows = 4 * j->p->mr; /* partial sums stay small */
    if (j->levels && j->cols > 2 * j->p->nr) j->cols = 2 * j->p->nr;
    j->row_blocks = j->rows ? ds_ceil_div(j->m, j->rows) : 0;
    j->col_blocks = j->cols ? ds_ceil_div(j->n, j->cols) : 0;
    j->panel_bytes = j->tb ? ds_align64((size_t)(j->k < LEAF ? j->k : LEAF) * (size_t)j->p->nr * j->es) : 0;
    j->stack_bytes = (size_t)j->levels * ds_align64((size_t)(j->rows * j->cols) * j->es);
    j->worker_bytes =
        ds_align64(j->panel_bytes + j->stack_bytes + (call->post ? ds_ew_tile_bytes(call->post) : 0) + 256);
}

size_t ds_scratch_matmul(const ds_call *call, int threads)
{
    job j;
    describe(&j, call, threads);
    return j.worker_bytes * (size_t)threads;
}

/* Rows [r0, r1) and columns [c0, c1) over k in [k0, k0 + len) into c. */
static void block(const job *j, const char *a, const char *b, int64_t r0, int64_t r1, int64_t c0, int64_t c1,
                  int64_t k0, int64_t len, char *c, int64_t ldc, char *panel)
{
    const int nr = j->p->nr;
    ds_micro_call t = { .down = j->lda, .stepped = j->ta, .runs = 1, .len = len, .ldc = ldc, .first = true };
    for (int64_t col = c0; col < c1; col += nr) {
        int64_t w = c1 - col < nr ? c1 - col : nr;
        t.n = (int)w;
        if (j->tb) {
            j->p->pack_transposed(b + (size_t)(col * j->ldb + k0) * j->es, j->ldb, len, w, panel, nr);
            t.b = panel;
            t.ldb = nr;
        } else {
            t.b = b + (size_t)(k0 * j->ldb + col) * j->es;
            t.ldb = j->ldb;
        }
        const int64_t mr = ds_tile_rows(j->p, r1 - r0, w);
        for (int64_t row = r0; row < r1; row += mr) {
            t.m = (int)(r1 - row < mr ? r1 - row : mr);
            t.a = a + (size_t)(j->ta ? k0 * j->lda + row : row * j->lda + k0) * j->es;
            t.c = c + (size_t)((row - r0) * ldc + (col - c0)) * j->es;
            j->p->micro(&t);
        }
    }
}

/* Leaves one after another; partial sums of equal size join like the digits of a binary counter. */
static void block_in_leaves(const job *j, const char *a, const char *b, int64_t r0, int64_t r1, int64_t c0, int64_t c1,
                            char *c, char *stack, char *panel)
{
    ds_dtype t = j->call->out.dtype;
    int64_t rows = r1 - r0, cols = c1 - c0, count = rows * cols;
    size_t level = ds_align64((size_t)(j->rows * j->cols) * j->es);
    int depth = 0;
    for (int64_t leaf = 0; leaf < j->leaves; leaf++) {
        int64_t k0 = leaf * LEAF, len = j->k - k0 < LEAF ? j->k - k0 : LEAF;
        block(j, a, b, r0, r1, c0, c1, k0, len, stack + (size_t)depth++ * level, cols, panel);
        for (int64_t n = leaf + 1; !(n & 1); n >>= 1, depth--)
            j->vec->add(t, count, stack + (size_t)(depth - 2) * level, stack + (size_t)(depth - 1) * level);
    }
    for (; depth > 1; depth--)
        j->vec->add(t, count, stack + (size_t)(depth - 2) * level, stack + (size_t)(depth - 1) * level);
    for (int64_t r = 0; r < rows; r++)
        memcpy(c + (size_t)(r * j->n) * j->es, stack + (size_t)(r * cols) * j->es, (size_t)cols * j->es);
}

static void task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    int64_t cb = index % j->col_blocks, rb = index / j->col_blocks % j->row_blocks,
            z = index / j->col_blocks / j->row_blocks;
    int64_t r0 = rb * j->rows, r1 = r0 + j->rows < j->m ? r0 + j->rows : j->m, c0 = cb * j->cols,
            c1 = c0 + j->cols < j->n ? c0 + j->cols : j->n;
    const char *a = (const char *)j->call->in[0].data + (size_t)(z * j->m * j->k) * j->es;
    const char *b = (const char *)j->call->in[1].data + (size_t)(z * j->k * j->n) * j->es;
    char *c = (char *)j->call->out.data + (size_t)(z * j->m * j->n + r0 * j->n + c0) * j->es;
    char *own = (char *)j->call->scratch + (size_t)worker * j->worker_bytes;
    if (j->leaves > 1)
        block_in_leaves(j, a, b, r0, r1, c0, c1, c, own + j->panel_bytes, own);
    else
        block(j, a, b, r0, r1, c0, c1, 0, j->k, c, j->n, own);
    if (j->call->post)
        j->vec->ew(j->call->post, z * j->m + r0, z * j->m + r1, c0, c1, own + j->panel_bytes + j->stack_bytes, NULL);
}

void ds_cpu_matmul(const ds_call *call)
{
    job j;
    describe(&j, call, ds_pool_threads(call->pool));
    ds_pool_run(call->pool, j.batch * j.row_blocks * j.col_blocks, task, &j);
}
