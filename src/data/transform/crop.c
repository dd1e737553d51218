/* crop.c - surround an image by `pad` pixels and cut a window of the image's size at a random place.
 *   out(h, w, c) = in(h + dy, w + dx, c);   dy, dx uniform in -pad..pad
 * Outside the image: zero (of the stored elements, before scale and standardize), edge (the nearest pixel), or reflect
 * (..., in(2), in(1), in(0), in(1), in(2), ...: the pixel at the edge is not repeated). */
#include <string.h>

#include "data/source.h"

static const ds_option options[] = {
    { .name = "crop",
      .aliases = "size",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 65535,
      .def = "0",
      .help = "side of the window; 0: the image's own",
      .why = "the image keeps its size, and only its place changes",
      .cite = "Goodfellow et al. 7.4",
      .elsewhere = "torchvision RandomCrop(size), Keras RandomCrop, Caffe transform_param.crop_size" },
    { .name = "pad",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 65535,
      .def = "4",
      .help = "pixels around the image",
      .why = "usual for images of 32x32",
      .cite = "He et al. 2016, 4.2",
      .elsewhere = "torchvision RandomCrop(padding)" },
    { .name = "fill",
      .type = DS_OPT_CHOICE,
      .def = "zero",
      .choices = "zero|edge|reflect",
      .help = "what they are: 0, the nearest pixel, or the image mirrored at its edge",
      .why = "what the networks of the papers were trained with",
      .cite = "He et al. 2016, 4.2",
      .elsewhere = "torchvision RandomCrop(padding_mode=), Keras RandomTranslation(fill_mode=)" },
    { .type = DS_OPT_END },
};
enum { SIZE, PAD, FILL };
enum { ZERO, EDGE, REFLECT };

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    int64_t size = values[SIZE].integer, H = t->layout.dim[0], W = t->layout.dim[1];
    if (size && (size != H || size != W))
        return ds_fail(ctx, DS_ECONFIG,
                       "augment: crop size %lld, images are %lldx%lld; rows must keep their shape, leave size out",
                       (long long)size, (long long)H, (long long)W);
    int64_t pad = t->arg[PAD] = values[PAD].integer;
    t->arg[FILL] = values[FILL].integer;
    if (t->arg[FILL] == REFLECT && (pad >= H || pad >= W))
        return ds_fail(ctx, DS_ECONFIG,
                       "augment: crop mirrors %lld pixels, images are %lldx%lld; wanted pad below either side",
                       (long long)pad, (long long)H, (long long)W);
    return DS_OK;
}

/* The pixel that stands at place i of an axis of n. */
static int64_t inside(int64_t i, int64_t n, int64_t fill)
{
    if (i < 0) return fill == EDGE ? 0 : -i;
    if (i >= n) return fill == EDGE ? n - 1 : 2 * (n - 1) - i;
    return i;
}

static void filled(const ds_transform *t, int64_t dy, int64_t dx, const uint8_t *in, uint8_t *out)
{
    int64_t H = t->layout.dim[0], W = t->layout.dim[1];
    size_t pixel = (size_t)t->layout.dim[2] * t->cell_bytes;
    for (int64_t h = 0; h < H; h++)
        for (int64_t w = 0; w < W; w++, out += pixel)
            memcpy(out, in + (size_t)(inside(h + dy, H, t->arg[FILL]) * W + inside(w + dx, W, t->arg[FILL])) * pixel,
                   pixel);
}

static void apply(const ds_transform *t, ds_draw4 draw, const uint8_t *in, uint8_t *out)
{
    int64_t H = t->layout.dim[0], W = t->layout.dim[1], pad = t->arg[PAD];
    int64_t span = 2 * pad + 1;
    int64_t dy = (int64_t)((uint64_t)draw.u[0] * (uint64_t)span >> 32) - pad;
    int64_t dx = (int64_t)((uint64_t)draw.u[1] * (uint64_t)span >> 32) - pad;
    if (t->arg[FILL] != ZERO) {
        filled(t, dy, dx, in, out);
        return;
    }
    size_t pixel = (size_t)t->layout.dim[2] * t->cell_bytes, line = (size_t)W * pixel;
    int64_t from = dx < 0 ? -dx : 0, to = dx > 0 ? W - dx : W; /* columns of out that lie on in */
    memset(out, 0, (size_t)H * line);
    for (int64_t h = 0; h < H && from < to; h++)
        if (h + dy >= 0 && h + dy < H)
            memcpy(out + (size_t)h * line + (size_t)from * pixel,
                   in + (size_t)(h + dy) * line + (size_t)(from + dx) * pixel, (size_t)(to - from) * pixel);
}

const ds_transform_def ds_transform_crop = {
    .head = { .name = "crop",
              .summary = "shift images at random",
              .formula = "x(h,w,c) = x(h+dy,w+dx,c)",
              .cite = "Goodfellow sec. 7.4",
              .options = options,
              .elsewhere = "torchvision RandomCrop(size, padding, padding_mode), Keras ZeroPadding2D and RandomCrop, "
                           "Caffe crop_size" },
    .prepare = prepare,
    .apply = apply,
};
