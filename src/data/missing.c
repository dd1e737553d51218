/* missing.c - missing values (NaN in rows of f64) become the mean of their column over the training rows that have it.
 * Sums run in f64 in row order: the same bits always. */
#include <math.h>
#include <stdlib.h>

#include "data/dataset.h"

static ds_status means(ds_dataset *d, double *mean, int64_t *count)
{
    const ds_view *v = &d->view[DS_TRAIN];
    const ds_source *s = v->source;
    for (int64_t r = 0; r < v->rows; r++) {
        const double *x = s->def->row(s, ds_view_source_row(v, r), NULL);
        for (int64_t i = 0; i < s->elements; i++)
            if (!isnan(x[i])) mean[i] += x[i], count[i]++;
    }
    for (int64_t i = 0; i < s->elements; i++) {
        if (count[i] == 0)
            return ds_fail(d->ctx, DS_EFORMAT, "data: column %lld%s%s has no value in any training row; leave it out",
                           (long long)i, s->column_names ? ", " : "", s->column_names ? s->column_names[i] : "");
        mean[i] /= (double)count[i];
    }
    return DS_OK;
}

ds_status ds_missing_fill(ds_dataset *d)
{
    size_t E = (size_t)d->source[DS_TRAIN].elements;
    bool any = d->source[DS_TRAIN].holes || d->source[DS_VAL].holes || d->source[DS_TEST].holes;
    if (!any) return DS_OK;
    double *mean = calloc(E, sizeof *mean);
    int64_t *count = calloc(E, sizeof *count);
    ds_status status = mean && count ? means(d, mean, count) : ds_fail_memory(d->ctx, E * 16, "column means");
    for (int split = DS_TRAIN; status == DS_OK && split <= DS_TEST; split++) {
        const ds_source *s = &d->source[split];
        double *x = (double *)(void *)s->first;
        for (int64_t i = 0; s->holes && i < s->rows * s->elements; i++)
            if (isnan(x[i])) x[i] = mean[i % s->elements];
    }
    free(mean);
    free(count);
    return status;
}
