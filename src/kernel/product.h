/* product.h - the micro-kernel of all products: one tile of
 *
 *   C[i, j] (+)= sum over runs r, over k in a run, of A(i, r, k) B(r, k, j)
 *
 * each element a chain of fused multiply-adds in that order, so the result depends on no tile size. Three ways to
 * address A: rows   A(i, r, k) = row[i][run[r] + k]                 a row-major operand, or pixels of an image step
 * A(i, r, k) = row[0][run[r] + k * step + i]      a transposed operand: consecutive i lie side by side and B is rows of
 * ldb elements, one after another through all runs: strided in place, or a packed panel (ldb = nr). */
#ifndef DS_KERNEL_PRODUCT_H
#define DS_KERNEL_PRODUCT_H

#include <stdint.h>

typedef struct ds_micro_call {
    int m, n; /* rows and columns of the tile, at most mr and nr */
    const void *row[16];
    int64_t step; /* 0: rows; else the distance of consecutive k */
    int64_t runs, len;
    const int64_t *run; /* offsets of runs in elements; NULL: one run at 0 */
    const void *b;
    int64_t ldb;
    void *c;
    int64_t ldc;
    int first; /* start at +0; else go on from what C holds */
} ds_micro_call;

typedef struct ds_product {
    int mr, nr, vl; /* tile; columns of one vector */
    void (*micro)(const ds_micro_call *t);
    /* panel[k * pitch + c] = from[c * ld + k] for k < len: columns of the panel are rows in memory; zero from cols to
     * pitch, which is a multiple of vl. */
    void (*pack_transposed)(const void *from, int64_t ld, int64_t len, int64_t cols, void *panel, int64_t pitch);
} ds_product;

#endif
