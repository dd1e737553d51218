/* descent/data.h - data sets: rows of training, validation and test data, read by index and delivered in batches.
 *
 * A data set is opened from a plain record of settings; its three views (train, val, test) hand out rows with scale and
 * standardization applied, images channels last. A loader puts the rows of a view in order and assembles batches, ahead
 * of time when that pays. Every number is a pure function of the settings: no order of calls changes a bit.
 *
 * Ownership  _create gives, _free takes (NULL is fine); a data set outlives its views and the loaders on them.
 * Threads    one caller thread per ds_ctx; ds_view_read may be called from several when rows are known to be in range.
 * Errors     DS_EIO (no such file, reading failed), DS_EFORMAT (content; the text has file and row, column or offset),
 *            DS_ECONFIG (settings that do not fit), DS_EUNKNOWN (no such format, sampler, transform), DS_EMEM. */
#ifndef DESCENT_DATA_H
#define DESCENT_DATA_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ds_target {
    DS_TARGET_AUTO,  /* classes, or real numbers where the file's label array is of a real type (NPY) */
    DS_TARGET_CLASS, /* I32 class indices */
    DS_TARGET_REAL   /* real targets [n, K] */
} ds_target;

typedef enum ds_csv_header { DS_HEADER_AUTO, DS_HEADER_TRUE, DS_HEADER_FALSE } ds_csv_header;

typedef enum ds_whiten_kind { DS_WHITEN_NONE, DS_WHITEN_PCA, DS_WHITEN_ZCA } ds_whiten_kind;

/* One transform of the training rows: name and options as text, as the registry of transforms declares them:
 * { "flip", 1, { "flip" }, { "horizontal" } }, { "crop", 2, { "crop", "pad" }, { "32", "4" } }. */
#define DS_MAX_AUGMENT_OPTIONS 4
typedef struct ds_augment {
    const char *name;
    int count;
    const char *key[DS_MAX_AUGMENT_OPTIONS], *value[DS_MAX_AUGMENT_OPTIONS];
} ds_augment;

/* What to open and how. Start from ds_data_defaults(). All text is read during ds_dataset_create only.
 * Files  path is a folder in the format's usual layout (for csv also a single file); train, test, val list files
 * instead: idx, npy: { images, labels }; cifar10, images (roots), tables: any number. Archives are folders, and lead
 * on to their members: "set.zip/train.csv". "-" is standard input. */
typedef struct ds_data_settings {
    const char *format; /* a source of the registry: "digits", "idx", "images", "csv", ... */
    const char *path;   /* NULL: none */
    const char *const *train, *const *test, *const *val;
    int train_count, test_count, val_count;
    const char *holdout;  /* "5000", "10%", "stratified", "stratified 20%", or a file; NULL: none */
    bool holdout_shuffle; /* take rows drawn by holdout_seed instead of the last ones */
    uint64_t holdout_seed;
    bool holdout_trains; /* rows held out train too: after a choice was made by them; statistics stay without them */
    bool scale_given;
    double scale[2];             /* bytes 0..255 to lo..hi; other numbers from the training columns' ranges */
    bool standardize;            /* (x - mean) / deviation per channel or column, of the training rows */
    ds_whiten_kind whiten;       /* by the covariance of the training rows, after scale and standardize */
    int64_t components;          /* pca: of the largest variance; 0: all */
    double whiten_eps;           /* share of the mean variance that is added to each */
    bool balanced;               /* class weights n / (K n_c): rows over classes times the rows of the class */
    const double *class_weights; /* or one number a class; NULL: none */
    int class_weight_count;
    const ds_augment *augment; /* training rows only */
    int augment_count;
    ds_target target;
    const char *label;   /* tables: column name or index from 0, negative from the end; NULL: the last */
    const char *missing; /* tables: "error", "mean", "drop" or a number; NULL: error */
    int64_t features;    /* libsvm: columns; 0: the largest index */
    ds_csv_header header;
    int64_t skip;       /* csv: lines to skip before the header */
    int64_t image_size; /* images: side to which each is brought; 0: they are of one size */
    int image_channels; /* images: 0 as the first one, 1 gray, 2 colour */
    double difficulty;  /* digits: 0..1 */
    uint64_t seed;      /* digits */
    bool stream;        /* digits: training rows never repeat; holdout is a count of digits apart */
    size_t window;      /* shards: bytes of rows kept in memory; 0: the format's default */
} ds_data_settings;

DS_API ds_data_settings ds_data_defaults(void); /* digits, difficulty 0.5, seed 0 */

typedef struct ds_dataset ds_dataset;
typedef struct ds_view ds_view;
typedef enum ds_split { DS_TRAIN, DS_VAL, DS_TEST } ds_split;

DS_API ds_status ds_dataset_create(ds_dataset **out, ds_ctx *ctx, const ds_data_settings *settings);
DS_API void ds_dataset_free(ds_dataset *d);

