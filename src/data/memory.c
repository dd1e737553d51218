/* memory.c - what sources that keep their rows in memory share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/source.h"

size_t ds_cell_bytes(ds_cell c) { return c == DS_CELL_U8 ? 1 : c == DS_CELL_F32 ? 4 : 8; }

int64_t ds_product(int64_t a, int64_t b)
{
    int64_t r;
    return a < 0 || b < 0 || __builtin_mul_overflow(a, b, &r) ? -1 : r;
}

const void *ds_memory_row(const ds_source *s, int64_t index, void *scratch)
{
    (void)scratch;
    return s->first + (size_t)(index * s->elements) * ds_cell_bytes(s->cell);
}

int32_t ds_memory_label(const ds_source *s, int64_t index) { return s->labels[index]; }

ds_status ds_source_named(ds_ctx *ctx, const char *name, const ds_source_def **out)
{
    const char *names[64];
    int n = 0;
    *out = ds_source_find(name);
    if (*out) return DS_OK;
    for (; n < ds_source_registry.count && n < 64; n++) names[n] = ds_source_registry.heads[n]->name;
    const char *near = name ? ds_nearest(name, names, n) : NULL;
    return ds_fail_at(ctx, DS_EUNKNOWN, "data.format", "data: no format '%s'%s%s%s", name ? name : "",
                      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

void ds_source_targets(const ds_source *s, int64_t index, double *out)
{
    if (s->def->target)
        s->def->target(s, index, out);
    else
        memcpy(out, s->reals + index * s->targets, (size_t)s->targets * sizeof *out);
}

ds_status ds_source_fault(ds_ctx *ctx, const ds_source *s)
{
    return s->def && s->def->fault ? s->def->fault(ctx, s) : DS_OK;
}

size_t ds_source_scratch(const ds_source *s)
{
    size_t row = (size_t)s->elements * ds_cell_bytes(s->cell) + 1, targets = (size_t)s->targets * sizeof(double);
    return row > targets ? row : targets;
}

const char *const *ds_split_files(const ds_data_settings *set, ds_split split, int *count)
{
    const char *const *files[] = { set->train, set->val, set->test };
    const int counts[] = { set->train_count, set->val_count, set->test_count };
    *count = files[split] ? counts[split] : 0;
    return *count ? files[split] : NULL;
}

const char *ds_split_key(ds_split split)
{
    return split == DS_TRAIN ? "data.train" : split == DS_VAL ? "data.val" : "data.test";
}

const char *ds_split_name(ds_split split) { return split == DS_TRAIN ? "train" : split == DS_VAL ? "val" : "test"; }

ds_status ds_number_classes(ds_ctx *ctx, ds_source *s)
{
    size_t bytes = (size_t)s->classes * sizeof *s->class_names;
    s->class_names = ds_arena_alloc(&s->arena, bytes);
    for (int c = 0; c < s->classes; c++) {
        char text[16];
        snprintf(text, sizeof text, "%d", c);
        char *copy = s->class_names ? ds_arena_text(&s->arena, text) : NULL;
        if (!copy) return ds_fail_memory(ctx, bytes, "class names");
        s->class_names[c] = copy;
    }
    return DS_OK;
}

/* Called with a constant for the usual element sizes, so that the copies become moves. */
static inline void interleave(const uint8_t *in, uint8_t *out, size_t pixels, size_t C, size_t cell)
{
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < C; c++, out += cell) memcpy(out, in + (c * pixels + p) * cell, cell);
}

void ds_planes_to_pixels(const uint8_t *in, uint8_t *out, ds_shape layout, size_t cell_bytes)
{
    size_t pixels = (size_t)(layout.dim[0] * layout.dim[1]), C = (size_t)layout.dim[2];
    if (cell_bytes == 1 && C == 3)
        interleave(in, out, pixels, 3, 1);
    else if (cell_bytes == 1)
        interleave(in, out, pixels, C, 1);
    else
        interleave(in, out, pixels, C, cell_bytes);
}

ds_status ds_channels_last(ds_ctx *ctx, ds_source *s)
{
    size_t cell_bytes = ds_cell_bytes(s->cell), bytes = (size_t)s->elements * cell_bytes;
    uint8_t *row = malloc(bytes + 1);
    if (!row) return ds_fail_memory(ctx, bytes, "one row");
    for (int64_t i = 0; i < s->rows; i++) {
        uint8_t *x = s->first + (size_t)i * bytes;
        memcpy(row, x, bytes);
        ds_planes_to_pixels(row, x, s->layout, cell_bytes);
    }
    free(row);
    return DS_OK;
}
