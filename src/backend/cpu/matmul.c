/* matmul.c - C[.., m, n] = op(A) op(B): threads take blocks of C; every element is one chain over k in leaves of 1024,
 * joined by the tree. The operand on the right lends whole vectors of columns: B, or A where C is computed transposed,
 * tile by tile, because that fills the vectors better or leaves less to turn. It is read where it lies: its rows come
 * from L2 while the multiply-adds of rows before them go on, so a packed copy saves nothing; only an operand whose rows
 * are columns of C is turned, panel by panel. */
#include <string.h>

#include "backend/cpu/cpu.h"

enum { LEAF = 1024, L1_WAYS = 8, L1_WAY_LOG2 = 12 /* of a common first-level cache, in bytes */ };

typedef struct job {
    const ds_call *call;
    const ds_vec *vec;
    const ds_product *p;
    size_t es;
    int left; /* operand that gives the rows of tiles: 0 A, 1 B and the result is C transposed */
    int64_t batch, m, n, k, lda, ldb, ldc, leaves; /* m, n and what follows: as seen by the tiles */
    bool ta, tb, symmetric, small; /* small: for one thread */
    int64_t rows, cols, row_blocks, col_blocks; /* of a task */
    size_t worker_bytes, panel_bytes, aside_bytes, stack_bytes;
    int levels;
} job;

/* X X' and X' X are symmetric to the bit, as a product of two numbers does not depend on their order: what is above
 * the diagonal is computed only within the panels of columns that meet it, the rest is turned. */
static bool is_symmetric(const ds_call *call)
{
    return call->in[0].data == call->in[1].data && call->attr->i[0] != call->attr->i[1];
}

/* A task's share of one matrix, and the worker's memory. */
typedef struct part {
    const char *a, *b;
    int64_t r0, r1, c0, c1;
    char *panel, *aside, *stack;
} part;

static int levels_of(int64_t leaves)
{
    int levels = 1;
    while (((int64_t)1 << (levels - 1)) < leaves) levels++;
    return levels + 1;
}

/* Vectors that hold n elements; there is one call for each product, tiny ones too, so no division here. */
static int64_t vectors(const job *j, int64_t n) { return (n + j->p->vl - 1) >> __builtin_ctz((unsigned)j->p->vl); }

/* Cycles, roughly: one for a vector of multiply-adds, VL log2 VL shuffles and as much again for the square of VL x VL
 * that is turned, and twice that where it is ragged. */
static int64_t turning(const job *j, int64_t rows, int64_t cols)
{
    int64_t vl = j->p->vl, squares = vectors(j, rows) * vectors(j, cols);
    return squares * 8 * vl * ((rows | cols) & (vl - 1) ? 2 : 1);
}

static int64_t cost(const job *j, bool swapped)
{
    if (swapped) return j->n * vectors(j, j->m) * j->k + turning(j, j->m, j->n) + (j->ta ? 0 : turning(j, j->m, j->k));
    return j->m * vectors(j, j->n) * j->k + (j->tb ? turning(j, j->n, j->k) : 0);
}

/* C transposed is op(B) transposed times op(A) transposed. */
static void swap_roles(job *j)
{
    int64_t m = j->m, lda = j->lda;
    bool ta = j->ta;
    j->left = 1;
    j->m = j->n;
    j->n = m;
    j->lda = j->ldb;
    j->ldb = lda;
    j->ta = !j->tb;
    j->tb = !ta;
}

/* Rows of a tile: rows apart by a power of two share few sets of the first-level cache, and no more of them fit than it
 * has ways. */
static int64_t tile_rows(const job *j, int64_t rows, int64_t cols)
{
    int64_t mr = ds_tile_rows(j->p, rows, cols);
    if (j->ta || mr <= L1_WAYS || !j->lda) return mr;
    int zeros = __builtin_ctzll((unsigned long long)j->lda * j->es);
    int64_t most = zeros < L1_WAY_LOG2 ? (int64_t)L1_WAYS << (L1_WAY_LOG2 - zeros) : L1_WAYS;
    return mr <= most ? mr : ds_ceil_div(rows, ds_ceil_div(rows, most));
}

/* Rows of C transposed that are turned together: a whole number of tiles and of vectors. */
static int64_t turned_rows(const job *j) { return 4 * j->p->mr; }

