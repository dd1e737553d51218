/* missing.c - missing values (NaN in rows of f64) become the mean of their column over the training rows that have it.
 * Sums run in f64 in row order: the same bits always. */
#include <math.h>
#include <stdlib.h>

#include "data/dataset.h"

static ds_status sum_up(ds_ctx *ctx, const ds_view *v, double *mean, int64_t *count)
{
    const ds_source *s = v->source;
    for (int64_t r = 0; r < v->rows; r++) {
        const double *x = s->def->row(s, ds_view_source_row(v, r), NULL);
        for (int64_t i = 0; i < s->elements; i++)
            if (!isnan(x[i])) mean[i] += x[i], count[i]++;
    }
    for (int64_t i = 0; i < s->elements; i++) {
        if (count[i] == 0)
            return ds_fail(ctx, DS_EFORMAT, "data: column %lld%s%s has no value in any training row; leave it out",
                           (long long)i, s->column_names ? ", " : "", s->column_names ? s->column_names[i] : "");
        mean[i] /= (double)count[i];
    }
    return DS_OK;
}

/* Column means of a view's rows, [owned, free()]. */
static ds_status means(ds_ctx *ctx, const ds_view *v, double **mean)
{
    size_t E = (size_t)v->source->elements;
    int64_t *count = calloc(E, sizeof *count);
    *mean = calloc(E, sizeof **mean);
    ds_status status = *mean && count ? sum_up(ctx, v, *mean, count) : ds_fail_memory(ctx, E * 16, "column means");
    free(count);
    return status;
}

static void put(ds_source *s, const double *mean)
{
    double *x = (double *)(void *)s->first;
    for (int64_t i = 0; s->holes && i < s->rows * s->elements; i++)
        if (isnan(x[i])) x[i] = mean[i % s->elements];
}

ds_status ds_missing_fill(ds_dataset *d)
{
    double *mean = NULL;
    bool any = d->source[DS_TRAIN].holes || d->source[DS_VAL].holes || d->source[DS_TEST].holes;
    if (!any) return DS_OK;
    ds_status status = means(d->ctx, &d->view[DS_TRAIN], &mean);
    for (int split = DS_TRAIN; status == DS_OK && split <= DS_TEST; split++) put(&d->source[split], mean);
    free(mean);
    return status;
}

ds_status ds_missing_fill_source(ds_ctx *ctx, ds_source *train, ds_source *s)
{
    const ds_view all = { .source = train, .rows = train->rows };
    if (!s->holes) return DS_OK;
    if (!train->fill) DS_TRY(means(ctx, &all, &train->fill)); /* before its own rows are filled */
    put(s, train->fill);
    return DS_OK;
}
