/* product.h - the micro-kernel of all products: one tile of
 *
 *   C[i, j] (+)= sum over runs r, over k in a run, of A(i, r, k) B(r, k, j)
 *
 * each element a chain of fused multiply-adds in that order, so the result depends on no tile size.
 * Two ways to address A, from a and down:
 *
 *   rows      A(i, r, k) = a[run[r] + i * down + k]     a row-major operand, or pixels of a row of an image
 *   stepped   A(i, r, k) = a[run[r] + k * down + i]     a transposed operand: consecutive i lie side by side
 *
 * and B is rows of ldb elements, strided in place or a packed panel (ldb = nr); run r begins at its row row[r]. */
#ifndef DS_KERNEL_PRODUCT_H
#define DS_KERNEL_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ds_micro_call {
    int m, n; /* rows and columns of the tile, at most ds_tile_rows and nr */
    const void *a;
    int64_t down;
    bool stepped;
    int64_t runs, len;
    const int64_t *run, *row; /* of runs: offsets in A in elements, first rows of B; NULL: one run at 0 */
    const void *b;
    int64_t ldb;
    void *c;
    int64_t ldc;
    bool first; /* start at +0; else go on from what C holds */
    /* Memory that is wanted soon, [ahead, ahead_end): `fetch` lines of it are prefetched into the second-level cache with
     * every DS_FETCH_STEP values of k (stepped: with every run), so that no burst of them fills the processor's miss queue. */
    const char *ahead, *ahead_end;
    int64_t fetch;
} ds_micro_call;
enum { DS_FETCH_STEP = 16, DS_LINE = 64 };

typedef struct ds_product {
    int mr, tall, nr, vl; /* rows of a tile, of a tile one vector wide; columns of a tile, of one vector */
    void (*micro)(const ds_micro_call *t);
    /* panel[k * pitch + c] = from[c * ld + k] for k < len: columns of the panel are rows in memory; zero from cols to
     * pitch, which is a multiple of vl. */
    void (*pack_transposed)(const void *from, int64_t ld, int64_t len, int64_t cols, void *panel, int64_t pitch);
    /* to[c * pitch + r] = from[r * ld + c] for r < rows, c < cols; reads whole vectors. */
    void (*transpose)(const void *from, int64_t ld, int64_t rows, int64_t cols, void *to, int64_t pitch);
} ds_product;

/* Rows of the tiles that cut m rows of n columns evenly: none is left with few, whose chains would wait for each other.
 */
static inline int64_t ds_tile_rows(const ds_product *p, int64_t m, int64_t n)
{
    int64_t most = n <= p->vl ? p->tall : p->mr, tiles = (m + most - 1) / most;
    return tiles ? (m + tiles - 1) / tiles : 1;
}

#endif
