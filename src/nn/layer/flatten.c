/* flatten.c - an image as one row of numbers, in channel, row, column order whatever the layout inside. */
#include <string.h>

#include "nn/nn.h"

static const ds_option options[] = {
    { "flatten", DS_OPT_OTHER, 0, 0, "true", "true", NULL, "images become rows in channel, row, column order",
      .words = "true", .elsewhere = "PyTorch Flatten, Keras Flatten (row, column, channel order), Caffe Flatten" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status read(ds_model *m, ds_layer_spec *s, int option, const char *text)
{
    (void)s, (void)option;
    if (strcmp(text, "true") == 0) return DS_OK;
    return ds_model_fail(m, "layer \"flatten\": found \"%s\"; wanted true, or leave the entry out", text);
}

static ds_status lay(ds_net *net, ds_layer *l)
{
    if (l->in.rank != 3)
        return ds_lay_fail(net, l, "images (channels x height x width)", "take it out: rows are flat already");
    l->out = DS_SHAPE(ds_shape_count(l->in));
    return DS_OK;
}

/* One channel or one pixel: the memory is in the right order already. */
static ds_val build(ds_build *b, const ds_layer *l, ds_val x)
{
    static const int planes_first[] = { 0, 3, 1, 2 };
    int64_t rows = ds_val_shape(b->g, x).dim[0];
    if (l->in.dim[2] > 1 && l->in.dim[0] * l->in.dim[1] > 1) x = ds_transpose(b->g, x, planes_first);
    return ds_reshape(b->g, x, DS_SHAPE(rows, l->out.dim[0]));
}

const ds_layer_def ds_layer_flatten = {
    .head = { "flatten", "images to flat rows", NULL, NULL, options,
              "PyTorch Flatten, Keras Flatten (in row, column, channel order), Caffe Flatten" },
    .read = read,
    .lay = lay,
    .build = build,
};
