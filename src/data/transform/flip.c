/* flip.c - mirror an image with probability 1/2, each way for itself.
 *   horizontal  out(h, w, c) = in(h, W-1-w, c)      vertical  out(h, w, c) = in(H-1-h, w, c) */
#include <string.h>

#include "data/source.h"

static const ds_option options[] = {
    { .name = "flip",
      .aliases = "axis",
      .type = DS_OPT_CHOICE,
      .def = "horizontal",
      .choices = "horizontal|vertical|both",
      .help = "left to right, upside down, or the one and the other",
      .why = "things upside down are other things",
      .cite = "Goodfellow et al. 7.4",
      .elsewhere =
          "torchvision RandomHorizontalFlip and RandomVerticalFlip, Keras RandomFlip, Caffe transform_param.mirror" },
    { .type = DS_OPT_END },
};

enum { HORIZONTAL, VERTICAL };

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    (void)ctx;
    t->arg[0] = values[0].integer;
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
    bool across = t->arg[0] != VERTICAL && !(draw.u[0] & 1), down = t->arg[0] != HORIZONTAL && !(draw.u[1] & 1);
    for (int64_t h = 0; h < H; h++, out += line) {
        const uint8_t *from = in + (size_t)(down ? H - 1 - h : h) * line;
        if (!across)
            memcpy(out, from, line);
        else if (pixel == 1)
            mirror(from, out, W, 1);
        else if (pixel == 3)
            mirror(from, out, W, 3);
        else
            mirror(from, out, W, pixel);
    }
}

const ds_transform_def ds_transform_flip = {
    .head = { .name = "flip",
              .summary = "mirror half of the images",
              .formula = "x(h,w,c) = x(h,W-1-w,c)",
              .cite = "Goodfellow sec. 7.4",
              .options = options,
              .elsewhere = "torchvision RandomHorizontalFlip and RandomVerticalFlip, Keras RandomFlip(\"horizontal\"), "
                           "Caffe mirror: true" },
    .prepare = prepare,
    .apply = apply,
};
