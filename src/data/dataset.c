/* dataset.c - opening a data set: its sources, what they say of themselves, the fingerprint. */
#include "data/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "data/hash.h"

ds_data_settings ds_data_defaults(void)
{
    return (ds_data_settings){ .format = "digits", .difficulty = 0.5, .whiten_eps = 0.01 };
}

void ds_source_close(ds_source *s)
{
    if (s->def && s->def->close) s->def->close(s);
    free(s->memory);
    free(s->labels);
    free(s->reals);
    free(s->fill);
    ds_arena_free(&s->arena);
    *s = (ds_source){ 0 };
}

ds_status ds_sources_agree(ds_ctx *ctx, const ds_source *train, const ds_source *s, ds_split split)
{
    char found[64], wanted[64];
    if (!ds_shape_equal(train->layout, s->layout) || train->cell != s->cell)
        return ds_fail(
            ctx, DS_EFORMAT,
            "data: %s rows are %s of %zu-byte elements, training rows %s of %zu; the files do not belong together",
            ds_split_name(split), ds_shape_text(s->layout, found, sizeof found), ds_cell_bytes(s->cell),
            ds_shape_text(train->layout, wanted, sizeof wanted), ds_cell_bytes(train->cell));
    if (train->targets != s->targets || s->classes > train->classes)
        return ds_fail(
            ctx, DS_EFORMAT, "data: %s rows have %d classes and %lld real targets, training rows %d and %lld",
            ds_split_name(split), s->classes, (long long)s->targets, train->classes, (long long)train->targets);
    return DS_OK;
}

static ds_status open_sources(ds_dataset *d, const ds_data_settings *set)
{
    const ds_source_def *def;
    DS_TRY(ds_source_named(d->ctx, set->format, &def));
    for (int split = DS_TRAIN; split <= DS_TEST; split++) {
        ds_source *s = &d->source[split];
        s->def = def;
        DS_TRY(def->open(d->ctx, set, (ds_split)split, split == DS_TRAIN ? NULL : &d->source[DS_TRAIN], s));
        if (split == DS_TRAIN && s->rows == 0)
            return ds_fail(d->ctx, DS_EFORMAT, "data: no training rows; set data.path or data.train");
        if (set->target == DS_TARGET_REAL && s->classes)
            return ds_fail_at(d->ctx, DS_ECONFIG, "data.target", "data: target is real, but %s has class labels only",
                              def->head.name);
        if (s->rows) DS_TRY(ds_sources_agree(d->ctx, &d->source[DS_TRAIN], s, (ds_split)split));
    }
    return DS_OK;
}

static ds_status settings_check(ds_ctx *ctx, const ds_data_settings *set)
{
    if (set->path && set->train_count)
        return ds_fail_at(ctx, DS_ECONFIG, "data.train", "data: path and train are both given; keep one");
    if (set->test_count && !set->train_count && !set->path)
        return ds_fail_at(ctx, DS_ECONFIG, "data.test", "data: test is given without train; name the training files");
    if (set->holdout && set->val_count)
        return ds_fail_at(ctx, DS_ECONFIG, "data.holdout", "data: holdout and val are both given; keep one");
    if (set->holdout_shuffle && (!set->holdout || !*set->holdout))
        return ds_fail_at(ctx, DS_ECONFIG, "data.holdout_seed", "data: holdout_seed has no effect without holdout");
    if (set->scale_given && !(set->scale[0] < set->scale[1]))
        return ds_fail_at(ctx, DS_ECONFIG, "data.scale", "data: scale is [%g, %g]; wanted [lo, hi] with lo < hi",
                          set->scale[0], set->scale[1]);
    if (set->components && set->whiten != DS_WHITEN_PCA)
        return ds_fail_at(ctx, DS_ECONFIG, "data.components", "data: components has no effect without whiten: pca");
    return DS_OK;
}

bool ds_dataset_holds_out(const ds_dataset *d)
{
    return d->view[DS_VAL].rows > 0 && d->view[DS_VAL].source == &d->source[DS_TRAIN];
}

/* Setting holdout_trains. */
static ds_status train_all(ds_dataset *d)
{
    ds_view *v = &d->view[DS_TRAIN];
    if (!ds_dataset_holds_out(d))
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.holdout_trains",
                          "data: holdout_trains has no effect where no rows are held out of the training files");
    free(v->index);
    v->index = NULL;
    v->rows = v->source->rows;
    return DS_OK;
}

