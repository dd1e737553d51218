/* view.c - rows of a view as a batch: transforms of the stored elements, y = mul x + add, whitening, transforms of what is
 * delivered. Bytes are converted in the batch's element type, other elements in f64 and rounded once. */
#include "data/dataset.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_ROWS = 2, ASK_BYTES = 4096 };

int64_t ds_view_rows(const ds_view *v) { return v->rows; }
bool ds_view_endless(const ds_view *v) { return v->source->endless; }

size_t ds_view_x_bytes(const ds_view *v, ds_dtype t) { return (size_t)v->data->elements * ds_dtype_bytes(t); }

size_t ds_view_y_bytes(const ds_view *v, ds_dtype t)
{
    return v->source->classes ? sizeof(int32_t) : (size_t)v->source->targets * ds_dtype_bytes(t);
}

/* Scratch: what a stored row takes; rows that are to be whitened; a partner and its target. */
static size_t line(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/* Of a stored row: itself, and two places for transforms that take turns. */
static size_t turn_bytes(const ds_view *v) { return line((size_t)v->data->widest * ds_cell_bytes(v->source->cell)); }
static size_t stored_bytes(const ds_view *v) { return line(ds_source_scratch(v->source)) + 2 * turn_bytes(v); }

static size_t plain_bytes(const ds_view *v)
{
    return v->data->whiten.ready ? DS_WHITEN_ROWS * (size_t)v->source->elements * sizeof(double) : 0;
}

size_t ds_view_scratch_bytes(const ds_view *v)
{
    size_t partner = v->data->partners ? ((size_t)v->data->elements + (size_t)v->source->targets) * sizeof(double) : 0;
    return stored_bytes(v) + plain_bytes(v) + partner;
}

static const void *augment(const ds_view *v, const ds_moment *moment, int64_t row, const void *x, uint8_t *scratch)
{
    const ds_dataset *d = v->data;
    for (int k = 0, turn = 0; k < d->transforms; k++) {
        const ds_transform *t = &d->transform[k];
        if (!t->def->apply) continue;
        uint8_t *out = scratch + line(ds_source_scratch(v->source)) + (size_t)(turn++ % 2) * turn_bytes(v);
        const ds_chance c = { moment->seed, moment->epoch, row, k };
        t->def->apply(t, ds_chance_block(&c, 0), x, out);
        x = out;
    }
    return x;
}

static void convert_f32(const void *x, ds_cell c, const ds_affine *a, int64_t n, float *restrict y)
{
    const float *m = a->mul32, *b = a->add32;
    const double *m64 = a->mul64, *b64 = a->add64;
    const uint8_t *u = x;
    const float *f = x;
    const double *r = x;
    if (c == DS_CELL_U8)
        for (int64_t i = 0; i < n; i++) y[i] = (float)u[i] * m[i] + b[i];
    else if (c == DS_CELL_F32)
        for (int64_t i = 0; i < n; i++) y[i] = (float)((double)f[i] * m64[i] + b64[i]);
    else
        for (int64_t i = 0; i < n; i++) y[i] = (float)(r[i] * m64[i] + b64[i]);
}

static void convert_f64(const void *x, ds_cell c, const ds_affine *a, int64_t n, double *restrict y)
{
    const double *m = a->mul64, *b = a->add64;
    const uint8_t *u = x;
    const float *f = x;
    const double *r = x;
    if (c == DS_CELL_U8)
        for (int64_t i = 0; i < n; i++) y[i] = (double)u[i] * m[i] + b[i];
    else if (c == DS_CELL_F32)
        for (int64_t i = 0; i < n; i++) y[i] = (double)f[i] * m[i] + b[i];
    else
        for (int64_t i = 0; i < n; i++) y[i] = r[i] * m[i] + b[i];
}

static void target(const ds_source *s, int64_t row, int64_t k, ds_dtype t, void *scratch, void *y)
{
    if (s->classes) {
        ((int32_t *)y)[k] = s->def->label(s, row);
        return;
    }
    double *from = scratch;
    ds_source_targets(s, row, from);
    for (int64_t j = 0; j < s->targets; j++)
        if (t == DS_F64)
            ((double *)y)[k * s->targets + j] = from[j];
        else
            ((float *)y)[k * s->targets + j] = (float)from[j];
}

/* Shuffled rows lie far apart, and waiting for memory would take three times as long as the conversion: ask for them
 * ahead. Inlined by force: gcc 12 takes a function of prefetches alone for one without effect and drops its calls. */
__attribute__((always_inline)) static inline void ask_for(const ds_view *v, int64_t row, size_t row_bytes)
{
    const uint8_t *x = v->source->first;
    if (!x || v->source->endless) return;
    x += (size_t)ds_view_source_row(v, row) * row_bytes;
    for (size_t i = 0; i < row_bytes && i < ASK_BYTES; i += 64) __builtin_prefetch(x + i);
}

/* Row `row` of the source, transformed when there is a moment, then scaled and standardized. */
static void plain(const ds_view *v, int64_t row, ds_dtype t, const ds_moment *moment, void *scratch, void *y)
{
    const ds_source *s = v->source;
    const void *x = s->def->row(s, row, scratch);
    if (moment) x = augment(v, moment, row, x, scratch);
    if (t == DS_F64)
        convert_f64(x, s->cell, &v->data->affine, s->elements, y);
    else
        convert_f32(x, s->cell, &v->data->affine, s->elements, y);
}

void ds_view_plain_row(const ds_view *v, int64_t row, ds_dtype t, void *scratch, void *y)
{
    plain(v, ds_view_source_row(v, row), t, NULL, scratch, y);
}

/* n rows of the view, at most DS_WHITEN_ROWS, as they are delivered but for the last transforms. */
static void deliver(const ds_view *v, const int64_t *rows, int n, ds_dtype t, const ds_moment *moment, void *scratch,
                    void *y)
{
    bool whiten = v->data->whiten.ready;
    char *to = whiten ? (char *)scratch + stored_bytes(v) : y;
    size_t bytes = (size_t)v->source->elements * ds_dtype_bytes(t);
    for (int k = 0; k < n; k++) plain(v, ds_view_source_row(v, rows[k]), t, moment, scratch, to + (size_t)k * bytes);
    if (whiten) ds_whiten_rows(&v->data->whiten, t, n, to, y);
}

/* The transforms of delivered elements on one row. */
static void change(const ds_view *v, int64_t row, ds_dtype t, const ds_moment *moment, void *scratch, void *x, void *y)
{
    const ds_source *s = v->source;
    char *other = (char *)scratch + stored_bytes(v) + plain_bytes(v), *other_y = other + ds_view_x_bytes(v, t);
    ds_delivered r = { t, v->data->elements, s->targets, x, s->targets ? y : NULL, other, other_y };
    for (int k = 0; k < v->data->transforms; k++) {
        const ds_transform *a = &v->data->transform[k];
        const ds_chance c = { moment->seed, moment->epoch, ds_view_source_row(v, row), k };
        if (!a->def->change) continue;
        if (a->def->partner) {
            ds_draw4 d = ds_chance_block(&c, 0);
            int64_t j = (int64_t)((unsigned __int128)((uint64_t)d.u[0] << 32 | d.u[1]) * (uint64_t)v->rows >> 64);
            deliver(v, &j, 1, t, moment, scratch, other);
            if (s->targets) target(s, ds_view_source_row(v, j), 0, t, scratch, other_y);
        }
        a->def->change(a, &c, &r);
    }
}

void ds_view_fill(const ds_view *v, const int64_t *rows, int64_t n, ds_dtype t, const ds_moment *moment, void *scratch,
                  ds_batch *b)
{
    const ds_source *s = v->source;
    size_t row_bytes = (size_t)s->elements * ds_cell_bytes(s->cell), x_bytes = ds_view_x_bytes(v, t),
           y_bytes = ds_view_y_bytes(v, t);
    int go = v->data->whiten.ready ? DS_WHITEN_ROWS : 1;
    for (int64_t k = 0; b->x && k < n; k += go) {
        if (k + ASK_ROWS < n) ask_for(v, rows[k + ASK_ROWS], row_bytes);
        deliver(v, rows + k, n - k < go ? (int)(n - k) : go, t, moment, scratch, (char *)b->x + (size_t)k * x_bytes);
    }
    for (int64_t k = 0; k < n; k++) {
        int64_t row = ds_view_source_row(v, rows[k]);
        if (b->y) target(s, row, k, t, scratch, b->y);
        if (b->ids) b->ids[k] = (int32_t)(uint32_t)(uint64_t)row;
        if (b->x && b->y && moment && v->data->transforms)
            change(v, rows[k], t, moment, scratch, (char *)b->x + (size_t)k * x_bytes,
                   (char *)b->y + (size_t)k * y_bytes);
    }
    b->n = n;
}

ds_status ds_view_read(const ds_view *v, const int64_t *rows, int64_t n, ds_dtype t, ds_batch *b)
{
    ds_ctx *ctx = v->data->ctx;
    if (t == DS_I32) return ds_fail(ctx, DS_EUSAGE, "batches are f32 or f64, not i32");
    for (int64_t k = 0; k < n; k++)
        if (rows[k] < 0 || (rows[k] >= v->rows && !v->source->endless))
            return ds_fail(ctx, DS_ERANGE, "row %lld of a view of %lld rows", (long long)rows[k], (long long)v->rows);
    size_t bytes = ds_view_scratch_bytes(v);
    void *scratch = malloc(bytes);
    if (!scratch) return ds_fail_memory(ctx, bytes, "reading rows");
    ds_view_fill(v, rows, n, t, NULL, scratch, b);
    free(scratch);
    return ds_source_fault(ctx, v->source);
}
