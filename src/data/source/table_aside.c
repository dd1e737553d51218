/* table_aside.c - tables larger than memory: rows go to an unnamed file as they are read, (elements f64, label i32 or
 * target f64), and come back once the last label has said how classes are numbered and what the columns' means are. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/source/table.h"

bool ds_table_forward(const char *const *files, int count)
{
    for (int k = 0; k < count; k++)
        if (!strcmp(files[k], "-") || !ds_streamable(files[k])) return false;
    return true;
}

ds_status ds_table_put_aside(ds_table *t, const char *folder)
{
    int file;
    DS_TRY(ds_aside_open(t->ctx, folder, &file));
    t->aside = fdopen(file, "w+b");
    if (t->aside) return DS_OK;
    close(file);
    return ds_fail_memory(t->ctx, BUFSIZ, "rows put aside");
}

static bool is_real(const ds_table *t) { return t->set->target == DS_TARGET_REAL; }

static ds_status make_sums(ds_table *t)
{
    size_t n = (size_t)t->s->elements;
    t->sum = calloc(n, sizeof *t->sum);
    t->values = calloc(n, sizeof *t->values);
    return t->sum && t->values ? DS_OK : ds_fail_memory(t->ctx, 16 * n, "column means");
}

/* Sums run in row order, as missing.c has them. */
ds_status ds_table_aside(ds_table *t)
{
    const ds_source *s = t->s;
    size_t n = (size_t)s->elements;
    const double *x = (const double *)(const void *)s->memory;
    if (!t->sum) DS_TRY(make_sums(t));
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) t->sum[i] += x[i], t->values[i]++;
    bool good = fwrite(x, sizeof *x, n, t->aside) == n;
    good = good && (is_real(t) ? fwrite(s->reals, sizeof *s->reals, 1, t->aside)
                               : fwrite(s->labels, sizeof *s->labels, 1, t->aside)) == 1;
    return good ? DS_OK : ds_fail(t->ctx, DS_EIO, "rows.tmp: cannot write: %s", strerror(errno));
}

ds_status ds_table_means(ds_table *t)
{
    ds_source *s = t->s;
    if (t->missing != DS_MISSING_MEAN || t->known) return DS_OK;
    s->fill = t->sum;
    t->sum = NULL;
    for (int64_t i = 0; i < s->elements; i++) {
        if (t->values[i] == 0 && s->holes)
            return ds_fail(t->ctx, DS_EFORMAT, "data: column %lld%s%s has no value in any training row; leave it out",
                           (long long)i, s->column_names ? ", " : "", s->column_names ? s->column_names[i] : "");
        s->fill[i] /= (double)t->values[i];
    }
    return DS_OK;
}

ds_status ds_table_replay(ds_table *t, const ds_source *train, const ds_sink *sink)
{
    ds_source *s = t->s;
    size_t n = (size_t)s->elements;
    double *x = (double *)(void *)s->memory, real = 0;
    const double *fill = train ? train->fill : s->fill;
    if (fflush(t->aside) || fseek(t->aside, 0, SEEK_SET))
        return ds_fail(t->ctx, DS_EIO, "rows.tmp: cannot write: %s", strerror(errno));
    for (int64_t r = 0; r < s->rows; r++) {
        int32_t label = 0;
        bool good = fread(x, sizeof *x, n, t->aside) == n;
        good = good &&
               (is_real(t) ? fread(&real, sizeof real, 1, t->aside) : fread(&label, sizeof label, 1, t->aside)) == 1;
        if (!good) return ds_fail(t->ctx, DS_EIO, "rows.tmp: cannot read: %s", strerror(errno));
        for (size_t i = 0; fill && i < n; i++)
            if (isnan(x[i])) x[i] = fill[i];
        if (t->renumber) label = t->renumber[label];
        DS_TRY(sink->row(sink->arg, s, x, label, &real));
    }
    free(s->memory);
    s->memory = s->first = NULL;
    return DS_OK;
}
