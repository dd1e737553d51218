/* crop.c - surround an image by `pad` zeros and cut a window of the image's size at a random place.
 *   out(h, w, c) = in(h + dy, w + dx, c), 0 outside;   dy, dx uniform in -pad..pad
 * Zeros are those of the stored elements, before scale and standardize. */
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
      .help = "zeros around the image",
      .why = "usual for images of 32x32",
      .cite = "He et al. 2016, 4.2",
      .elsewhere = "torchvision RandomCrop(padding)" },
    { .type = DS_OPT_END },
};
enum { SIZE, PAD };

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    int64_t size = values[SIZE].integer, H = t->layout.dim[0], W = t->layout.dim[1];
    if (size && (size != H || size != W))
        return ds_fail(ctx, DS_ECONFIG,
                       "augment: crop size %lld, images are %lldx%lld; rows must keep their shape, leave size out",
                       (long long)size, (long long)H, (long long)W);
    t->arg[PAD] = values[PAD].integer;
    return DS_OK;
}

static void apply(const ds_transform *t, ds_draw4 draw, const uint8_t *in, uint8_t *out)
{
    int64_t H = t->layout.dim[0], W = t->layout.dim[1], pad = t->arg[PAD];
    int64_t span = 2 * pad + 1;
    int64_t dy = (int64_t)((uint64_t)draw.u[0] * (uint64_t)span >> 32) - pad;
    int64_t dx = (int64_t)((uint64_t)draw.u[1] * (uint64_t)span >> 32) - pad;
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
              .summary = "shift images at random, zeros coming in",
              .formula = "x(h,w,c) = x(h+dy,w+dx,c)",
              .cite = "Goodfellow sec. 7.4",
              .options = options,
              .elsewhere =
                  "torchvision RandomCrop(size, padding), Keras ZeroPadding2D and RandomCrop, Caffe crop_size" },
    .prepare = prepare,
    .apply = apply,
};
