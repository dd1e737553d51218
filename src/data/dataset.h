/* dataset.h - inside view of data sets and their views. */
#ifndef DS_DATA_DATASET_H
#define DS_DATA_DATASET_H

#include "data/source.h"

#define DS_MAX_AUGMENT 8

struct ds_view {
    const ds_dataset *data;
    const ds_source *source;
    int64_t rows;
    int64_t first;  /* without an index: the view's row 0 in the source */
    int64_t *index; /* owned: row of the source for each row of the view, ascending; NULL: one after another */
};

/* Scale and standardization as one multiplication and one addition: y_i = mul_i x_i + add_i, i over a row's elements.
 */
typedef struct ds_affine {
    float *mul32, *add32;
    double *mul64, *add64;
} ds_affine;

/* Whitening: y = (x - mean) W. */
typedef struct ds_whiten {
    bool ready;
    int64_t in, out;
    double *mean64;   /* owned, with all that follows: [in] */
    double *matrix64; /* [in, out] */
    float *matrix32, *mean32;
} ds_whiten;
enum { DS_WHITEN_ROWS = 8 }; /* done in one go */

struct ds_dataset {
    ds_ctx *ctx;
    ds_arena arena;      /* paths that matched patterns */
    ds_source source[3]; /* by ds_split */
    ds_view view[3];
    ds_affine affine;
    ds_whiten whiten;
    double *class_weights; /* in the arena */
    int64_t elements;      /* of a row as it is delivered */
    ds_shape layout;
    bool partners; /* a transform wants another row */
    ds_transform transform[DS_MAX_AUGMENT];
    int transforms;
    int64_t widest;       /* elements of the largest row that a transform makes of a stored one; 0: there is none */
    uint64_t fingerprint; /* 0: not yet computed */
};

static inline int64_t ds_view_source_row(const ds_view *v, int64_t row)
{
    return v->index ? v->index[row] : v->first + row;
}

/* Put the files that match in the place of patterns (* ? [..]); a path with one becomes a list of training files. */
ds_status ds_patterns_expand(ds_ctx *ctx, ds_arena *arena, ds_data_settings *set);
/* Divide the training source's rows among the train and val views (settings holdout...). */
ds_status ds_holdout(ds_dataset *d, const ds_data_settings *set);
/* Fill the holes of all sources. */
ds_status ds_missing_fill(ds_dataset *d);
/* The same for one opened source, by the means of all training rows; train may be s. */
ds_status ds_missing_fill_source(ds_ctx *ctx, ds_source *train, ds_source *s);
/* Statistics of the training view where the settings need them, and the affine map. */
ds_status ds_affine_create(ds_dataset *d, const ds_data_settings *set);
void ds_affine_free(ds_affine *a);
/* After the affine map: the whitening, if wanted, and what rows look like as delivered. */
ds_status ds_whiten_create(ds_dataset *d, const ds_data_settings *set);
void ds_whiten_free(ds_whiten *w);
void ds_whiten_rows(const ds_whiten *w, ds_dtype t, int n, const void *in, void *out);
/* Weights of classes, as given or by how often each occurs among the rows that train. */
ds_status ds_class_weights_create(ds_dataset *d, const ds_data_settings *set);
/* Parse set->augment into d->transform. */
ds_status ds_augment_create(ds_dataset *d, const ds_data_settings *set);

/* Fill b with n rows. scratch: ds_view_scratch_bytes(v). moment NULL: no augmentation. Rows must be in range. */
typedef struct ds_moment {
    uint64_t seed;
    int64_t epoch;
} ds_moment;
size_t ds_view_scratch_bytes(const ds_view *v);
/* Row `row` of the view, scaled and standardized alone. */
void ds_view_plain_row(const ds_view *v, int64_t row, ds_dtype t, void *scratch, void *y);
void ds_view_fill(const ds_view *v, const int64_t *rows, int64_t n, ds_dtype t, const ds_moment *moment, void *scratch,
                  ds_batch *b);
size_t ds_view_x_bytes(const ds_view *v, ds_dtype t); /* of one row */
size_t ds_view_y_bytes(const ds_view *v, ds_dtype t);

#endif
