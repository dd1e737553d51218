/* source.h - what a data source, a sampler and a transform are to the rest of the layer.
 * A source is rows by index: thread-safe, without order. Order is the sampler's business, change the transforms'. */
#ifndef DS_DATA_SOURCE_H
#define DS_DATA_SOURCE_H

#include "base/arena.h"
#include "base/ctx.h"
#include "base/option.h"
#include "base/random.h"
#include "data/bytes.h"
#include "descent/data.h"
#include "descent/registry.h"

/* Element type of rows as they are kept; conversion happens per batch. */
typedef enum ds_cell { DS_CELL_U8, DS_CELL_F32, DS_CELL_F64 } ds_cell;
size_t ds_cell_bytes(ds_cell c);

typedef struct ds_source_def ds_source_def;
typedef struct ds_sink ds_sink; /* data/stream.h */

/* One opened set of rows. A format that has no rows for a split leaves rows 0. */
typedef struct ds_source {
    const ds_source_def *def;
    int64_t rows;
    bool endless;    /* row() accepts any index >= 0; rows is the length of an epoch */
    ds_shape layout; /* [H,W,C] or [F] */
    ds_cell cell;
    int64_t elements;                         /* of a row */
    int classes;                              /* 0: real targets */
    int64_t targets;                          /* real numbers a row; 0: classes */
    const char **class_names, **column_names; /* in the arena; NULL: none */
    bool holes;                               /* NaN in rows of f64 in memory: column means are to be filled in */
    double *fill;      /* owned: what missing values became where sources are rewritten; or NULL */
    size_t kept;       /* bytes of rows that own holds; memory, labels and reals apart */
    uint64_t identity; /* not 0: stands for the content in the fingerprint (generated rows) */
    uint8_t *memory;   /* rows kept in memory: owned block, and where row 0 begins in it */
    uint8_t *first;
    int32_t *labels; /* owned, [rows] */
    double *reals;   /* owned, [rows, targets] */
    void *own;       /* of the format */
    ds_arena arena;
} ds_source;

struct ds_source_def {
    ds_head head;
    bool generated; /* reads no file: path, train, test and val have no effect */
    /* Open the rows of one split into out (zeroed but for def). train is the opened training set, NULL while it is the
     * one being opened: classes, columns and shape must agree with it. On failure the caller closes what there is. */
    ds_status (*open)(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *out);
    /* Row `index`: a pointer to its elements, in the source's memory or in scratch (one row long). */
    const void *(*row)(const ds_source *s, int64_t index, void *scratch);
    int32_t (*label)(const ds_source *s, int64_t index);
    void (*close)(ds_source *s); /* what open put into own; may be NULL */
    /* The rows of a split in stored order without keeping them (data/stream.h); NULL: open keeps little, or all. */
    ds_status (*scan)(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *about,
                      const ds_sink *sink);
    /* Real targets of a row; NULL: they are in s->reals. */
    void (*target)(const ds_source *s, int64_t index, double *out);
    /* What went wrong while rows were read: DS_OK, or a status with its text in ctx. NULL: nothing can. A row that
     * could not be read is zeros. */
    ds_status (*fault)(ds_ctx *ctx, const ds_source *s);
};

/* row and label of formats that keep everything in memory. */
const void *ds_memory_row(const ds_source *s, int64_t index, void *scratch);
int32_t ds_memory_label(const ds_source *s, int64_t index);

/* The format of a name; DS_EUNKNOWN with the nearest. */
ds_status ds_source_named(ds_ctx *ctx, const char *name, const ds_source_def **out);
void ds_source_close(ds_source *s);
/* Rows of one split must be like the training rows. */
ds_status ds_sources_agree(ds_ctx *ctx, const ds_source *train, const ds_source *s, ds_split split);
void ds_source_targets(const ds_source *s, int64_t index, double *out);
ds_status ds_source_fault(ds_ctx *ctx, const ds_source *s);
/* Bytes of scratch that a row or its targets take. */
size_t ds_source_scratch(const ds_source *s);