static void cut(job *j, int threads)
{
    int64_t nr = j->p->nr, mr = j->left ? turned_rows(j) : j->p->mr;
    double work = (double)j->batch * (double)j->m * (double)j->n * (double)j->k;
    j->rows = j->m;
    j->cols = (j->n + nr - 1) & -nr;
    j->row_blocks = j->m > 0;
    j->col_blocks = j->n > 0;
    j->small = work <= DS_SMALL_WORK;
    if (threads > 1 && !j->small) { /* at least two tasks a thread: columns first, they share no turning */
        int64_t want = ds_ceil_div(2 * threads, j->batch), panels = j->cols / nr;
        int64_t by_cols = want < panels ? want : panels;
        j->cols = ds_ceil_div(panels, by_cols) * nr;
        int64_t by_rows = ds_ceil_div(want, by_cols), tiles = ds_ceil_div(j->m, mr);
        j->rows = ds_ceil_div(tiles, by_rows < tiles ? by_rows : tiles) * mr;
    }
    if (j->symmetric) {
        j->rows = j->m;
        j->cols = nr;
    }
    if (j->levels && j->rows > 4 * j->p->mr) j->rows = 4 * j->p->mr; /* partial sums stay small */
    if (j->levels && j->cols > 2 * nr) j->cols = 2 * nr;
    if (j->rows < j->m) j->row_blocks = ds_ceil_div(j->m, j->rows);
    if (j->cols < j->n) j->col_blocks = ds_ceil_div(j->n, j->cols);
}

static void describe(job *j, const ds_call *call, int threads, bool may_be_symmetric)
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
    j->ldc = j->n;
    for (int d = 0; d < r - 2; d++) j->batch *= c.dim[d];
    j->leaves = j->k > LEAF ? ds_ceil_div(j->k, LEAF) : 1;
    j->levels = j->leaves > 1 ? levels_of(j->leaves) : 0;
    j->symmetric = may_be_symmetric && !j->levels && j->m > j->p->nr && is_symmetric(call);
    if (!j->symmetric && cost(j, true) < cost(j, false)) swap_roles(j);
    cut(j, threads);
    size_t row = (size_t)j->p->nr * j->es;
    j->panel_bytes = j->tb ? ds_align64((size_t)(j->k < LEAF ? j->k : LEAF) * row) : 0;
    j->aside_bytes = j->left && !j->levels ? ds_align64((size_t)turned_rows(j) * row) : 0;
    j->stack_bytes = (size_t)j->levels * ds_align64((size_t)(j->rows * j->cols) * j->es);
    j->worker_bytes = ds_align64(j->panel_bytes + j->aside_bytes + j->stack_bytes +
                                 (call->post ? ds_ew_tile_bytes(call->post) : 0) + 256);
}

size_t ds_scratch_matmul(const ds_call *call, int threads)
{
    job j;
    describe(&j, call, threads, false);
    size_t bytes = j.worker_bytes;
    describe(&j, call, threads, true); /* operands have no addresses yet: two without count as one */
    return (bytes > j.worker_bytes ? bytes : j.worker_bytes) * (size_t)threads;
}

/* Tiles of rows [r0, r1) of one panel, k from k0, into c. */
static void tiles(const job *j, ds_micro_call *t, const char *a, int64_t k0, int64_t r0, int64_t r1, char *c)
{
    const int64_t mr = tile_rows(j, r1 - r0, t->n);
    for (int64_t row = r0; row < r1; row += mr) {
        t->m = (int)(r1 - row < mr ? r1 - row : mr);
        t->a = a + (size_t)(j->ta ? k0 * j->lda + row : row * j->lda + k0) * j->es;
        t->c = c + (size_t)((row - r0) * t->ldc) * j->es;
        j->p->micro(t);
    }
}

/* The part over k in [k0, k0 + len) into c; turned: into columns of c. */
static void block(const job *j, const part *q, int64_t k0, int64_t len, char *c, int64_t ldc, bool turned)
{
    const int nr = j->p->nr;
    ds_micro_call t = {
        .down = j->lda, .stepped = j->ta, .runs = 1, .len = len, .ldc = turned ? nr : ldc, .first = true
    };
    for (int64_t col = q->c0; col < q->c1; col += nr) {
        int64_t w = q->c1 - col < nr ? q->c1 - col : nr, done = col - q->c0;
        t.n = (int)w;
        if (j->tb) {
            j->p->pack_transposed(q->b + (size_t)(col * j->ldb + k0) * j->es, j->ldb, len, w, q->panel, nr);
            t.b = q->panel;
            t.ldb = nr;
        } else {
            t.b = q->b + (size_t)(k0 * j->ldb + col) * j->es;
            t.ldb = j->ldb;
        }
        if (!turned) tiles(j, &t, q->a, k0, q->r0, q->r1, c + (size_t)done * j->es);
        for (int64_t row = q->r0; turned && row < q->r1; row += turned_rows(j)) {
            int64_t end = row + turned_rows(j) < q->r1 ? row + turned_rows(j) : q->r1;
            tiles(j, &t, q->a, k0, row, end, q->aside);
            j->p->transpose(q->aside, nr, end - row, w, c + (size_t)(done * ldc + row - q->r0) * j->es, ldc);
        }
    }
}

