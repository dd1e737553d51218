/* flip.c - mirror an image left to right with probability 1/2.   out(h, w, c) = in(h, W-1-w, c) */
#include <string.h>

#include "data/source.h"

static const ds_option options[] = {
    { .name = "flip",
      .aliases = "axis",
      .type = DS_OPT_CHOICE,
      .def = "horizontal",
      .choices = "horizontal",
      .help = "direction of the mirror",
      .why = "things upside down are other things",
      .cite = "Goodfellow et al. 7.4",
      .elsewhere = "torchvision RandomHorizontalFlip, Keras RandomFlip, Caffe transform_param.mirror" },
    { .type = DS_OPT_END },
};

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    (void)ctx, (void)values, (void)t;
    return DS_OK;
}

/* Called with a constant for the usual pixels, so that the copies become moves. */
static inline void mirror(const uint8_t *in, uint8_t *out, int64_t W, size_t pixel)
{
    for (int64_t w = 0; w < W; w++) memcpy(out + (size_t)w * pixel, in + (size_t)(W - 1 - w) * pixel, pixel);
}

static void apply(const ds_transform *t, ds_draw4 draw, const uint8_t *in, uint8_t *out)
{
    int64_t H = t->layout.dim[0], W = t->layout.dim[1];
    size_t pixel = (size_t)t->layout.dim[2] * t->cell_bytes, line = (size_t)W * pixel;
    if (draw.u[0] & 1) {
        memcpy(out, in, (size_t)H * line);
        return;
    }
    for (int64_t h = 0; h < H; h++, in += line, out += line)
        if (pixel == 1)
            mirror(in, out, W, 1);
        else if (pixel == 3)
            mirror(in, out, W, 3);
        else
            mirror(in, out, W, pixel);
}

const ds_transform_def ds_transform_flip = {
    .head = { .name = "flip",
              .summary = "mirror half of the images left to right",
              .formula = "x(h,w,c) = x(h,W-1-w,c)",
              .cite = "Goodfellow sec. 7.4",
              .options = options,
              .elsewhere = "torchvision RandomHorizontalFlip, Keras RandomFlip(\"horizontal\"), Caffe mirror: true" },
    .prepare = prepare,
    .apply = apply,
};
