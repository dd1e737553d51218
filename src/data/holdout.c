/* holdout.c - which rows train and which validate.
 * The last rows of the training file validate, or rows drawn by holdout_seed; stratified takes its share of every
 * class. Both views keep the file's order. */
#include "data/dataset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct spec {
    bool stratified;
    double percent; /* < 0: count is given */
    int64_t count;
} spec;

/* "N" | "N%" | "0.N" | "stratified" | "stratified N" | ...; false: something else. */
static bool spec_parse(const char *text, spec *out)
{
    static const char word[] = "stratified";
    const char *p = text;
    *out = (spec){ .percent = -1 };
    if (strncmp(p, word, sizeof word - 1) == 0) {
        out->stratified = true;
        p += sizeof word - 1;
        while (*p == ' ') p++;
        if (!*p) out->percent = 10;
        if (!*p) return true;
    }
    char *end;
    errno = 0;
    out->count = *p >= '0' && *p <= '9' ? strtoll(p, &end, 10) : -1;
    if (out->count < 0 || errno) return false;
    if (*end == 0) return true;
    double share = (double)out->count, unit = 0.1;
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10) share += unit * (*end - '0');
    out->percent = *end ? share : 100 * share;
    return (*end == 0 || strcmp(end, "%") == 0) && out->percent < 100;
}

bool ds_holdout_is_file(const char *text)
{
    spec sp;
    if (spec_parse(text, &sp)) return false;
    bool number = !text[strspn(text, "0123456789.%")];
    return ds_file_exists(text) || (!number && (strchr(text, '/') || strchr(text, '.')));
}

int64_t ds_holdout_count(const char *text)
{
    spec sp;
    return spec_parse(text, &sp) && sp.percent < 0 && !sp.stratified ? sp.count : -1;
}

/* Rows to hold out of n, spread over groups in proportion to their sizes: floors first, then the largest remainders. */
static void apportion(int64_t total, int64_t n, int groups, const int64_t *size, int64_t *take)
{
    int64_t given = 0;
    for (int g = 0; g < groups; g++) given += take[g] = (int64_t)((__int128)total * size[g] / n);
    for (; given < total; given++) {
        int best = -1;
        int64_t most = -1;
        for (int g = 0; g < groups; g++) {
            int64_t rest = (int64_t)((__int128)total * size[g] - (__int128)take[g] * n);
            if (rest > most && take[g] < size[g]) most = rest, best = g;
        }
        if (best < 0) return;
        take[best]++;
    }
}

typedef struct division {
    const ds_source *s;
    const spec *spec;
    ds_order order; /* of all rows: the first of each group in this order are held out */
    int64_t total;
    int groups;
    int64_t *size, *take; /* [groups] */
    uint8_t *held;        /* [rows] */
} division;

static int group(const division *v, int64_t row) { return v->spec->stratified ? v->s->def->label(v->s, row) : 0; }

static void divide(division *v)
{
    int64_t n = v->s->rows;
    for (int64_t row = 0; row < n; row++) v->size[group(v, row)]++;
    apportion(v->total, n, v->groups, v->size, v->take);
    for (int64_t p = 0; p < n; p++) {
        int64_t row = v->order.def ? v->order.def->row(&v->order, p) : n - 1 - p;
        int g = group(v, row);
        if (v->take[g] > 0) v->take[g]--, v->held[row] = 1;
    }
}

static ds_status fill_index(ds_ctx *ctx, ds_view *view, const uint8_t *held, int64_t n, int which)
{
    view->index = malloc((size_t)view->rows * sizeof *view->index + 1);
    if (!view->index) return ds_fail_memory(ctx, (size_t)view->rows * sizeof *view->index, "the rows of a view");
    for (int64_t row = 0, k = 0; row < n; row++)
        if (held[row] == which) view->index[k++] = row;
    return DS_OK;
}

static ds_status take_out(ds_dataset *d, const spec *sp, const ds_data_settings *set, int64_t total)
{
    const ds_source *s = &d->source[DS_TRAIN];
    if (!sp->stratified && !set->holdout_shuffle) { /* the last rows: no list needed */
        d->view[DS_TRAIN].rows = s->rows - total;
        d->view[DS_VAL] = (ds_view){ .data = d, .source = s, .rows = total, .first = s->rows - total };
        return DS_OK;
    }
    int groups = sp->stratified ? s->classes : 1;
    division v = { .s = s, .spec = sp, .total = total, .groups = groups };
    v.size = calloc(2 * (size_t)groups, sizeof *v.size);
    v.held = calloc((size_t)s->rows, 1);
    ds_status status = DS_OK;
    if (v.size && v.held) {
        v.take = v.size + groups;
        if (set->holdout_shuffle) v.order = ds_order_at(ds_sampler_find("shuffle"), s->rows, set->holdout_seed, -1);
        divide(&v);
        d->view[DS_TRAIN].rows = s->rows - total;
        d->view[DS_VAL] = (ds_view){ .data = d, .source = s, .rows = total };
        status = fill_index(d->ctx, &d->view[DS_TRAIN], v.held, s->rows, 0);
        if (status == DS_OK) status = fill_index(d->ctx, &d->view[DS_VAL], v.held, s->rows, 1);
    } else {
        status = ds_fail_memory(d->ctx, (size_t)s->rows, "the holdout");
    }
    free(v.size);
    free(v.held);
    return status;
}

ds_status ds_holdout(ds_dataset *d, const ds_data_settings *set)
{
    for (int split = DS_TRAIN; split <= DS_TEST; split++)
        d->view[split] = (ds_view){ .data = d, .source = &d->source[split], .rows = d->source[split].rows };
    if (!set->holdout || !*set->holdout) return DS_OK;
    spec sp;
    const ds_source *s = &d->source[DS_TRAIN];
    if (s->endless) return DS_OK; /* the source has made validation rows */
    if (d->source[DS_VAL].rows)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.holdout", "data: holdout has no effect beside validation files");
    if (!spec_parse(set->holdout, &sp))
        return ds_fail_at(
            d->ctx, DS_ECONFIG, "data.holdout",
            "data: holdout is '%s'; wanted a count (5000), a percentage below 100 (10%%), a fraction (0.1), "
            "'stratified', 'stratified 20%%', or a file",
            set->holdout);
    if (sp.stratified && s->classes == 0)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.holdout",
                          "data: stratified holdout needs classes, the targets are real numbers");
    int64_t total = sp.percent >= 0 ? (int64_t)((double)s->rows * sp.percent / 100 + 0.5) : sp.count;
    if (total >= s->rows)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.holdout",
                          "data: holdout of %lld rows leaves none of the %lld training rows", (long long)total,
                          (long long)s->rows);
    return total ? take_out(d, &sp, set, total) : DS_OK;
}
