/* cutout.c - a square of `size` pixels becomes 0 in what is delivered (the mean, of standardized images). Its middle is
 * drawn from all pixels, so that part of it may lie outside.   DeVries, Taylor 2017 */
#include <string.h>

#include "data/source.h"

static const ds_option options[] = {
    { .name = "cutout",
      .aliases = "size",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = 65535,
      .def = "8",
      .help = "side of the square, in pixels",
      .why = "a quarter of the side of images of 32x32",
      .cite = "DeVries, Taylor 2017",
      .elsewhere = "torchvision RandomErasing(scale=)" },
    { .type = DS_OPT_END },
};

static ds_status prepare(ds_ctx *ctx, const ds_optval *values, ds_transform *t)
{
    (void)ctx;
    t->arg[0] = values[0].integer;
    return DS_OK;
}

/* First and last + 1 of `size` pixels around one drawn from n. */
static void place(uint32_t u, int64_t n, int64_t size, int64_t *from, int64_t *to)
{
    int64_t middle = (int64_t)((uint64_t)u * (uint64_t)n >> 32);
    *from = middle - size / 2;
    *to = *from + size < n ? *from + size : n;
    if (*from < 0) *from = 0;
}

static void change(const ds_transform *t, const ds_chance *c, ds_delivered *row)
{
    ds_draw4 draw = ds_chance_block(c, 0);
    int64_t W = t->layout.dim[1], top, bottom, left, right;
    size_t pixel = (size_t)t->layout.dim[2] * ds_dtype_bytes(row->dtype);
    place(draw.u[0], t->layout.dim[0], t->arg[0], &top, &bottom);
    place(draw.u[1], W, t->arg[0], &left, &right);
    for (int64_t h = top; h < bottom; h++)
        memset((char *)row->x + (size_t)(h * W + left) * pixel, 0, (size_t)(right - left) * pixel);
}

const ds_transform_def ds_transform_cutout = {
    .head = { .name = "cutout",
              .summary = "blank a square at a random place",
              .formula = "x(h,w,c) = 0 within the square",
              .cite = "DeVries, Taylor 2017",
              .options = options,
              .elsewhere = "torchvision RandomErasing" },
    .prepare = prepare,
    .change = change,
};
