/* glorot.c - variance 2 gain^2 / (m + n) for m inputs and n outputs: a compromise between equal variance of activations
 * and of gradients. Uniform form: U(-h, h), h = gain sqrt(6 / (m + n)).   Glorot, Bengio 2010; Goodfellow eq. 8.23 */
#include <math.h>

#include "nn/nn.h"

static const ds_option options[] = {
    { "distribution", DS_OPT_CHOICE, 0, 0, "uniform", "uniform|normal", NULL, "shape of the distribution",
      .why = "the paper's and the book's", .cite = "Glorot and Bengio 2010, eq. 16; Goodfellow et al. eq. 8.23",
      .elsewhere = "PyTorch xavier_uniform_, xavier_normal_; Keras GlorotUniform, GlorotNormal; Caffe xavier" },
    { "gain", DS_OPT_REAL, 0, 1e6, "1", NULL, NULL, "factor of all weights",
      .why = "right for activations of slope 1 at 0", .elsewhere = "PyTorch xavier_uniform_(gain)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status fill(const ds_init_ask *a, double *w)
{
    double std = a->option[1].real * sqrt(2 / (double)(a->segment->fan_in + a->segment->fan_out));
    ds_init_fill_scaled(a, a->option[0].integer == 1, std, w);
    return DS_OK;
}

const ds_initializer_def ds_initializer_glorot = {
    .head = { "glorot", "variance by inputs and outputs", "var w = 2 gain^2 / (m + n)",
              "Glorot, Bengio 2010; Goodfellow eq. 8.23", options,
              "PyTorch init.xavier_uniform_, xavier_normal_; Keras GlorotUniform, GlorotNormal; Caffe xavier "
              "(variance_norm: AVERAGE)" },
    .fill = fill,
};
