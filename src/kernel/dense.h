/* dense.h - products and QR of square matrices in f64, on the micro-kernel of products: the same bits everywhere. */
#ifndef DS_KERNEL_DENSE_H
#define DS_KERNEL_DENSE_H

#include "kernel/product.h"

/* C [m, n] = A B or, with added, C + A B; A [m, k], or [k, m] where turned, B [k, n]; ld*: elements from row to row.
 * 128 readable bytes lie past the end of B. */
typedef struct ds_dense {
    int64_t m, n, k;
    const double *a;
    int64_t lda;
    bool turned;
    const double *b;
    int64_t ldb;
    double *c;
    int64_t ldc;
    bool added;
} ds_dense;
void ds_dense_product(const ds_product *p, const ds_dense *d);

/* a [n, n] = Q R with a positive diagonal of R; a becomes Q. work: ds_qr_work(n) numbers, 64-byte aligned.
 * 128 readable bytes lie past the end of a. */
int64_t ds_qr_work(int64_t n);
void ds_qr(const ds_product *p, int64_t n, double *a, double *work);

#endif