DS_API ds_shape ds_dataset_sample(const ds_dataset *d); /* as the user sees it: [C,H,W] or [F] */
DS_API ds_shape ds_dataset_layout(const ds_dataset *d); /* as rows are delivered: [H,W,C] or [F] */
DS_API int ds_dataset_classes(const ds_dataset *d);     /* 0: real targets */
DS_API int64_t ds_dataset_targets(const ds_dataset *d); /* K real targets a row; 0: classes */
DS_API const char *ds_dataset_class_name(const ds_dataset *d, int class_index);
DS_API const char *ds_dataset_column_name(const ds_dataset *d, int64_t column); /* tables; NULL for images */
DS_API const char *ds_dataset_cell(const ds_dataset *d); /* how elements are kept: "u8", "f32", "f64" */
/* Weight of each class's rows in the loss; NULL: all count alike. */
DS_API const double *ds_dataset_class_weights(const ds_dataset *d);
/* Hash of all rows, labels and shapes, whatever the file's packing; computed at the first call. */
DS_API uint64_t ds_dataset_fingerprint(ds_dataset *d);
/* Memory of all rows, labels and row lists; generated rows count as if all were kept. */
DS_API size_t ds_dataset_bytes(const ds_dataset *d);
/* Whether the validation rows are held out of the training rows' own files. */
DS_API bool ds_dataset_holds_out(const ds_dataset *d);
DS_API const ds_view *ds_dataset_view(const ds_dataset *d, ds_split split); /* never NULL; may have 0 rows */

DS_API int64_t ds_view_rows(const ds_view *v); /* of an endless stream: rows that count as one epoch */
DS_API bool ds_view_endless(const ds_view *v); /* rows go on beyond ds_view_rows and never repeat */

/* n rows. x is [n, layout] in F32 or F64; y is int32_t [n] for classes, else [n, K] of x's type; ids are the rows'
 * numbers in their file (what dropout and augmentation draw by). A NULL member is left out by ds_view_read. */
typedef struct ds_batch {
    int64_t n;
    void *x, *y;
    int32_t *ids;
    int64_t epoch, index; /* of this batch; set by loaders */
    bool last;            /* of its epoch */
} ds_batch;

/* Write rows[0..n) into the caller's memory (b->x, b->y, b->ids), no augmentation. DS_ERANGE: no such row. */
DS_API ds_status ds_view_read(const ds_view *v, const int64_t *rows, int64_t n, ds_dtype t, ds_batch *b);

/* ---- sets on disk ------------------------------------------------------------------------------------------------ */

/* Rewrite a set, of any format, as shards (format "shards"), in bounded memory and resumably. */
typedef struct ds_rewrite {
    const char *out; /* folder; made if need be */
    bool shuffle;    /* training rows in the order of random keys drawn by seed; all other rows as stored */
    uint64_t seed;
    size_t memory; /* for rows on their way; 0: 64 MiB. Does not change a bit of what is written */
    /* Called now and then; false: stop, what was done is kept. NULL: none. rows is 0 while their number is not known.
     */
    bool (*progress)(void *arg, const char *what, int64_t done, int64_t rows);
    void *arg;
} ds_rewrite;

/* Write the rows as stored: no scale, standardization, augmentation or holdout by number. A folder with a rewrite of
 * the same data and seed that was stopped or killed is gone on with, to the same bits; one that holds anything else is
 * refused (DS_EUSAGE). *stopped: progress said so. Formats that can only be read whole are refused when they take more
 * than memory (DS_ECONFIG): libsvm, and files inside archives but for images. */
DS_API ds_status ds_shards_write(ds_ctx *ctx, const ds_data_settings *settings, const ds_rewrite *how, bool *stopped);

typedef struct ds_loader ds_loader;
typedef struct ds_loader_settings {
    const ds_view *view;
    const char *sampler; /* "shuffle", "sequential", "replacement" */
    int64_t batch;       /* rows a batch; the short last batch of an epoch is delivered. At most the view's rows */
    ds_dtype dtype;      /* DS_F32 or DS_F64 */
    uint64_t seed;       /* of order and augmentation */
    bool augment;        /* apply the data set's transforms */
    int prefetch;        /* batches assembled ahead by a thread; 0: none, -1: 2 where it pays */
} ds_loader_settings;

/* Batches of epoch 0, 1, 2, ... one after another, without end. Same bits for any prefetch. */
DS_API ds_status ds_loader_create(ds_loader **out, ds_ctx *ctx, const ds_loader_settings *settings);
DS_API void ds_loader_free(ds_loader *l);
DS_API int64_t ds_loader_batches(const ds_loader *l); /* in one epoch */
/* Make batch `index` of `epoch` the next one. */
DS_API void ds_loader_seek(ds_loader *l, int64_t epoch, int64_t index);
/* The next batch; its memory is valid until the next call. Allocates nothing. NULL when a source that reads while it is
 * used could not (ds_error says which file and where); rows in memory never fail. */
DS_API const ds_batch *ds_loader_next(ds_loader *l);
DS_API ds_status ds_loader_status(const ds_loader *l); /* why _next gave NULL; DS_OK while it has not */
/* Bytes the loader holds. */
DS_API size_t ds_loader_bytes(const ds_loader *l);

#ifdef __cplusplus
}
#endif
#endif