/* The files of a split: the list of the settings, or NULL and count 0. */
const char *const *ds_split_files(const ds_data_settings *set, ds_split split, int *count);
const char *ds_split_name(ds_split split); /* "train", "val", "test" */
const char *ds_split_key(ds_split split);  /* "data.train", ... */
/* What the holdout setting is: a file, or a plain count (-1: something else). */
bool ds_holdout_is_file(const char *text);
int64_t ds_holdout_count(const char *text);
/* Names "0", "1", ... for classes that have no better ones. */
ds_status ds_number_classes(ds_ctx *ctx, ds_source *s);
/* [C, H W] elements to [H W, C], one row. */
void ds_planes_to_pixels(const uint8_t *in, uint8_t *out, ds_shape layout, size_t cell_bytes);
/* The same for all rows in memory, in place. */
ds_status ds_channels_last(ds_ctx *ctx, ds_source *s);
/* a b, or -1 when it exceeds INT64_MAX. a, b >= 0. */
int64_t ds_product(int64_t a, int64_t b);

/* Order of one epoch: row at each position. Prepared once an epoch, then a pure function of the position. */
typedef struct ds_sampler_def ds_sampler_def;
typedef struct ds_order {
    const ds_sampler_def *def;
    int64_t rows;
    uint64_t seed;
    int64_t epoch;
    int bits;         /* shuffle: 2^bits >= rows */
    uint32_t key[16]; /* shuffle: one per round */
} ds_order;

struct ds_sampler_def {
    ds_head head;
    void (*prepare)(ds_order *o); /* NULL: nothing to do */
    int64_t (*row)(const ds_order *o, int64_t position);
};
ds_order ds_order_at(const ds_sampler_def *def, int64_t rows, uint64_t seed, int64_t epoch);

/* A change of a training row, drawn per (seed, epoch, row). Stored images may grow and shrink on the way; they leave as
 * large as they came. */
typedef struct ds_transform_def ds_transform_def;
typedef struct ds_transform {
    const ds_transform_def *def;
    ds_shape layout;   /* of the rows that it changes: [H,W,C] or [F] */
    ds_shape out;      /* of what apply makes of them: layout, unless prepare says otherwise */
    ds_shape own;      /* of the source's rows */
    size_t cell_bytes; /* of stored elements */
    bool classes;      /* the targets are classes */
    int64_t arg[4];    /* of the transform */
    double real[2];
} ds_transform;

/* The draws of one row and transform: block 0, 1, 2, ... */
typedef struct ds_chance {
    uint64_t seed;
    int64_t epoch, row;
    int position; /* of the transform in the list */
} ds_chance;
ds_draw4 ds_chance_block(const ds_chance *c, uint32_t block);

/* A row as it is delivered, and another one that was drawn for it. */
typedef struct ds_delivered {
    ds_dtype dtype;
    int64_t elements, targets; /* targets 0: classes, y is out of reach */
    void *x, *y;
    const void *other_x, *other_y;
} ds_delivered;

struct ds_transform_def {
    ds_head head;
    bool tables;  /* rows need not be images */
    bool partner; /* change wants another row; its draw is block 0 */
    /* Read the option values into t->arg and t->real; t->layout is set. */
    ds_status (*prepare)(ds_ctx *ctx, const ds_optval *values, ds_transform *t);
    /* One of the two. apply changes stored elements, before scale, standardize and whiten: out = changed in, apart from
     * each other. change works on what is delivered, in place. */
    void (*apply)(const ds_transform *t, ds_draw4 draw, const uint8_t *in, uint8_t *out);
    void (*change)(const ds_transform *t, const ds_chance *c, ds_delivered *row);
};

const ds_source_def *ds_source_find(const char *name);
const ds_sampler_def *ds_sampler_find(const char *name);
const ds_transform_def *ds_transform_find(const char *name);
extern const ds_registry ds_source_registry, ds_sampler_registry, ds_transform_registry;

#endif
