/* crop.c - surround an image by `pad` pixels and cut a window of `crop` pixels a side at a random place.
 *   out(h, w, c) = in(h + dy, w + dx, c);   dy uniform in -pad..H + pad - crop, dx likewise
 * Outside the image: zero (of the stored elements, before scale and standardize), edge, or reflect (window.h). */
#include "data/transform/window.h"

static const ds_option options[] = {
    { .name = "crop",
      .aliases = "size",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 65535,
      .def = "0",
      .help = "side of the window; 0: the image's own, before pad",
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
    DS_FILL_OPTION,
    { .type = DS_OPT_END },
};
enum { SIZE, PAD, FILL };

/* Place of a window that is drawn from all that lie within the image and its surroundings. */
static int64_t place(uint32_t u, int64_t n, int64_t pad, int64_t window)
{
    return (int64_t)((uint64_t)u * (uint64_t)(n + 2 * pad - window + 1) >> 32) - pad;
}

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    int64_t size = values[SIZE].integer, pad = t->arg[PAD] = values[PAD].integer;
    t->arg[FILL] = values[FILL].integer;
    for (int k = 0; k < 2; k++) {
        t->out.dim[k] = size ? size : t->own.dim[k];
        if (t->out.dim[k] > t->layout.dim[k] + 2 * pad)
            return ds_fail(
                ctx, DS_ECONFIG,
                "augment: crop of %lld pixels, images are %lldx%lld with %lld around; wanted no more than that",
                (long long)t->out.dim[k], (long long)t->layout.dim[0], (long long)t->layout.dim[1], (long long)pad);
    }
    return ds_window_check(ctx, t, (ds_fill)t->arg[FILL], pad);
}

static void apply(const ds_transform *t, ds_draw4 draw, const uint8_t *in, uint8_t *out)
{
    int64_t pad = t->arg[PAD], dy = place(draw.u[0], t->layout.dim[0], pad, t->out.dim[0]),
            dx = place(draw.u[1], t->layout.dim[1], pad, t->out.dim[1]);
    ds_window(t, (ds_fill)t->arg[FILL], dy, dx, in, out);
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
