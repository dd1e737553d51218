/* image.h - one PNG or JPEG image from memory to bytes, channels last. */
#ifndef DS_DATA_IMAGE_H
#define DS_DATA_IMAGE_H

#include "data/bytes.h"

typedef struct ds_image {
    int64_t H, W, C; /* C: 1 gray, 3 red green blue */
    uint8_t *pixels; /* [H, W, C], owned, free() */
} ds_image;

/* What decoding needs again and again; {0} to begin with. */
typedef struct ds_image_reader {
    void *jpeg;
} ds_image_reader;
void ds_image_reader_free(ds_image_reader *r);

/* Decode by content. channels 0: as the image has them, else 1 or 3: gray becomes three equal channels, colour never
 * becomes gray. Alpha is left out, 16 bits a channel are cut to 8. DS_EFORMAT names the file. */
ds_status ds_image_decode(ds_ctx *ctx, ds_image_reader *r, const char *path, const ds_bytes *b, int channels,
                          ds_image *out);
/* The middle square of `in`, averaged to side x side pixels of out ([side, side, C]). */
void ds_image_resize(const ds_image *in, int64_t side, uint8_t *out);
/* Whether the name ends as a PNG's or a JPEG's does. */
bool ds_image_named(const char *name);

#endif
