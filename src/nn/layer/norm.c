/* norm.c - a normalization as an entry of its own; an activation may follow in the same entry.
 * Per channel of images, per feature of flat rows: batch over all rows and pixels, layer over the channels of one
 * place. */
#include "nn/nn.h"

static const ds_option options[] = {
    { "norm", DS_OPT_OTHER, 0, 0, NULL, "batch or layer", NULL, "which normalization", .kind = "norm",
      .cite = "Goodfellow et al. 8.7.1",
      .elsewhere = "PyTorch nn.BatchNorm2d, nn.LayerNorm; Keras BatchNormalization, LayerNormalization; Caffe "
                   "BatchNorm and Scale" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status read(ds_model *m, ds_layer_spec *s, int option, const char *text)
{
    (void)option;
    return ds_model_part(m, "norm", text, &s->norm);
}

const ds_layer_def ds_layer_norm_entry = {
    .head = { "norm", "normalization", "y = gain (x - mean) / sqrt(var + eps) + shift",
              "Ioffe, Szegedy 2015; Ba et al. 2016; Goodfellow sec. 8.7.1", options,
              "PyTorch BatchNorm1d, BatchNorm2d, LayerNorm; Keras BatchNormalization, LayerNormalization; Caffe "
              "BatchNorm with Scale" },
    .takes = DS_TAKES_ACT,
    .read = read,
};
