/* window.h - a window of an image that may reach beyond its edges: what pad and crop share. */
#ifndef DS_DATA_TRANSFORM_WINDOW_H
#define DS_DATA_TRANSFORM_WINDOW_H

#include "data/source.h"

/* What stands outside the image: 0, the nearest pixel, or the image mirrored at its edge. */
typedef enum ds_fill { DS_FILL_ZERO, DS_FILL_EDGE, DS_FILL_REFLECT } ds_fill;

#define DS_FILL_OPTION                                                                                                 \
    {                                                                                                                  \
        .name = "fill", .type = DS_OPT_CHOICE, .def = "zero", .choices = "zero|edge|reflect",                          \
        .help = "what they are: 0, the nearest pixel, or the image mirrored at its edge",                              \
        .why = "what the networks of the papers were trained with", .cite = "He et al. 2016, 4.2",                     \
        .elsewhere = "torchvision RandomCrop(padding_mode=), Pad(padding_mode=), Keras RandomTranslation(fill_mode=)"  \
    }

/* out(h, w, c) = in(h + dy, w + dx, c) for all of t->out; in has layout t->layout. */
void ds_window(const ds_transform *t, ds_fill fill, int64_t dy, int64_t dx, const uint8_t *in, uint8_t *out);
/* DS_ECONFIG when a mirrored image does not reach `pad` pixels far. */
ds_status ds_window_check(ds_ctx *ctx, const ds_transform *t, ds_fill fill, int64_t pad);

#endif
