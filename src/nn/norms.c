/* norms.c - the two normalizations. y = gain (x - mean) / sqrt(var + eps) + shift.
 *   batch  mean and biased variance of a channel over rows and pixels; running ones (unbiased variance) in evaluation.
 *          Ioffe, Szegedy 2015
 *   layer  of one row at one place over its channels. Ba et al. 2016 */
#include "nn/nn.h"

#define EPS                                                                                                            \
    {                                                                                                                  \
        "eps", DS_OPT_REAL, 1e-12, 1, "1e-5", NULL, NULL, "added to the variance",                                     \
            .why = "PyTorch's", .elsewhere = "PyTorch eps, Keras epsilon (1e-3), Caffe eps"                            \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL                                                                 \
    }

static const ds_option batch_options[] = {
    EPS,
    { "momentum", DS_OPT_REAL, 0, 1, "0.1", NULL, NULL, "share of the new value in the running statistics",
      .why = "PyTorch's: about the last 10 batches count",
      .elsewhere = "PyTorch momentum, Keras 1 - momentum, Caffe 1 - moving_average_fraction" },
    END,
};
static const ds_option layer_options[] = { EPS, END };

static const char formula[] = "y = gain (x - mean) / sqrt(var + eps) + shift";

const ds_norm_def ds_norm_batch = {
    .head = { "batch", "statistics of each channel over the batch", formula,
              "Ioffe, Szegedy 2015; Goodfellow sec. 8.7.1", batch_options,
              "PyTorch BatchNorm1d, BatchNorm2d; Keras BatchNormalization; Caffe BatchNorm with Scale" },
    .batch = true,
};

const ds_norm_def ds_norm_layer = {
    .head = { "layer", "statistics of each row over its channels", formula, "Ba et al. 2016", layer_options,
              "PyTorch LayerNorm, Keras LayerNormalization, Caffe none" },
};
