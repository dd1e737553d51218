/* vec.h - the kernels of one instruction set: loops on raw pointers, no allocation, no threads. One table for each set
 * that the build has; `scalar` is the definition that the reference backend runs. Shapes and meaning:
 * docs/arithmetic.md. */
#ifndef DS_KERNEL_VEC_H
#define DS_KERNEL_VEC_H

#include "kernel/program.h"
#include "kernel/product.h"

enum { DS_TILE = 512, DS_LANES = 16, DS_ROW_LEAF = 4096, DS_COLUMN_LEAF = 64, DS_COLUMN_CHUNK = 512 };

/* One window of pooling in a plane [.., down, channels]: h x w pixels, the first at place `first` of the plane. */
typedef struct ds_window {
    int64_t channels, h, w, down, first;
} ds_window;

/* One row of a dropout mask: Philox key and counter, the least word >> 8 that is kept, the value of what is kept. */
typedef struct ds_mask {
    uint32_t key[2], step, id, least;
    uint64_t site;
    double keep;
} ds_mask;

typedef struct ds_vec {
    const char *name;
    /* Run a program on rows [row0, row1) and columns [col0, col1) of its rectangle (outer dims flattened into rows).
     * out NULL: to its stores; else the value of store 0 goes to out, dense [rows, cols]. tile: ds_ew_tile_bytes. */
    void (*ew)(const ds_ew_program *p, int64_t row0, int64_t row1, int64_t col0, int64_t col1, void *tile, void *out);
    /* Rows [row0, row1), row0 the first of a leaf (of DS_COLUMN_LEAF), of a program with sums that is compiled whole: its
     * stores, and the sums of leaf l of sum k at leaves[k], l * cols elements on, l from row0. false: there is no such
     * program, nothing was done. */
    bool (*ew_sums)(const ds_ew_program *p, int64_t row0, int64_t row1, void *const *leaves);
    void (*exp)(ds_dtype t, int64_t n, void *y, const void *x); /* reads whole vectors, past n too */
    void (*log)(ds_dtype t, int64_t n, void *y, const void *x);
    /* Tree sum of one row of n elements starting at a leaf boundary. */
    double (*sum_row)(ds_dtype t, int64_t n, const void *x); /* exact in T: the caller casts back */
    /* acc[l * cols + c] = chain from +0 over the rows r of leaf l (of DS_COLUMN_LEAF, the last shorter) of x[r * ld + c]. */
    void (*sum_leaves)(ds_dtype t, int64_t rows, int64_t cols, const void *x, int64_t ld, void *acc);
    void (*add)(ds_dtype t, int64_t n, void *y, const void *x); /* y += x */
    /* y += s x;  (x, y) turned: x' = c x + s y, y' = c y - s x. */
    void (*add_scaled)(int64_t n, double s, const double *restrict x, double *restrict y);
    void (*rotate)(int64_t n, double c, double s, double *restrict x, double *restrict y);
    /* Rows of scores, cols > 0: m = maximum (NaN wins), d = x - m;  s = sum of each row;  y /= s. */
    void (*rows_shift)(ds_dtype t, int64_t rows, int64_t cols, const void *x, void *m, void *d);
    void (*rows_sum)(ds_dtype t, int64_t rows, int64_t cols, const void *x, void *s);
    void (*rows_divide)(ds_dtype t, int64_t rows, int64_t cols, void *y, const void *s);
    /* x: the window's first pixel. Place of the first maximum of each channel; x moved by places; dy moved back into
     * dx, +0 at the window's other pixels. */
    void (*pool_index)(ds_dtype t, const ds_window *w, const void *x, int32_t *y);
    void (*pool_take)(ds_dtype t, int64_t pixels, int64_t channels, const void *x, const int32_t *at, void *y);
    void (*pool_put)(ds_dtype t, const ds_window *w, const void *dy, const int32_t *at, void *dx);
    void (*dropout_row)(ds_dtype t, const ds_mask *d, int64_t n, void *y);
    const ds_product *f32, *f64;
} ds_vec;

/* The table of the instruction set in use (DS_ISA forces one); NULL when DS_ISA names one that is not here. */
const ds_vec *ds_vec_get(void);
const ds_vec *ds_vec_named(const char *name); /* NULL: not built, or not supported by this processor */
const char *ds_vec_built(void);               /* names of all, separated by spaces */

size_t ds_ew_tile_bytes(const ds_ew_program *p);

#endif
