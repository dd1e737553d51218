/* space.c - the flat parameter vector: segments at multiples of 16 elements, and the way between memory and file
 * layout. */
#include "space/space.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16 };

static int64_t padded(int64_t count) { return (count + ALIGN - 1) / ALIGN * ALIGN; }

ds_status ds_space_add(ds_space *s, ds_ctx *ctx, const ds_segment *segment)
{
    if (ds_space_find(s, segment->name) >= 0)
        return ds_fail(ctx, DS_ECONFIG, "two parameters are called \"%s\"; give the layers different names",
                       segment->name);
    if (s->count == s->capacity) {
        int capacity = s->capacity ? 2 * s->capacity : 16;
        ds_segment *grown = realloc(s->segment, (size_t)capacity * sizeof *grown);
        if (!grown) return ds_fail_memory(ctx, (size_t)capacity * sizeof *grown, "parameter names");
        s->segment = grown;
        s->capacity = capacity;
    }
    ds_segment *x = &s->segment[s->count];
    *x = *segment;
    x->name = ds_arena_text(&s->names, segment->name);
    if (!x->name) return ds_fail_memory(ctx, strlen(segment->name), "a parameter name");
    x->offset = s->dim;
    x->count = ds_shape_count(x->shape);
    s->dim += padded(x->count);
    s->elements += x->count;
    s->count++;
    return DS_OK;
}

void ds_space_arrange(ds_space *s, const int *rank)
{
    int most = 0;
    for (int i = 0; i < s->count; i++) most = rank[i] > most ? rank[i] : most;
    s->dim = 0;
    for (int r = 0; r <= most; r++)
        for (int i = 0; i < s->count; i++) {
            if (rank[i] != r) continue;
            s->segment[i].offset = s->dim;
            s->dim += padded(s->segment[i].count);
        }
}

void ds_space_clear(ds_space *s)
{
    ds_arena_free(&s->names);
    free(s->segment);
    *s = (ds_space){ 0 };
}

int ds_space_count(const ds_space *s) { return s->count; }
int64_t ds_space_dim(const ds_space *s) { return s->dim; }
int64_t ds_space_elements(const ds_space *s) { return s->elements; }

const ds_segment *ds_space_segment(const ds_space *s, int i) { return i >= 0 && i < s->count ? &s->segment[i] : NULL; }

int ds_space_find(const ds_space *s, const char *name)
{
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->segment[i].name, name) == 0) return i;
    return -1;
}

ds_shape ds_space_shape(const ds_space *s, int i)
{
    const ds_segment *x = &s->segment[i];
    ds_shape m = x->shape;
    for (int k = 0; k < m.rank; k++) m.dim[k] = x->shape.dim[x->order[k]];
    return m;
}

static double get(const void *p, ds_dtype t, int64_t i)
{
    return t == DS_F64 ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

static void put(void *p, ds_dtype t, int64_t i, double x)
{
    if (t == DS_F64)
        ((double *)p)[i] = x;
    else
        ((float *)p)[i] = (float)x;
}

/* Visit the elements in memory order; file[k] is the step in the file of memory axis k. */
static void copy(const ds_segment *x, ds_dtype t, void *memory, ds_dtype as, void *file, bool out)
{
    int64_t extent[4] = { 1, 1, 1, 1 }, step[4] = { 0 }, stride[4] = { 0 }, at = 0, run = 1;
    for (int a = x->shape.rank - 1; a >= 0; a--) {
        stride[a] = run;
        run *= x->shape.dim[a];
    }
    for (int k = 0, pad = 4 - x->shape.rank; k < x->shape.rank; k++) {
        extent[pad + k] = x->shape.dim[x->order[k]];
        step[pad + k] = stride[x->order[k]];
    }
    for (int64_t a = 0; a < extent[0]; a++)
        for (int64_t b = 0; b < extent[1]; b++)
            for (int64_t c = 0; c < extent[2]; c++)
                for (int64_t d = 0; d < extent[3]; d++, at++) {
                    int64_t f = a * step[0] + b * step[1] + c * step[2] + d * step[3];
                    if (out)
                        put(file, as, f, get(memory, t, x->offset + at));
                    else
                        put(memory, t, x->offset + at, get(file, as, f));
                }
}

/* The casts drop const from the side that is only read. */
void ds_space_export(const ds_space *s, int i, ds_dtype t, const void *v, ds_dtype as, void *out)
{
    copy(&s->segment[i], t, (void *)(uintptr_t)v, as, out, true);
}

void ds_space_import(const ds_space *s, int i, ds_dtype t, void *v, ds_dtype as, const void *in)
{
    copy(&s->segment[i], t, v, as, (void *)(uintptr_t)in, false);
}