/* Leaves one after another; partial sums of equal size join like the digits of a binary counter. */
static void block_in_leaves(const job *j, const part *q, char *c)
{
    ds_dtype t = j->call->out.dtype;
    int64_t rows = q->r1 - q->r0, cols = q->c1 - q->c0, count = rows * cols;
    size_t level = ds_align64((size_t)(j->rows * j->cols) * j->es);
    int depth = 0;
    for (int64_t leaf = 0; leaf < j->leaves; leaf++) {
        int64_t k0 = leaf * LEAF, len = j->k - k0 < LEAF ? j->k - k0 : LEAF;
        block(j, q, k0, len, q->stack + (size_t)depth++ * level, cols, false);
        for (int64_t n = leaf + 1; !(n & 1); n >>= 1, depth--)
            j->vec->add(t, count, q->stack + (size_t)(depth - 2) * level, q->stack + (size_t)(depth - 1) * level);
    }
    for (; depth > 1; depth--)
        j->vec->add(t, count, q->stack + (size_t)(depth - 2) * level, q->stack + (size_t)(depth - 1) * level);
    if (j->left) j->p->transpose(q->stack, cols, rows, cols, c, j->ldc);
    for (int64_t r = 0; !j->left && r < rows; r++)
        memcpy(c + (size_t)(r * j->ldc) * j->es, q->stack + (size_t)(r * cols) * j->es, (size_t)cols * j->es);
}

/* Panels of a symmetric result shrink: the longest and the shortest first, so that any stretch of them is even. */
static int64_t panel_of(const job *j, int64_t index)
{
    return index % 2 ? j->col_blocks - 1 - index / 2 : index / 2;
}

static void task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    int64_t cb = j->symmetric ? panel_of(j, index % j->col_blocks) : index % j->col_blocks, rb = index / j->col_blocks % j->row_blocks,
            z = index / j->col_blocks / j->row_blocks;
    part q = { .r0 = rb * j->rows, .c0 = cb * j->cols };
    q.r1 = q.r0 + j->rows < j->m ? q.r0 + j->rows : j->m;
    if (j->symmetric) q.r0 = q.c0;
    q.c1 = q.c0 + j->cols < j->n ? q.c0 + j->cols : j->n;
    q.a = (const char *)j->call->in[j->left].data + (size_t)(z * j->m * j->k) * j->es;
    q.b = (const char *)j->call->in[!j->left].data + (size_t)(z * j->k * j->n) * j->es;
    q.panel = (char *)j->call->scratch + (size_t)worker * j->worker_bytes;
    q.aside = q.panel + j->panel_bytes;
    q.stack = q.aside + j->aside_bytes;
    int64_t row = j->left ? q.c0 : q.r0, rows = j->left ? q.c1 - q.c0 : q.r1 - q.r0, col = j->left ? q.r0 : q.c0,
            cols = j->left ? q.r1 - q.r0 : q.c1 - q.c0; /* of C */
    char *c = (char *)j->call->out.data + (size_t)(z * j->m * j->n + row * j->ldc + col) * j->es;
    if (j->levels)
        block_in_leaves(j, &q, c);
    else
        block(j, &q, 0, j->k, c, j->ldc, j->left);
    if (j->call->post && !j->symmetric) {
        int64_t first = z * (j->left ? j->n : j->m) + row;
        j->vec->ew(j->call->post, first, first + rows, col, col + cols, q.stack + j->stack_bytes, NULL);
    }
}

/* What is above a panel's first row, from the rows beside it. */
static void turn(void *arg, int64_t index, int worker)
{
    (void)worker;
    const job *j = arg;
    int64_t z = index / j->col_blocks, c0 = index % j->col_blocks * j->cols,
            w = j->n - c0 < j->cols ? j->n - c0 : j->cols;
    char *c = (char *)j->call->out.data + (size_t)(z * j->m * j->n) * j->es;
    j->p->transpose(c + (size_t)(c0 * j->ldc) * j->es, j->ldc, w, c0, c + (size_t)c0 * j->es, j->ldc);
}

/* The epilogue, when all of a symmetric result is there. */
static void finish(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    int64_t rows = j->batch * j->m, r0 = index * j->cols, r1 = r0 + j->cols < rows ? r0 + j->cols : rows;
    char *tile = (char *)j->call->scratch + (size_t)worker * j->worker_bytes + j->panel_bytes;
    j->vec->ew(j->call->post, r0, r1, 0, j->n, tile, NULL);
}

static void share(job *j, int64_t tasks, ds_task_fn fn)
{
    if (!j->small) ds_pool_run(j->call->pool, tasks, fn, j);
    for (int64_t t = 0; j->small && t < tasks; t++) fn(j, t, 0);
}

void ds_cpu_matmul(const ds_call *call)
{
    job j;
    describe(&j, call, ds_pool_threads(call->pool), true);
    share(&j, j.batch * j.row_blocks * j.col_blocks, task);
    if (!j.symmetric) return;
    share(&j, j.batch * j.col_blocks, turn);
    if (call->post) share(&j, ds_ceil_div(j.batch * j.m, j.cols), finish);
}