static ds_status create(ds_dataset *d, const ds_data_settings *given)
{
    ds_data_settings set = *given;
    DS_TRY(settings_check(d->ctx, &set));
    /* A holdout that names a file is the list of validation files. */
    if (set.holdout && ds_holdout_is_file(set.holdout)) {
        set.val = &given->holdout;
        set.val_count = 1;
        set.holdout = NULL;
        if (set.holdout_shuffle)
            return ds_fail_at(d->ctx, DS_ECONFIG, "data.holdout_seed",
                              "data: holdout_seed has no effect when holdout is a file");
    }
    DS_TRY(ds_patterns_expand(d->ctx, &d->arena, &set));
    DS_TRY(open_sources(d, &set));
    DS_TRY(ds_holdout(d, &set));
    DS_TRY(ds_missing_fill(d));
    DS_TRY(ds_affine_create(d, &set));
    DS_TRY(ds_whiten_create(d, &set));
    if (set.holdout_trains) DS_TRY(train_all(d));
    DS_TRY(ds_class_weights_create(d, &set));
    for (int split = DS_TRAIN; split <= DS_TEST; split++) DS_TRY(ds_source_fault(d->ctx, &d->source[split]));
    return ds_augment_create(d, &set);
}

ds_status ds_dataset_create(ds_dataset **out, ds_ctx *ctx, const ds_data_settings *settings)
{
    *out = NULL;
    ds_dataset *d = calloc(1, sizeof *d);
    if (!d) return ds_fail_memory(ctx, sizeof *d, "the data set");
    d->ctx = ctx;
    ds_status status = create(d, settings);
    if (status == DS_OK)
        *out = d;
    else
        ds_dataset_free(d);
    return status;
}

void ds_dataset_free(ds_dataset *d)
{
    if (!d) return;
    for (int split = DS_TRAIN; split <= DS_TEST; split++) {
        free(d->view[split].index);
        ds_source_close(&d->source[split]);
    }
    ds_affine_free(&d->affine);
    ds_whiten_free(&d->whiten);
    ds_arena_free(&d->arena);
    free(d);
}

ds_shape ds_dataset_layout(const ds_dataset *d) { return d->layout; }

ds_shape ds_dataset_sample(const ds_dataset *d)
{
    ds_shape s = ds_dataset_layout(d);
    return s.rank == 3 ? DS_SHAPE(s.dim[2], s.dim[0], s.dim[1]) : s;
}

int ds_dataset_classes(const ds_dataset *d) { return d->source[DS_TRAIN].classes; }
int64_t ds_dataset_targets(const ds_dataset *d) { return d->source[DS_TRAIN].targets; }

const char *ds_dataset_class_name(const ds_dataset *d, int class_index)
{
    const ds_source *s = &d->source[DS_TRAIN];
    return s->class_names && class_index >= 0 && class_index < s->classes ? s->class_names[class_index] : NULL;
}

const char *ds_dataset_column_name(const ds_dataset *d, int64_t column)
{
    const ds_source *s = &d->source[DS_TRAIN];
    bool own = s->column_names && !(d->whiten.ready && d->layout.rank == 1);
    return own && column >= 0 && column < s->elements ? s->column_names[column] : NULL;
}

const char *ds_dataset_cell(const ds_dataset *d)
{
    static const char *const name[] = { "u8", "f32", "f64" };
    return name[d->source[DS_TRAIN].cell];
}

const ds_view *ds_dataset_view(const ds_dataset *d, ds_split split) { return &d->view[split]; }

static uint64_t source_hash(uint64_t h, const ds_source *s)
{
    const int64_t about[] = { s->rows,    s->elements, s->layout.dim[0], (int64_t)ds_cell_bytes(s->cell),
                              s->classes, s->targets };
    h = ds_hash(h, about, sizeof about);
    if (s->identity) return ds_hash(h, &s->identity, sizeof s->identity);
    if (s->rows == 0) return h;
    h = ds_hash(h, s->first, (size_t)(s->rows * s->elements) * ds_cell_bytes(s->cell));
    if (s->labels) h = ds_hash(h, s->labels, (size_t)s->rows * sizeof *s->labels);
    if (s->reals) h = ds_hash(h, s->reals, (size_t)(s->rows * s->targets) * sizeof *s->reals);
    return h;
}

size_t ds_dataset_bytes(const ds_dataset *d)
{
    size_t bytes = 0;
    for (int split = DS_TRAIN; split <= DS_TEST; split++) {
        const ds_source *s = &d->source[split];
        size_t row = (size_t)s->elements * ds_cell_bytes(s->cell) + (size_t)s->targets * sizeof(double);
        if (s->labels) row += sizeof *s->labels;
        if (s->memory) bytes += (size_t)s->rows * row;
        bytes += s->kept;
        if (d->view[split].index) bytes += (size_t)d->view[split].rows * sizeof(int64_t);
    }
    return bytes;
}

uint64_t ds_dataset_fingerprint(ds_dataset *d)
{
    if (!d->fingerprint) {
        uint64_t h = 0;
        for (int split = DS_TRAIN; split <= DS_TEST; split++) h = source_hash(h, &d->source[split]);
        d->fingerprint = h ? h : 1;
    }
    return d->fingerprint;
}
