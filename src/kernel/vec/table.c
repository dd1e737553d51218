/* table.c - the kernel table of this instruction set. */
#include "kernel/vec.h"

#define DS_REAL 32
#include "kernel/simd.h"

#define TAGGED(name) DS_PASTE2(name, DS_ISA_TAG)
void TAGGED(ds_ew_block)(const ds_ew_program *p, int64_t row0, int64_t row1, int64_t col0, int64_t col1, void *tile,
                         void *out);
bool TAGGED(ds_ew_sums)(const ds_ew_program *p, int64_t row0, int64_t row1, void *const *leaves);
void TAGGED(ds_exp_map)(ds_dtype t, int64_t n, void *y, const void *x);
void TAGGED(ds_log_map)(ds_dtype t, int64_t n, void *y, const void *x);
double TAGGED(ds_sum_row)(ds_dtype t, int64_t n, const void *x);
void TAGGED(ds_sum_leaves)(ds_dtype t, int64_t rows, int64_t cols, const void *x, int64_t ld, void *acc);
void TAGGED(ds_add)(ds_dtype t, int64_t n, void *y, const void *x);
void TAGGED(ds_add_scaled)(int64_t n, double s, const double *restrict x, double *restrict y);
void TAGGED(ds_rotate)(int64_t n, double c, double s, double *restrict x, double *restrict y);
void TAGGED(ds_rows_shift)(ds_dtype t, int64_t rows, int64_t cols, const void *x, void *m, void *d);
void TAGGED(ds_rows_sum)(ds_dtype t, int64_t rows, int64_t cols, const void *x, void *s);
void TAGGED(ds_rows_divide)(ds_dtype t, int64_t rows, int64_t cols, void *y, const void *s);
void TAGGED(ds_pool_index)(ds_dtype t, const ds_window *w, const void *x, int32_t *y);
void TAGGED(ds_pool_take)(ds_dtype t, int64_t pixels, int64_t channels, const void *x, const int32_t *at, void *y);
void TAGGED(ds_pool_put)(ds_dtype t, const ds_window *w, const void *dy, const int32_t *at, void *dx);
void TAGGED(ds_dropout_row)(ds_dtype t, const ds_mask *d, int64_t n, void *y);
extern const ds_product DS_PASTE3(ds_product, f32, DS_ISA_TAG), DS_PASTE3(ds_product, f64, DS_ISA_TAG);

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
extern const ds_vec TAGGED(ds_vec);
const ds_vec TAGGED(ds_vec) = {
    .name = STRING(DS_ISA_TAG),
    .ew = TAGGED(ds_ew_block),
    .ew_sums = TAGGED(ds_ew_sums),
    .exp = TAGGED(ds_exp_map),
    .log = TAGGED(ds_log_map),
    .sum_row = TAGGED(ds_sum_row),
    .sum_leaves = TAGGED(ds_sum_leaves),
    .add = TAGGED(ds_add),
    .add_scaled = TAGGED(ds_add_scaled),
    .rotate = TAGGED(ds_rotate),
    .rows_shift = TAGGED(ds_rows_shift),
    .rows_sum = TAGGED(ds_rows_sum),
    .rows_divide = TAGGED(ds_rows_divide),
    .pool_index = TAGGED(ds_pool_index),
    .pool_take = TAGGED(ds_pool_take),
    .pool_put = TAGGED(ds_pool_put),
    .dropout_row = TAGGED(ds_dropout_row),
    .f32 = &DS_PASTE3(ds_product, f32, DS_ISA_TAG),
    .f64 = &DS_PASTE3(ds_product, f64, DS_ISA_TAG),
};
