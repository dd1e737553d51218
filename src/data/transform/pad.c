/* pad.c - surround an image by `pad` pixels; what is cut afterwards may move further than the image reaches.
 *   out(h, w, c) = in(h - pad, w - pad, c);   out has H + 2 pad rows, W + 2 pad columns
 * Outside the image: zero (of the stored elements, before scale and standardize), edge, or reflect (window.h). */
#include "data/transform/window.h"

static const ds_option options[] = {
    { .name = "pad",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 1024,
      .def = "4",
      .help = "pixels around the image; a crop after it brings the size back",
      .why = "usual for images of 32x32",
      .cite = "He et al. 2016, 4.2",
      .elsewhere = "torchvision Pad(padding)" },
    DS_FILL_OPTION,
    { .type = DS_OPT_END },
};
enum { PAD, FILL };

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    int64_t pad = t->arg[PAD] = values[PAD].integer;
    t->arg[FILL] = values[FILL].integer;
    t->out.dim[0] += 2 * pad;
    t->out.dim[1] += 2 * pad;
    return ds_window_check(ctx, t, (ds_fill)t->arg[FILL], pad);
}

static void apply(const ds_transform *t, ds_draw4 draw, const uint8_t *in, uint8_t *out)
{
    (void)draw;
    ds_window(t, (ds_fill)t->arg[FILL], -t->arg[PAD], -t->arg[PAD], in, out);
}

const ds_transform_def ds_transform_pad = {
    .head = { .name = "pad",
              .summary = "surround images by pixels, for a crop after it",
              .formula = "x(h,w,c) = x(h-pad,w-pad,c)",
              .cite = "Goodfellow sec. 7.4",
              .options = options,
              .elsewhere = "torchvision Pad, Keras ZeroPadding2D" },
    .prepare = prepare,
    .apply = apply,
};
