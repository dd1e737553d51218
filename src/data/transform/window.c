/* window.c - see window.h. Reflection is ..., in(2), in(1), in(0), in(1), in(2), ...: the pixel at the edge is not
 * repeated. */
#include "data/transform/window.h"

#include <string.h>

ds_status ds_window_check(ds_ctx *ctx, const ds_transform *t, ds_fill fill, int64_t pad)
{
    int64_t H = t->layout.dim[0], W = t->layout.dim[1];
    if (fill != DS_FILL_REFLECT || (pad < H && pad < W)) return DS_OK;
    return ds_fail(ctx, DS_ECONFIG,
                   "augment: %s mirrors %lld pixels, images are %lldx%lld; wanted pad below either side",
                   t->def->head.name, (long long)pad, (long long)H, (long long)W);
}

/* The pixel that stands at place i of an axis of n. */
static int64_t inside(int64_t i, int64_t n, ds_fill fill)
{
    if (i < 0) return fill == DS_FILL_EDGE ? 0 : -i;
    if (i >= n) return fill == DS_FILL_EDGE ? n - 1 : 2 * (n - 1) - i;
    return i;
}

static void filled(const ds_transform *t, ds_fill fill, int64_t dy, int64_t dx, const uint8_t *in, uint8_t *out)
{
    int64_t H = t->layout.dim[0], W = t->layout.dim[1];
    size_t pixel = (size_t)t->layout.dim[2] * t->cell_bytes;
    for (int64_t h = 0; h < t->out.dim[0]; h++)
        for (int64_t w = 0; w < t->out.dim[1]; w++, out += pixel)
            memcpy(out, in + (size_t)(inside(h + dy, H, fill) * W + inside(w + dx, W, fill)) * pixel, pixel);
}

void ds_window(const ds_transform *t, ds_fill fill, int64_t dy, int64_t dx, const uint8_t *in, uint8_t *out)
{
    if (fill != DS_FILL_ZERO) {
        filled(t, fill, dy, dx, in, out);
        return;
    }
    int64_t H = t->layout.dim[0], W = t->layout.dim[1], rows = t->out.dim[0], columns = t->out.dim[1];
    size_t pixel = (size_t)t->layout.dim[2] * t->cell_bytes, line = (size_t)columns * pixel;
    int64_t from = dx < 0 ? -dx : 0, to = W - dx < columns ? W - dx : columns; /* columns of out that lie on in */
    memset(out, 0, (size_t)rows * line);
    for (int64_t h = 0; h < rows && from < to; h++)
        if (h + dy >= 0 && h + dy < H)
            memcpy(out + (size_t)h * line + (size_t)from * pixel, in + (size_t)((h + dy) * W + from + dx) * pixel,
                   (size_t)(to - from) * pixel);
}
